"""Plays models in nn~ and in the course's [nn~], and prints what came out of both: each method, each attribute.

    NN_TILDE=FOLDER python tests/support/nn_table.py MODEL.ts ... [--pd PROGRAM] [--form FORM]

FOLDER holds nn~ as nn_tilde.sh builds it; without it the left column stays empty. For the models that acids-ircam
shows nn~ with (src/models of its repository) the messages below are sent; of others only the methods are compared. A
cell holds the values of the signals at the outlets, for constant ones at the inlets; `error` where one was told: nn~
does so for every word that is no array, also where it takes it. The last column says where nn~ refuses what is taken
here: arrays for tensors. The exit status is 1 where values differ otherwise.

nn~ knows a model's buffers only after `reload`, which models with buffers get, and no others: it also tells a model a
sample rate that nobody has set (m_sr in its backend.cpp: neither the rate nor the buffers are seen to when a model is
loaded first, as `has_method` says no until it is). That is what lay in memory, mostly 0, and then `centroid` and
`bandwidth` of `features` are 0 in nn~. With a buffer of 0 (`--form direct`) and ratios of 1 it looks once in a block of
Pd whether a sample came, and then gives one: what is heard is nearly always 0, and differs from here.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAY = ROOT / "06_rave"
sys.path[:0] = [str(ROOT / name) for name in ("setup", "pyext_py3", "tests", "06_rave")]

import numpy as np  # noqa: E402
from dlwakit.pdtools.pd_session import PdSession  # noqa: E402
from modelfiles.torchscript import read_modules  # noqa: E402

from support.external import EXTERNAL  # noqa: E402

GIVEN = (0.3, 0.5, 0.2, 0.7)  # the signals at the inlets, in turn
SETTLED_MS, LATE_MS, TRIES = 500, 1200, 20  # a stream says within LATE_MS that it was late
FLAGS = {"plain": "", "many": "-m ", "disabled": "-d ", "direct": ""}  # of the forms of a box
BUFFERS = {"direct": 0}  # samples; of the others 2048
STATE = ("loaded", "enabled", "gpu", "methods", "method", "attributes", "bufsize", "dim", "ratio")
DIFFERS, REFUSED = "DIFFERS", "nn~ refuses it"  # what the last column says
ARRAYS = {"good": 256, "short": 32}  # samples
MESSAGES = {
    "effects": [
        "gain_factor 2.5", "polynomial_factors 0.5 0.25 1 0.1", "saturate_mode clip", "saturate_mode square",
        "invert_signal 1", "fractal 4 0.5",
    ],
    "demo_attributes": [
        "attr_int 3", "attr_float 0.7", "attr_str word", "attr_enum goose", "attr_enum stone", "attr_bool 1",
        "attr_list 2 word 0.5 1", "attr_list 2",
    ],
    "demo_buffers": ["buf good", "buf short", "buf nothing"],
    "wavetable": ["wavetable good", "wavetable nothing"],
}  # fmt: skip


def methods(path):
    """{name: (inputs, outputs)} of a model."""
    values = read_modules(path).values
    found = {name: values.get(f"{name}_params") for name in values["_methods"]}
    return {name: (int(numbers[0]), int(numbers[2])) for name, numbers in found.items()}


def patch(box, inputs, outputs, many):
    """The text of a patch with constant signals into a box, and its outlets looked at; many: through one cord each."""
    lines, cords = ["#N canvas 0 0 600 500 12;"], []

    def add(words):
        lines.append(f"#X obj 20 {20 * len(lines)} {words};")
        return len(lines) - 2

    played, told, heard, look, seen = map(add, [box, "r nn", "s nn-out", "r look", "s seen"])
    for name, size in ARRAYS.items():
        add(f"array define {name} {size}")
    entry, end, last = played, played, outputs
    if many:
        entry, end, last = add(f"snake~ in {inputs}"), add(f"snake~ out {outputs}"), 1
        cords += [f"{entry} 0 {played} 0", f"{played} 0 {end} 0"]
    cords += [f"{told} 0 {played} 0", f"{played} {last} {heard} 0"]
    for inlet in range(inputs):
        cords.append(f"{add(f'sig~ {GIVEN[inlet % len(GIVEN)]}')} 0 {entry} {inlet}")
    for outlet in range(outputs):
        snapshot = add("snapshot~")
        cords += [f"{end} {outlet} {snapshot} 0", f"{look} 0 {snapshot} 0", f"{snapshot} 0 {seen} 0"]
    return "\n".join([*lines, *(f"#X connect {cord};" for cord in cords)]) + "\n"


def seen(pd):
    """The values of the signals, once they have settled."""
    pd.let_time_pass(SETTLED_MS)
    before = len(pd.received["seen"])
    pd.send("look")
    pd.sync()
    return [message[-1] for message in pd.received["seen"][before:]]


def undisturbed(pd):
    """As `seen`, of a time in which the stream was not late: on a busy machine it is silent now and then."""
    for _ in range(TRIES):
        before = len(pd.received["nn-out"])
        values = seen(pd)
        pd.let_time_pass(LATE_MS)
        if not {"late", "alive"} & {message[0] for message in pd.received["nn-out"][before:]}:
            break
    return values


def state(pd):
    """What `bang` gets, as text; without `model`, for which nn~ says a path and the course a name."""
    pd.sync()
    before = len(pd.received["nn-out"])
    pd.send("nn", "bang")
    pd.sync()
    told = [message for message in pd.received["nn-out"][before:] if message[0] in STATE]
    return ", ".join(" ".join(str(word) for word in message if word != "") for message in told)


def has_buffers(path):
    """Whether a model says that it has buffers."""
    return bool(read_modules(path).values.get("_buffer_attributes"))


def played(path, method, sides, messages, ours, program, form):
    """What `bang` gets, and a cell for the method and one after each message: (values, whether an error was told)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "made.pd")
        file.write_text(
            patch(f"nn~ {FLAGS[form]}{path} {method} {BUFFERS.get(form, 2048)}", *sides, form == "many")
        )
        words = ["-lib", "py"] if ours else []
        places = [EXTERNAL, DAY / "nn"] if ours else [os.environ["NN_TILDE"]]
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": folder, "OMP_NUM_THREADS": "1"}
        listen = ("nn-out", "seen")
        with PdSession([file], words, path=places, listen=listen, environment=variables, pd=program) as pd:
            for name, size in ARRAYS.items():
                pd.set_array(name, 0.25 + np.arange(size) / 1000)
            pd.send("pd", "dsp", 1)
            if ours:
                pd.expect("nn-out", "playing", timeout=90)
                pd.expect("nn-out", "alive", 1, timeout=90)
            elif has_buffers(path):
                pd.send("nn", "reload")
            if form == "disabled":
                pd.send("nn", "enable", 1)
            look = undisturbed if ours else seen
            cells, told_state = [(look(pd), False)], state(pd)
            for words in messages:
                told = len(pd.errors())
                pd.send("nn", "set", *(float(one) if one[0].isdigit() else one for one in words.split()))
                cells.append((look(pd), len(pd.errors()) > told))
            return told_state, cells


def written(cell):
    """A cell as text."""
    values, told = cell
    return " ".join(f"{value:.4g}" for value in values) + (" error" if told else "")


def judged(theirs, ours):
    """What the last column says: of the last of nn~'s cells, and of one of ours."""

    def same(some, others):
        return np.allclose(some[0], others[0], rtol=1e-3, atol=1e-4, equal_nan=True)

    now = theirs[-1]
    if same(now, ours):
        return ""
    return REFUSED if now[1] and len(theirs) > 1 and same(now, theirs[-2]) else DIFFERS


def compare(path, program, form):
    """Print the rows of a model; how many differ."""
    differ = 0

    def row(method, told, theirs, ours, verdict):
        nonlocal differ
        differ += verdict == DIFFERS
        print(f"| {path.stem} | {method} | {told} | {theirs} | {ours} | {verdict} |", flush=True)

    for method, sides in methods(path).items():
        messages, their_state, theirs = MESSAGES.get(path.stem, []), "", []
        our_state, ours = played(path, method, sides, messages, True, program, form)
        if "NN_TILDE" in os.environ:
            their_state, theirs = played(path, method, sides, messages, False, program, form)
        for index, told in enumerate(["", *(f"set {words}" for words in messages)]):
            verdict = judged(theirs[: index + 1], ours[index]) if theirs else ""
            row(method, told, written(theirs[index]) if theirs else "", written(ours[index]), verdict)
        row(method, "bang", their_state, our_state, DIFFERS if theirs and their_state != our_state else "")
    return differ


def main():
    """Run the program; returns its exit status."""
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=about)
    parser.add_argument("models", metavar="MODEL.ts", nargs="+", type=Path)
    parser.add_argument("--pd", metavar="PROGRAM", default="pd", help="another Pd, see other_pd.sh")
    parser.add_argument("--form", choices=FLAGS, default="plain", help="of the box, see FLAGS")
    given = parser.parse_args()
    print("| model | method | message | nn~ | here | |\n| --- | --- | --- | --- | --- | --- |")
    return int(sum(compare(path.resolve(), given.pd, given.form) for path in given.models) > 0)


if __name__ == "__main__":
    sys.exit(main())
