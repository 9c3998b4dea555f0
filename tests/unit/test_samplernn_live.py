"""Day 5 live: block by block it plays what the generator does at once, it hears, remembers, and is never too late."""

import numpy as np
import pytest
from modelfiles.errors import UserError
from pdworker.serving.live import Pulse, StreamForm, latency_of
from samplernn.engine import quantise
from samplernn.engine.voices import Voices, chances
from samplernn.live import MOST_VOICES, LiveVoices
from samplernn.model import Generator
from support.samplernn_files import small_model

RATE, SEED = 8000, 5


@pytest.fixture(
    scope="module",
    params=[{}, {"rnn_type": "lstm", "skip_conn": True, "frame_sizes": (4, 12), "seq_len": 96}],
)
def generator(request):
    return Generator(small_model(**request.param), threads=1)


def live_voices(generator, milliseconds=1, **controls):
    spec = {"milliseconds": milliseconds, "seed": SEED, "controls": {"voices": 2, **controls}}
    return LiveVoices(generator.loops(), generator.config, spec, Pulse(), lambda *event: None)


def played(live, temperature, sound=None, rate=RATE):
    """What comes out of a chain at the model's rate."""
    chain = live.make_chain(StreamForm(rate, 64, 2, 6), measuring=False)
    audio = np.stack([np.zeros(len(temperature), np.float32) if sound is None else sound, temperature])
    pieces = range(0, audio.shape[1], chain.piece)
    return np.concatenate([chain.process(audio[:, at : at + chain.piece]) for at in pieces], 1)


@pytest.mark.parametrize("drawn", [False, True])
def test_a_temperature_signal_plays_what_the_generator_makes_of_the_drawn_curve(generator, drawn):
    curve = np.linspace(0.5, 1.5, 960, dtype=np.float32) if drawn else np.full(960, 0.9, np.float32)
    heard = played(live_voices(generator, temperature=0.0), curve)
    whole = generator.start(960, np.stack([curve, curve]), seed=SEED).more(60)
    assert whole.std() > 0.05
    np.testing.assert_array_equal(heard[:2], whole)
    np.testing.assert_array_equal(heard[2:MOST_VOICES], 0)
    assert heard[4].max() > 1 and 0 <= heard[5].min() < heard[5].max() <= 1


def test_it_goes_on_from_what_it_hears_as_the_generator_from_its_seed(generator):
    block = generator.config.big_frame_size
    sound = np.sin(np.arange(20 * block) / 3).astype(np.float32) / 2
    codes = quantise.encode(sound, generator.config.q_type, generator.config.q_levels)
    voices, warm = Voices(generator.loops(), generator.config, 1, SEED), np.ones(block, np.float32)
    for at in range(0, len(codes), block):
        assert (voices.play(warm, heard=codes[at : at + block]).codes == codes[at : at + block]).all()
    live = np.concatenate([voices.play(warm).codes[0] for _ in range(10)])
    whole = generator.start(10 * block, np.ones((1, 10 * block), np.float32), primer=sound, seed=SEED)
    expected = whole.more(60)[0]
    np.testing.assert_array_equal(quantise.decode(live, generator.config.q_type, 256), expected)


def test_while_it_listens_it_is_silent_and_it_answers_when_the_sound_ends(generator):
    times = np.arange(RATE // 2) / RATE
    sound = np.where(times < 0.1, np.sin(2 * np.pi * 300 * times), 0).astype(np.float32)
    heard = played(live_voices(generator, answer=True), np.zeros(len(times), np.float32), sound)[0]
    before = heard[: int(0.3 * RATE)]
    assert np.abs(before[64:]).max() == 0 < heard[int(0.4 * RATE) :].std()
    silent = played(live_voices(generator, listen=True), np.zeros(800, np.float32))
    assert np.abs(silent[0, 64:]).max() == 0 < silent[4].min()


def test_it_repeats_what_it_remembers_and_rewinds_to_something_else(generator):
    live = live_voices(generator)
    still = np.zeros(480, np.float32)
    played(live, still)
    live.remember(3)
    first = played(live, still)
    live.rewind(3, same_draws=True)
    np.testing.assert_array_equal(played(live, still), first)
    live.rewind(3, same_draws=False)
    assert np.mean(played(live, still)[0] == first[0]) < 0.5
    with pytest.raises(UserError, match="nothing is remembered in 4"):
        live.rewind(4, same_draws=True)
    live.restart(SEED)
    whole = generator.start(480, np.ones((2, 480), np.float32), seed=SEED).more(60)
    np.testing.assert_array_equal(played(live, still)[:2], whole)


def test_frozen_the_slow_memory_stands_still_and_new_voices_begin_where_the_first_is(generator):
    live = live_voices(generator, freeze=True)
    played(live, np.zeros(96, np.float32))
    before = live._voices.remember()
    played(live, np.zeros(96, np.float32))
    after = live._voices.remember()
    np.testing.assert_array_equal(before.cells[0], after.cells[0])
    assert (before.cells[1] != after.cells[1]).any()
    live.change(freeze=False, voices=4)
    heard = played(live, np.zeros(480, np.float32))
    assert len({tuple(voice) for voice in heard[:4]}) == 4
    assert (live._voices.remember().cells[0] != after.cells[0][:, [0, 1, 0, 1]]).any()


def test_entropy_and_probability_are_those_of_the_choice():
    logits = np.log(np.array([[1, 1, 2], [1, 0, 0]]) + 1e-30).astype(np.float32)
    entropy, probability = chances(logits, np.array([1, 0], np.float32), np.array([2, 0]))
    np.testing.assert_allclose(entropy, [1.5, 0], atol=1e-5)
    np.testing.assert_allclose(probability, [0.5, 1], atol=1e-5)


@pytest.mark.parametrize("rate, block", [(8000, 64), (44100, 64), (48000, 2048), (96000, 256)])
def test_the_latency_is_near_what_was_asked_and_never_too_short(generator, rate, block):
    live, form = live_voices(generator, milliseconds=60), StreamForm(rate, block, 2, 6)
    latency = latency_of(live, form)
    assert latency / rate <= max(0.06, 3 * block / rate) + 0.001
    chain, out = live.make_chain(form, measuring=False), 0
    for number in range(1, 60):
        out += chain.process(np.zeros((2, chain.piece), np.float32)).shape[1]
        assert (number + 1) * chain.piece + chain.compute_frames - out <= latency


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_what_comes_out_is_in_step_with_what_goes_in(generator, rate):
    """The entropy rises where the temperature does; the stream then makes all of it later by what is told."""
    rises = rate // 4 + 77
    curve = np.where(np.arange(rate // 2) < rises, 0, 1.5).astype(np.float32)
    entropy = played(live_voices(generator, temperature=0.0), curve, rate=rate)[4]
    found = np.argmax(entropy > 0.5 * np.median(entropy[rises + 200 :]))
    assert abs(found - rises) < 0.001 * rate


def test_a_model_that_is_too_slow_is_told_once():
    generator, said = Generator(small_model(sample_rate=384000), threads=1), []
    spec = {"milliseconds": 30, "seed": None, "controls": {}}
    LiveVoices(generator.loops(), generator.config, spec, Pulse(), lambda *event: said.append(event))
    ((name, values),) = said
    assert name == "warning" and "it will be late - choose a smaller one" in values["message"]
