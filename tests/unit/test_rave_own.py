"""Day 6: which files our own layers play, and that nothing of those is run."""

import zipfile
from fractions import Fraction

import numpy as np
import pytest
import torch
from modelfiles.errors import UserError
from rave_rt import load
from rave_rt.engine import layers
from rave_rt.engine.delay import delayed
from rave_rt.engine.in_numpy import NumpyModel
from rave_rt.engine.opening import open_model
from rave_rt.engine.torchscript import Model, load_module
from rave_rt.engine.weights import Memory, bending_of
from support import rave_files
from support.course_copy import ROOT

STARTERS = sorted((ROOT / "06_rave/checkpoints").glob("starter_*.ts"))
NOISE = np.random.default_rng(2).normal(0, 0.2, (1, 1 << 13)).astype(np.float32)


def rewritten(source, target, change):
    """A copy of an archive, each member through change(name, data)."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_a_starter_is_played_by_our_layers_as_by_its_program(path):
    module, reason = open_model(path)
    assert reason == ""
    own, program = Model(module), Model(load_module(path))
    assert own.methods == program.methods and own.attributes == program.attributes
    for start in (0, 1024, 5120):
        answers = []
        for model in (own, program):
            torch.manual_seed(1)
            answers.append(model.run("forward", NOISE[:, start : start + 1024]))
        np.testing.assert_allclose(*answers, atol=1e-5)
    own.set("noise", [0])
    assert own.get("noise") == [False]


@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_a_starter_in_numpy_is_as_in_torch(path):
    """Also bent, and after the memory was emptied."""
    modules = [open_model(path)[0] for _ in range(2)]
    models = [NumpyModel(modules[0]), Model(modules[1])]
    for model in models:
        model.set("noise", [0])

    def assert_equal():
        for start, blocks in ((0, 1), (1024, 2), (4096, 1)):
            sound = NOISE[:, start : start + blocks * models[0].largest_ratio]
            latents = np.repeat(NOISE[:, :blocks], models[0].methods["decode"].inputs, 0)
            for name, values in (("forward", sound), ("encode", sound), ("decode", latents)):
                answers = [model.run(name, values) for model in models]
                np.testing.assert_allclose(*answers, atol=1e-5)

    assert_equal()
    memories, bendings = [list(map(one, modules)) for one in (Memory, bending_of)]
    layer = bendings[0].describe()[3][0]
    for bending, memory in zip(bendings, memories):
        bending.put([[layer, "scale", 0.3]])
        memory.restore()
    assert_equal()


def test_layers_say_by_how_much_they_answer_late():
    """Streaming and whole: the same weights, and the same answer that much later."""
    torch.manual_seed(3)
    weights = [torch.randn(2, 1, 7), torch.randn(2, 2, 4), torch.randn(2, 1, 4)]

    def network(streaming):
        def memory(channels, length):
            return torch.zeros(1, channels, length) if streaming else None

        return torch.nn.Sequential(
            layers.Conv(weights[0], None, memory=memory(1, 6), ahead=3, around=[3, 3]),
            layers.Conv(weights[1], None, 2, memory=memory(2, 4), delay=1, ahead=2, around=[1, 2]),
            layers.Residual(torch.nn.Identity(), torch.nn.Identity()),
            layers.Transposed(weights[2], None, 2, memory=memory(1, 2)),
        )

    sound = torch.from_numpy(NOISE[None, :, :64])
    late = int(delayed(Fraction(0), network(True)))
    assert late == 7
    answers = [network(streaming)(sound)[0, 0].numpy() for streaming in (True, False)]
    np.testing.assert_allclose(answers[0][late + 16 :], answers[1][16:-late], atol=1e-5)


def test_nothing_of_a_program_is_run_that_our_layers_stand_for(tmp_path):
    """Its `forward` would not even compile; the numbers play."""

    def spoiled(name, data):
        return data.replace(b"def forward(", b"def __setstate__(") if name.endswith("layers.py") else data

    source = STARTERS[0]
    path = rewritten(source, tmp_path / "hostile.ts", spoiled)
    with pytest.raises((UserError, RuntimeError)):
        Model(load_module(path)).run("forward", NOISE[:, :1024])
    module, reason = open_model(path, lambda path: pytest.fail("a program was loaded"))
    assert reason == ""
    np.testing.assert_array_equal(
        Model(module).run("encode", NOISE[:, :1024]),
        Model(open_model(source)[0]).run("encode", NOISE[:, :1024]),
    )


def test_another_program_plays_itself_and_is_told_why(tmp_path):
    module, reason = open_model(rave_files.save(rave_files.Codec(), tmp_path / "codec.ts"))
    assert isinstance(module, torch.jit.ScriptModule)
    assert "Codec" in reason
    assert "Codec" in load(tmp_path / "codec.ts").program
    assert load(STARTERS[0]).program == ""


@pytest.mark.parametrize(
    "old, new",
    [(b"capacity", b"capacity"), (b"\x8a", b"\x8b"), (b"stride", b"strode"), (b"weight", b"height")],
)
def test_a_changed_archive_ends_in_one_line_or_plays(tmp_path, old, new):
    path = tmp_path / "changed.ts"
    rewritten(STARTERS[0], path, lambda name, data: data.replace(old, new))
    try:
        module, _ = open_model(path)
    except UserError as error:
        assert "changed.ts" in str(error) and "\n" not in str(error)
    else:
        assert Model(module).run("encode", NOISE[:, :1024]).shape[1] > 0


def test_a_truncated_archive_ends_in_one_line(tmp_path):
    path = tmp_path / "half.ts"
    path.write_bytes(STARTERS[0].read_bytes()[:100_000])
    with pytest.raises(UserError, match=r"half\.ts is not a TorchScript file, or is damaged"):
        open_model(path)


def test_weights_of_another_network_end_in_one_line(tmp_path):
    """The numbers of starter_live where those of starter_drums were."""
    path = tmp_path / "other.ts"
    drums, live = (ROOT / f"06_rave/checkpoints/starter_{name}.ts" for name in ("drums", "live"))
    with zipfile.ZipFile(live) as archive:
        numbers = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    rewritten(
        drums, path, lambda name, data: numbers.get(name.partition("/")[2], b"") if "/data/" in name else data
    )
    with pytest.raises(
        UserError, match=r"other\.ts: the archive is damaged: a tensor is not whole"
    ) as raised:
        open_model(path)
    assert "\n" not in str(raised.value)
