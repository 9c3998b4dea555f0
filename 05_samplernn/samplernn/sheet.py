"""What a model sounds like in figures, at several temperatures, beside the sounds it learned from. Command line.

Level: root mean square in decibels, of the data against full scale, of a model against the data. Flatness: how much of
it is noise, 0 (tones) to 1 (white noise), the mean of the frames that can be heard. Start: the first 50 ms against the
whole, in decibels; a click at the beginning is a large number.
"""

import librosa
import numpy as np

TEMPERATURES = 0.7, 0.85, 1.0, 1.1
SOUNDS, SECONDS = 4, 4.0  # at each temperature
START_S = 0.05
AUDIBLE_DB = 50  # below the loudest frame


def level(samples):
    """Root mean square of samples from -1 to 1, in decibels below 1; at least -120."""
    return float(20 * np.log10(max(1e-6, np.sqrt(np.mean(np.square(np.asarray(samples, np.float64)))))))


def flatness(samples):
    """Spectral flatness of the frames that can be heard, 0 to 1; nan where there are none."""
    power = np.abs(librosa.stft(np.asarray(samples, np.float32), n_fft=1024, hop_length=512)) ** 2
    energy = power.sum(axis=0)
    heard = power[1:, energy > max(1e-9, energy.max() * 10 ** (-AUDIBLE_DB / 10))] + 1e-10
    if not heard.shape[1]:
        return float("nan")
    return float(np.mean(np.exp(np.log(heard).mean(axis=0)) / heard.mean(axis=0)))


def of_data(chunks):
    """Figures of chunks [n, samples] int16."""
    samples = chunks.ravel() / 32768
    return {"level_db": level(samples), "flatness": flatness(samples)}


def of_model(generator, chunks, seed=0):
    """{"temperature 0.7": figures, ...} of a Generator; levels are against the chunks [n, samples] int16."""
    data, found = of_data(chunks), {}
    for temperature in TEMPERATURES:
        sounds = generator.generate(SECONDS, temperature=[temperature] * SOUNDS, seed=seed)
        start = round(START_S * generator.config.sample_rate)
        found[f"temperature {temperature:g}"] = {
            "level_db": level(sounds) - data["level_db"],
            "flatness": float(np.mean([flatness(sound) for sound in sounds])),
            "start_db": level(sounds[:, :start]) - level(sounds),
        }
    return found
