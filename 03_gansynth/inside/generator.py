"""The generator of day 3 as one short program: a point and a pitch become a spectrogram, then a sound. Runs anywhere.

Only numpy is needed. `weights` are arrays by name: "1/conv0/kernel", "1/conv0/bias", ..., "6/to_rgb/kernel": block,
layer, part. A kernel is [height, width, inputs, outputs].
"""

import numpy as np


def pixel_norm(x):
    """Divide the channels of each point (the last axis) by their root mean square."""
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-8)


def activate(x):
    """Leaky ReLU: what is negative is made five times smaller; then pixel norm."""
    return pixel_norm(np.where(x > 0, x, 0.2 * x))


def first_layer(point, kernel, bias):
    """A row of numbers to a small picture: each number has a picture of its own, and their sum is taken."""
    height, width, inputs, channels = kernel.shape
    scale = np.sqrt(2 / (height * width * inputs))
    pictures = scale * kernel[::-1, ::-1].transpose(2, 0, 1, 3).reshape(inputs, -1)
    return activate((pixel_norm(point) @ pictures).reshape(height, width, channels) + bias)


def convolve(x, kernel, bias):
    """A 3 x 3 convolution: nine shifted copies of the picture, each times its own weights, added up."""
    height, width, inputs, outputs = kernel.shape
    scale = np.sqrt(2 / (height * width * inputs))
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    total = np.zeros((*x.shape[:2], outputs))
    for row in range(3):
        for column in range(3):
            shifted = padded[row : row + x.shape[0], column : column + x.shape[1]]
            total += shifted @ (scale * kernel[row, column])
    return activate(total + bias)


def double(x):
    """Each point of the picture becomes four."""
    return x.repeat(2, 0).repeat(2, 1)


def picture(point, weights, blocks):
    """The picture [frames, bands, 2] of a point [latent + pitches], in -1 to 1: log power, and frequency."""
    x = first_layer(point, weights["1/conv0/kernel"], weights["1/conv0/bias"])
    x = convolve(x, weights["1/conv1/kernel"], weights["1/conv1/bias"])
    for block in range(2, blocks + 1):
        x = convolve(double(x), weights[f"{block}/conv0/kernel"], weights[f"{block}/conv0/bias"])
        x = convolve(x, weights[f"{block}/conv1/kernel"], weights[f"{block}/conv1/bias"])
    kernel, bias = weights[f"{blocks}/to_rgb/kernel"][0, 0], weights[f"{blocks}/to_rgb/bias"]
    return np.tanh(x @ (kernel / np.sqrt(len(kernel))) + bias)


def sound(log_power, frequency, to_linear, length):
    """The sound of a picture.

    log_power, frequency: [frames, bands] on the mel scale, the second in units of pi a frame.
    to_linear: matrix [bands, bands] from mel bands to linear frequencies.
    """
    frames, bands = log_power.shape
    power = np.exp(log_power) @ to_linear
    phase = (
        np.cumsum(np.pi * frequency, axis=0) @ to_linear
    )  # frequency is how far the phase turns in a frame
    spectrum = np.sqrt(power + 1e-6) * np.exp(1j * phase)
    spectrum = np.pad(spectrum, ((0, 0), (1, 0)))  # the picture has no band for 0 Hz
    size, hop = 2 * bands, bands // 2
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    window = window / np.tile((window.reshape(4, hop) ** 2).sum(0), 4)  # four windows overlap everywhere
    audio = np.zeros(hop * (frames - 1) + size)
    for frame in range(frames):
        audio[frame * hop : frame * hop + size] += np.fft.irfft(spectrum[frame], size) * window
    return audio[len(audio) - length :]


def main():
    """Make one note of the starter at a random point, and print its peak and its loudest frequency."""
    from gansynth import load
    from gansynth.folder import SCOPE
    from gansynth.spectrogram import inverse_mel_matrix

    model = load("starter")
    folder, flags = model.folder, model.folder.flags
    layers = [(b, layer) for b in range(1, folder.blocks + 1) for layer in ("conv0", "conv1", "to_rgb")]
    weights = {}
    for block, layer in layers:
        for part, ending in (("kernel", "conv2d/kernel"), ("bias", "bias")):
            weights[f"{block}/{layer}/{part}"] = folder.checkpoint[SCOPE.format(block, f"{layer}/{ending}")]
    label = np.zeros(len(folder.pitches))
    label[len(label) // 2] = 1
    point = np.concatenate([folder.random(1, seed=1)[0], label])
    made = picture(point, weights, folder.blocks)
    log_power = (made[..., 0] - flags["mag_normalizer_b"]) / flags["mag_normalizer_a"]
    frequency = (made[..., 1] - flags["p_normalizer_b"]) / flags["p_normalizer_a"]
    to_linear = inverse_mel_matrix(made.shape[1], folder.sample_rate)
    audio = sound(log_power, frequency, to_linear, folder.audio_length)
    loudest = np.abs(np.fft.rfft(audio)).argmax() * folder.sample_rate / len(audio)
    print(f"{len(audio)} samples, peak {np.abs(audio).max():.2f}, loudest at {loudest:.0f} Hz")


if __name__ == "__main__":
    main()
