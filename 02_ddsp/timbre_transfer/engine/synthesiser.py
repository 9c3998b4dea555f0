"""Harmonics plus filtered noise plus reverb: from controls at frame rate to sound. Runs in the worker process.

Each class carries its state from call to call, so that a sound made block by block equals the sound made at once.
Formulas: Engel et al., ICLR 2020, and `ddsp.synths`, `ddsp.core`, `ddsp.effects` (ddsp 3.7).
"""

import numpy as np
from scipy.signal import oaconvolve

BLOCK_FRAMES = 256


def exp_sigmoid(values):
    """2 sigmoid(x)^ln 10 + 1e-7: positive, at most 2, fine steps near silence."""
    values = np.asarray(values, np.float64)
    return 2 * (1 / (1 + np.exp(-values))) ** np.log(10) + 1e-7


class Harmonic:
    """A bank of sines at multiples of f0.

    The phase is summed in float64 and wrapped, so it stays exact however long the sound is.
    """

    def __init__(self, sample_rate, hop_size, normalize_below_nyquist=True):
        self._rate, self._hop, self._normalize = sample_rate, hop_size, normalize_below_nyquist
        self._phase = 0.0
        position = np.arange(hop_size) / hop_size
        self._linear = position
        self._fade_in = 0.5 - 0.5 * np.cos(np.pi * position)

    def controls(self, amps, distribution, f0_hz):
        """Amplitude of each harmonic from the decoder's raw outputs.

        amps [T, 1], distribution [T, H], f0_hz [T]. Returns float64 [T, H], 0 above the Nyquist frequency and
        where f0 is 0.
        """
        distribution = exp_sigmoid(distribution)
        if self._normalize:
            order = np.arange(1, distribution.shape[1] + 1)
            distribution *= f0_hz[:, None] * order < self._rate / 2
        total = distribution.sum(-1, keepdims=True)
        voiced = np.asarray(f0_hz)[:, None] > 0
        return voiced * exp_sigmoid(amps) * distribution / np.where(total == 0, 1e-7, total)

    def __call__(self, amplitudes, f0_hz, following=None):
        """Sound of T frames.

        amplitudes: float64 [T, H]; f0_hz: [T]; following: (amplitudes [H], f0_hz) of the frame after the last one,
        or None where the sound ends (the last frame is held). Returns float64 [T * hop_size].
        """
        next_amplitudes, next_f0 = following if following is not None else (amplitudes[-1], f0_hz[-1])
        amplitudes = np.concatenate([amplitudes, next_amplitudes[None]])
        f0_hz = np.append(np.asarray(f0_hz, np.float64), next_f0)
        blocks = [
            self._block(amplitudes[start : start + BLOCK_FRAMES + 1], f0_hz[start : start + BLOCK_FRAMES + 1])
            for start in range(0, len(f0_hz) - 1, BLOCK_FRAMES)
        ]
        return np.concatenate(blocks)

    def _block(self, amplitudes, f0_hz):
        start, end = f0_hz[:-1, None], f0_hz[1:, None]
        start, end = np.where(start > 0, start, end), np.where(end > 0, end, start)  # no glide from or to 0
        frequency = start + (end - start) * self._linear
        phase = self._phase + np.cumsum(2 * np.pi * frequency / self._rate).reshape(frequency.shape)
        self._phase = phase[-1, -1] % (2 * np.pi)
        audible = np.flatnonzero(np.any(amplitudes > 0, axis=0)).max(initial=-1) + 1
        # sin((k+1)a) = 2 cos(a) sin(ka) - sin((k-1)a)
        twice_cosine = 2 * np.cos(phase)
        before, sine = np.zeros_like(phase), np.sin(phase)
        sound = np.zeros_like(phase)
        highest = frequency.max()
        for k in range(audible):
            start, end = amplitudes[:-1, k, None], amplitudes[1:, k, None]
            amplitude = start + (end - start) * self._fade_in
            if highest * (k + 1) >= self._rate / 2:
                amplitude = amplitude * (frequency * (k + 1) < self._rate / 2)
            sound += amplitude * sine
            before, sine = sine, twice_cosine * sine - before
        return sound.ravel()


def hann_window(length):
    """tf.signal.hann_window, whose windows of an odd length end as they begin: with 0."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / max(1, length - length % 2))


class FilteredNoise:
    """White noise through a filter that changes with every frame.

    window_size: samples of the window on each filter's impulse response; where it is 0, or larger than the
    2 * (n_magnitudes - 1) samples of the response, as many as these. The sound is two samples late, like ddsp's.
    """

    def __init__(self, hop_size, n_magnitudes, bias=-5.0, window_size=0):
        self._hop, self._bias = hop_size, bias
        self._response = 2 * (n_magnitudes - 1)
        if not 0 < window_size < self._response:
            window_size = self._response
        self._order, self._window = _windowing(self._response, window_size)
        taps = len(self._window)
        self._size = int(2 ** np.ceil(np.log2(hop_size + taps - 1)))
        self._delay = (taps - 1) // 2 - 1
        self._tail = np.zeros(self._size)

    def controls(self, magnitudes):
        """Gain of each frequency band from the decoder's raw output, float64 [T, bands]."""
        return exp_sigmoid(np.asarray(magnitudes, np.float64) + self._bias)

    def __call__(self, magnitudes, noise):
        """Sound of T frames, not yet shifted by the filter's delay.

        magnitudes: float64 [T, bands]; noise: [T * hop_size], uniform between -1 and 1.
        Returns float64 [T * hop_size].
        """
        sound = np.zeros(len(magnitudes) * self._hop + self._size)
        sound[: self._size] = self._tail
        noise = np.asarray(noise, np.float64).reshape(len(magnitudes), self._hop)
        for start in range(0, len(magnitudes), BLOCK_FRAMES):
            pieces = self._filter(
                magnitudes[start : start + BLOCK_FRAMES], noise[start : start + BLOCK_FRAMES]
            )
            self._overlap_add(sound, start, pieces)
        end = len(magnitudes) * self._hop
        self._tail = sound[end:]
        return sound[:end]

    def rest(self):
        """What sounds on after the last frame: as many samples as the delay is long."""
        return self._tail[: self._delay]

    @property
    def delay(self):
        """Samples to take off the beginning."""
        return self._delay

    def _filter(self, magnitudes, noise):
        impulse = np.fft.irfft(magnitudes, self._response)[:, self._order] * self._window
        return np.fft.irfft(np.fft.rfft(impulse, self._size) * np.fft.rfft(noise, self._size), self._size)

    def _overlap_add(self, sound, start, pieces):
        for part in range(0, self._size, self._hop):
            piece = pieces[:, part : part + self._hop]
            first = start * self._hop + part
            sound[first : first + piece.size] += piece.ravel()


def _windowing(response, window_size):
    """Which samples of an impulse response that begins with its peak make the filter, and their window.

    As `ddsp.core.apply_window_to_impulse_response`; its narrow windows lie one sample beside the peak.
    """
    window = hann_window(window_size)
    if window_size == response:
        return np.fft.fftshift(np.arange(response)), window
    half = (window_size + 1) // 2
    padded = np.concatenate([window[half:], np.zeros(response - window_size), window[:half]])
    order = np.concatenate([np.arange(response - half + 2, response), np.arange(half + 1)])
    return order, padded[order]


class Reverb:
    """Convolution with the room that the model learnt: ir[0] is taken for 0, the dry sound is added beside it."""

    def __init__(self, impulse_response, add_dry=True):
        self._response = np.array(impulse_response, np.float64)
        self._response[0] = 0
        self._add_dry = add_dry
        self._tail = np.zeros(len(self._response) - 1)

    def __call__(self, dry):
        """Wet sound of the same length as `dry`; what rings on is kept for the next call."""
        wet = oaconvolve(dry, self._response)
        wet[: len(self._tail)] += self._tail[: len(wet)]
        self._tail = wet[len(dry) :]
        return wet[: len(dry)] + dry if self._add_dry else wet[: len(dry)]
