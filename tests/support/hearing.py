"""What one hears in a sound, as numbers, and sounds in the place of recordings; for tests of exercises."""

import importlib.util
from functools import cache
from pathlib import Path

import librosa
import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[2]
BEAT = ROOT / "05_samplernn/media/beat-held-out.wav"
HOP = 512


def level(audio):
    """Decibels of the root of the mean square, full scale 0."""
    return float(10 * np.log10(np.mean(np.square(audio)) + 1e-12))


def brightness(audio, rate):
    """Octaves above 1 Hz of the spectrum's centre."""
    return float(np.log2(librosa.feature.spectral_centroid(y=np.asarray(audio), sr=rate).mean()))


def noisiness(audio):
    """Mean spectral flatness: 0 for a tone, near 0.56 for white noise."""
    return float(librosa.feature.spectral_flatness(y=np.asarray(audio)).mean())


def hiss(audio, rate):
    """Decibels of what lies above 3 kHz, against the whole."""
    power = np.abs(np.fft.rfft(audio)) ** 2
    high = power[np.fft.rfftfreq(len(audio), 1 / rate) > 3000]
    return float(10 * np.log10(high.sum() / power.sum() + 1e-12))


def colour(audio, rate):
    """The mean spectrum in 40 mel bands, decibels, without its level."""
    mel = librosa.feature.melspectrogram(y=np.asarray(audio, np.float32), sr=rate, n_mels=40, n_fft=1024)
    bands = librosa.power_to_db(mel.mean(axis=1), ref=np.max, top_db=60)
    return bands - bands.mean()


def envelope(audio):
    """The root of the mean square around every 512th sample."""
    return librosa.feature.rms(y=np.asarray(audio), hop_length=HOP)[0]


def alike(one, other, shift=12):
    """The correlation of two curves, the best within some points of delay: 1 where they are the same."""
    one, other = (curve[: min(len(one), len(other))] for curve in (one, other))
    size = len(one) - shift
    pairs = ((one[:size], other[delay : delay + size]) for delay in range(shift + 1))
    return float(max(np.corrcoef(*pair)[0, 1] if np.std(pair, axis=1).min() > 0 else 0.0 for pair in pairs))


def spectrogram(audio, rate):
    """Decibels in 40 mel bands, [bands, times]."""
    mel = librosa.feature.melspectrogram(
        y=np.asarray(audio, np.float32), sr=rate, n_mels=40, n_fft=1024, hop_length=HOP
    )
    return librosa.power_to_db(mel + 1e-6)


def apart(one, other, rate):
    """Mean distance of two spectrograms in decibels."""
    size = min(len(one), len(other))
    return float(np.abs(spectrogram(one[:size], rate) - spectrogram(other[:size], rate)).mean())


def beat(rate):
    """Two seconds of drums, float32, which no starter has heard."""
    sound, own = soundfile.read(BEAT, dtype="float32")
    return librosa.resample(sound, orig_sr=own, target_sr=rate)


@cache
def demo_of(day):
    """The module of a day's demo."""
    spec = importlib.util.spec_from_file_location(f"demo_of_{day}", ROOT / day / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sung(folder):
    """The phrase of day 2's demo, sung on one vowel: float32, and its rate."""
    demo_of("02_ddsp").sing(folder / "sung.wav")
    return soundfile.read(folder / "sung.wav", dtype="float32")


def strummed(seconds, rate):
    """A plucked string (Karplus and Strong's), five strokes a second on one note: float32."""
    period, random = round(rate / 196), np.random.default_rng(0)
    stroke = np.zeros(rate // 5)
    stroke[:period] = random.uniform(-0.5, 0.5, period)
    for n in range(period, len(stroke)):
        stroke[n] = 0.498 * (stroke[n - period] + stroke[n - period - 1 if n > period else 0])
    return np.resize(stroke, round(seconds * rate)).astype(np.float32)


def tap(rate, loud=0.5, pitch=180.0, seconds=0.5, ring=60.0):
    """A tap on a table: a short hiss, and a tone that dies away by `ring` nepers a second; float32."""
    times = np.arange(round(seconds * rate)) / rate
    hiss = np.random.default_rng(0).standard_normal(len(times)) * np.exp(-300 * times)
    tone = np.exp(-ring * times) * np.sin(2 * np.pi * pitch * times)
    return np.float32(loud * (0.6 * tone + 0.3 * hiss))


def vowel(seconds, rate):
    """A voice on `a`, with vibrato: float32."""
    times = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(180 + 3 * np.sin(2 * np.pi * 5 * times)) / rate
    source = np.fft.rfft(sum(np.sin(k * phase) / k for k in range(1, 30)))
    places = np.fft.rfftfreq(len(times), 1 / rate)
    formants = 0.01 + sum(
        loud * np.exp(-(((places - hertz) / width) ** 2))
        for hertz, width, loud in ((700, 130, 1.0), (1200, 150, 0.6), (2600, 250, 0.3))
    )
    sound = np.fft.irfft(source * formants, len(times))
    fade = np.minimum(1, np.minimum(times / 0.05, (seconds - times) / 0.1))
    return np.float32(0.5 * sound / np.abs(sound).max() * fade)
