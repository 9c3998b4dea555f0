#include "queue.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "loans.h"
#include "pd.h"

namespace pyext {

namespace {

thread_local int pd_turns = 0;
thread_local int audio_turns = 0;

using Time = std::chrono::steady_clock;

// How long one turn may keep Pd from its audio; what is left waits for the next scheduler tick.
constexpr auto turn_length = std::chrono::microseconds(700);
// Less than one scheduler tick of 64 samples, so that the queue is looked at in every tick.
constexpr double poll_ms = 1.;

// Never destroyed: script threads may still use the queue while Pd exits.
struct Queue {
    std::mutex mutex;
    std::deque<Job> jobs;
    std::atomic<bool> filled{false};
    t_clock *clock = nullptr;

    bool take(Job &job) {
        std::lock_guard<std::mutex> lock(mutex);
        if (jobs.empty()) {
            filled = false;
            return false;
        }
        job = std::move(jobs.front());
        jobs.pop_front();
        return true;
    }
};

Queue &queue() {
    static Queue *one = new Queue;
    return *one;
}

void empty_queue() {
    PdTurn turn;
    const auto end = Time::now() + turn_length;
    do {
        // A job is destroyed here and never within the queue's lock: it may need Python's.
        Job job;
        if (!queue().take(job))
            break;
        job();
    } while (Time::now() < end);
}

void poll(void *) {
    clock_delay(queue().clock, poll_ms);
    if (queue().filled)
        empty_queue();
}

struct Waiting {
    enum State { queued, running, done, abandoned };
    std::mutex mutex;
    std::condition_variable changed;
    State state = queued;

    bool begin() {
        std::lock_guard<std::mutex> lock(mutex);
        if (state == abandoned)
            return false;
        state = running;
        return true;
    }

    void finish() {
        std::lock_guard<std::mutex> lock(mutex);
        state = done;
        changed.notify_all();
    }

    bool wait(double seconds) {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return state == done; });
        if (state == queued) {
            state = abandoned;
            return false;
        }
        changed.wait(lock, [this] { return state == done; });
        return true;
    }
};

}  // namespace

bool on_pd_thread() { return pd_turns > 0 && audio_turns == 0; }
bool in_audio_turn() { return audio_turns > 0; }

PdTurn::PdTurn() { ++pd_turns; }
PdTurn::~PdTurn() {
    if (pd_turns == 1)
        settle_loans();
    --pd_turns;
}
AudioTurn::AudioTurn() { ++audio_turns; }
AudioTurn::~AudioTurn() { --audio_turns; }

void start_queue() {
    queue().clock = clock_new(nullptr, reinterpret_cast<t_method>(poll));
    clock_delay(queue().clock, poll_ms);
}

void run_later(Job job) {
    std::lock_guard<std::mutex> lock(queue().mutex);
    queue().jobs.push_back(std::move(job));
    queue().filled = true;
}

bool run_and_wait(Job job, double seconds) {
    if (in_audio_turn())
        throw std::runtime_error(
            "this cannot be done within _signal; pyext.call_soon(function) does it right after");
    auto waiting = std::make_shared<Waiting>();
    run_later([waiting, job = std::move(job)] {
        if (!waiting->begin())
            return;
        job();
        waiting->finish();
    });
    return waiting->wait(seconds);
}

void run_message(bool may_delete, Job job) {
    static std::atomic<int> deletions{0};  // that wait in the queue
    if (may_delete) {
        ++deletions;
        run_later([job = std::move(job)] {
            --deletions;
            job();
        });
    } else if (deletions > 0) {
        run_later(std::move(job));
    } else {
        run(std::move(job));
    }
}

void run(Job job) {
    if (on_pd_thread())
        job();
    else
        run_later(std::move(job));
}

}  // namespace pyext
