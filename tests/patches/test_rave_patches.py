"""The three patches of day 6 in real Pd: their buttons and sliders do their main job."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rave_rt.engine.torchscript import Model
from rave_rt.engine.torchscript import load_module as load
from support import rave_files
from support.external import EXTERNAL

DAY = Path(__file__).resolve().parents[2] / "06_rave"


@pytest.fixture
def patch(play, tmp_path):
    """`patch(name, *listen)` opens a patch whose private names begin with `p-`, so that a test can send to them."""

    def start(name, *listen):
        copy = tmp_path / name
        copy.write_text((DAY / name).read_text().replace(r"\$0-", "p-"))
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path / "state")}
        pd = play([copy], ["-lib", "py"], path=[EXTERNAL, DAY], listen=listen, environment=variables)
        pd.sync()
        assert pd.errors() == []
        return pd

    return start


def loudest(pd, array, seconds=5):
    """The loudest that an array is in a while."""
    found, deadline = 0.0, time.monotonic() + seconds
    while time.monotonic() < deadline and found < 0.01:
        found = max(found, np.abs(pd.array(array)).max())
        time.sleep(0.2)
    return found


def test_rave_plays_the_starter(patch):
    pd = patch("rave.pd", "rave-out", "p-status", "p-n-latency")
    pd.expect("rave-out", "worker", "off")
    pd.send("p-dsp-set", 1)
    pd.send("p-starter")
    pd.expect("rave-out", "playing", "forward", 4096, timeout=90)
    assert "latency:" in str(pd.expect("p-n-latency", "label")[1])
    pd.send("p-sweep-set", 1)
    pd.send("p-wet-set", 1)
    assert loudest(pd, "p-view-in") > 0.01
    assert loudest(pd, "p-view-out", 10) > 0.001
    pd.send("p-wild")
    pd.send("p-neutral")
    pd.send("p-size-set", 0)
    pd.expect("rave-out", "playing", "forward", timeout=30)
    pd.send("p-wet-set", 0)
    assert loudest(pd, "p-view-out", 10) > 0.01  # the dry sound
    assert pd.errors() == []


def test_latents_are_drawn_blended_and_decoded(patch, tmp_path):
    path = rave_files.save(rave_files.Codec(rate=44100), tmp_path / "codec.ts")
    pd = patch("rave_latents.pd", "rave-latents-out")
    out = "rave-latents-out"
    pd.send("rave-latents", "load", str(path))
    pd.expect(out, "worker", "on", timeout=60)
    for name, length, speed in (("a", 30000, 30), ("b", 20000, 9)):
        pd.set_array(f"p-sound-{name}", 0.8 * np.sin(np.arange(length) / speed))
        pd.send("rave-latents", "view", f"p-sound-{name}", f"p-view-{name}")
    pd.send("p-encode")
    pd.expect(out, "done", "encode", "p-b", timeout=30)
    pd.expect(out, "done", "encode", "p-a", timeout=30)
    pd.send("p-blend", 0.5)
    pd.expect(out, "done", "mix", "p-mix", timeout=30)
    a, b, mixed = (np.array(pd.array(f"p-{name}-2")) for name in ("a", "b", "mix"))
    assert len(mixed) == pytest.approx((len(a) + len(b)) / 2, abs=1)
    assert mixed[0] == pytest.approx((a[0] + b[0]) / 2, abs=1e-5)
    pd.send("rave-latents", "adjust", "p-mix", 2, 0, 0.5)
    pd.expect(out, "done", "adjust")
    pd.set_array("p-mix-1", np.linspace(-1, 1, len(mixed)))  # drawn with the mouse
    assert pd.array("p-mix-2")[5] == 0.5
    pd.send("p-decode")
    length = int(pd.expect(out, "done", "decode", "p-sound-out", timeout=30)[3])
    latents = np.array([pd.array(f"p-mix-{latent}") for latent in range(1, 5)], np.float32)
    expected = Model(load(path)).run("decode", latents)[0]
    heard = np.array(pd.array("p-sound-out"))
    assert len(heard) == length
    np.testing.assert_allclose(heard, expected, atol=1e-5)
    assert max(pd.array("p-view-a")) == pytest.approx(0.8, abs=0.01)
    pd.send("rave-latents", "decode", "nothing", "p-sound-out")
    pd.expect(out, "error", "there is no array nothing-1 to nothing-4")
    pd.send("rave-latents", "prior", "p-mix", 1)
    assert "this model has no prior" in pd.expect(out, "error")[1]


@pytest.mark.parametrize("prior", [True, False])
def test_a_prior_plays_and_one_that_is_missing_is_told(patch, tmp_path, prior):
    path = rave_files.save(rave_files.Codec(prior=prior, rate=44100), tmp_path / "codec.ts")
    pd = patch("rave_prior.pd", "rave-prior-out", "p-has-prior")
    pd.send("pd", "dsp", 1)
    pd.send("rave-prior", "load", str(path))
    text = str(pd.expect("p-has-prior", "label", timeout=60)[1])
    assert text == ("this model: has a prior" if prior else "this model: has no prior")
    pd.expect("rave-prior-out", "playing", "decode", timeout=60)
    assert loudest(pd, "p-latent-2", 20) > 0.01
    assert pd.errors() == []


def test_latents_that_a_prior_makes_up(patch, tmp_path):
    path = rave_files.save(rave_files.Codec(prior=True, rate=44100), tmp_path / "codec.ts")
    pd = patch("rave_latents.pd", "rave-latents-out")
    pd.send("rave-latents", "load", str(path))
    pd.expect("rave-latents-out", "worker", "on", timeout=60)
    pd.send("rave-latents", "prior", "p-mix", 1)
    assert pd.expect("rave-latents-out", "done", "prior", timeout=30)[2:4] == ["p-mix", 689]  # 44100 / 64
    for latent in range(1, 5):
        expected = np.sin(np.arange(689) * 0.1 * latent)
        np.testing.assert_allclose(pd.array(f"p-mix-{latent}"), expected, atol=1e-4)
