"""The exercises with NSynth of day 3, done on the starter, with what the lesson says that one hears."""

import importlib.util
from itertools import combinations

import librosa
import numpy as np
import pytest
from modelfiles.bounded import read_npz
from nsynth import grid_folder, load
from nsynth.blending import grid_encodings
from nsynth.features import features, off_in_features
from nsynth.sheet import distance, log_mel, off_the_middle
from support.hearing import noisiness
from support.tools import ROOT

pytestmark = pytest.mark.slow

NOTES = ROOT / "03_gansynth/checkpoints/starter_notes/notes.npz"
MIDDLE_C = 440 * 2 ** (-9 / 12)
BESIDE = 6  # Hz


@pytest.fixture(scope="module")
def model():
    return load("starter_notes")


@pytest.fixture(scope="module")
def corners():
    """The encodings of the four notes that the patch opens with."""
    return [np.asarray(note, np.float32) for note in list(read_npz(NOTES).values())[:4]]


@pytest.fixture(scope="module")
def grid(model, corners):
    """The sounds of the grid between them."""
    return model.decode(grid_encodings(corners, 4), 0.8)


def harmonic(sound, rate):
    """How much of the energy lies near the harmonics of middle C."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / rate)
    near = np.abs(hertz - MIDDLE_C * np.maximum(1, np.rint(hertz / MIDDLE_C))) < BESIDE
    return power[near].sum() / power.sum()


def test_3_8_one_pitch_at_nearly_all_points_and_a_timbre_that_changes(model, grid, row):
    rate = model.config.sample_rate
    pure = [harmonic(sound, rate) for sound in grid]
    pictures = [log_mel(sound, rate) for sound in grid]
    ends = np.mean([distance(pictures[a], pictures[b]) for a, b in ((0, 3), (12, 15), (0, 12), (3, 15))])
    again = model.decode([model.encode(grid[0])] * 2, 0.8)
    steady = sum(share > 0.5 for share in pure)
    row(
        "3.8",
        "one pitch at nearly all points, and a timbre that changes",
        f"middle C at {steady} of 16 points; corners {ends:.1f} dB apart",
    )
    assert np.isfinite(again).all()
    assert steady >= 12
    assert ends > 5


def test_3_9_a_point_between_is_one_sound_between_its_ends(model, row):
    rate = model.config.sample_rate
    notes = [np.asarray(note, np.float32) for note in read_npz(NOTES).values()]
    pairs = list(combinations(range(len(notes)), 2))
    sounds = model.decode([*notes, *((notes[a] + notes[b]) / 2 for a, b in pairs)], 0.8)
    ends, middles = sounds[: len(notes)], sounds[len(notes) :]
    timbres = np.array([features(sound, rate) for sound in ends])

    def off(sounds):
        found = zip(pairs, sounds)
        scale = timbres.std(axis=0)
        return [off_in_features(timbres[a], timbres[b], features(one, rate), scale) for (a, b), one in found]

    points, mixes = np.array(off(middles)), np.array(off([ends[a] + ends[b] for a, b in pairs]))
    row(
        "3.9",
        "two instruments in the mix, one sound between them in the point",
        f"off in features {np.median(points):.2f}, the mix {np.median(mixes):.2f}; "
        f"nearer than the mix in {np.mean(points < mixes):.0%} of {len(pairs)} pairs",
    )
    assert np.mean([harmonic(sound, rate) for sound in middles]) > 0.8
    assert np.median(points) < 0.9  # 1 is as far from half way as the ends are


def test_3_10_a_few_curves_change_much(model, corners, row):
    rate, flat = model.config.sample_rate, []
    for number in range(model.config.latent):
        changed = corners[0].copy()
        changed[:, number] = 0
        flat.append(changed)
    plain, *sounds = model.decode([corners[0], *flat], 0.3)
    changes = np.sort([distance(log_mel(plain, rate), log_mel(sound, rate)) for sound in sounds])
    row(
        "3.10",
        "a few curves change much, others next to nothing",
        f"from {changes[0]:.1f} to {changes[-1]:.1f} dB, half of them below {np.median(changes):.1f} dB",
    )
    assert changes[-1] > 1.5 * np.median(changes)


def test_3_11_hotter_is_noisier(model, corners, row):
    noise = []
    for temperature in (0.3, 0.8, 1.2):
        noise.append(np.mean([noisiness(sound) for sound in model.decode(corners, temperature)]))
    row("3.11", "the steadiest at 0.3, more and more noise above", ", ".join(f"{one:.3f}" for one in noise))
    assert noise[0] < noise[1] < noise[2]


def test_3_12_three_spaces_between_the_same_corners(tmp_path, row):
    spec = importlib.util.spec_from_file_location("grids", ROOT / "setup/compare/grids.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.run(tmp_path, 3, [])
    off, away, pure = {}, {}, {}
    for name in ("gansynth", "nsynth", "rave", "mix"):
        sounds, rate, pitches = grid_folder.read(tmp_path / name)
        assert len(sounds) == 9 and pitches == [60]
        heard = [librosa.resample(sound, orig_sr=rate, target_sr=8000) for sound in sounds]
        edges = (0, 1, 2), (0, 3, 6), (2, 5, 8), (6, 7, 8)  # a corner, the middle, another corner
        off[name] = np.mean([off_the_middle(heard[a], heard[b], heard[at], 8000) for a, at, b in edges])
        timbres = np.array([features(sound, 8000) for sound in heard])
        scale = timbres[[0, 2, 6, 8]].std(axis=0)  # of the corners
        away[name] = np.mean([off_in_features(*timbres[[a, b, at]], scale) for a, at, b in edges])
        pure[name] = np.mean([harmonic(heard[at], 8000) for _, at, _ in edges])
    row(
        "3.12",
        "two instruments in the mix, clean notes of GANSynth, rough ones of NSynth",
        ", ".join(
            f"{name} {off[name]:.2f} off the middle, {away[name]:.2f} in features, {pure[name]:.0%} harmonic"
            for name in off
        ),
    )
    assert pure["gansynth"] > 0.8
    assert pure["nsynth"] < pure["gansynth"]
