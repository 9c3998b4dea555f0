"""The exercises of day 2 in its patch, in real Pd: a voice and a beat go in, and what the lesson says comes out."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.hearing import alike, apart, beat, brightness, envelope, level, noisiness, sung
from timbre_transfer.features import extract, prepare

pytestmark = pytest.mark.slow

DAY = Path(__file__).parents[2] / "02_ddsp"
INSTRUMENT, OTHER = "starter_violin", "starter_cello"
RATE = 16000
SURE = 0.5  # confidence of a tone
ASKED = {"octave": 0, "threshold": 0.2, "adjust": 1, "output": RATE}


class Player:
    """The patch with a model: `plays(sound, octave=1)` is what becomes of a sound."""

    def __init__(self, patch, folder):
        self.patch, self.folder, self.model = patch, folder, None

    def plays(self, sound, model=INSTRUMENT, **settings):
        if model != self.model:
            self.patch.load(model)
            self.model = model
        soundfile.write(self.folder / "in.wav", sound, RATE)
        self.patch.send("open", "in", str(self.folder / "in.wav"))
        self.patch.expect("opened")
        for name, value in {**ASKED, **settings}.items():
            self.patch.send(name, value)
        self.patch.send("transfer", "in", "out")
        self.patch.expect("transferred", timeout=120)
        self.patch.send("save", "out", str(self.folder / "out.wav"))
        self.patch.expect("saved")
        return soundfile.read(self.folder / "out.wav", dtype="float32")[0]


@pytest.fixture(scope="module")
def player(patch, tmp_path_factory):
    return Player(patch(DAY / "timbre_transfer.pd", "timbre_transfer"), tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    return sung(tmp_path_factory.mktemp("song"))[0]


def heard(sound):
    """MIDI pitches [frames], nan where there is no tone."""
    found = extract(prepare(sound, RATE))
    return np.where(found.confidence >= SURE, 69 + 12 * np.log2(np.maximum(found.f0_hz, 1) / 440), np.nan)


def share(sound):
    """How much of a sound has a pitch."""
    return float(np.mean(~np.isnan(heard(sound))))


def test_1_not_a_voice(player, row):
    """What rings becomes notes; with no confidence asked for all of it does, with a lot of it nearly nothing."""
    shares, noises = [], []
    for threshold in (0, 0.2, 0.9):
        played = player.plays(beat(RATE), threshold=threshold)
        shares.append(share(played))
        noises.append(noisiness(played))
    row(
        "2.1",
        "drums: the lower the confidence asked for, the more becomes notes; at 0.9 nearly all is noise",
        "with a pitch at 0, 0.2, 0.9: " + ", ".join(f"{part:.0%}" for part in shares),
    )
    assert shares[0] > 0.9 and shares[0] > shares[1] > shares[2] and shares[2] < 0.2
    assert noises[2] > 5 * noises[0]


def voices(song):
    """The song hummed, on `a`, whistled and whispered: the same melody and swells."""
    found = extract(prepare(song, RATE))
    times, frames = np.arange(len(song)), np.arange(len(found.f0_hz)) * RATE // 250
    sure = found.confidence >= SURE
    phase = 2 * np.pi * np.cumsum(np.interp(times, frames[sure], found.f0_hz[sure])) / RATE
    swells = np.interp(times, np.arange(len(envelope(song))) * 512, envelope(song))
    swells /= swells.max()
    hiss = np.fft.rfft(np.random.default_rng(0).standard_normal(len(song)))
    throat = np.interp(np.linspace(0, 8000, len(hiss)), [0, 500, 900, 1300, 3000], [0, 0.3, 1, 0.6, 0.2])
    breath = np.fft.irfft(hiss * throat, len(song))
    return {
        "hum": 0.3 * swells * (np.sin(phase) + 0.2 * np.sin(2 * phase)),
        "a": song,
        "whistle": 0.3 * swells * np.sin(2 * phase),
        "whisper": 0.5 * swells * breath / np.abs(breath).max(),
    }


def test_2_your_voice_against_the_machines_ear(player, song, row):
    """Hum, `a` and whistle are notes, the whistle an octave higher; vowels are lost; a whisper is noise."""
    said = voices(song)
    played = {name: player.plays(sound, adjust=0) for name, sound in said.items()}
    pitched = {name: share(sound) for name, sound in played.items()}
    octave = np.nanmedian(heard(played["whistle"])) - np.nanmedian(heard(played["hum"]))
    before, after = (apart(sounds["hum"], sounds["a"], RATE) for sounds in (said, played))
    row(
        "2.2",
        "hum, a and whistle are understood, a whisper is not; a hum and an a become alike",
        f"with a pitch: {', '.join(f'{name} {part:.0%}' for name, part in pitched.items())}; whistle {octave:+.1f} "
        f"semitones; hum and a {before:.1f} dB apart before, {after:.1f} after",
    )
    assert min(pitched[name] for name in ("hum", "a", "whistle")) > 0.7 and pitched["whisper"] < 0.2
    assert octave == pytest.approx(12, abs=0.5)
    assert after < 0.6 * before


def test_3_out_of_range(player, song, row):
    """Pitch is obeyed everywhere; low it growls, high there is room for one or two harmonics: a whistle."""
    line = heard(song)
    offs, colours = [], {}
    for octave in (-3, -2, 0, 1, 3):
        played = player.plays(song, octave=octave, adjust=0)
        colours[octave] = 2 ** brightness(played, RATE)
        if -3 < octave < 3:  # what the ear of the course can hear
            offs.append(np.nanmedian(np.abs(heard(played) - line - 12 * octave)))
    row(
        "2.3",
        "pitch is followed; three octaves down the timbre is dull, three up only a whistle is left",
        f"at most {max(offs):.2f} semitones off; brightness from -3 to 3: "
        + ", ".join(f"{hertz:.0f}" for hertz in colours.values())
        + " Hz",
    )
    assert max(offs) < 0.5
    assert list(colours.values()) == sorted(colours.values())
    assert colours[3] > 3000 and colours[-3] < 0.7 * colours[0]


def test_4_two_timbres(player, song, row):
    """Two instruments are two timbres on one line: together they are heard as one."""
    one, other = (player.plays(song, model, adjust=0) for model in (INSTRUMENT, OTHER))
    lines = heard(one), heard(other)
    both = ~np.isnan(lines[0]) & ~np.isnan(lines[1])
    together = float(np.mean(np.abs(lines[0] - lines[1])[both] < 0.5))
    loud = [sound / np.sqrt(np.mean(sound**2)) for sound in (one, other, song)]
    mixed = share(np.float32(0.1 * sum(loud)))
    timbres = apart(0.3 * loud[0], 0.3 * loud[1], RATE)
    swells = alike(envelope(one), envelope(other))
    row(
        "2.4",
        "two timbres that start, swell and bend together: one player with two colours",
        f"{timbres:.1f} dB apart; on one pitch {together:.0%}; swells alike {swells:.2f}; "
        f"the mix has one pitch {mixed:.0%} of the time",
    )
    assert timbres > 3 and together > 0.9 and swells > 0.6 and mixed > 0.7
    assert min(level(one), level(other)) > -50


def test_5_louder_is_another_timbre(player, song, row):
    """A loud trumpet is a bright one, at the same volume; a loud violin is the same violin."""
    colours, levels = {}, {}
    for name in ("starter_trumpet", INSTRUMENT):
        played = [player.plays(song, name, adjust=0, loudness=decibels) for decibels in (-12, 12)]
        colours[name] = [2 ** brightness(sound, RATE) for sound in played]
        levels[name] = [level(sound) for sound in played]
    player.patch.send("loudness", 0)
    row(
        "2.5",
        "with loudness the trumpet becomes brighter at the same volume, the violin stays as it was",
        "; ".join(
            f"{name} {colours[name][0]:.0f} to {colours[name][1]:.0f} Hz, {levels[name][1] - levels[name][0]:+.0f} dB"
            for name in colours
        ),
    )
    (soft, loud), (violin_soft, violin_loud) = colours["starter_trumpet"], colours[INSTRUMENT]
    assert loud > 1.2 * soft and abs(violin_loud / violin_soft - 1) < 0.1
    assert all(abs(after - before) < 4 for before, after in levels.values())
