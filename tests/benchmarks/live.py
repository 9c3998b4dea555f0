"""Playing live: how late the sound is, how many blocks are late, and what it costs.

live.rave       starter_live in [rave~] at a buffer of 128
live.rave_file  a RAVE of the official v2 configuration with random weights, at the smallest buffer that it can have
live.ddsp       starter_violin in [timbre_transfer~] at its usual latency
live.samplernn  starter_beat in [samplernn~], one voice
live.gansynth   starter_instruments in [gansynth~]: keys, each with a point that is new
live.killed_*   the longest of five silences, in seconds, after the process that plays was killed

Through JACK's dummy driver at 48 kHz and 64 frames, Pd with a delay of 5 ms, JACK and Pd at real-time priority,
beside a Pd that plays the same patch without the model. latency_ms is what the object tells,
latency_measured_ms what comes out: bursts of noise go in, and it is how much later their loudness comes out,
the model's own delay included; for [timbre_transfer~], whose instruments have attacks of their own, and for the file
with random weights, how much later than what the model makes of the whole of them; for [samplernn~] the temperature
goes up and down, and the entropy follows; for [gansynth~] it is the time from the key to the sound, told and measured,
a median: where what is heard fits the same note best; late_blocks counts keys that took longer than 100 ms.
late_blocks of blocks were not there in time; xruns and xruns_plain are those of both Pds; core_share is the
processor time of Pd and all processes below it for a second of sound; stolen, the seconds in which the host of a
virtual machine had its processors; wake_ms, the longest time by which a thread of highest priority (of cyclictest, one
on each processor, every millisecond) woke too late. All these are also printed for each minute. undisturbed are the
seconds in which no such thread was later than a millisecond and the other Pd missed no period, 0.4 s before and after
left out too: late_undisturbed, their late blocks. nn_latency_ms and nn_core_share are those of [nn~] with the same file
and buffer in the same patch; it is looked for in the folder that NN_TILDE names (tests/support/nn_tilde.sh builds it).
Workers have given up root's rights: where their limit of real-time priority is zero and can't be raised, root gives
them what they would ask for. LIVE_SECONDS sets how long.
"""

import contextlib
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("setup", "tests", "pyext_py3", "06_rave")]

from benchmarks import rave  # noqa: E402
from dlwakit.pdtools.jack import Jack  # noqa: E402
from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from pdworker.serving import priority  # noqa: E402
from support.external import EXTERNAL  # noqa: E402
from support.processes import descendants  # noqa: E402
from support.wake_times import WakeTimes  # noqa: E402
from support.whole_sounds import loaded, note, violin  # noqa: E402

SECONDS = float(os.environ.get("LIVE_SECONDS", 60))
RATE, PERIOD = 48000, 64
RECORDED = 96000  # samples
PRIORITY = 95
TICKS = 10  # of a second
CALM_MS = 1.0  # a machine whose threads of highest priority wake later disturbs what plays
AROUND = 4  # ticks before and after a disturbed one: Pd tells of late blocks a little later
KEY_MS = 100  # from a key to its sound, at most
FLAGS = "-audiobuf", "5"  # Pd sleeps for a quarter of its 20 ms otherwise, then plays several blocks at once
PATCH = """#N canvas 100 100 600 400 12;
#X obj 20 20 {source};
#X obj 400 20 phasor~ 0.5;
#X obj 400 50 expr~ {level} * (sin(400 * floor(20 * $v1)) > 0.5);
#X obj 20 50 *~;
#X obj 20 140 {box};
#X obj 20 180 *~ 0.1;
#X obj 20 210 {sink};
#X obj 200 20 receive live;
#X obj 200 210 send live-out;
#X obj 320 20 receive record;
#X obj 20 260 tabwrite~ heard;
#X obj 120 110 tabwrite~ played;
#X obj 320 260 array define heard {recorded};
#X obj 320 290 array define played {recorded};
#X obj 500 20 route note;
#X msg 500 50 1 \\, 0 1;
#X obj 500 80 vline~;
#X obj 320 320 array define z 16;
#X connect 0 0 3 0;
#X connect 1 0 2 0;
#X connect 2 0 3 1;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 9 0 10 0;
#X connect 9 0 11 0;
"""
PLAIN = ("3 0 4 0",)
SOUND = ("3 0 4 0", "7 0 4 0", "4 0 10 0", "3 0 11 0", "4 1 8 0")  # both inlets and outlets are sound
CLICKS = "7 0 14 0", "14 0 15 0", "15 0 16 0", "16 0 11 0"
KEYS = "7 0 4 0", "4 0 10 0", "4 1 8 0", *CLICKS  # a click with each
CHANCE = ("2 0 4 1", "7 0 4 0", "4 4 10 0", "2 0 11 0", "4 6 8 0")  # of a temperature, and of an entropy


class Kind(NamedTuple):
    """What is played: the day's folder, the box, what goes in at which level, and the cords of the box.

    whole: what the model makes of a whole sound at a rate, if what is heard is compared with that. heard: what is
    compared of what is heard.
    """

    day: str
    box: str
    source: str = "noise~"
    level: float = 0.1
    cords: tuple = SOUND
    ready: tuple = ("alive", 1)  # what the object says when it plays
    whole: Callable = lambda sound, rate: sound
    heard: Callable = np.asarray
    smooth_ms: int = 1  # of the loudness that is compared


_folder = tempfile.TemporaryDirectory()


def patch(name, kind, box, cords, sink="dac~"):
    """The patch with a box and its cords; returns its path."""
    path = Path(_folder.name, f"{name}.pd")
    text = PATCH.format(source=kind.source, level=kind.level, box=box, sink=sink, recorded=RECORDED)
    path.write_text(text + "".join(f"#X connect {cord};\n" for cord in cords))
    return path


def envelope(sound, samples):
    """How loud a sound is, over so many samples, around its mean."""
    level = np.convolve(np.abs(np.asarray(sound)), np.ones(samples), "same")
    return level - level.mean()


def lag(heard, played):
    """Samples by which one sound follows another: where they agree best."""
    spectra = (np.fft.rfft(sound, 1 << 18) for sound in (heard, played))
    product = next(spectra) * next(spectra).conj()
    return int(np.argmax(np.fft.irfft(product)[:RECORDED]))


def measured_latency(pd, kind, rate=RATE, times=5):
    """Milliseconds by which what comes out follows what goes in: where their envelopes agree best, a median."""
    found, samples = [], kind.smooth_ms * rate // 1000
    for _ in range(times):
        pd.send("record")
        time.sleep(RECORDED / rate + 0.3)
        played, heard = (np.asarray(pd.array(name)) for name in ("played", "heard"))
        expected = envelope(kind.whole(played, rate), samples)
        found.append(1000 * lag(envelope(kind.heard(heard), samples), expected) / rate)
    return float(np.median(found))


@contextlib.contextmanager
def playing(kind, model, jack):
    """(a Pd in which a model plays, one that plays the same patch without it)."""
    flags = ["-lib", "py", "-r", str(RATE), "-jackname", "model", *FLAGS]
    session = PdSession(
        [patch("model", kind, kind.box, kind.cords)],
        flags,
        path=[EXTERNAL, ROOT / kind.day],
        listen=["live-out"],
        environment={"DLWA_PYTHON_TORCH": sys.executable},
        jack=jack,
    )
    with session as pd:
        pd.send("pd", "dsp", 1)
        pd.send("live", "load", str(model))
        pd.expect("live-out", *kind.ready, timeout=120)
        give_priority(pd)
        plain = patch("plain", kind, "*~ 1", PLAIN)
        with PdSession([plain], ["-r", str(RATE), "-jackname", "plain"], jack=jack) as other:
            other.send("pd", "dsp", 1)
            time.sleep(2)
            yield pd, other


def give_priority(pd):
    """Give all threads of the workers below a Pd the priority that a limit above zero would grant, as root may."""
    for process in descendants(pd.process.pid, b"pdworker"):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(PermissionError):
                os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(priority.PRIORITY))


def last(pd, word, default=0):
    """The last value that the object has told behind a word; the last but one is not asked for."""
    return next(
        (message for message in reversed(pd.received["live-out"]) if message[0] == word), [0, default]
    )


def counted(pd, jack):
    """What counts, until now."""
    return np.array(
        [
            rave.family_time(pd.process.pid),
            last(pd, "late")[1],
            jack.xruns_of("model"),
            jack.xruns_of("plain"),
            rave.stolen(),
        ],
        float,
    )


def figures(before, after, length, **more):
    """What counted() has found before and after so many seconds, with names."""
    seconds, late, xruns, plain, stolen = map(float, after - before)
    return {
        "seconds": seconds,
        "audio_seconds": length,
        "reference_seconds": None,
        "late_blocks": late,
        "core_share": seconds / length,
        "xruns": xruns,
        "xruns_plain": plain,
        "stolen": stolen,
        **more,
    }


def print_minute(minute, differences, wake_ms):
    """Print what was counted in a minute."""
    _, late, xruns, plain, stolen = differences
    print(f"{minute:>6} {late:>5.0f} {xruns:>6.0f} {plain:>6.0f} {stolen:>7.2f} {wake_ms:>8.2f}", flush=True)


def stream(kind, model, pd, jack):
    """How an object that plays on a stream does."""
    measured, wakes, late, missed = measured_latency(pd, kind), [], [], []
    print("minute  late  xruns  plain  stolen  wake_ms")
    with WakeTimes(PRIORITY) as wake_times:
        time.sleep(1)
        wake_times.latest()
        began, counts = time.monotonic(), [counted(pd, jack)]
        for tick in range(1, round(SECONDS * TICKS) + 1):
            time.sleep(max(0.0, began + tick / TICKS - time.monotonic()))
            wakes.append(wake_times.latest())
            late.append(last(pd, "late")[1])
            missed.append(jack.xruns_of("plain"))
            if tick % (60 * TICKS) == 0:
                counts.append(counted(pd, jack))
                print_minute(len(counts) - 1, counts[-1] - counts[-2], max(wakes[-60 * TICKS :]))
    calm = undisturbed(wakes, np.diff(missed, prepend=counts[0][3]))
    told = {"latency_ms": float(last(pd, "latency")[2]), "latency_measured_ms": measured}
    told |= {"undisturbed": float(calm.sum() / TICKS), "wake_ms": float(np.max(wakes))}
    told |= {"late_undisturbed": float(np.diff(late, prepend=counts[0][1])[calm].sum())}
    return figures(counts[0], counted(pd, jack), SECONDS, blocks=SECONDS * RATE / PERIOD, **told)


def undisturbed(wakes, missed):
    """Which ticks are: those around which each thread of highest priority woke in time, and no period was missed."""
    disturbed = ~(np.array(wakes) < CALM_MS) | (missed > 0)
    return np.convolve(disturbed, np.ones(2 * AROUND + 1), "same") == 0


def keys(kind, model, pd, jack):
    """How an object that plays keys does."""
    before, began, heard = counted(pd, jack), time.monotonic(), []
    while time.monotonic() < began + SECONDS:
        heard.append(onset(pd, model, 48 + len(heard) % 36))
    told = [message[2] for message in pd.received["live-out"] if message[0] == "onset"]
    found = {"latency_ms": float(np.median(told)), "latency_measured_ms": float(np.median(heard))}
    found |= {"blocks": float(len(heard)), "late_blocks": float(sum(time > KEY_MS for time in heard))}
    return figures(before, counted(pd, jack), time.monotonic() - began, **found)


def onset(pd, model, pitch, rate=RATE):
    """Milliseconds from a key to its sound, of a point that is new."""
    pd.send("live", "random")
    pd.send("live", "silence")
    time.sleep(0.1)
    pd.send("record")
    pd.send("live", "note", pitch, 100)
    time.sleep(RECORDED / rate + 0.1)
    clicked = int(np.argmax(pd.array("played")))
    return 1000 * (lag(pd.array("heard"), note(model, pd.array("z"), pitch, rate)) - clicked) / rate


def official_v2(sound, rate):
    """A whole sound, played by the model with random weights, whose loudness is not that of what goes in."""
    return loaded("06_rave", "rave_rt", str(rave.v2())).forward(sound, rate, seed=0)[0]


@contextlib.contextmanager
def jack_server(rate=RATE):
    """A JACK at real-time priority, with the limit that musicians have, where that may be raised."""
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_RTPRIO, (PRIORITY, PRIORITY))
    jack = Jack(rate=rate, period=PERIOD, realtime=True)
    try:
        yield jack
    finally:
        jack.close()


def play(kind, model, measure=stream):
    """Play a model in its object: how late, how often too late, at what cost."""
    with jack_server() as jack, playing(kind, model, jack) as (pd, _):
        return measure(kind, model, pd, jack)


def play_beside_nn(kind, model, buffer):
    """The same, and what [nn~] makes of the same file and buffer, where Pd finds one."""
    return {**play(kind, model), **in_nn(kind, model, buffer)}


def in_nn(kind, model, buffer):
    """nn_latency_ms and nn_core_share; {} where there is no nn~."""
    box = patch("nn", kind, f"nn~ {model} forward {buffer}", SOUND[:-1])
    with (
        jack_server() as jack,
        PdSession(
            [box], ["-r", str(RATE), "-jackname", "model", *FLAGS], path=rave.NN_TILDE, jack=jack
        ) as pd,
    ):
        pd.send("pd", "dsp", 1)
        pd.sync()
        if pd.errors():
            return {}
        time.sleep(5)
        measured, before = measured_latency(pd, kind), rave.processor_time(pd.process.pid)
        time.sleep(SECONDS)
        share = (rave.processor_time(pd.process.pid) - before) / SECONDS
    return {"nn_latency_ms": measured, "nn_core_share": share}


def silence_after_a_kill(pd, module):
    """Seconds of the longest silence in two seconds around a kill; all of them where the sound does not return."""
    pd.send("record")
    time.sleep(0.1)
    os.kill(descendants(pd.process.pid, module)[-1], signal.SIGKILL)
    time.sleep(2.2)
    sounding = np.flatnonzero(np.abs(np.asarray(pd.array("heard"))) > 1e-6)
    return float(np.diff(np.concatenate([[-1], sounding, [2 * RATE]])).max() / RATE)


def killed(kind, model, module):
    """Kill what plays five times, so far apart that it is replaced each time."""
    kind, silences = kind._replace(level=f"{abs(kind.level)} + 0"), []  # without gaps
    with jack_server() as jack, playing(kind, model, jack) as (pd, _):
        for _ in range(5):
            time.sleep(6)
            silences.append(silence_after_a_kill(pd, module))
    return {
        "seconds": max(silences),
        "audio_seconds": None,
        "reference_seconds": None,
        "silences": silences,
    }


RAVE = Kind("06_rave", "rave~ none forward 128"), ROOT / "06_rave/checkpoints/starter_live.ts"
RAVE_FILE = Kind("06_rave", "rave~ none forward 2048", whole=official_v2, smooth_ms=10)
DDSP = (
    Kind("02_ddsp", "timbre_transfer~", "phasor~ 330", 0.3, whole=violin, smooth_ms=10),
    ROOT / "02_ddsp/checkpoints/starter_violin",
)
SAMPLERNN = (  # at temperature 0 there is no choice, so the entropy is 0 from that sample on
    Kind(
        "05_samplernn",
        "samplernn~ none 1",
        level=-1.0,
        cords=CHANCE,
        whole=lambda temperature, rate: temperature > -0.5,
        heard=lambda entropy: entropy > 0.05,
    ),
    ROOT / "05_samplernn/checkpoints/starter_beat.safetensors",
)

GANSYNTH = (  # keys that it has not played before
    Kind("03_gansynth", "gansynth~ none z", cords=KEYS, ready=("model",)),
    ROOT / "03_gansynth/checkpoints/starter_instruments",
)

NEEDS = ("jackd2", "rt-tests", "test tools")  # beyond what playing needs
RUNS = 1
BENCHMARKS = {
    "live.rave": lambda: play_beside_nn(*RAVE, 128),
    "live.rave_file": lambda: play_beside_nn(RAVE_FILE, rave.v2(), 2048),
    "live.ddsp": lambda: play(*DDSP),
    "live.samplernn": lambda: play(*SAMPLERNN),
    "live.gansynth": lambda: play(*GANSYNTH, keys),
    "live.killed_rave": lambda: killed(*RAVE, b"rave_rt.worker"),
    "live.killed_ddsp": lambda: killed(*DDSP, b"timbre_transfer.worker"),
    "live.killed_samplernn": lambda: killed(*SAMPLERNN, b"samplernn.worker"),
}
