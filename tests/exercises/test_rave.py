"""The exercises of day 6: on whole sounds, and in real Pd where buffers and cords are what they are about."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from modelfiles.latent_map import LatentMap
from rave_rt import load
from support.hearing import (
    alike,
    apart,
    beat,
    brightness,
    colour,
    envelope,
    level,
    noisiness,
    spectrogram,
    tap,
    vowel,
)

pytestmark = pytest.mark.slow

DAY = Path(__file__).parents[2] / "06_rave"
MODEL = "starter_drums"
BUFFER = 8192  # of exercise 9: long enough for busy machines
TRIES = 6  # until nothing came too late
BUFFERS = (512, 1024, 2048, 4096, 8192, 16384)
MEASURES = {"loudness, dB": level, "brightness, octaves": brightness, "noisiness, dB": noisiness}
CHANGE = {"loudness, dB": 6.0, "brightness, octaves": 0.5, "noisiness, dB": 6.0}  # what one surely hears


@cache
def model():
    return load(MODEL)


def rate():
    return model().rate


def decoded(latents):
    return model().decode(latents, seed=0)[0]


@cache
def encoded(seconds=1.5):
    """The latents of a beat."""
    return model().encode(beat(rate())[: round(seconds * rate())])


def measured(sound):
    """The figures of MEASURES."""
    return np.array([level(sound), brightness(sound, rate()), 10 * np.log10(noisiness(sound) + 1e-6)])


@cache
def directions():
    """How each latent's bias from -2 over 0 to 2 changes a beat: [latents, 3, measures]."""
    found = []
    for latent in range(len(encoded())):
        found.append([])
        for bias in (-2, 0, 2):
            moved = encoded().copy()
            moved[latent] += bias
            found[-1].append(measured(decoded(moved)))
    return np.array(found)


def change(latent, name):
    """How much the bias of a latent from -2 to 2 changes a measure; 0 where it does not go one way."""
    steps = np.diff(directions()[latent, :, list(MEASURES).index(name)])
    return float(steps.sum()) if steps[0] * steps[1] > 0 else 0.0


@cache
def loudest():
    """The latent that is most of all the loudness, from 0."""
    return int(np.argmax([abs(change(latent, "loudness, dB")) for latent in range(len(encoded()))]))


def test_1_one_drum(row):
    """The same tap gets the same answer; the network listens to how loud, how high and how long it is."""
    second = rate() // 2

    def answer(**other):
        played = model().forward(np.concatenate([tap(rate())] * 2 + [tap(rate(), **other)] * 2), seed=0)[0]
        return played[2 * second : 3 * second]

    usual = answer()
    again = model().forward(np.concatenate([tap(rate())] * 10), seed=0)[0]
    taps = [again[n * second : (n + 1) * second] for n in range(2, 9)]
    same = max(apart(usual, one, rate()) for one in taps)
    changes = {"softer": {"loud": 0.1}, "higher": {"pitch": 500.0}, "longer": {"ring": 15.0}}
    other = {name: apart(usual, answer(**how), rate()) for name, how in changes.items()}
    row(
        "6.1",
        "the same tap, the same drum, nearly; another one for a longer tap, above all",
        f"same tap at most {same:.1f} dB apart; "
        + ", ".join(f"{name} {far:.1f}" for name, far in other.items()),
    )
    assert same < 1.0 and max(other.values()) > 3 * same and min(other.values()) > same


def test_2_name_them(row):
    """Several latents have a plain name; the last ones do nearly nothing."""
    names = []
    for latent in range(len(encoded())):
        said = [f"{name.split(',')[0]} {change(latent, name):+.1f}" for name in MEASURES
                if abs(change(latent, name)) > CHANGE[name]]  # fmt: skip
        names += [f"{latent + 1}: {', '.join(said)}"] if said else []
    row(
        "6.2",
        "bias from -2 to 2: some latents are loud, bright or noisy, the last one does little",
        "; ".join(names),
    )
    assert len(names) >= 3
    spread = [np.abs(directions()[latent, 2] - directions()[latent, 0]) for latent in (loudest(), -1)]
    assert spread[1][0] < 0.3 * spread[0][0]


def test_3_freeze(row):
    """One latent carries most of the swells, another or the same one the strokes; none carries all."""
    latents, full = encoded(), decoded(encoded())
    kept = {}
    for latent in range(len(latents)):
        alone, without = np.zeros_like(latents), latents.copy()
        alone[latent], without[latent] = latents[latent], 0
        kept[latent] = [alike(envelope(decoded(some)), envelope(full)) for some in (alone, without)]
    best = max(kept, key=lambda latent: kept[latent][0])
    strokes = np.zeros_like(latents)
    strokes[best] = latents[best]
    same, colours = moving(decoded(strokes)), moving(full)
    row(
        "6.3",
        "with one latent loud and soft are still there, and strokes sound a little less different",
        f"latent {best + 1} alone: swells {kept[best][0]:.2f} alike (1 is the same), colours move by {same:.1f} dB, "
        f"with all by {colours:.1f}",
    )
    assert kept[best][0] > 0.5 > min(alone for alone, _ in kept.values())
    assert same < 0.95 * colours


def moving(sound):
    """How much the shape of the spectrum changes with time, decibels."""
    bands = spectrogram(sound, rate())
    return float((bands - bands.mean(axis=0)).std(axis=1).mean())


def away(one, other):
    return float(np.abs(colour(one, rate()) - colour(other, rate())).mean())


def test_4_outside(row):
    """Where no sound of the training was, the decoder holds one sound, and it may be louder than full scale."""
    usual = decoded(encoded())
    sounds = [decoded(encoded() + bias) for bias in (0, -3, 3)]
    changes = [float(spectrogram(sound, rate()).std(axis=1).mean()) for sound in sounds]
    far = [away(sound, usual) for sound in sounds]
    row(
        "6.4",
        "one long sound in place of strokes, of another colour; turn down first: it may be louder than full scale",
        f"bias 0, -3, 3: bands move by {', '.join(f'{change:.1f}' for change in changes)} dB; "
        f"peaks {', '.join(f'{np.abs(sound).max():.2f}' for sound in sounds)}",
    )
    assert max(changes[1:]) < 0.6 * changes[0]
    assert min(far[1:]) > 2


def test_5_how_late_is_late(patch, row):
    """Two buffers late, whichever buffer: from a loose instrument to a canon."""
    rave = patch(DAY / "rave.pd", "rave")
    rave.load(MODEL)
    told = {}
    for place, buffer in enumerate(BUFFERS, 2):  # the smallest two are too small for the starters
        rave.send("press", "size-set", place)
        rave.expect("playing", "forward", buffer)
        told[buffer] = rave.expect("latency")[1:3]
    row("6.5", "twice the buffer, and some milliseconds where Pd's rate is not the model's",
        "Pd at 44.1 kHz: " + ", ".join(f"{buffer}: {ms:.0f} ms" for buffer, (_, ms) in told.items()))  # fmt: skip
    for buffer, (_, ms) in told.items():
        assert 0 <= ms - 2000 * buffer / rate() < 50
    rave.pd.close()


def test_6_half_way(row):
    """Half-way is one sound, not two: unlike a crossfade of both it is no sum."""
    ends = [model().encode(sound) for sound in (beat(rate())[: rate()], vowel(1, rate()))]
    sounds = [decoded((1 - amount) * ends[0] + amount * ends[1]) for amount in (0, 0.25, 0.5, 0.75, 1)]
    whole = apart(sounds[0], sounds[4], rate())
    to_a, to_b = ([apart(sound, end, rate()) / whole for sound in sounds] for end in (sounds[0], sounds[4]))
    fade = apart(sounds[2], 0.5 * sounds[0] + 0.5 * sounds[4], rate())
    row(
        "6.6",
        "step by step from the drum to the voice; half-way is not the crossfade",
        f"of the whole way from A: {', '.join(f'{part:.2f}' for part in to_a)}; half-way is {fade:.1f} dB from "
        "the crossfade",
    )
    assert to_a == sorted(to_a) and to_b == sorted(to_b, reverse=True)
    assert fade > 2


def test_7_draw_a_rhythm(row):
    """Spikes in the latent of loudness are strokes; in the last latent they are nothing."""
    still = model().encode(np.zeros(3 * rate(), np.float32))
    spikes = range(40, still.shape[1] - 20, 47)
    up = 3 if change(loudest(), "loudness, dB") > 0 else -3
    heard = {}
    for latent in (loudest(), len(still) - 1):
        drawn = still.copy()
        for place in spikes:
            drawn[latent, place : place + 2] = up
        sound = decoded(drawn)
        quiet = envelope(decoded(still))
        places = [round(place * len(envelope(sound)) / still.shape[1]) for place in spikes]
        around = [envelope(sound)[place - 3 : place + 6].max() for place in places]
        heard[latent] = 20 * np.log10(np.min(around) / (np.median(quiet) + 1e-5))
    row(
        "6.7",
        "spikes in the latent that is loudness are strokes, in the last one hardly anything",
        f"above silence: latent {loudest() + 1} {heard[loudest()]:.0f} dB, the last one {heard[len(still) - 1]:.0f} dB",
    )
    assert heard[loudest()] > 20 and heard[loudest()] > heard[len(still) - 1] + 10


def test_8_feedback(row):
    """The strokes survive; the highs go, and each round changes less than the one before."""
    first = sound = beat(rate())
    steps = []
    for _ in range(5):
        again = model().forward(sound, seed=0)[0]
        steps.append(apart(again, sound, rate()))
        sound = again
    strokes, lost = (
        alike(envelope(first), envelope(sound), 20),
        brightness(first, rate()) - brightness(sound, rate()),
    )
    row(
        "6.8",
        "the strokes survive, the highs do not; each round changes less",
        f"swells after five rounds {strokes:.2f} alike; {lost:.1f} octaves darker; changes "
        f"{', '.join(f'{step:.1f}' for step in steps)} dB",
    )
    assert strokes > 0.6 and steps[-1] < 0.8 * steps[0]


class Wiring:
    """A patch of one's own: a beat, encode, cords of which those of two latents have switches, decode."""

    def __init__(self, samples):
        self.lines, self.cords, self.count = ["#N canvas 40 30 900 600 12;"], [], 0
        one, latents = loudest(), len(encoded())
        other = (one + 1) % latents
        self.box(f"array define beat {samples}")
        play = self.box("r play")
        encoder = self.box(f"rave~ {MODEL} encode {BUFFER}", (self.box("tabplay~ beat", (play, 0)), 0))
        decoder = self.box(f"rave~ {MODEL} decode {BUFFER}")
        for latent in range(latents):
            if latent not in (one, other):
                self.cord(encoder, latent, decoder, latent)
        for latent, across in ((one, other), (other, one)):
            self.switch("straight", 1, (encoder, latent), (decoder, latent))
            self.switch("crossed", 0, (encoder, across), (decoder, latent))
        self.switch("kept", 0, (encoder, other), (decoder, other))
        slow = self.box("lop~ 1", (encoder, one))
        self.switch("slow", 0, (slow, 0), (decoder, one))
        wave = self.box("*~ 2", (self.box("osc~ 1.5"), 0))
        self.switch("wave", 0, (wave, 0), (decoder, one))
        self.box("tabwrite~ heard", (decoder, 0), (play, 0))
        self.box(f"array define heard {samples + 44100}")  # what comes late, too
        self.box("s decoder-out", (encoder, latents), (decoder, 1))

    def box(self, text, *sources):
        """Add an object, and cords to its first inlet from (object, outlet); returns its number."""
        self.lines.append(f"#X obj 20 {20 + 20 * self.count} {text};")
        self.count += 1
        for source in sources:
            self.cord(*source, self.count - 1, 0)
        return self.count - 1

    def cord(self, source, outlet, sink, inlet):
        self.cords.append(f"#X connect {source} {outlet} {sink} {inlet};")

    def switch(self, name, closed, source, sink):
        """Add a cord that lets through as much as the receive name `name` says, `closed` at first."""
        gain = self.box(f"*~ {closed}", source)
        self.cord(self.box(f"r {name}"), 0, gain, 1)
        self.cord(gain, 0, *sink)

    def text(self):
        return "\n".join([*self.lines, *self.cords]) + "\n"


def undisturbed(pd, seconds):
    """What is heard of the beat, when no piece came too late; the last try if that never happens."""

    def late():
        return sum(message[0] == "late" for message in pd.received["decoder-out"])

    for _ in range(TRIES):
        before = late()
        pd.send("play")
        pd.let_time_pass(1000 * seconds + 1200)
        if late() == before:
            break
    return np.array(pd.array("heard"), np.float32)


def test_9_wire_it_differently(patch, row, tmp_path):
    """The latent of loudness is the rhythm: slowed down or replaced it is lost, crossed with another it suffers."""
    seconds = 2
    file = tmp_path / "wires.pd"
    file.write_text(Wiring(seconds * 44100).text())
    wires = patch(None, "decoder", file, path=[DAY])
    wires.expect("playing", "decode", timeout=300)
    wires.expect("alive", 1, timeout=60)
    played = beat(44100)[: seconds * 44100]
    wires.pd.set_array("beat", played)
    ways = {"as it was": {}, "swapped": {"straight": 0, "crossed": 1}, "slow": {"straight": 0, "kept": 1, "slow": 1},
            "replaced": {"straight": 0, "kept": 1, "wave": 1}}  # fmt: skip
    usual = {"straight": 1, "crossed": 0, "kept": 0, "slow": 0, "wave": 0}
    swells = {}
    for way, switches in ways.items():
        for name, value in {**usual, **switches}.items():
            wires.pd.send(name, value)
        wires.pd.let_time_pass(1000)
        heard = undisturbed(wires.pd, seconds)
        swells[way] = alike(envelope(np.append(played, np.zeros(44100))), envelope(heard), shift=90)
    wires.pd.close()
    row(
        "6.9",
        "with the latent of loudness replaced by an LFO the rhythm is lost; slow and swapped it is blurred",
        "swells like the beat's: " + ", ".join(f"{way} {how:.2f}" for way, how in swells.items()),
    )
    assert swells["as it was"] > 0.6
    assert swells["replaced"] < swells["as it was"] - 0.3
    assert max(swells["swapped"], swells["slow"]) < swells["as it was"]


def landscape(name):
    """Twelve taps on one object, mapped by a model, and the taps."""
    listener = load(name)
    ways = [(loud, pitch, ring) for loud in (0.05, 0.5) for pitch in (120, 300, 700) for ring in (8, 60)]
    taps = {
        str(number): tap(listener.rate, loud, pitch, 0.8, ring)
        for number, (loud, pitch, ring) in enumerate(ways)
    }
    return LatentMap({number: listener.encode(sound) for number, sound in taps.items()}), list(taps.values())


def test_10_a_landscape(row):
    """A path from soft to loud has no seam and becomes loud; another model finds others alike."""
    (space, taps), (other, _) = landscape(MODEL), landscape("starter_voice")
    soft, loud = (int(pick([level(sound) for sound in taps])) for pick in (np.argmin, np.argmax))
    straight = [space.places[soft], space.places[loud]]
    way = space.along(straight, 400)
    step = np.abs(np.diff(way)).max()
    within = max(np.abs(np.diff(space.at(*place))).max() for place in space.places)
    parts = np.array_split(decoded(way), 4)
    pairs = np.triu_indices(len(taps), 1)
    apart_by = [np.linalg.norm(one.places[:, None] - one.places, axis=2)[pairs] for one in (space, other)]
    same = float(np.corrcoef(*apart_by)[0, 1])
    row(
        "6.10",
        "a path from the softest sound to the loudest has no seam; with another model others are near",
        f"largest step {step:.1f} along the path, {within:.1f} within a sound; the last quarter is "
        f"{level(parts[-1]) - level(parts[0]):.0f} dB louder than the first; distances of both models agree {same:.2f}",
    )
    assert step <= 1.5 * within
    assert level(parts[-1]) > level(parts[0]) + 6
    assert same < 0.95
