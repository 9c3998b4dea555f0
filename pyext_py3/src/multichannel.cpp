// Looking up what Pd has for multichannel signals (see multichannel.h). Pd's thread.

#include "multichannel.h"

#include <dlfcn.h>

namespace pyext {

namespace {

constexpr int class_multichannel = 0x10;  // CLASS_MULTICHANNEL of Pd 0.54 and later

// How t_signal begins from Pd 0.54 on.
struct Signal {
    int length;
    t_sample *samples;
    t_float sample_rate;
    int channels;
};

using SetChannels = void (*)(t_signal **, int);

SetChannels find_set_channels() {
    static const auto found = reinterpret_cast<SetChannels>(dlsym(RTLD_DEFAULT, "signal_setmultiout"));
    return found;
}

}  // namespace

bool has_multichannel() { return find_set_channels() != nullptr; }

int multichannel_flag() { return has_multichannel() ? class_multichannel : 0; }

int channels_of(const t_signal &signal) {
    return has_multichannel() ? reinterpret_cast<const Signal &>(signal).channels : 1;
}

void set_channels(t_signal **outlet, int channels) {
    if (const SetChannels set = find_set_channels())
        set(outlet, channels);
}

}  // namespace pyext
