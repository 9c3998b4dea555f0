"""SampleRNN's generator: the eight-bit loops against the torch model, the draws against their probabilities, and what
the original got wrong: polluted and leaking states, lost samples, lengths, seeds."""

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from modelfiles.errors import UserError
from modelfiles.loops import drawing, products
from modelfiles.loops.packing import matrices
from modelfiles.sounds import read_sound
from samplernn.engine import quantise, store
from samplernn.engine.kernel_engine import KernelEngine
from samplernn.engine.torch_engine import TorchEngine
from samplernn.model import Generator
from support.samplernn_files import small_model

DAY = Path(__file__).parents[2] / "05_samplernn"
KINDS = [
    {"rnn_type": "gru"},
    {"rnn_type": "lstm"},
    {"rnn_type": "gru", "skip_conn": True, "q_levels": 512},
    {"rnn_type": "lstm", "skip_conn": True, "q_type": "linear", "q_levels": 102},
    {"num_rnn_layers": 1, "dim": 64, "frame_sizes": (8, 16)},
]


@pytest.fixture(scope="module")
def generator():
    return Generator(small_model(), threads=1)


def hot(sequences, samples):
    return np.ones((sequences, samples), np.float32)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_the_loops_compute_what_torch_computes(kind):
    made = small_model(**kind)
    generator = Generator(made, threads=1)
    block, levels, length = made.config.big_frame_size, made.config.q_levels, 160
    codes = np.random.default_rng(1).integers(0, levels, (3, block + length)).astype(np.int32)
    generation = KernelEngine(generator, codes, length, hot(3, length), 0, 1, 0, wanted=length)
    generation.compute(0, length)
    with torch.no_grad():
        exact = made(torch.from_numpy(codes).long())[0].numpy()
    assert exact.std() > 0.2
    assert np.abs(generation.logits - exact).mean() < 0.02 * exact.std()
    assert np.abs(generation.logits - exact).max() < 0.15 * exact.std()
    assert generator.measure(codes[:, block:]) < 1e-3


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_share_large_weights_and_change_nothing(generator, threads):
    apart = generator.start(64, hot(3, 64), seed=5)
    assert (len(apart.engine.groups), apart.engine.threads) == (3, 1)
    sharing = Generator(generator.model, threads=threads)
    sharing.large = True
    together = sharing.start(64, hot(3, 64), seed=5)
    assert (len(together.engine.groups), together.engine.threads) == (1, threads)
    assert np.array_equal(apart.more(60), together.more(60))


@pytest.mark.parametrize("bits, worst", [(8, 2e-4), (4, 0.03)])
@pytest.mark.parametrize("sequences", [1, 2, 3])
def test_products_with_rounded_weights(bits, worst, sequences):
    random = np.random.default_rng(7)
    rows = random.normal(0, 0.1, (1, 128, 64)).astype(np.float32)
    weights, scale = matrices(rows, bits)
    assert weights.size == rows.size * bits // 8
    vectors = random.integers(-30000, 30000, (sequences, 64)).astype(np.int16)
    out, scales = np.ones((sequences, 128), np.float32), np.full(sequences, 1 / 30000, np.float32)
    products.add_product(weights[0], scale[0], vectors, scales, out, 1, 2)
    exact = vectors / 30000 @ rows[0].T.astype(np.float64) + 1
    assert np.array_equal(out[:, :64], np.ones((sequences, 64)))
    assert np.square(out - exact)[:, 64:].mean() < worst * np.square(exact - 1)[:, 64:].mean()


def test_the_torch_loop_computes_what_the_torch_model_computes():
    made = small_model(skip_conn=True)
    codes = np.full((1, 16 + 48), 128, np.int32)
    codes[:, 16:48] = np.random.default_rng(2).integers(0, 256, (1, 32))
    heard = []
    generation = TorchEngine(made, codes, 32, hot(1, 48), 0, 1.0, 0)
    draw = generation.draw
    generation.draw = lambda logits, temperature: heard.append(logits) or draw(logits, temperature)
    generation.compute(0, 32)
    generation.compute(32, 48)
    with torch.no_grad():
        exact, _ = made(torch.from_numpy(codes).long())
    assert torch.allclose(torch.stack(heard, 1), exact[:, 32:], atol=1e-5)


def chi_square(counts, odds):
    """Pearson's statistic over the codes that are expected at least five times, and its degrees of freedom."""
    expected = odds / odds.sum() * counts.sum()
    often = expected >= 5
    assert counts[odds == 0].sum() == 0
    return ((counts - expected)[often] ** 2 / expected[often]).sum(), often.sum() - 1


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.3])
def test_draws_follow_their_probabilities(temperature):
    logits = np.random.default_rng(8).normal(0, 1.5, 256).astype(np.float32)
    weights, powers = np.empty(256, np.float32), np.empty(256, np.int32)
    drawing.softmax_weights(logits, np.float32(temperature), powers, weights)
    exact = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    assert np.abs(weights / exact - 1).max() < 1e-4
    random = np.array([11], np.uint64)
    drawn = [drawing.draw(weights, drawing.uniform(random, 0)) for _ in range(40000)]
    statistic, freedom = chi_square(np.bincount(drawn, minlength=256), exact)
    assert abs(statistic - freedom) < 4.5 * np.sqrt(2 * freedom)


def test_top_k_and_top_p_keep_the_likeliest():
    weights = np.array([0.1, 0.4, 0.05, 0.3, 0.15], np.float32)
    for top_k, top_p, kept in [
        (2, 1.0, [1, 3]),
        (0, 0.69, [1, 3]),
        (0, 0.71, [1, 3, 4]),
        (1, 0.9, [1]),
        (9, 1, range(5)),
    ]:
        left = weights.copy()
        drawing.keep_likeliest(left, top_k, top_p)
        assert list(np.flatnonzero(left)) == list(kept)
        assert np.array_equal(left[left > 0], weights[left > 0])


def test_both_ways_of_generating_draw_from_the_same_distribution(generator):
    primer = quantise.decode(np.random.default_rng(3).integers(0, 256, 40), "mu-law")
    samples = 1
    exact = torch.zeros(256)
    codes = generator._silence(1, 48)
    codes[:, 16:56] = quantise.encode(primer, "mu-law")
    with torch.no_grad():
        exact = torch.softmax(generator.model(torch.from_numpy(codes).long())[0][0, 40], -1).numpy()
    counts = np.zeros(256, int)
    for seed in range(60):
        generation = generator.start(samples, hot(50, samples), primer=primer, seed=seed)
        counts += np.bincount(quantise.encode(generation.more(9)[:, 0], "mu-law"), minlength=256)
    statistic, freedom = chi_square(counts, exact.astype(np.float64))
    assert abs(statistic - freedom) < 4.5 * np.sqrt(2 * freedom)


def test_temperature_zero_takes_the_likeliest(generator):
    generation = generator.start(16, np.zeros((2, 16), np.float32), seed=1)
    audio = generation.more(9)
    assert np.array_equal(audio[0], audio[1])
    codes = torch.from_numpy(generation.engine.codes).long()
    with torch.no_grad():
        likeliest = generator.model(codes)[0].argmax(-1)
    assert (likeliest == codes[:, 16:]).float().mean() > 0.8


@pytest.mark.parametrize("samples", [1, 15, 16, 17, 100])
@pytest.mark.parametrize("primed", [0, 5, 16, 21])
def test_the_length_is_what_was_asked_for(generator, samples, primed):
    generation = generator.start(samples, hot(1, samples), primer=np.zeros(primed, np.float32), seed=2)
    assert generation.more(9).shape == (1, samples)
    assert generation.finished


def test_the_first_samples_are_kept(generator):
    generation = generator.start(64, hot(1, 64), seed=9)
    audio = generation.more(9)[0]
    assert np.array_equal(quantise.encode(audio, "mu-law"), generation.engine.codes[0, 16:80])


def test_a_generation_begins_with_no_memory_and_leaves_none(generator):
    def states(generation):
        return [
            array
            for (state,) in [generation.engine.states]
            for tier in state
            for array in (tier.output, tier.cell)
        ]

    first = generator.start(48, hot(1, 48), seed=3)
    assert not any(array.any() for array in states(first))
    once = first.more(9)
    assert all(array.any() for array in states(first))
    generator.start(160, hot(2, 160), seed=8).more(9)
    second = generator.start(48, hot(1, 48), seed=3)
    assert not any(array.any() for array in states(second))
    assert np.array_equal(once, second.more(9))


def test_the_seed_number_decides_and_sequences_differ(generator):
    def audio(seed):
        return generator.start(64, hot(2, 64), seed=seed).more(9)

    assert np.array_equal(audio(1), audio(1))
    assert not np.array_equal(audio(1), audio(2))
    assert not np.array_equal(*audio(1))


def test_in_pieces_or_at_once_is_the_same(generator):
    whole = generator.start(200, hot(2, 200), seed=6).more(9)
    generation = generator.start(200, hot(2, 200), seed=6)
    pieces = []
    while not generation.finished:
        generation.pace.stride = 16
        pieces.append(generation.more(0))
    assert len(pieces) > 3
    assert np.array_equal(whole, np.concatenate(pieces, axis=1))


def test_a_generation_that_is_stopped_can_go_on(generator):
    whole = generator.start(200, hot(1, 200), seed=6).more(9)
    generation = generator.start(200, hot(1, 200), seed=6)
    first = generation.more(0)

    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        generation.more(9, check=stop)
    assert np.array_equal(whole, np.concatenate((first, generation.more(9)), axis=1))


def test_a_primer_is_heard(starter):
    """The true continuations are likelier after what came before them than after silence."""
    generator = starter[0]
    sound, _ = read_sound(DAY.parent / "setup/sounds/beat.wav", generator.config.sample_rate)
    block = generator.config.big_frame_size
    codes = quantise.encode(sound, generator.config.q_type)

    def bits(cut, primer):
        known = len(primer)
        generation = generator.start(1024, hot(1, 1024), primer=primer)
        whole = generation.engine.codes
        whole[0, block + known : block + known + 1024] = codes[cut : cut + 1024]
        with torch.no_grad():
            logits = torch.log_softmax(generator.model(torch.from_numpy(whole.astype(np.int64)))[0][0], -1)
        return -logits[range(known, known + 1024), codes[cut : cut + 1024]].mean().item() / np.log(2)

    cuts = [int(part * len(codes)) // block * block for part in np.linspace(0.2, 0.9, 8)]
    heard, unheard = np.array([(bits(cut, sound[:cut]), bits(cut, sound[:0])) for cut in cuts]).T
    assert heard.mean() < unheard.mean() - 0.02, (heard, unheard)


def test_a_primer_sets_the_state_of_what_follows(generator):
    primer = 0.8 * np.sin(np.arange(100, dtype=np.float32))
    plain = generator.start(32, hot(1, 32), seed=1).more(9)
    seeded = generator.start(32, hot(1, 32), primer=primer, seed=1)
    assert np.array_equal(seeded.engine.codes[0, 16:116], quantise.encode(primer, "mu-law"))
    assert not np.array_equal(plain, seeded.more(9))


@pytest.fixture(scope="module")
def starter():
    """A starter model, and a loop that it was not trained on."""
    generator = Generator(store.load(DAY / "checkpoints/starter_beat.safetensors"), threads=1)
    sound, rate = soundfile.read(DAY / "media/beat-held-out.wav", dtype="float32")
    assert rate == generator.config.sample_rate
    return generator, sound


def test_eight_bits_lose_next_to_nothing_of_what_was_learned(starter):
    generator, sound = starter
    block = generator.config.big_frame_size
    codes = quantise.encode(sound[: len(sound) // block * block], generator.config.q_type)[None]
    lost = generator.measure(codes)
    print(f"eight bits lose {lost:.6f} bits per sample")
    assert 0 <= lost < 0.01
    assert generator.engine == "int8"


@pytest.mark.parametrize("name", ["starter_beat", "starter_voice"])
def test_four_bits_in_the_tiers_lose_little_of_what_was_learned(starter, monkeypatch, name):
    monkeypatch.setattr("samplernn.model.LARGE", 0)
    monkeypatch.setattr("samplernn.model.MOST_BITS_LOST", 0.05)
    generator = Generator(store.load(DAY / f"checkpoints/{name}.safetensors"), threads=1)
    codes = quantise.encode(starter[1][:16384], generator.config.q_type)[None]
    lost = generator.measure(codes)
    print(f"four bits in the tiers lose {lost:.6f} bits per sample of {name}")
    assert generator.engine == "int4"
    assert 1e-5 < lost < 0.02  # of drums, which are foreign to the voice


@pytest.mark.parametrize("most, engine", [(0.0, "float32"), (1e-4, "int8"), (0.01, "int4")])
def test_the_fewest_bits_that_lose_little_are_taken(most, engine, monkeypatch):
    monkeypatch.setattr("samplernn.model.MOST_BITS_LOST", most)
    monkeypatch.setattr("samplernn.model.LARGE", 0)
    generator = Generator(small_model(), threads=1)
    assert generator.engine == engine
    assert generator.generate(0.01, temperature=[1.0, 1.0]).shape == (2, 80)


def test_hyperbolic_tangent():
    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    assert max(abs(products.tanh(value) - np.tanh(value)) for value in x) < 1e-5


def test_threads_meet_until_all_are_there():
    from modelfiles.loops.lowlevel import barrier

    counter, order = np.zeros(1, np.int64), []

    def come(name, wait):
        wait.wait()
        order.append(f"{name} comes")
        barrier(counter.ctypes.data, 2)
        order.append(f"{name} goes")

    gates = [threading.Event(), threading.Event()]
    threads = [threading.Thread(target=come, args=(name, gate)) for name, gate in zip("ab", gates)]
    for thread in threads:
        thread.start()
    gates[0].set()
    threads[0].join(0.2)
    assert order == ["a comes"]
    gates[1].set()
    for thread in threads:
        thread.join(20)
    assert order[:2] == ["a comes", "b comes"] and len(order) == 4


@pytest.mark.parametrize("rate, samples", [(8000, 800), (44100, 4410), (3000, 300)])
@pytest.mark.parametrize("primed", [0, 100])
def test_a_stream_has_any_sample_rate_and_just_its_length(generator, rate, samples, primed):
    stream = generator.stream(0.1, [1.0, 1.2], rate=rate, primer=np.zeros(primed), primer_rate=12000, seed=5)
    pieces = []
    while not stream.finished:
        pieces.append(stream.more(0))
    assert (stream.rate, stream.length, stream.done) == (rate, samples, samples)
    sounds = np.concatenate(pieces, axis=1)
    whole = generator.generate(0.1, [1.0, 1.2], rate=rate, primer=np.zeros(primed), primer_rate=12000, seed=5)
    assert sounds.shape == whole.shape == (2, samples) and sounds.dtype == np.float32
    assert np.abs(sounds - whole).max() < 1e-5  # the resampler rounds according to its pieces


def test_a_temperature_is_a_number_an_envelope_or_a_curve(generator):
    once = generator.generate(0.05, 0.8, seed=1)
    assert once.shape == (1, 400)
    for same in ("Env([0.8,0.8],[1])", [0.8], [[0.8, 0.8]]):
        assert np.array_equal(once, generator.generate(0.05, same, seed=1))


def test_without_a_number_sounds_differ(generator):
    assert not np.array_equal(*(generator.generate(0.05, 1.0, seed=None) for _ in "ab"))


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ({"seconds": 0}, "0 s cannot be generated"),
        ({"seconds": float("nan")}, "nan s cannot"),
        ({"temperature": []}, "no temperature"),
        ({"temperature": -1}, "cannot be below 0"),
        ({"rate": 5}, "5 Hz is no sample rate"),
        ({"top_p": 0}, "do not fit"),
        ({"top_k": -1}, "do not fit"),
    ],
)
def test_what_cannot_be_generated(generator, arguments, complaint):
    with pytest.raises(UserError, match=complaint):
        generator.stream(**{"seconds": 1, **arguments})
