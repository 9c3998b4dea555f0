"""Plays models in nn~ and in the course's [nn~], and prints what came out of both: each method, each attribute.

    NN_TILDE=FOLDER python tests/support/nn_table.py MODEL.ts ... [--pd PROGRAM]

FOLDER holds nn~ as nn_tilde.sh builds it; without it the left column stays empty. For the models that acids-ircam
shows nn~ with (src/models of its repository) the messages below are sent; of others only the methods are compared. A
cell holds the values of the signals at the outlets, for constant ones at the inlets; `error` where one was told: nn~
does so for every word that is no array, also where it takes it. The last column says where nn~ refuses what is taken
here: arrays for tensors. It knows a model's buffers after `reload` alone, which it gets. The exit status is 1 where
values differ otherwise.
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
BUFFER, SETTLED_MS = 2048, 500
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


def patch(box, inputs, outputs):
    """The text of a patch with constant signals into a box, and its outlets looked at."""
    lines = [
        "#N canvas 0 0 600 500 12;",
        f"#X obj 20 80 {box};",
        "#X obj 300 20 r nn;",
        "#X obj 300 120 s nn-out;",
    ]
    lines += ["#X obj 400 20 r look;", "#X obj 20 300 s seen;"]
    cords = ["1 0 0 0", f"0 {outputs} 2 0"]
    for name, size in ARRAYS.items():
        lines.append(f"#X obj 400 200 array define {name} {size};")
    count = 5 + len(ARRAYS)
    for inlet in range(inputs):
        lines.append(f"#X obj {20 + 80 * inlet} 20 sig~ {GIVEN[inlet % len(GIVEN)]};")
        cords.append(f"{count + inlet} 0 0 {inlet}")
    count += inputs
    for outlet in range(outputs):
        lines.append(f"#X obj {20 + 60 * outlet} 160 snapshot~;")
        cords += [f"0 {outlet} {count + outlet} 0", f"3 0 {count + outlet} 0", f"{count + outlet} 0 4 0"]
    return "\n".join([*lines, *(f"#X connect {cord};" for cord in cords)]) + "\n"


def seen(pd):
    """The values of the signals, once they have settled."""
    pd.let_time_pass(SETTLED_MS)
    before = len(pd.received["seen"])
    pd.send("look")
    pd.sync()
    return [message[-1] for message in pd.received["seen"][before:]]


def played(path, method, sides, messages, ours, program):
    """A cell for the method, and one after each message: (values, whether an error was told)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "made.pd")
        file.write_text(patch(f"nn~ {path} {method} {BUFFER}", *sides))
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
            else:
                pd.send("nn", "reload")
            cells = [(seen(pd), False)]
            for words in messages:
                told = len(pd.errors())
                pd.send("nn", "set", *(float(one) if one[0].isdigit() else one for one in words.split()))
                cells.append((seen(pd), len(pd.errors()) > told))
            return cells


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


def compare(path, program):
    """Print the rows of a model; how many differ."""
    differ = 0
    for method, sides in methods(path).items():
        messages = MESSAGES.get(path.stem, [])
        ours = played(path, method, sides, messages, True, program)
        theirs = played(path, method, sides, messages, False, program) if "NN_TILDE" in os.environ else None
        for index, told in enumerate(["", *(f"set {words}" for words in messages)]):
            verdict = judged(theirs[: index + 1], ours[index]) if theirs else ""
            differ += verdict == DIFFERS
            cells = written(theirs[index]) if theirs else "", written(ours[index]), verdict
            print(f"| {path.stem} | {method} | {told} | {' | '.join(cells)} |", flush=True)
    return differ


def main():
    """Run the program; returns its exit status."""
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=about)
    parser.add_argument("models", metavar="MODEL.ts", nargs="+", type=Path)
    parser.add_argument("--pd", metavar="PROGRAM", default="pd", help="another Pd, see other_pd.sh")
    given = parser.parse_args()
    print("| model | method | message | nn~ | here | |\n| --- | --- | --- | --- | --- | --- |")
    return int(sum(compare(path.resolve(), given.pd) for path in given.models) > 0)


if __name__ == "__main__":
    sys.exit(main())
