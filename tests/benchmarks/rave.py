"""RAVE: the processor time of playing live, beside nn~ where Pd finds one, and of whole sounds.

rave.live      a RAVE of the official v2 configuration with random weights in [rave~], buffer 4096, through JACK's dummy
               driver at 48 kHz and 256 frames, JACK and Pd at real-time priority, as musicians have it: seconds of
               processor time of Pd and all processes below it, for so much sound. Also what was told and counted:
               latency in ms, late blocks after the first second, xruns, and xruns_plain, those of a second Pd that
               plays the same patch without the model at the same time; stolen, the seconds in which the host of a
               virtual machine had its processors. Reference: [nn~] with the same file and buffer in the same patch,
               with its xruns; none without it. It is looked for in the folder that NN_TILDE names (nn_tilde.sh builds
               it).
rave.latency   seconds from sound to sound at that buffer, by correlation, of a model that only halves it; reference:
               the same of [nn~]
rave.starter   the same with the starter model
rave.killed    the longest of five silences after the worker of the starter was killed, in seconds
rave.forward   30 s through the same v2, as a whole, on the cores that the worker would take
"""

import contextlib
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "tests", "pyext_py3", "06_rave")]

from benchmarks.xruns import stolen  # noqa: E402
from dlwakit.pdtools.jack import Jack  # noqa: E402
from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from rave_rt.engine.torchscript import Model  # noqa: E402
from rave_rt.engine.torchscript import load_module as load  # noqa: E402
from rave_rt.model import PIECE_SAMPLES, whole  # noqa: E402
from support import rave_files  # noqa: E402
from support.external import EXTERNAL  # noqa: E402

BUFFER, RATE = 4096, "48000"
SECONDS = float(os.environ.get("RAVE_SECONDS", 20))  # of live sound
STARTER = ROOT / "06_rave/checkpoints/starter_drums.ts"

PATCH = """#N canvas 100 100 500 400 12;
#X obj 20 20 noise~;
#X obj 20 50 *~ 0.1;
#X obj 20 140 {box};
#X obj 20 180 *~ 0.1;
#X obj 20 210 dac~;
#X obj 200 20 receive rave;
#X obj 200 210 send rave-out;
#X obj 320 20 receive record;
#X obj 20 260 tabwrite~ heard;
#X obj 120 110 tabwrite~ played;
#X obj 320 260 array define heard 48000;
#X obj 320 290 array define played 48000;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 3 0 4 0;
#X connect 5 0 2 0;
#X connect 7 0 8 0;
#X connect 7 0 9 0;
#X connect 2 0 8 0;
#X connect 1 0 9 0;
"""
NN_TILDE = [os.environ["NN_TILDE"]] if "NN_TILDE" in os.environ else []

_folder = tempfile.TemporaryDirectory()


def v2():
    """A file with the official v2 configuration; made once."""
    path = Path(_folder.name, "v2.ts")
    return path if path.exists() else rave_files.official(path, "v2", 16, "streaming")


def processor_time(process):
    """Seconds that a process has computed."""
    words = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def family_time(process):
    """Seconds that a process and all below it have computed."""
    family, total = {process}, 0.0
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent in family or int(folder.name) == process:
                family.add(int(folder.name))
                total += processor_time(int(folder.name))
        except OSError:  # it has ended
            continue
    return total


def in_rave(path, buffer=BUFFER, source=PATCH, flags=(), **options):
    """A Pd in which a model plays in [rave~]."""
    patch = Path(_folder.name, "ours.pd")
    patch.write_text(source.format(box=f"rave~ none forward {buffer}") + "#X connect 2 1 6 0;\n")
    pd = PdSession(
        [patch],
        ["-lib", "py", "-r", RATE, "-jackname", "model", *flags],
        path=[EXTERNAL, ROOT / "06_rave"],
        listen=["rave-out"],
        environment={"DLWA_PYTHON_TORCH": sys.executable},
        **options,
    )
    pd.send("pd", "dsp", 1)
    pd.send("rave", "load", str(path))
    pd.expect("rave-out", "playing", timeout=90)
    return pd


@contextlib.contextmanager
def without_model(jack):
    """A second Pd with the same patch, but for the model, at the same JACK server."""
    patch = Path(_folder.name, "plain.pd")
    patch.write_text(PATCH.format(box="*~ 1"))
    with PdSession([patch], ["-r", RATE, "-jackname", "plain"], jack=jack) as pd:
        pd.send("pd", "dsp", 1)
        yield


def measured(jack, computed):
    """What SECONDS of playing cost by computed(), and the xruns of both Pds meanwhile."""

    def now():
        return {
            "seconds": computed(),
            "xruns": jack.xruns_of("model"),
            "xruns_plain": jack.xruns_of("plain"),
            "stolen": stolen(),
        }

    time.sleep(1)
    before = now()
    time.sleep(SECONDS)
    return {name: value - before[name] for name, value in now().items()}


def play_ours(path):
    """Play a model in [rave~]; what it cost and how it went."""
    jack = Jack(realtime=True)
    try:
        with in_rave(path, jack=jack) as pd, without_model(jack):
            latency = pd.expect("rave-out", "latency")[2]
            pd.expect("rave-out", "alive", 1)
            time.sleep(1)
            late = late_blocks(pd)
            found = measured(jack, lambda: family_time(pd.process.pid))
            return {**found, "latency_ms": latency, "late": late_blocks(pd) - late}
    finally:
        jack.close()


def killed():
    """Kill the worker five times while it plays; the sound is back one latency after it says that it plays."""
    silences = []
    with in_rave(STARTER) as pd:
        latency = pd.expect("rave-out", "latency")[2] / 1000
        for _ in range(5):
            time.sleep(7)  # so far apart that it is replaced each time
            os.kill(worker_of(pd.process.pid), signal.SIGKILL)
            began = time.monotonic()
            pd.expect("rave-out", "playing", timeout=90)
            silences.append(time.monotonic() - began + latency)
    return {"seconds": max(silences), "audio_seconds": None, "reference_seconds": None, "silences": silences}


def worker_of(process):
    """The worker that a Pd has started: the eldest of its descendants, without bubblewrap."""
    family = [process]
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
        words = (folder / "stat").read_text().rsplit(")", 1)[1].split() if folder.exists() else ["", "0"]
        if int(words[1]) in family:
            family.append(int(folder.name))
            command = (folder / "cmdline").read_bytes().split(b"\0")
            if b"rave_rt.worker" in command and b"--ro-bind" not in command:
                return family[-1]
    raise RuntimeError("there is no worker")


def late_blocks(pd):
    return max([int(message[1]) for message in pd.received["rave-out"] if message[0] == "late"], default=0)


def in_nn(path, **options):
    """A Pd in which a model plays in [nn~]; None where there is no nn~."""
    patch = Path(_folder.name, "nn.pd")
    patch.write_text(PATCH.format(box=f"nn~ {path} forward {BUFFER}"))
    pd = PdSession([patch], ["-r", RATE, "-jackname", "model"], path=NN_TILDE, **options)
    pd.send("pd", "dsp", 1)
    pd.sync()
    if pd.errors():
        print("there is no nn~ on this machine to compare with", file=sys.stderr)
        pd.close()
        return None
    time.sleep(5)
    return pd


def play_nn(path):
    """What the same model costs in [nn~], and its xruns; {} where there is no nn~."""
    jack = Jack(realtime=True)
    try:
        if (pd := in_nn(path, jack=jack)) is None:
            return {}
        with pd, without_model(jack):
            return measured(jack, lambda: processor_time(pd.process.pid))
    finally:
        jack.close()


def latency():
    """Seconds from sound to sound in [rave~] and in [nn~]."""
    path = rave_files.save(rave_files.Gain(48000), Path(_folder.name, "gain.ts"))
    found = []
    for pd in (in_rave(path), in_nn(path)):
        if pd is not None:
            with pd:
                time.sleep(2)
                pd.send("record")
                time.sleep(1.5)
                played, heard = (np.fft.rfft(pd.array(name), 1 << 17) for name in ("played", "heard"))
                found.append(np.argmax(np.fft.irfft(heard * played.conj())[: int(RATE)]) / int(RATE))
    return {"seconds": found[0], "audio_seconds": None, "reference_seconds": (*found, None)[1]}


def live(path):
    reference = play_nn(path)
    return {
        **play_ours(path),
        **{f"nn_{name}": reference[name] for name in reference if name.startswith("xruns")},
        "audio_seconds": SECONDS,
        "reference_seconds": reference.get("seconds"),
    }


def forward():
    """The whole of a sound at once, with its model warm."""
    import torch

    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
    model = Model(load(v2()))
    sound = np.random.default_rng(1).normal(0, 0.1, (1, 30 * model.rate)).astype(np.float32)
    method = model.methods["forward"]
    whole(model, method, sound[:, : 3 * PIECE_SAMPLES])
    began = time.perf_counter()
    whole(model, method, sound)
    return {"seconds": time.perf_counter() - began, "audio_seconds": 30.0, "reference_seconds": None}


NEEDS = ("jackd2", "test tools")  # beyond what playing needs
BENCHMARKS = {
    "rave.live": lambda: live(v2()),
    "rave.starter": lambda: live(STARTER),
    "rave.latency": latency,
    "rave.killed": killed,
    "rave.forward": forward,
}
