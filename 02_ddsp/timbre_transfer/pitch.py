"""From Hz to MIDI pitch and back."""

import numpy as np


def midi(f0_hz):
    """MIDI pitch of a frequency in Hz, 0 for 0 Hz and below."""
    f0_hz = np.asarray(f0_hz, np.float64)
    return np.where(f0_hz > 0, 12 * np.log2(np.maximum(f0_hz, 1e-9) / 440) + 69, 0)


def hertz(midi_pitch):
    """Frequency in Hz of a MIDI pitch."""
    return 440 * 2 ** ((np.asarray(midi_pitch) - 69) / 12)
