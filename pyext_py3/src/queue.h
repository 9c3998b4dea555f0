// The queue through which every thread but Pd's own reaches Pd. Filled on any thread, emptied on Pd's.
#pragma once

#include <functional>

namespace pyext {

using Job = std::function<void()>;

// Starts the Pd clock that empties the queue. Pd's thread, once.
void start_queue();

// Runs `job` on Pd's thread, after all jobs given before it. Any thread; returns at once.
void run_later(Job job);

// The same, and waits. Returns false when Pd's scheduler did not run within `seconds`: the job will then
// never run. Not on Pd's thread (std::runtime_error in its audio routine), and not while holding the
// interpreter lock.
bool run_and_wait(Job job, double seconds);

// Runs `job` now on Pd's thread, later on any other.
void run(Job job);

// Runs a job that sends a message. Pd crashes when boxes are deleted in the middle of a message that they are
// passing on, so a job that may delete boxes always runs from the queue, and jobs given after it run behind
// it.
void run_message(bool may_delete, Job job);

}  // namespace pyext
