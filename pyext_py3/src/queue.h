// The one queue through which every thread but Pd's own reaches Pd.
#pragma once

#include <functional>

namespace pyext {

using Job = std::function<void()>;

// Starts the Pd clock that empties the queue. Pd's thread, once.
void start_queue();

// Runs `job` on Pd's thread, after all jobs given before it. Any thread; returns at once.
void run_later(Job job);

// The same, and waits. False when Pd did not come round within `seconds`: the job will then never run.
// Not on Pd's thread (std::runtime_error in its audio routine), and not while holding the interpreter lock.
bool run_and_wait(Job job, double seconds);

// Runs `job` now on Pd's thread, later on any other.
void run(Job job);

// Runs a job that sends a message. One that may delete boxes waits for a turn of its own, as Pd does not
// survive that in the middle of a message that these boxes are passing on; and what is sent after it waits
// behind it.
void run_message(bool may_delete, Job job);

}  // namespace pyext
