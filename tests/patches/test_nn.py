"""`[nn~]` of the course in real Pd: what patches made for nn~ 1.6 say, method by method, attribute by attribute."""

import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from modelfiles.errors import UserError
from rave_rt.engine.torchscript import Model, load_module
from support import nn_models, rave_files
from support.external import EXTERNAL
from support.tools import cannot
from support.waiting import wait_until

DAY = Path(__file__).resolve().parents[2] / "06_rave"
GIVEN = (0.3, 0.5)  # the signals at the inlets
TABLE = re.compile(r"^\| `(\w+)[^`]*` \| (.+) \|$", re.MULTILINE)

pytestmark = pytest.mark.slow


def newer_pd():
    """Whether the pd on the path has multichannel signals."""
    said = subprocess.run(["pd", "-version"], capture_output=True, text=True)
    version = re.search(r"Pd-0\.(\d+)", said.stdout + said.stderr)
    return version is not None and int(version[1]) >= 54


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder of models."""
    folder = tmp_path_factory.mktemp("models")
    for name, module in {
        "effects": nn_models.Effects(), "sampler": nn_models.Sampler(), "wide": nn_models.Wide(80)
    }.items():  # fmt: skip
        rave_files.save(module, folder / f"{name}.ts")
    return folder


class Patch:
    """A patch with boxes in a Pd with its sound on; `ask` reads what their signals are."""

    def __init__(self, play, folder, lines, path=(), listen=("nn-out", "seen")):
        file = folder / "made.pd"
        file.write_text("#N canvas 0 0 600 500 12;\n" + "\n".join(lines) + "\n")
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": str(folder / "state")}
        variables["OMP_NUM_THREADS"] = "1"
        self.pd = play(
            [file], ["-lib", "py"], path=[EXTERNAL, DAY / "nn", *path], listen=listen, environment=variables
        )
        self.pd.send("pd", "dsp", 1)

    def tell(self, *words):
        self.pd.send("nn", *words)

    def expect(self, *words, timeout=90):
        return self.pd.expect("nn-out", *words, timeout=timeout)

    def ask(self):
        """The latest values of the signals that are looked at."""
        before = len(self.pd.received["seen"])
        self.pd.send("look")
        self.pd.sync()
        return [message[-1] for message in self.pd.received["seen"][before:]]

    def hear(self, *wanted):
        """Wait until the signals are these."""
        what = lambda: f"{wanted}, heard {self.ask()}"  # noqa: E731
        wait_until(lambda: np.allclose(self.ask(), wanted, atol=1e-4), what)


def two_sided(words, outlets=2):
    """The lines of a patch with two signals into a box and its outlets looked at."""
    lines = [
        f"#X obj 20 20 sig~ {GIVEN[0]};",
        f"#X obj 120 20 sig~ {GIVEN[1]};",
        f"#X obj 20 80 nn~ {words};",
    ]
    lines += ["#X obj 300 20 r nn;", "#X obj 300 120 s nn-out;", "#X obj 400 20 r look;"]
    lines += ["#X obj 20 300 s seen;", "#X connect 0 0 2 0;", "#X connect 1 0 2 1;", "#X connect 3 0 2 0;"]
    lines += [f"#X connect 2 {outlets} 4 0;"]
    for outlet in range(outlets):
        here = 7 + outlet
        lines.insert(7 + outlet, f"#X obj {20 + 60 * outlet} 160 snapshot~;")
        lines += [
            f"#X connect 2 {outlet} {here} 0;",
            f"#X connect 5 0 {here} 0;",
            f"#X connect {here} 0 6 0;",
        ]
    return lines


def answer(model, method):
    """What a method makes of GIVEN, the last value of each output."""
    facts = model.methods[method]
    signals = np.repeat(np.array(GIVEN[: facts.inputs], np.float32)[:, None], 512 // facts.in_ratio, 1)
    return list(model.run(method, signals)[:, -1])


def test_methods_and_attributes_one_by_one(play, tmp_path, models):
    shutil.copy(models / "effects.ts", tmp_path)  # the model is found by its name, beside the patch
    patch = Patch(play, tmp_path, two_sided("effects middle 8192"))
    model = Model(load_module(models / "effects.ts"))
    patch.tell("set", "gain", 3)  # before the model is there
    patch.expect("set", "gain")
    model.set("gain", [3.0])
    for method, facts in model.methods.items():
        patch.tell("method", method)
        patch.expect("playing", method)
        patch.hear(*[*answer(model, method), 0.0][:2])
        assert (facts.inputs, facts.outputs) == tuple({"middle": (2, 2), "sum": (2, 1)}.get(method, (1, 1)))
    for attribute, good, bad in (
        ("gain", [2.5], ["loud"]),
        ("curve", [0.5, 0.25, 1.0], [1.0]),
        ("shape", ["clip"], ["square"]),
        ("upright", [1.0], ["maybe"]),
        ("steps", [4.0, 0.125], [0.0, 1.0]),
    ):
        patch.tell("set", attribute, *good)
        patch.expect("set", attribute)
        patch.tell("set", attribute, *bad)
        patch.expect("error")
        patch.tell("get", attribute)
        assert patch.expect("value", attribute)[2:] == good
        with pytest.raises(UserError):
            model.set(attribute, bad)
        model.set(attribute, [int(good[0]) if attribute == "steps" else good[0], *good[1:]])
    for method in ("turned", "pushed", "curved"):  # which the attributes change
        patch.tell("method", method)
        patch.expect("playing", method)
        patch.hear(*answer(model, method), 0.0)
    say_what_nn_says(patch)


def say_what_nn_says(patch):
    patch.tell("bufsize", 0)
    patch.expect("playing", "curved", 64)
    patch.tell("bang")
    for words in (
        ["loaded", 1], ["enabled", 1], ["gpu", 0], ["model", "effects"],
        ["methods", "same", "turned", "sum", "middle", "pushed", "curved", "loudness"], ["method", "curved"],
        ["attributes", "gain", "curve", "shape", "upright", "steps"], ["bufsize", 64], ["dim", 1, 1], ["ratio", 1, 1],
    ):  # fmt: skip
        assert patch.expect(words[0]) == words
    patch.tell("dump")
    for attribute in ("gain", "curve", "shape", "upright", "steps"):
        patch.expect("value", attribute)
    patch.tell("enable", 0)
    patch.hear(0.0, 0.0)
    patch.tell("enable", 1)
    patch.tell("reload")
    patch.expect("worker", "on")
    patch.tell("get", "gain")
    assert patch.expect("value", "gain")[2:] == [1]
    patch.tell("print_available_models")
    patch.expect("available", "percussion")
    patch.tell("download", "ircam/rave/no-such-model")
    assert "no-such-model was not downloaded" in patch.expect("error")[1]


def test_an_array_that_the_model_refuses_leaves_the_good_one(play, tmp_path, models):
    lines = [line for line in two_sided("sampler loudness 8192", 1) if line != "#X connect 1 0 2 1;"]
    lines += ["#X obj 300 300 array define good 256;", "#X obj 300 330 array define short 32;"]
    patch = Patch(play, tmp_path, lines, path=[models])  # the model is found in Pd's path
    patch.pd.set_array("good", 256 * [0.25])
    patch.pd.set_array("short", 32 * [0.5])
    patch.hear(0.0)
    for words, error in (
        (("good", 2), ""),
        (("short", 2), "refuses this array"),
        (("good", -1), "refuses this value"),
        (("nothing", 1), "nothing"),
    ):
        patch.tell("set", "sound", *words)
        if error:
            assert error in patch.expect("error")[1]
        else:
            patch.expect("set", "sound")
        patch.hear(0.5)
    patch.tell("method", "length")
    patch.expect("playing", "length")
    patch.hear(0.256)


def test_eighty_latents_go_from_one_box_to_another(play, tmp_path, models):
    shutil.copy(models / "wide.ts", tmp_path)
    lines = two_sided("wide encode 64", 1)[:-5]
    lines = [
        "#X obj 20 20 sig~ 0.5;",
        "#X obj 20 60 nn~ wide encode 8192;",
        "#X obj 20 100 nn~ wide decode 8192;",
    ]
    lines += ["#X obj 20 140 snapshot~;", "#X obj 200 20 r look;", "#X obj 20 180 s seen;"]
    lines += ["#X obj 200 140 s nn-out;", "#X connect 0 0 1 0;", "#X connect 2 0 3 0;", "#X connect 4 0 3 0;"]
    lines += ["#X connect 3 0 5 0;", "#X connect 2 1 6 0;", *(f"#X connect 1 {i} 2 {i};" for i in range(80))]
    patch = Patch(play, tmp_path, lines)
    patch.hear(0.5)
    assert patch.pd.errors() == []


def test_one_cord_carries_all_signals_of_a_side(play, tmp_path, models):
    if not newer_pd():
        cannot("this Pd has no multichannel signals (tests/support/other_pd.sh FOLDER brings a newer one)")
    for name in ("effects", "wide"):
        shutil.copy(models / f"{name}.ts", tmp_path)
    lines = ["#X obj 20 20 sig~ 0.3;", "#X obj 80 20 sig~ 0.5;", "#X obj 20 50 snake~ in 2;"]
    lines += ["#X obj 20 80 nn~ -m effects middle 8192;", "#X obj 20 120 snake~ out 2;"]
    lines += ["#X obj 20 160 snapshot~;", "#X obj 120 160 snapshot~;", "#X obj 20 200 s seen;"]
    lines += ["#X obj 200 20 r look;", "#X obj 300 20 r nn;", "#X obj 200 120 s nn-out;"]
    cords = (
        "0 0 2 0",
        "1 0 2 1",
        "2 0 3 0",
        "3 0 4 0",
        "4 0 5 0",
        "4 1 6 0",
        "5 0 7 0",
        "6 0 7 0",
        "8 0 5 0",
    )
    lines += [f"#X connect {cord};" for cord in (*cords, "8 0 6 0", "9 0 3 0", "3 1 10 0")]
    patch = Patch(play, tmp_path, lines)
    patch.hear(0.4, -0.1)
    patch.tell("method", "sum")  # has one signal, where there were two
    patch.hear(0.8, 0.0)
    patch.tell("load", "wide")
    patch.tell("method", "encode")
    patch.hear(0.3, 0.6)
    assert patch.pd.errors() == []


@pytest.mark.parametrize("words, signals", [("", 1), ("void 2 3", 3), ("no-such-model decode", 1)])
def test_a_box_without_a_model_is_there(play, tmp_path, words, signals):
    lines = [f"#X obj 20 20 nn~ {words};", "#X obj 20 60 s nn-out;", "#X obj 200 20 r nn;"]
    lines += [f"#X connect 0 {signals} 1 0;", "#X connect 2 0 0 0;"]
    patch = Patch(play, tmp_path, lines)
    patch.tell("bang")
    patch.expect("loaded", 0)
    assert bool(patch.pd.errors()) == ("no-such" in words)


@pytest.mark.parametrize("numbers", ["text", [1e400] * 4, 5, [None] * 4, [[1]] * 4])
def test_a_box_with_a_strangers_model_is_there(play, tmp_path, numbers):
    """Which says something else than numbers, or in a name that is longer than any file's."""
    values = pickle.dumps({"forward_params": numbers}, 2)[2:-1]
    with zipfile.ZipFile(tmp_path / "strange.ts", "w") as archive:
        archive.writestr("strange/data.pkl", b"\x80\x02c__torch__.m\nM\n)\x81" + values + b"b.")
    lines = [f"#X obj 20 {20 + 40 * place} nn~ {name};" for place, name in enumerate(["strange", "n" * 300])]
    patch = Patch(play, tmp_path, lines)
    patch.pd.expect_console("strange.ts has no method forward")
    patch.pd.expect_console("there is no checkpoint 'nnn")
    assert not any("Traceback" in line for line in patch.pd.console)


def test_the_table_of_words_is_true(play, tmp_path):
    """What the lesson says of nn~'s words: those that are there answer, or do something, and no others."""
    lesson = (DAY / "README.md").read_text()
    words = TABLE.findall(lesson.partition("### Patches made for nn~")[2].partition("\n#")[0])
    assert len(words) >= 12
    patch = Patch(play, tmp_path, two_sided("void 2 2"))
    for word, here in words:
        patch.tell(word)
        patch.pd.sync()
        unknown = [line for line in patch.pd.console if f'no method for "{word}"' in line]
        assert bool(unknown) == here.startswith("not"), (word, patch.pd.console[-3:])
