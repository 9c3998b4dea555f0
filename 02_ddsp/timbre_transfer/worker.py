"""The worker of timbre transfer: what it can be asked for, and how requests and results look on the wire.

Sounds stay here: features are extracted once, and moving a control plays them anew.
"""

import contextlib
import hashlib
import os
from pathlib import Path

import numpy as np
import soundfile
import torch
from modelfiles.finding import find
from modelfiles.overview import overview
from modelfiles.resample import resample
from modelfiles.sounds import read_sound as read_file
from pdworker.serving.server import WorkerError, serve

from timbre_transfer import controls, features, live, model, picture
from timbre_transfer.controls import Controls
from timbre_transfer.engine.pitch import DEFAULT, estimate
from timbre_transfer.features import SAMPLE_RATE

PEAK = 0.9
KEPT = 4  # sounds whose features are remembered

torch.set_num_threads(1)  # the small products of a GRU wait for each other's threads

player = None
playing = None  # a live.Live
heard = {}  # of the latest sounds: (digest, rate, estimator) to (audio, Features)


def load(job, *, checkpoint="ddsp_violin", folders=(), engine="small"):
    """Load a model's folder (or a file in it) by name."""
    global player
    with clear_errors():
        path = find(checkpoint, folders)
        path = path.parent if path.is_file() else path
        job.progress(0.3, "reading the model")
        player = _load(job, path, engine)
        job.progress(0.7, "warming up")
        warm_up()
    return {
        "name": player.name,
        "rate": player.sample_rate,
        "harmonics": player.harmonics,
        "adjustable": int(player.statistics is not None),
        "engine": player.engine,
    }


def _load(job, path, engine):
    if engine == "small":
        return model.read_folder(path)
    from timbre_transfer import upstream  # imports TensorFlow, which takes seconds and half a gigabyte

    return upstream.read_folder(path)


def warm_up():
    """Make the first transfer as fast as all others."""
    with contextlib.suppress(WorkerError):  # said when it is asked for
        estimate(np.zeros(SAMPLE_RATE // 4, np.float32))
    player.generate(np.full(8, 220.0), np.full(8, -30.0), seed=0)


def transfer(job, *, rate, out_rate, arrays, estimator=DEFAULT, seed=0, **settings):
    """Play a sound with the model: arrays [audio] at `rate`.

    settings: those of Controls. Gives [audio at out_rate, and pictures: its wave, then pitch (MIDI) and loudness (dB)
    of what was heard, then of what was played].
    """
    need_model()
    with clear_errors():
        audio, found = listen(job, np.asarray(arrays[0], np.float32), rate, estimator)
        f0_hz, loudness = controls.apply(found, Controls(**settings), player.statistics)
        job.progress(0.6, "playing")
        sound = player.generate(
            f0_hz,
            loudness,
            audio=audio,
            seed=seed,
            progress=lambda part: job.progress(0.6 + 0.4 * part, "playing"),
        )
        sound = normalize(resample(sound, player.sample_rate, out_rate))
    voiced = found.confidence >= 0.5
    pictures = [
        overview(sound, picture.POINTS),
        picture.pitch(np.where(voiced, found.f0_hz, 0)),
        picture.loudness(found.loudness_db),
        picture.pitch(f0_hz),
        picture.loudness(loudness),
    ]
    return {"rate": out_rate, "voiced": float(np.mean(voiced))}, [sound, *pictures]


def listen(job, audio, rate, estimator):
    """(audio at 16 kHz, Features) of a sound, remembered where it is one of the latest."""
    key = hashlib.blake2b(audio.tobytes()).digest(), rate, estimator
    if key not in heard:
        job.progress(0.05, "listening")
        sound = features.prepare(audio, rate)
        found = features.extract(sound, estimator, lambda part: job.progress(0.05 + 0.5 * part, "listening"))
        heard[key] = sound, found
        while len(heard) > KEPT:
            heard.pop(next(iter(heard)))
    return heard[key]


def normalize(audio):
    """Audio with its peak at 0.9; silence stays silent."""
    peak = np.abs(audio).max(initial=0)
    return (audio * (PEAK / peak)).astype(np.float32) if peak > 1e-6 else np.asarray(audio, np.float32)


def play(job, *, stream, milliseconds, **settings):
    """Play live on a stream of Pd's; `report` tells the latency when it is known."""
    global playing
    need_model()
    if player.needs_audio:
        raise WorkerError("checkpoint", f"{player.name} cannot play live", "it needs whole sounds")
    if playing is not None:
        playing.end()
    playing = live.Live(player, stream, milliseconds, live_controls(settings))
    return {}


def change(job, **settings):
    """Change the controls of what plays live."""
    if playing is not None:
        playing.settings = live_controls(settings)
    return {}


def live_controls(settings):
    """Controls that need no whole phrase."""
    return Controls(adjust=False, **settings)


def report(job):
    """{"latency", "block": frames or None, "error"} of what plays live."""
    return {"latency": playing.latency, "block": playing.block, "error": playing.error}


def draw(job, *, arrays):
    """[the picture of a sound's wave]."""
    return {}, [overview(arrays[0], picture.POINTS)]


def read_sound(job, *, path):
    """[audio, picture of its wave] of a sound file, its channels mixed, at its own sample rate."""
    with clear_errors():
        audio, rate = read_file(path, longest_s=features.LONGEST_S)
    return {"rate": rate, "name": Path(path).name}, [audio, overview(audio, picture.POINTS)]


def write_sound(job, *, path, rate, arrays):
    """Write a sound to a WAV file (24 bits)."""
    with clear_errors():
        soundfile.write(path, np.asarray(arrays[0]), round(rate), subtype="PCM_24")
    return {"path": os.fspath(path)}


def need_model():
    if player is None:
        raise WorkerError("state", "no model is loaded", "load one first")


@contextlib.contextmanager
def clear_errors():
    """Turn what a person can do wrong into the one line that they will read."""
    try:
        yield
    except (OSError, soundfile.SoundFileError) as error:
        raise WorkerError("file", str(error)) from None


if __name__ == "__main__":
    serve(
        {
            "load": load,
            "transfer": transfer,
            "play": play,
            "change": change,
            "report": report,
            "draw": draw,
            "read_sound": read_sound,
            "write_sound": write_sound,
        }
    )
