"""The synthesizer of day 2 as one short program: harmonics and filtered noise, moved by controls. Runs anywhere.

Only numpy is needed. The decoder of a model gives, for each frame, raw numbers; `controls` makes amplitudes of them.
"""

import numpy as np


def exp_sigmoid(x):
    """Any number to an amplitude between 0 and 2, with fine steps near silence."""
    return 2 / (1 + np.exp(-x)) ** np.log(10) + 1e-7


def controls(loudness, distribution, f0_hz, rate):
    """Amplitudes of the harmonics [frames, harmonics] from the decoder's raw numbers.

    loudness [frames, 1]; distribution [frames, harmonics], how the loudness is shared out; f0_hz [frames].
    """
    shares = exp_sigmoid(distribution)
    number = np.arange(1, shares.shape[1] + 1)
    shares = shares * (f0_hz[:, None] * number < rate / 2)  # what the sample rate cannot carry is left out
    return exp_sigmoid(loudness) * shares / shares.sum(1, keepdims=True)


def between_frames(values, hop, smooth=False):
    """Values of each frame to values of each sample; the last frame is held.

    smooth: along half a cosine instead of a line.
    """
    position = np.arange(hop) / hop
    if smooth:
        position = 0.5 - 0.5 * np.cos(np.pi * position)
    after = np.concatenate([values[1:], values[-1:]])
    shape = (hop, 1) if values.ndim == 2 else (hop,)
    steps = position.reshape(shape)
    pieces = [one + (other - one) * steps for one, other in zip(values, after)]
    return np.concatenate(pieces)


def harmonics(amplitudes, f0_hz, hop, rate):
    """The sum of sines at 1, 2, 3 ... times f0: samples [frames * hop]."""
    frequency = between_frames(f0_hz, hop)
    phase = np.cumsum(2 * np.pi * frequency / rate)  # the angle that the first sine has reached
    strength = between_frames(amplitudes, hop, smooth=True)
    sound = np.zeros(len(phase))
    for index in range(amplitudes.shape[1]):
        number = index + 1
        audible = frequency * number < rate / 2
        sound += strength[:, index] * audible * np.sin(number * phase)
    return sound


def filtered_noise(gains, noise, hop):
    """Noise through a filter that changes with every frame.

    gains [frames, bands]: how much of each band of frequencies passes; noise [frames * hop]. Returns as many samples.
    """
    frames, bands = gains.shape
    taps = 2 * (bands - 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(taps) / taps)
    sound = np.zeros(frames * hop + taps)
    for frame in range(frames):
        response = np.fft.fftshift(np.fft.irfft(gains[frame])) * window  # the filter as an impulse response
        piece = np.convolve(noise[frame * hop : (frame + 1) * hop], response)
        sound[frame * hop : frame * hop + len(piece)] += piece
    delay = (taps - 1) // 2 - 1
    return sound[delay : delay + frames * hop]


def main():
    """Write two seconds of a tone that glides, with breath, as `tone.wav`."""
    import wave

    rate, hop, frames = 16000, 64, 500
    f0_hz = np.linspace(220, 330, frames)
    number = np.arange(1, 61)
    amplitudes = controls(np.full((frames, 1), -1.0), -0.3 * np.tile(number, (frames, 1)), f0_hz, rate)
    gains = np.tile(exp_sigmoid(np.linspace(-5, -7, 65)), (frames, 1))
    noise = np.random.default_rng(1).uniform(-1, 1, frames * hop)
    sound = harmonics(amplitudes, f0_hz, hop, rate) + filtered_noise(gains, noise, hop)
    with wave.open("tone.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((32767 * np.clip(sound, -1, 1)).astype("<i2").tobytes())
    print("tone.wav: 2 seconds")


if __name__ == "__main__":
    main()
