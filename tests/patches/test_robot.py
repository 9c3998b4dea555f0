"""A robot plays every patch: it presses the controls and moves them to values by chance, before, while and after a
model is loaded; a file dialogue answers nothing, as one that is cancelled.

Nothing may be reported on the console, Pd goes on, and what is heard stays within full scale, without an offset.
DLWA_ROBOT_ACTS=10000 plays so many acts in all, DLWA_ROBOT_SEED others than usual. Where they are more than usual, the
memory of Pd has to stay as it is, too, and at the end each patch unloads and loads its model once more.
"""

import os
import random
import re
import sys
from pathlib import Path

import pytest
from support.external import EXTERNAL

ROOT = Path(__file__).parents[2]
PATCHES = sorted(
    patch
    for place in ("[0-9][0-9]_*/*.pd", "setup/sketch/*.pd", "setup/quiz/*.pd")
    for patch in ROOT.glob(place)
    if "dlwa-status \\$0" in patch.read_text() and not patch.stem.endswith("-help")
)
USUAL = 1200
TOTAL = int(os.environ.get("DLWA_ROBOT_ACTS", USUAL))
ACTS = TOTAL // len(PATCHES)
SEED = int(os.environ.get("DLWA_ROBOT_SEED", "1"))
# What opens a browser or another window, needs a download or the person's microphone, or takes models minutes.
LEFT_ALONE = re.compile(r"lesson|own|acoustic|mic|rnn|piece")
# Of each day or patch; loaded by a message now and then, as the buttons do, without waiting for it.
MODELS = {
    "nsynth": "starter_notes",
    "one_pad": "starter_notes",
    "01": "starter_basic_rnn",
    "02": "starter_violin",
    "03": "starter_instruments",
    "04": "starter_instruments",
    "05": "starter_beat",
    "06": "starter_drums",
}
# What a patch without a model is given instead.
GIVEN = {"sketch": ("add", str(ROOT / "setup/sounds/beat.wav")), "quiz": ("press", "network")}
LOADED_AT, LOADED_EVERY = 30, 300  # acts
GROWTH = 64 << 20  # bytes of Pd's memory from the middle to the end of many acts
OBJECTS = r"error: (ai_duet|timbre_transfer\w*|gansynth\w*|ganspacesynth|halluseq|samplernn\w*|rave|nsynth|sketch): "
FAULT = re.compile(r"\w(Error|Exception)\b")  # of the program, in a line of an object
METER = r"""#N canvas 0 0 300 300 12;
#X obj 20 20 r~ NUMBER-out-left;
#X obj 160 20 r~ NUMBER-out-right;
#X obj 20 50 lop~ 5;
#X obj 160 50 lop~ 5;
#X obj 20 110 snapshot~;
#X obj 160 110 snapshot~;
#X obj 20 150 pack f f;
#X obj 20 180 s heard;
#X obj 20 80 r ask;
#X obj 90 80 t b b;
#X connect 0 0 2 0;
#X connect 1 0 3 0;
#X connect 2 0 4 0;
#X connect 3 0 5 0;
#X connect 4 0 6 0;
#X connect 5 0 6 1;
#X connect 6 0 7 0;
#X connect 8 0 9 0;
#X connect 9 0 4 0;
#X connect 9 1 5 0;
"""
# The name that a control sends to, behind these words of its kind.
CONTROL = re.compile(
    r"#X obj \d+ \d+ (?:(bng) (?:\S+ ){4}|(tgl) (?:\S+ ){2}|(?:nbx|hsl|vsl) \d+ \d+ (\S+) (\S+) \d+ \d+ "
    r"|[hv]radio \d+ \d \d (\d+) )\\\$0-(\S+) "
)
SLIDER = re.compile(r"dlwa-slider \\\$0 (\S+) (?:\\ |\S)+ ([-\d.]+) ([-\d.]+)")


def what_it_plays(patch):
    """The message that gives a patch its model, or its sounds."""
    if patch.stem in GIVEN:
        return GIVEN[patch.stem]
    return "load", MODELS.get(patch.stem) or MODELS[patch.parent.name[:2]]


def memory(pd):
    """Bytes that Pd has in memory."""
    return int(Path(f"/proc/{pd.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def controls(patch):
    """[(name, values to send)] of the face of a patch; None stands for a bang."""
    found, depth = [], 0
    for line in patch.read_text().splitlines():
        depth += line.startswith("#N canvas") - line.startswith("#X restore")
        if depth != 1:
            continue
        if match := CONTROL.match(line):
            bang, toggle, low, high, count, name = match.groups()
            span = (float(low), float(high)) if low else (0, 1) if toggle else (0, int(count or 1) - 1)
            found.append((name, None if bang else span, bool(toggle or count)))
        elif match := SLIDER.search(line):
            found.append((match[1], (float(match[2]), float(match[3])), False))
    return [one for one in found if not LEFT_ALONE.search(one[0])]


def loads_again(pd, door, load):
    """No state is stuck: the model goes, and comes back."""
    for word in ("cancel", "unload"):
        pd.send(door, word)
    pd.expect(f"{door}-out", "worker", "off", timeout=60)
    pd.send(door, *load)
    pd.expect(f"{door}-out", "worker", "on", timeout=300)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.stem)
def test_nothing_that_a_hand_can_do_is_an_error(patch, play, tmp_path):
    meter = tmp_path / "meter.pd"
    variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(tmp_path / "state")}
    door = re.search(r"dlwa-remote \\\$0 (\S+?);", patch.read_text())[1]
    pd = play(
        [patch], ["-lib", "py"], path=[EXTERNAL], listen=[f"{door}-out", "heard"], environment=variables
    )
    pd.send(door, "number")
    number = int(pd.expect(f"{door}-out", "number")[1])
    meter.write_text(METER.replace("NUMBER", str(number)))
    pd.open(meter)
    pd.send("pd", "dsp", 1)
    chance, known = random.Random(f"{SEED} {patch.stem}"), controls(patch)
    assert len(known) > 3
    before = 0
    for act in range(ACTS):
        if act % LOADED_EVERY == LOADED_AT:
            pd.send(door, *what_it_plays(patch))
        if act == ACTS // 2:
            before = memory(pd)
        name, span, whole = chance.choice(known)
        value = [] if span is None else [chance.randint(*map(int, span)) if whole else chance.uniform(*span)]
        pd.send(f"{number}-{name}", *value)
        if act % 20 == 19:
            pd.let_time_pass(20)
    pd.let_time_pass(300)
    if TOTAL > USUAL:
        assert memory(pd) - before < GROWTH
        if patch.stem not in GIVEN:
            loads_again(pd, door, what_it_plays(patch))
    assert [line for line in pd.errors() if not re.match(OBJECTS, line) or FAULT.search(line)] == []
    pd.send("ask", 1)
    left, right = pd.expect("heard")
    assert abs(left) < 0.05 and abs(right) < 0.05
    assert pd.quit() == 0
