"""The figures by which a model's notes are judged, of a model and of the sounds that it was trained on.

Runs on the command line. Pitch is what pYIN hears; a timbre is a mean log mel spectrum without its loudness.
"""

import librosa
import numpy as np
from modelfiles.bounded import read_json

from .timbres import TIMBRES
from .training.losses import spectral_distance

NOTES = 100  # for pitch, level and attack
POINTS = 48  # at one pitch, for timbres
NEIGHBOURS = 8  # pitches of one point


def heard_pitch(audio, sample_rate):
    """The MIDI pitch that YIN with Viterbi smoothing hears in a note, or nan where it hears none."""
    low, high = librosa.midi_to_hz([36, 96])
    f0, voiced, _ = librosa.pyin(audio, fmin=low, fmax=high, sr=sample_rate)
    return float(np.median(librosa.hz_to_midi(f0[voiced]))) if voiced.mean() > 0.3 else float("nan")


def timbre(audio, sample_rate):
    """A note's timbre in decibels, [64]."""
    mel = librosa.feature.melspectrogram(y=audio, sr=sample_rate, n_fft=1024, n_mels=64).mean(axis=1)
    decibels = librosa.power_to_db(mel, ref=np.max, top_db=60)
    return decibels - decibels.mean()


def attack(audio, sample_rate):
    """How much louder the first 20 ms are than 50 to 300 ms after the start, decibels."""
    start = int(np.argmax(np.abs(audio) > 0.02 * np.abs(audio).max()))
    first, later = (
        np.sqrt(np.mean(audio[start + round(a * sample_rate) : start + round(b * sample_rate)] ** 2))
        for a, b in ((0, 0.02), (0.05, 0.3))
    )
    return float(20 * np.log10((first + 1e-9) / (later + 1e-9)))


def first_energy(audio, sample_rate):
    """The share of a note's energy that its first 50 ms have, 0 to 1."""
    energy = np.square(np.asarray(audio, np.float64))
    return float(energy[: round(0.05 * sample_rate)].sum() / max(energy.sum(), 1e-12))


def distances(one, other):
    """Distances in decibels of timbres [n, 64] from others [m, 64], [n, m]."""
    return np.sqrt(np.mean((np.asarray(one)[:, None] - np.asarray(other)[None]) ** 2, axis=-1))


def apart(timbres):
    """The mean distance of two of the timbres [n, 64]."""
    upper = np.triu_indices(len(timbres), 1)
    return float(distances(timbres, timbres)[upper].mean()) if len(timbres) > 1 else None


def _of_notes(sounds, pitches, sample_rate):
    """Figures of notes: pitch, attack."""
    errors = np.array([heard_pitch(sound, sample_rate) for sound in sounds]) - np.asarray(pitches)
    pitched = len(set(pitches)) > 1
    return {
        "pitch_right": float(np.mean(np.abs(errors) < 0.5)) if pitched else None,
        "octave_right": float(np.mean(np.abs(errors - 12 * np.round(errors / 12)) < 0.5))
        if pitched
        else None,
        "attack_db": float(np.median([attack(sound, sample_rate) for sound in sounds])),
        "first_50ms_energy": float(np.median([first_energy(sound, sample_rate) for sound in sounds])),
    }


def of_model(model, seed=0, notes=NOTES, points=POINTS):
    """Figures of random points of a model.

    Parameters
    ----------
    model : GANSynth
    seed, notes, points : int

    Returns
    -------
    figures : dict of str to float
        pitch_right, octave_right: the part of the notes heard within half a semitone of the pitch asked for; the
        same, octaves forgiven. between_db: how far timbres of two points at one pitch are apart; within_db: of one
        point at neighbouring pitches. attack_db; first_50ms_energy.
    timbres : numpy.ndarray [points, 64]
        Of points at the middle pitch.
    sounds : list of numpy.ndarray
        The notes.
    """
    folder = model.folder
    random = np.random.default_rng(seed)
    chosen = [int(pitch) for pitch in random.choice(folder.pitches, notes)]
    sounds = _play(model, model.random(notes, seed), chosen)
    middle = folder.pitches[len(folder.pitches) // 2]
    played = _play(model, model.random(points, seed + 1), [middle] * points)
    timbres = np.array([timbre(sound, folder.sample_rate) for sound in played])
    figures = {**_of_notes(sounds, chosen, folder.sample_rate), "between_db": apart(timbres)}
    near = folder.pitches[len(folder.pitches) // 2 :][:2]
    if len(near) == 2:
        pairs = [_play(model, model.random(NEIGHBOURS, seed + 1), [pitch] * NEIGHBOURS) for pitch in near]
        one, other = ([timbre(sound, folder.sample_rate) for sound in part] for part in pairs)
        figures["within_db"] = float(np.diag(distances(one, other)).mean())
    return figures, timbres, sounds


def _play(model, points, pitches):
    """Notes one by one, so that a large model does not need the memory for all."""
    pairs = zip(points, pitches)
    return [model.generate(point[None], [pitch])[0] for point, pitch in pairs]


def of_data(audio, timbre_names, pitches, sample_rate, seed=0, notes=NOTES):
    """The same figures of a training set's own notes, which no model can be expected to surpass.

    Parameters
    ----------
    audio : numpy.ndarray, int16 [notes, samples]
    timbre_names : list of str
    pitches : numpy.ndarray, int [notes]
    sample_rate, seed, notes : int

    Returns
    -------
    figures : dict of str to float
    timbres : numpy.ndarray [n, 64]
        Of the notes at the middle pitch.
    sounds : list of numpy.ndarray
        The notes.
    """
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(audio))[:notes]
    sounds = [audio[note].astype(np.float32) / 32768 for note in chosen]
    known = sorted(set(pitches.tolist()))
    at = np.flatnonzero(pitches == known[len(known) // 2])
    timbres = np.array([timbre(audio[note].astype(np.float32) / 32768, sample_rate) for note in at])
    figures = {**_of_notes(sounds, pitches[chosen].tolist(), sample_rate), "between_db": apart(timbres)}
    figures["timbres"] = len(set(timbre_names))
    return figures, timbres, sounds


def against(model, timbres, audio, timbre_names, pitches, data_timbres, seed=0, notes=NOTES):
    """Figures of a model that need the sounds of its training.

    timbres, data_timbres: as `of_model` and `of_data` give them.

    Returns
    -------
    dict of str to float
        nearest_training_db: how far a random point is from the training's nearest timbre. timbres_used: the part
        of the training's timbres that are the nearest to some random point. training_db: log-spectral distance of
        the training's own points, from the notes that they stand for, of those that the model's folder tells.
    """
    found = distances(timbres, data_timbres)
    figures = {
        "nearest_training_db": float(found.min(axis=1).mean()),
        "timbres_used": len(set(found.argmin(axis=1).tolist())) / min(len(data_timbres), len(timbres)),
    }
    file = model.folder.path / TIMBRES
    if file.exists():
        points = read_json(file)
        known = np.flatnonzero([name in points for name in timbre_names])
        found = []
        for note in np.random.default_rng(seed).permutation(known)[:notes]:
            point = np.array(points[timbre_names[note]], np.float32)[None]
            played = model.generate(point, [int(pitches[note])])[0]
            found.append(spectral_distance(played, audio[note].astype(np.float32) / 32768))
        figures["training_db"] = float(np.mean(found)) if found else None
    return figures
