// The queue of jobs for Pd's thread (see queue.h), and the marks of pd.h.

#include "queue.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "array_views.h"
#include "pd.h"

namespace pyext {

namespace {

thread_local int calls_from_pd = 0;
thread_local int audio_routines = 0;

using Time = std::chrono::steady_clock;

// How long jobs may keep Pd from its audio at a time; the others wait for the next scheduler tick.
constexpr auto time_slice = std::chrono::microseconds(700);
// Less than one scheduler tick of 64 samples, so that the queue is polled in every tick.
constexpr double poll_ms = 1.;

// Never destroyed: script threads may still use the queue while Pd exits.
struct Queue {
    std::mutex mutex;
    std::deque<Job> jobs;
    std::atomic<bool> filled{false};
    t_clock *clock = nullptr;

    bool pop(Job &job) {
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

void run_jobs() {
    CalledFromPd mark;
    const auto end = Time::now() + time_slice;
    do {
        // A job is destroyed here and never within the queue's lock: it may need Python's.
        Job job;
        if (!queue().pop(job))
            break;
        job();
    } while (Time::now() < end);
}

void poll(void *) {
    clock_delay(queue().clock, poll_ms);
    if (queue().filled)
        run_jobs();
}

// A job that a thread waits for.
struct AwaitedJob {
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

bool on_pd_thread() { return calls_from_pd > 0 && audio_routines == 0; }
bool in_audio_routine() { return audio_routines > 0; }

CalledFromPd::CalledFromPd() { ++calls_from_pd; }
CalledFromPd::~CalledFromPd() {
    if (calls_from_pd == 1)
        unpin_views();
    --calls_from_pd;
}
InAudioRoutine::InAudioRoutine() { ++audio_routines; }
InAudioRoutine::~InAudioRoutine() { --audio_routines; }

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
    if (in_audio_routine())
        throw std::runtime_error(
            "this cannot be done within _signal; pyext.call_soon(function) does it right after");
    auto awaited = std::make_shared<AwaitedJob>();
    run_later([awaited, job = std::move(job)] {
        if (!awaited->begin())
            return;
        job();
        awaited->finish();
    });
    return awaited->wait(seconds);
}

void run_message(bool may_delete, Job job) {
    static std::atomic<int> queued_deletions{0};
    if (may_delete) {
        ++queued_deletions;
        run_later([job = std::move(job)] {
            --queued_deletions;
            job();
        });
    } else if (queued_deletions > 0) {
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
