// Pd's own header, and marks on the thread that Pd has called into this library.
#pragma once

extern "C" {
#include <m_pd.h>
}

namespace pyext {

// True while Pd has called into this library on the current thread, other than for audio. Only then may Pd be
// called directly; every other thread uses the queue (queue.h). Being a mark on the call and not a stored
// thread id, it also holds where an audio callback runs Pd's scheduler.
bool on_pd_thread();

// True in the audio routine: on Pd's thread, but Pd must not be asked for anything that rebuilds its DSP
// graph.
bool in_audio_routine();

// Marks a call from Pd for as long as the mark lives.
class CalledFromPd {
public:
    CalledFromPd();
    ~CalledFromPd();
    CalledFromPd(const CalledFromPd &) = delete;
    CalledFromPd &operator=(const CalledFromPd &) = delete;
};

// Marks the audio routine, inside which messages are queued.
class InAudioRoutine {
public:
    InAudioRoutine();
    ~InAudioRoutine();
    InAudioRoutine(const InAudioRoutine &) = delete;
    InAudioRoutine &operator=(const InAudioRoutine &) = delete;
};

}  // namespace pyext
