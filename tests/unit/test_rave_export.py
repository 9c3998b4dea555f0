"""Day 6: the folder of a model that plays elsewhere."""

import json
import os
import re

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
from support.tools import cannot
from support.waiting import wait_until

STARTER = ROOT / "06_rave/checkpoints/starter_drums.ts"
HEAR = """#N canvas 0 0 300 200 12;
#X obj 20 20 inlet~;
#X obj 120 20 inlet~;
#X obj 20 80 tabwrite~ heard;
#X obj 200 20 r record;
#X obj 120 120 array define heard 8192;
#X connect 0 0 2 0;
#X connect 3 0 2 0;
"""  # stands for [dac~]


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


def test_real_nn_plays_the_folder(tmp_path):
    """Its patch as it is, but for the sound: noise in place of the microphone, an array in place of the speaker."""
    if "NN_TILDE" not in os.environ:
        cannot("NN_TILDE names no folder with nn~ (tests/support/nn_tilde.sh builds it)")
    export(STARTER, out := tmp_path / "out", ["dark"])
    patch = out / "starter_drums-nn.pd"
    text = re.sub(r" adc~ 1;", " noise~;", re.sub(r" dac~;", " hear;", patch.read_text()))
    assert "noise~" in text and "hear" in text
    patch.write_text(text)
    (out / "hear.pd").write_text(HEAR)
    with PdSession([patch], path=[os.environ["NN_TILDE"]]) as pd:
        pd.send("pd", "dsp", 1)
        pd.sync()
        assert pd.errors() == []

        def loudness():
            pd.send("record")
            pd.let_time_pass(250)
            return np.sqrt(np.mean(np.square(pd.array("heard"))))

        wait_until(lambda: loudness() > 0.003, "the sound of the model in nn~")


def test_what_cannot_be_exported_ends_in_one_line(tmp_path, capsys):
    gain = rave_files.save(rave_files.Gain(), tmp_path / "gain.ts")
    with pytest.raises(UserError, match=r"gain\.ts has no encode and decode, only forward"):
        export(gain, tmp_path / "out")
    assert main([str(STARTER), str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"rave: there is something in {tmp_path} - name a new folder\n"
