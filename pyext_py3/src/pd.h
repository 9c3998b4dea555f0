// Pd's own header, and who may call it.
#pragma once

extern "C" {
#include <m_pd.h>
}

namespace pyext {

// True while Pd itself has called into this library on the current thread. Only then may Pd be called
// directly; every other thread goes through the queue (queue.h). Being a mark on the call and not a stored
// thread id, it also holds where an audio callback runs Pd's scheduler.
bool on_pd_thread();

// True in the audio routine: on Pd's thread, but Pd must not be asked for anything that rebuilds its DSP
// graph.
bool in_audio_turn();

// Marks a call from Pd for as long as it lives.
class PdTurn {
public:
    PdTurn();
    ~PdTurn();
    PdTurn(const PdTurn &) = delete;
    PdTurn &operator=(const PdTurn &) = delete;
};

// Marks the audio routine, inside which messages must wait.
class AudioTurn {
public:
    AudioTurn();
    ~AudioTurn();
    AudioTurn(const AudioTurn &) = delete;
    AudioTurn &operator=(const AudioTurn &) = delete;
};

}  // namespace pyext
