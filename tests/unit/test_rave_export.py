"""Day 6: the folder of a model that plays elsewhere."""

import json

import numpy as np
import pytest
from dlwakit.pdtools.pd_session import PdSession
from modelfiles.errors import UserError
from rave_rt import load
from rave_rt.export_folder import export, main
from safetensors.numpy import load_file
from support import rave_files
from support.course_copy import ROOT
from support.external import EXTERNAL

STARTER = ROOT / "06_rave/checkpoints/starter_drums.ts"


def test_a_folder_has_the_model_its_weights_and_patches(tmp_path):
    files = export(STARTER, tmp_path / "out", ["dark", "loud, soft"])
    assert [file.name.removeprefix("starter_drums") for file in files] == [
        "-nn.pd",
        ".json",
        ".pd",
        ".prior.safetensors",
        ".safetensors",
        ".ts",
    ]
    out = tmp_path / "out"
    facts = json.loads((out / "starter_drums.json").read_text())
    assert facts["rate"] == 48000 and facts["latents"][:3] == ["dark", "loud, soft", "latent 3"]
    assert (out / "starter_drums.ts").read_bytes() == STARTER.read_bytes()
    weights = load_file(out / "starter_drums.safetensors")
    for name, *sizes in facts["layers"]:
        assert list(weights[name].shape) == sizes
    sound = np.random.default_rng(1).normal(0, 0.1, 4096)
    np.testing.assert_array_equal(load(out / "starter_drums.ts").encode(sound), load(STARTER).encode(sound))


def test_real_pd_opens_the_patch(tmp_path):
    export(STARTER, tmp_path / "out")
    with PdSession([tmp_path / "out/starter_drums.pd"], ["-lib", "py"], path=[EXTERNAL]) as pd:
        pd.sync()
        assert pd.errors() == []


def test_what_cannot_be_exported_ends_in_one_line(tmp_path, capsys):
    gain = rave_files.save(rave_files.Gain(), tmp_path / "gain.ts")
    with pytest.raises(UserError, match=r"gain\.ts has no encode and decode, only forward"):
        export(gain, tmp_path / "out")
    assert main([str(STARTER), str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"rave: there is something in {tmp_path} - name a new folder\n"
