// Multichannel signals, which Pd has from 0.54 on. They are looked up at run time: this library may be built
// with older headers, and be loaded by an older Pd. Pd's thread.
#pragma once

#include "pd.h"

namespace pyext {

bool has_multichannel();

// The flag of a class whose objects take them; none where Pd has none.
int multichannel_flag();

// How many channels a signal has.
int channels_of(const t_signal &signal);

// Gives the signal of an outlet so many channels. An object of a class with the flag does this at each DSP
// start.
void set_channels(t_signal **outlet, int channels);

}  // namespace pyext
