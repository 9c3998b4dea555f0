"""Takes of all days: 200 are made in the patches, then each is recalled in a Pd that begins anew, by fresh workers.

`takes.recalled` counts those that are the same, bit for bit: all 200 should be. Its seconds are those of making and
recalling together, starts and models loaded among them. Needs the environment `torch`.
"""

import json
import math
import sys
import tempfile
import time
from pathlib import Path

from dlwakit.pdtools.pd_session import PdSession
from support.external import EXTERNAL
from support.page import Page

ROOT = Path(__file__).resolve().parents[2]
RUNS = 1
DONE = 300  # seconds, on a busy machine
VOICE = [0.4 * math.sin(math.tau * 220 * n / 44100) for n in range(22050)]


def _melody(page, count):
    for pitch in (60, 64, 67):
        page.send("note", pitch, 90)
        page.pd.let_time_pass(100)
        page.send("note", pitch, 0)
    for turn in range(count):
        page.send("generate", 1 + turn % 3)
        yield


def _transfer(page, count):
    page.pd.set_array(page.own("in"), VOICE)
    for turn in range(count):
        page.send("loudness", turn - count / 2)
        page.send("transfer", "in", "out")
        yield


def _notes(page, count):
    for turn in range(count):
        page.send("randomize_z", page.own("z"))
        page.send("generate", page.own("z"), page.own("sound"), 50 + turn)
        yield


def _hallucinations(page, count):
    for _ in range(count):
        page.send("hallucinate", page.own("sound"), 2, 1)
        yield


def _sequences(page, count):
    page.send("load_ganspace_components", "conv0")
    page.expect("loaded_pca", timeout=DONE)
    for _ in range(count):
        page.send("rand_step")
        page.send("hallucinate_noz", page.own("sound"))
        yield


def _directions(page, count):
    page.send("randomize_z", page.own("z"))
    page.send("load_ganspace_components", "conv0", page.own("edits"))
    page.expect("loaded_pca", timeout=DONE)
    for turn in range(count):
        page.pd.set_array(page.own("edits"), [turn / 4 - 2, 1] + [0] * 10)
        page.send("generate", page.own("z"), page.own("sound"), 60)
        yield


def _keys(page, count):
    for turn in range(count):
        page.send("random")
        page.send("make", 50 + turn)
        yield


def _grids(page, count):
    for corner in range(1, 5):
        page.expect("corner", corner, timeout=DONE)
    for turn in range(count):
        page.send("seed", turn)
        page.send("grid", page.own("grid"))
        yield


def _samples(page, count):
    for turn in range(count):
        words = ("--temp", 0.8 + turn / 40, "--out", page.own("a"), "--dur", 0.2, "--random", -1)
        page.send("generate", *words)
        yield


def _arrays(page, count):
    page.pd.set_array(page.own("sound-a"), VOICE)
    for turn in range(count):
        if turn % 2:
            page.send("forward", page.own("sound-a"), page.own("sound-out"))
        else:
            page.send("generate", page.own("sound-out"), 0.5)
        yield


# (patch, name of its object, model, how many takes, what makes them)
DAYS = (
    ("01_ai_duet/ai_duet.pd", "ai_duet", "starter_basic_rnn", 40, _melody),
    ("02_ddsp/timbre_transfer.pd", "timbre_transfer", "starter_violin", 30, _transfer),
    ("03_gansynth/gansynth.pd", "gansynth", "starter_instruments", 20, _notes),
    ("03_gansynth/gansynth_hallucination.pd", "gansynth", "starter_instruments", 10, _hallucinations),
    ("03_gansynth/gansynth_live.pd", "gansynth-live", "starter_instruments", 10, _keys),
    ("03_gansynth/nsynth.pd", "nsynth", "starter_notes", 4, _grids),
    ("04_ganspacesynth/ganspacesynth.pd", "ganspacesynth", "starter_instruments", 20, _directions),
    ("04_ganspacesynth/ganspacesynth_halluseq.pd", "halluseq", "starter_instruments", 6, _sequences),
    ("05_samplernn/samplernn.pd", "samplernn", "starter_beat", 30, _samples),
    ("06_rave/rave_latents.pd", "rave-latents", "starter_drums", 30, _arrays),
)


def recalled():
    """Make takes on every day and recall each."""
    began, made, same = time.perf_counter(), 0, 0
    with tempfile.TemporaryDirectory(prefix="dlwa-takes-") as folder:
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "DLWA_TAKES": folder}
        for patch, door, model, count, make in DAYS:
            with _open(patch, door, variables) as pd:
                page = Page(pd, door)
                page.load(model, DONE)
                names = [page.expect("take", timeout=DONE)[1] for _ in make(page, count)]
            made += len(set(names))
            with _open(patch, door, variables) as pd:
                page = Page(pd, door)
                for name in names:
                    page.send("recall", name)
                    same += page.expect("recalled", timeout=DONE)[2] == "same"
            print(f"{patch}: {len(set(names))} takes, {same} of {made} recalled the same", flush=True)
        kinds = [json.loads(file.read_text())["kind"] for file in Path(folder).glob("*/*.json")]
    return {
        "seconds": time.perf_counter() - began,
        "audio_seconds": None,
        "reference_seconds": None,
        "takes": float(made),
        "recalled_bit_identical": float(same),
        "of_them_melodies": float(kinds.count("melody")),
    }


def _open(patch, door, variables):
    return PdSession(
        [ROOT / patch], ["-lib", "py"], path=[EXTERNAL], listen=[f"{door}-out"], environment=variables
    )


BENCHMARKS = {"takes.recalled": recalled}
