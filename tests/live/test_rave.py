"""`[rave~]` and day 6's object in real Pd: live, on arrays, and when the worker is killed."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from pdworker.confinement import landlock_version
from rave_rt.engine.reading import read_own
from rave_rt.engine.torchscript import Model, load_module
from rave_rt.live import delay_of
from rave_rt.model import whole as answer_of
from support import rave_files
from support.external import EXTERNAL
from support.live_sound import undisturbed
from support.sounds import loudness
from support.waiting import wait_until

HERE = Path(__file__).parent / "rave"
DAY = Path(__file__).resolve().parents[2] / "06_rave"
STARTER = DAY / "checkpoints/starter_drums.ts"
OUT = "rave-out"
RECORDING_MS = 96000 / 44.1 + 50  # as long as the arrays of live.pd are at 44.1 kHz, and a little more


@pytest.fixture
def pd(play, tmp_path):
    """live.pd in a Pd with its sound on; Pd runs at 44.1 kHz."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path / "state")}
    pd = play([HERE / "live.pd"], ["-lib", "py"], path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    assert pd.errors() == []
    pd.send("pd", "dsp", 1)
    return pd


@pytest.fixture
def load(pd, tmp_path):
    """`load(module)` lets a model of rave_files play in [rave~]."""

    def load(module):
        path = rave_files.save(module, tmp_path / "a model.ts")
        pd.send("rave", "load", str(path))
        pd.expect(OUT, "playing", timeout=90)
        pd.expect(OUT, "latency")
        pd.let_time_pass(500)

    return load


def playing(play, patch, folder, path, *arguments, **variables):
    """A Pd with its sound on in which a model plays in the patch's [rave~]. play: the fixture."""
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder / "state"), **variables}
    arguments = ["-lib", "py", *arguments]
    pd = play([patch], arguments, path=[EXTERNAL, DAY], listen=[OUT], environment=variables)
    pd.send("pd", "dsp", 1)
    pd.send("rave", "load", str(path))
    pd.expect(OUT, "playing", timeout=90)
    pd.expect(OUT, "alive", 1, timeout=30)
    pd.let_time_pass(1000)
    return pd


def recorded(pd):
    """(played, heard), two seconds of both."""

    def record():
        pd.send("record")
        pd.let_time_pass(RECORDING_MS)
        return np.array(pd.array("played")), np.array(pd.array("heard"))

    return undisturbed(pd, OUT, record)


def told_latency(pd):
    """The latest that the object has told, in frames."""
    return int([message for message in pd.received[OUT] if message[0] == "latency"][-1][1])


def correlation(heard, played):
    size = 2 * len(heard)
    return np.abs(np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size)))[: len(heard)])


def delay(heard, played):
    return int(np.argmax(correlation(heard, played)))


def likeness(heard, played):
    """From 0 to 1: how much of one sound is in the other, at the best delay."""
    return correlation(heard, played).max() / (np.linalg.norm(heard) * np.linalg.norm(played))


def changing(sound, period):
    """A sound without what comes again in every period, as a decoder's answer to nothing does."""
    pieces = sound[: len(sound) // period * period].reshape(-1, period)
    return (pieces - pieces.mean(axis=0)).ravel()


def live_process(pd):
    """The number of the process that plays: the worker's child."""
    for folder in Path("/proc").glob("[0-9]*"):
        words = command(folder)
        if (
            b"rave_rt.worker" in words
            and b"bwrap" not in words[0]
            and str(pd.process.pid) in ancestors(folder)
        ):
            parent = ancestors(folder)[0]
            if (
                b"rave_rt.worker" in command(Path("/proc", parent))
                and b"bwrap" not in command(Path("/proc", parent))[0]
            ):
                return int(folder.name)
    return None


def command(folder):
    try:
        return (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return [b""]


def ancestors(folder):
    """The numbers of a process's parent, its parent ..."""
    found = []
    while folder.name not in ("0", "1"):
        try:
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            break
        found.append(parent)
        folder = Path("/proc", parent)
    return found


def test_the_latency_is_the_one_that_is_told(pd, load):
    load(rave_files.Gain(44100))
    played, heard = recorded(pd)
    assert delay(heard, played) == told_latency(pd) == 8192  # one buffer to fill, one to compute in
    np.testing.assert_allclose(heard[30000:80000], 0.5 * played[30000 - 8192 : 80000 - 8192], atol=1e-6)
    pd.send("rave", "buffer", 1000)
    assert pd.expect(OUT, "playing", timeout=30)[1:3] == ["forward", 1024]
    pd.expect(OUT, "note", "the model can't have a buffer of 1000 samples: it has 1024")
    pd.expect(OUT, "latency", 2048)
    load(rave_files.Gain(48000))
    assert ["note", "the model runs at 48000 Hz, Pd at 44100: resampled"] in pd.received[OUT]
    pd.let_time_pass(1000)
    played, heard = recorded(pd)
    assert delay(heard, played) == told_latency(pd) > 2048
    assert pd.errors() == []


@pytest.mark.parametrize("which", ["starter", "v2"])
def test_a_raves_latency_is_the_one_that_is_told(play, tmp_path, which):
    """What comes out live is what the model makes of the whole sound, that much later."""
    path = STARTER
    if which == "v2":  # of the official size; with random weights chance must not drown what was heard
        path = rave_files.official(tmp_path / "v2.ts", "v2", 128, "streaming", "plain")
    model = Model(load_module(path))
    pd = playing(play, HERE / "live.pd", tmp_path, path, "-r", str(model.rate))
    played, heard = recorded(pd)
    pd.send("pd", "dsp", 0)  # what follows computes for a while
    heard, found = changing(heard, model.largest_ratio), []
    for phase in range(0, model.largest_ratio, 64):  # where the recording lies in the model's blocks
        fresh = Model(load_module(path))
        sound = np.pad(played, (phase, 0)).astype(np.float32)[None]
        whole = answer_of(fresh, fresh.methods["forward"], sound)[0, phase:]
        whole = changing(whole, model.largest_ratio)
        found.append((likeness(heard, whole), delay(heard, whole)))
    assert max(found)[0] > 0.3, [message for message in pd.received[OUT] if message[0] == "late"]
    assert max(found)[1] == told_latency(pd) - delay_of(read_own(path), which == "starter")  # that of `whole`
    assert pd.errors() == []


BLOCKED = """#N canvas 100 100 500 400 12;
#X obj 20 20 noise~;
#X obj 20 50 *~ 0.2;
#X obj 20 110 rave~ none forward 4096;
#X obj 160 80 receive rave;
#X obj 160 150 send rave-out;
#X obj 300 80 receive record;
#X obj 20 190 tabwrite~ heard;
#X obj 300 190 tabwrite~ played;
#X obj 20 230 array define heard 96000;
#X obj 20 260 array define played 96000;
#X obj 20 300 block~ {size};
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 0 7 0;
#X connect 2 0 6 0;
#X connect 2 1 4 0;
#X connect 3 0 2 0;
#X connect 5 0 6 0;
#X connect 5 0 7 0;
"""


@pytest.mark.parametrize("size", [1, 64, 1024, 8192])
def test_in_blocks_of_any_size(play, tmp_path, size):
    """What Pd computes at once may be shorter or longer than 64 frames, and longer than the model's buffer."""
    (tmp_path / "blocked.pd").write_text(BLOCKED.format(size=size))
    path = rave_files.save(rave_files.Gain(44100), tmp_path / "a model.ts")
    pd = playing(play, tmp_path / "blocked.pd", tmp_path, path)
    played, heard = recorded(pd)
    assert likeness(heard, played) > 0.9
    assert delay(heard, played) == told_latency(pd)
    assert pd.errors() == []


def test_without_bubblewrap_the_console_says_what_protects_and_it_plays(play, tmp_path):
    bwrap = tmp_path / "bin/bwrap"
    bwrap.parent.mkdir()
    bwrap.write_text("#!/bin/sh\necho no namespaces here >&2\nexit 1\n")
    bwrap.chmod(0o755)
    path = rave_files.save(rave_files.Gain(44100), tmp_path / "a model.ts")
    if not landlock_version():
        path = f"{path} --trusted"
    pd = playing(play, HERE / "live.pd", tmp_path, path, PATH=f"{bwrap.parent}:{os.environ['PATH']}")
    line = pd.expect_console("no namespaces here")
    assert ("Landlock" if landlock_version() else "not confined") in line
    assert loudness(recorded(pd)[1][20000:]) > 0.02


def test_it_starts_silent_and_fades_in_and_an_unknown_method_is_forward(pd, load):
    load(rave_files.Gain(44100))
    pd.send("rave", "enable", 0)
    pd.let_time_pass(1000)
    pd.send("record")
    pd.let_time_pass(400)
    pd.send("rave", "enable", 1)
    pd.let_time_pass(RECORDING_MS - 400)
    heard = np.array(pd.array("heard"))
    begin = int(np.flatnonzero(heard)[0])
    assert loudness(heard[begin : begin + 400]) < 0.3 * loudness(heard[begin + 8192 : begin + 16384]) > 0
    pd.send("rave", "method", "sing")
    pd.expect(OUT, "playing", "forward", timeout=30)
    pd.expect(OUT, "note", "the model has no method sing: forward plays instead")


def test_attributes_and_scaled_latents_while_it_plays(pd, load):
    load(rave_files.Codec(prior=True, rate=44100))
    pd.send("rave", "attributes")
    assert pd.expect(OUT, "attribute")[1:] == ["loud", "bool"]
    pd.send("rave", "methods")
    pd.expect(OUT, "method", "encode", 1, 1, 4, 64)
    pd.expect(OUT, "label", "encode", "output", 4, "(signal) Latent dimension 4")
    quiet = loudness(recorded(pd)[1][20000:])
    pd.send("rave", "set", "loud", 1)
    pd.expect(OUT, "set", "loud")
    pd.send("rave", "get", "loud")
    assert pd.expect(OUT, "value")[1:] == ["loud", 1]
    pd.send("rave", "dump")
    assert pd.expect(OUT, "value")[1:] == ["loud", 1]
    assert loudness(recorded(pd)[1][20000:]) == pytest.approx(4 * quiet, rel=0.2)
    pd.send("rave", "set", "loudest", 1)
    pd.expect(OUT, "error", "this model has no attribute loudest (it has: loud)")
    for latent in range(1, 5):
        pd.send("rave", "scale", latent, 0)
    pd.let_time_pass(1000)
    assert loudness(recorded(pd)[1][20000:]) < 1e-6 < quiet
    pd.send("rave", "bias", 2, 1)
    pd.let_time_pass(1000)
    assert loudness(recorded(pd)[1][20000:]) > 1e-3
    pd.send("rave", "buffer", 0)
    pd.expect(OUT, "playing", "forward", 64)  # the least that all methods take


@pytest.mark.parametrize("while_it_plays", [True, False])
def test_every_type_of_attribute_from_a_patch(pd, load, while_it_plays):
    if not while_it_plays:
        pd.send("pd", "dsp", 0)
    pd.set_array("played", [1, 2, 4])
    load(rave_files.Attributes())
    for name, values, answer in [
        ("a_bool", [1], [1]),
        ("a_bool", ["false"], [0]),
        ("a_int", [-3], [-3]),
        ("a_float", [0.25], [0.25]),
        ("a_str", ["hello"], ["hello"]),
        ("a_tensor", ["played"], [1, 2, 4]),
        ("a_buffer", ["played"], ["7. at 44100"]),
        ("mixed", [4, 0.5], [4, 0.5]),
    ]:
        pd.send("rave", "set", name, *values)
        pd.expect(OUT, "set", name)
        pd.send("rave", "get", name)
        assert pd.expect(OUT, "value", name)[2:] == answer
    for words, complaint in [
        (["a_int", "two"], "two is no int"),
        (["a_tensor", "nowhere"], "nowhere"),
        (["mixed", 1], "takes 2 values"),
        (["mixed", 1, 2, 3], "takes 2 values"),
        (["never", 1], "refuses"),
        (["fixed", 1], "no set_fixed"),
    ]:
        pd.send("rave", "set", *words)
        assert complaint in pd.expect(OUT, "error")[1]


def test_killed_it_comes_back_with_what_was_set(pd, load):
    load(rave_files.Gain(44100))
    pd.send("rave", "buffer", 2048)
    pd.expect(OUT, "latency", 4096, timeout=30)
    pd.let_time_pass(1000)
    for _ in range(2):
        os.kill(live_process(pd), signal.SIGKILL)
        assert "another one takes its place" in pd.expect(OUT, "error")[1]
        pd.expect(OUT, "playing", "forward", 2048, timeout=30)
        pd.let_time_pass(1000)
    os.kill(int(ancestors(Path("/proc", str(live_process(pd))))[0]), signal.SIGKILL)
    pd.expect(OUT, "error")
    pd.expect(OUT, "playing", "forward", 2048, timeout=60)
    pd.let_time_pass(1000)
    played, heard = recorded(pd)
    assert delay(heard, played) == 4096


@pytest.mark.parametrize(
    "faults",
    [
        {
            "raise": "the model has had enough: silence instead",
            "nan": "not a number: silence instead",
            "shape": "it promises",
        },
        {"hang": "the model hangs: another one takes its place"},
        {"eat": "takes its place"},  # after 4 GB or two seconds
    ],
    ids=lambda faults: next(iter(faults)),
)
def test_a_faulty_model_is_silent_and_pd_goes_on(pd, load, faults):
    for fault, complaint in faults.items():
        load(rave_files.Faulty(fault, well=12))
        wait_until(
            lambda said=complaint: any(said in str(message) for message in pd.received[OUT]),
            lambda said=complaint: f"'{said}' (the last: {pd.received[OUT][-8:]})",
        )
        if len(faults) > 1:
            pd.let_time_pass(300)
            assert loudness(recorded(pd)[1][-40000:]) == 0
            said = [message for message in pd.received[OUT] if complaint in str(message)]
            assert len(said) == 1  # not once for each buffer
        pd.sync(timeout=5)


def test_a_file_that_is_no_model_and_what_the_worker_may_do(pd, load, tmp_path):
    """Where bubblewrap is installed it has a network and processes of its own; else the console says so."""
    load(rave_files.Gain())
    (tmp_path / "bad.ts").write_bytes(b"PK\3\4 not really")
    pd.send("rave", "load", str(tmp_path / "bad.ts"))
    complaint = pd.expect(OUT, "error", timeout=30)[1]
    assert "not a TorchScript file" in complaint
    assert loudness(recorded(pd)[1][-20000:]) > 0.02  # what played plays on
    status = Path(f"/proc/{live_process(pd)}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines())
    assert facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2"
    assert int(facts["CapEff"], 16) & ~0b110 == 0
    complaints = [line for line in pd.console if "confined" in line]
    if complaints:
        assert "bubblewrap" in complaints[0]
        return
    devices = Path(f"/proc/{live_process(pd)}/net/dev").read_text().count(":")
    assert devices == 1  # the loopback


def test_a_model_beside_the_patch_is_found_by_its_name(play, tmp_path):
    (tmp_path / "of my own").mkdir()
    rave_files.save(rave_files.Gain(44100), tmp_path / "of my own/half.ts")
    patch = tmp_path / "of my own/live.pd"
    patch.write_text((HERE / "live.pd").read_text())
    pd = playing(play, patch, tmp_path, "half")
    assert loudness(recorded(pd)[1][20000:]) > 0.02


def test_what_runs_when_it_is_loaded_is_watched(pd, tmp_path):
    path = rave_files.save(rave_files.HungryLoader(), tmp_path / "hungry.ts")
    pd.send("rave", "load", str(path))
    assert "hungry.ts" in pd.expect(OUT, "error", timeout=60)[1]
    pd.sync(timeout=5)
