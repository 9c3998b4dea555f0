"""Day 6: our own layers against the program in the file, for every configuration that acids-rave exports."""

import numpy as np
import pytest
import torch
from rave_rt.engine.reading import read_own
from rave_rt.engine.torchscript import Model, load_module
from support import rave_files

pytestmark = [pytest.mark.slow, pytest.mark.needs("rave")]
NARROW = ("CAPACITY=4", "LATENT_SIZE=16")
BLOCKS = (3, 1, 2)  # in turn, of as many samples as one latent is for
CONFIGURATIONS = {  # name: (configuration, latents, options); spherical exports answer silence with no number
    "v1": ("v1", 4, "streaming"),
    "v1-whole": ("v1", 16),
    "v2": ("v2", 16, "streaming"),
    "v2-means": ("v2", 4, "plain"),
    "v2-causal": ("v2+causal", 16, "streaming"),
    "v2-stereo": ("v2+noise", 16, "streaming", "stereo"),
    "v2-small": ("v2_small", 16, "streaming"),
    "v3": ("v3", 16, "streaming", "adapts"),
    "discrete": ("discrete", 16, "streaming", "CODEBOOK_SIZE=32"),
    "discrete-v3": ("discrete_v3", 16, "CODEBOOK_SIZE=32"),
    "wasserstein": ("v2+wasserstein", 16, "streaming"),
    "raspberry": ("raspberry", 4, "streaming"),
}
PAIRS = {  # name: (configuration, samples by which its streaming export may lag otherwise than it says)
    "causal": ("v2+causal", 0),
    "centred": ("v2", 256),  # whose strides do not divide what its layers wait for
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """{name: path}, all made by one run of acids-rave."""
    folder = tmp_path_factory.mktemp("rave")
    wanted, words = dict(CONFIGURATIONS), []
    for name, (configuration, _) in PAIRS.items():
        for how in ("whole", "streaming"):
            wanted[f"{name}-{how}"] = (configuration, 16, "plain", how)
    for name, (configuration, latents, *options) in sorted(
        wanted.items(), key=lambda item: "plain" in item[1]
    ):
        words += [",", configuration, latents, folder / f"{name}.ts", *NARROW, *options]
    rave_files.official(words[3], words[1], words[2], *words[4:])
    return {name: folder / f"{name}.ts" for name in wanted}


def differences(own, program, method, seed=3):
    """The largest difference, as a share of the loudest, over blocks that follow each other, drawing alike."""
    rng, found = np.random.default_rng(seed), []
    facts = own.methods[method]
    for blocks in BLOCKS:
        values = rng.normal(0, 0.3, (facts.inputs, blocks * own.largest_ratio // facts.in_ratio))
        answers = []
        for model in (own, program):
            torch.manual_seed(seed)
            answers.append(model.run(method, np.float32(values)))
        mine, theirs = answers
        assert np.abs(theirs).max() > 0
        found.append(np.abs(mine - theirs).max() / np.abs(theirs).max())
    return max(found)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_own_layers_are_as_the_program(exports, name):
    own, program = Model(read_own(exports[name])), Model(load_module(exports[name]))
    assert own.methods == program.methods and own.rate == program.rate
    assert own.attributes == program.attributes
    for method in ("encode", "decode", "forward"):
        assert differences(own, program, method) < 1e-4, method


def test_adaptive_norms_learn_and_forget_as_the_program(exports):
    own, program = (Model(read(exports["v3"])) for read in (read_own, load_module))
    for attributes in (
        {"learn_target": [1]},
        {"learn_target": [0], "learn_source": [1]},
        {"learn_source": [0]},
        {"reset_target": [1]},
    ):
        for model in (own, program):
            model.set_all(attributes)
        assert differences(own, program, "forward") < 1e-4, attributes
        assert own.get("reset_target") == program.get("reset_target") == [False]


@pytest.mark.parametrize("name", PAIRS)
def test_a_streaming_model_is_as_late_as_its_layers_say(exports, name):
    """Against the same network for whole sounds, which looks ahead."""
    _, allowed = PAIRS[name]
    streaming, whole = (read_own(exports[f"{name}-{how}"]) for how in ("streaming", "whole"))
    told = streaming.delay - whole.delay
    sound, skipped = 40 * int(whole.encode_params[3]), 20000  # in which the memory of the export fades
    noise = np.random.default_rng(1).normal(0, 0.3, (1, sound)).astype(np.float32)
    heard, expected = (Model(model).run("forward", noise)[0] for model in (streaming, whole))

    def likeness(late):
        return np.corrcoef(heard[late + skipped :], expected[skipped : len(expected) - late])[0, 1]

    found = max(range(told - 600, told + 601, 1 if allowed == 0 else 8), key=likeness)
    assert abs(found - told) <= allowed and likeness(found) > 0.3  # chance alone gives a hundredth
