"""The exercises of days 3 and 4, done on the starters, with what the lessons say that one hears."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from dlwakit.pdtools.pd_session import wait_for_sound
from ganspacesynth import load as load_with_components
from ganspacesynth.fitting import fit
from gansynth import load
from gansynth.hallucination import Envelope, combine, path
from gansynth.latent import read, slerp, write
from gansynth.sheet import distances, heard_pitch, timbre
from gansynth.thumbnail import thumbnail
from gansynth.timbres import known_timbres
from modelfiles.latent_map import LatentMap
from scipy.stats import spearmanr
from support.hearing import brightness, level, noisiness

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PITCH = 66
PAIRS, POINTS = 12, 8


@pytest.fixture(scope="module")
def model():
    return load("starter")


@pytest.fixture(scope="module")
def space():
    return load_with_components("starter", components="conv0")


@pytest.fixture(scope="module")
def textures():
    return load_with_components("starter_textures", components="conv0")


def notes(model, points, pitch=PITCH):
    return model.generate(points, [pitch] * len(points))


def loudness(audio, rate):
    """Decibels of the whole; as the other measures, with a rate."""
    return level(audio)


def decay(audio, rate):
    """How much louder the end is than the beginning, decibels."""
    return level(audio[round(1.2 * rate) : round(1.7 * rate)]) - level(
        audio[round(0.1 * rate) : round(0.4 * rate)]
    )


# Day 3.


def test_3_1_half_way_between_two_points_is_in_between(model, row):
    ends = model.random(2 * PAIRS, seed=1).reshape(PAIRS, 2, -1)
    points = np.array([[start, slerp(start, end, 0.5), end] for start, end in ends])
    heard = [timbre(sound, model.folder.sample_rate) for sound in notes(model, points.reshape(3 * PAIRS, -1))]
    start, half, end = np.array(heard).reshape(PAIRS, 3, -1).swapaxes(0, 1)
    whole = np.diagonal(distances(start, end))
    farther = np.maximum(np.diagonal(distances(start, half)), np.diagonal(distances(half, end)))
    between = np.mean(farther < whole)
    row("3.1", "nearer to both ends than these to each other, mostly", f"{between:.0%} of {PAIRS} pairs")
    assert between >= 0.6, np.round(farther / whole, 2)


def test_3_2_points_that_chance_would_never_give_sound_other_than_its_own(model, row):
    size = model.folder.latent_size
    slow = 3 * np.sin(np.linspace(0, 2 * np.pi, size))
    jagged = np.where(np.arange(size) % 2, 3.0, -3.0)
    sounds = notes(model, np.float32([slow, jagged]))
    assert np.isfinite(sounds).all() and (np.abs(sounds).max(axis=1) > 0.005).all()
    chance = np.array(
        [timbre(sound, model.folder.sample_rate) for sound in notes(model, model.random(POINTS, seed=2))]
    )
    drawn = np.array([timbre(sound, model.folder.sample_rate) for sound in sounds])
    apart, near = distances(drawn, drawn)[0, 1], distances(drawn, chance).min()
    row(
        "3.2",
        "slow and jagged differ, and neither is like a random point",
        f"{apart:.1f} dB apart; nearest random point {near:.1f} dB",
    )
    assert apart > 3.0
    assert near > 1.0


def test_3_3_one_timbre_keeps_its_pitches_from_the_lowest_to_the_highest_key(model, row):
    point, keys = model.random(1, seed=3), [48, 60, 72, 84]
    sounds = model.generate(point.repeat(len(keys), axis=0), keys)
    heard = [heard_pitch(sound, model.folder.sample_rate) for sound in sounds]
    np.testing.assert_allclose(heard, keys, atol=0.5)
    timbres = np.array([timbre(sound, model.folder.sample_rate) for sound in sounds])
    far = distances(timbres, timbres)[0]
    row(
        "3.3",
        "the right pitch on each key; the timbre changes with the distance of the keys",
        f"keys {keys}: heard {', '.join(f'{pitch:.1f}' for pitch in heard)}; "
        f"one octave {far[1]:.1f} dB, three {far[-1]:.1f}",
    )
    assert far[-1] > far[1]


def test_3_4_two_hallucinations_of_one_length(model, row):
    few, many = (path(model.random(count, seed=4), steps) for count, steps in ((2, 19), (11, 1)))
    assert len(few) == len(many) == 21
    long_way, short_way = (
        distances(heard[:-1], heard[1:]).diagonal().mean()
        for heard in (
            [timbre(s, model.folder.sample_rate) for s in notes(model, points)] for points in (few, many)
        )
    )
    row(
        "3.4",
        "one slow change, against a new timbre each time",
        f"from note to note {long_way:.1f} dB, {short_way:.1f} dB",
    )
    assert long_way < 0.5 * short_way  # one timbre becomes another, against one after the other


def test_3_5_what_was_cut_away_is_the_attack(model, row):
    rate = model.folder.sample_rate
    sounds = notes(model, model.random(POINTS, seed=5))
    rises = []
    for sound in sounds:
        whole, cut = (
            combine(iter([sound]), 1, Envelope(trim=trim, attack=0.005, sustain=1.0, release=0.1), rate)
            for trim in (0.0, 0.5)
        )
        assert len(cut) == pytest.approx(len(whole), abs=2)
        rises.append([level(audio[: rate // 5]) - level(audio[-rate // 5 :]) for audio in (whole, cut)])
    row(
        "3.5",
        "without its first half second a note begins less suddenly",
        "the beginning is louder than the end by "
        f"{np.mean(rises, axis=0)[0]:.1f} dB, cut by {np.mean(rises, axis=0)[1]:.1f} dB",
    )
    assert np.mean(rises, axis=0)[0] > np.mean(rises, axis=0)[1] + 3.0  # what is left begins less suddenly


def test_3_6_saved_points_are_a_score(model, row, tmp_path):
    points = model.random(3, seed=6)
    for number, point in enumerate(points):
        write(tmp_path / f"{number}.txt", point)
    again = np.concatenate([np.atleast_2d(read(tmp_path / f"{number}.txt")) for number in range(3)])
    off = np.abs(notes(model, again) - notes(model, points)).max()
    row("3.6", "saved points give the same notes again", f"at most {off:.0e} of full scale off")
    assert off <= 1e-4


def places_and_notes(name):
    """Where the known timbres of a model lie on their map, [timbres, 2], and a note of each; its sample rate."""
    notes = load(name)
    points = np.stack(list(known_timbres(notes.folder).values()))
    rate, pitch = notes.folder.sample_rate, notes.folder.pitches[len(notes.folder.pitches) // 2]
    sounds = notes.generate(points, [pitch] * len(points))
    looks = [thumbnail(sound, rate) for sound in sounds]
    features = [np.concatenate([look.mean(0), look.std(0)]) for look in looks]
    codes = {str(number): point[:, None] for number, point in enumerate(points)}
    return LatentMap(codes, features, sphere=True).places, sounds, rate


def test_3_7_the_directions_of_a_map_can_be_named(row):
    """Short and long, bright and dull lie at opposite sides of instruments; of textures other words are true."""
    follows = {}
    for name in ("starter_instruments", "starter_textures"):
        places, sounds, rate = places_and_notes(name)
        measures = {
            "length": [level(sound[len(sound) // 2 :]) - level(sound[: len(sound) // 2]) for sound in sounds],
            "brightness": [brightness(sound, rate) for sound in sounds],
            "noisiness": [noisiness(sound) for sound in sounds],
        }
        follows[name] = {
            measure: [float(spearmanr(values, places[:, axis])[0]) for axis in (0, 1)]
            for measure, values in measures.items()
        }
    row(
        "3.7",
        "short and long, dull and bright at opposite sides; of textures another word fits the second direction",
        "; ".join(
            f"{name}: {measure} {along[0]:.2f} to the right, {along[1]:.2f} up"
            for name, found in follows.items()
            for measure, along in found.items()
        ),
    )
    instruments, textures = follows.values()
    assert abs(instruments["length"][0]) > 0.6 and abs(instruments["brightness"][1]) > 0.6
    assert abs(textures["noisiness"][1]) > abs(textures["brightness"][1])


# Day 4.


def moved(space, component, amounts):
    """Notes [points, amounts, samples] of random points moved along a component."""
    points = space.random(POINTS, seed=11)
    edits = np.zeros((len(amounts), component + 1), np.float32)
    edits[:, component] = amounts
    known = space.gansynth.folder.pitches
    pitches = [PITCH if PITCH in known else known[0]] * len(amounts)
    return np.array([space.generate(point[None].repeat(len(amounts), 0), pitches, edits) for point in points])


@pytest.mark.parametrize(
    "component, measure, change",
    [
        (0, decay, -20.0),  # from held to plucked
        (1, loudness, -10.0),  # from loud ...
        (1, brightness, -0.4),  # ... and bright to quiet and dark
        (2, decay, -8.0),  # a little from held to plucked, too ...
        (2, loudness, 5.0),  # ... and from quiet to loud
        (3, brightness, 0.5),  # from dark to bright
    ],
)
def test_4_1_the_first_directions_have_names(space, component, measure, change, row):
    check_direction(row, "starter", space, component, measure, change)


@pytest.mark.parametrize(
    "component, measure, change",
    [
        (0, decay, 30.0),  # from struck to held
        (1, decay, -30.0),  # from swelling to decaying
        (2, brightness, 0.8),  # from dark to bright
        (3, loudness, 3.5),  # from quiet to loud
    ],
)
def test_4_1_so_have_those_of_sounds_without_a_pitch(textures, component, measure, change, row):
    check_direction(row, "textures", textures, component, measure, change)


def check_direction(row, name, space, component, measure, change):
    """Fail unless a measure changes by more than `change`, and so at nearly all points."""
    rate = space.gansynth.folder.sample_rate
    found = np.array(
        [[measure(sound, rate) for sound in sounds] for sounds in moved(space, component, [-3.0, 3.0])]
    )
    differences = found[:, 1] - found[:, 0]
    what = {"brightness": "octaves of brightness", "decay": "decibels of end against start"}
    row(
        "4.1",
        f"{name}: direction {component + 1} goes {'up' if change > 0 else 'down'}",
        f"{found[:, 0].mean():.1f} to {found[:, 1].mean():.1f} {what.get(measure.__name__, 'decibels')}",
    )
    assert np.mean(np.sign(differences) == np.sign(change)) >= 0.85, differences
    assert abs(differences.mean()) > abs(change), differences


@pytest.mark.parametrize("which", ["space", "textures"])
def test_4_1_the_first_ones_matter_most(which, request, row):
    shares = request.getfixturevalue(which).components.var_ratio
    row(
        "4.1",
        f"{'starter' if which == 'space' else which}: the first ones matter most",
        f"first {shares[0]:.1%}, eighth {shares[7]:.1%} of the variance",
    )
    assert shares[0] >= 3 * shares[7]


def test_4_2_the_corners_of_the_square_are_four_timbres(space, row):
    corners = np.float32([[x, y] for x in (-3, 3) for y in (-3, 3)])
    point = space.random(1, seed=12).repeat(4, axis=0)
    heard = [
        timbre(sound, space.gansynth.folder.sample_rate)
        for sound in space.generate(point, [PITCH] * 4, corners)
    ]
    apart = distances(heard, heard)[np.triu_indices(4, 1)]
    row("4.2", "four timbres in the corners", f"at least {apart.min():.1f} dB apart")
    assert apart.min() > 2.0, apart


def test_4_3_the_pitch_stays_when_the_first_directions_move(space, row):
    rate = space.gansynth.folder.sample_rate
    sounds = np.concatenate([moved(space, component, [-2.0, 2.0]) for component in range(4)]).reshape(
        -1, 2, 32000
    )
    heard = np.array([heard_pitch(sound, rate) for sound in sounds.reshape(-1, sounds.shape[-1])])
    right = np.mean(np.abs(heard - PITCH) < 0.5)
    row("4.3", "the pitch stays along most of the way from -2 to 2", f"{right:.0%} of {len(heard)} notes")
    assert right >= 0.75


def test_4_4_two_lines_exchanged_are_another_order_of_the_same_timbres(patch, row, tmp_path):
    """Five steps in the sequencer of the patch, eight parts: the sound, and with two lines of the file exchanged."""
    sequencer = patch(ROOT / "04_ganspacesynth/ganspacesynth_halluseq.pd", "halluseq")
    sequencer.load("starter")
    sequencer.send("press", "conv0")
    sequencer.expect("loaded_pca")
    sequencer.send("seed", 4)
    sequencer.send("press", "rand")
    for _ in range(3):
        sequencer.send("press", "rand")
    sequencer.send("press", "interp_steps", 8)

    def heard():
        sequencer.send("press", "generate")
        sequencer.expect("hallucinated", timeout=120)
        sequencer.send("press", "save-file", str(tmp_path / "sound.wav"))
        sequencer.pd.sync()
        wait_for_sound(tmp_path / "sound.wav")
        sound, rate = soundfile.read(tmp_path / "sound.wav", dtype="float32")
        (tmp_path / "sound.wav").unlink()
        return np.array([timbre(part, rate) for part in np.array_split(sound, 33)])

    before = heard()
    file = tmp_path / "steps.txt"
    sequencer.send("save_steps", str(file))
    sequencer.expect("saved", str(file))
    lines = file.read_text().splitlines()
    lines[1], lines[3] = lines[3], lines[1]
    file.write_text("\n".join(lines) + "\n")
    sequencer.send("open_steps", str(file))
    sequencer.expect("opened", len(lines))
    after = heard()
    sequencer.pd.close()
    steps = [0, 8, 16, 24, 32]
    same = distances(before[steps], after[steps])
    row(
        "4.4",
        "the same timbres in another order, other ways between them",
        f"steps exchanged are {same[1, 3]:.1f} and {same[3, 1]:.1f} dB from where they were before, "
        f"{same[1, 1]:.1f} and {same[3, 3]:.1f} dB from what was there",
    )
    assert len(lines) == 5
    assert same[1, 3] < 0.7 * same[1, 1] and same[3, 1] < 0.7 * same[3, 3]


def test_4_5_at_another_pitch_the_first_direction_is_nearly_the_same(space, model, row):
    here, there = (fit(model, samples=512, components=4, pitch=pitch).comp[0].ravel() for pitch in (54, 78))
    alike = abs(np.dot(here, there)) / np.linalg.norm(here) / np.linalg.norm(there)
    row(
        "4.5",
        "the first direction is nearly the same at another pitch",
        f"cosine {alike:.2f} at keys 54 and 78",
    )
    assert alike > 0.5
