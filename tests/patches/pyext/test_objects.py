"""Creating boxes: names, arguments, inlets and outlets."""

import pytest

TUNE = """
import pyext

class Tune(pyext._class):
    def __init__(self, *words):
        self.words = words
        self._inlets = 1
        self._outlets = 1

    def float_1(self, x):
        self._outlet(1, x)

    def words_1(self):
        self._outlet(1, "words", [f"{type(word).__name__}:{word}" for word in self.words])

class Second(Tune):
    pass
"""


@pytest.mark.parametrize("name", ["pyext", "pyx"])
@pytest.mark.parametrize("words", ["{m}.Tune", "{m} Tune"])
def test_module_and_class_in_one_word_or_two(rig, name, words):
    box = rig.box(f"{name} {words} 1 2.5 three", TUNE)
    box.send(1, "words")
    assert box.expect(0) == ["Any", "words", "int:1", "float:2.5", "Symbol:three"]


@pytest.mark.parametrize("name", ["pyext.", "pyx."])
def test_the_dotted_form_takes_a_package_path_and_a_class(rig, name):
    module = f"{rig.unique()}.inner.pd"
    box = rig.box(f"{name} 1 1 {{m}} Tune a", TUNE, module=module)
    box.send(1, "words")
    assert box.expect(0) == ["Any", "words", "Symbol:a"]


def test_the_dotted_form_falls_back_to_the_last_component(rig):
    name = rig.unique()
    box = rig.box(
        "pyext. {m} 7",
        TUNE.replace("class Tune", f"class {name}").replace("(Tune)", f"({name})"),
        module=name,
    )
    box.send(1, "words")
    assert box.expect(0) == ["Any", "words", "int:7"]


def test_the_dotted_form_prefers_the_second_word(rig):
    name = rig.unique()
    box = rig.box("pyext. {m} Second", TUNE + f"\n{name} = Tune\n", module=name)
    box.send(0, "get", "words")
    box.send(1, "words")
    assert box.expect(0) == ["Any", "words"]


def test_counts_of_the_box_win_over_the_class(rig):
    box = rig.box(
        "pyext 2 3 {m}.Wide",
        """
        import pyext
        class Wide(pyext._class):
            _inlets = _outlets = 1
            def __init__(self):
                self.seen = self._inlets, self._outlets
            def float_2(self, x):
                self._outlet(3, *self.seen, x)
        """,
        inlets=3,
        outlets=4,
    )
    box.send(2, 5)
    assert box.expect(2) == ["List", 2, 3, 5]


@pytest.mark.parametrize(
    "how", ["_inlets = 2", "def _inlets(self):\n        return 2", "_inlets = property(lambda self: 2)"]
)
def test_counts_from_the_class(rig, how):
    box = rig.box(
        "pyext {m}.Counted",
        f"import pyext\nclass Counted(pyext._class):\n    {how}\n    _outlets = 1\n"
        "    def bang_2(self):\n        self._outlet(1, 'second')\n",
        inlets=3,
    )
    box.send(2, "bang")
    assert box.expect(0) == ["Symbol", "second"]


def test_no_counts_are_none(rig):
    box = rig.box(
        "pyext {m}.Bare", "import pyext\nclass Bare(pyext._class):\n    pass\n", inlets=1, outlets=1
    )
    box.send(0, "getdetach")
    assert box.expect(0) == ["Any", "detach", 0]


@pytest.mark.parametrize(
    "text, error_text",
    [
        ("pyext", "needs the name of a script"),
        ("pyext 1 1", "needs the name of a script"),
        ("pyext 1 2 3 {m}.Tune", "needs the name of a script"),
        ("pyext {m}", "no class in it"),
        ("pyext {m}.Nothing", "has no class Nothing"),
        ("pyext {m}.helper", "not derived from pyext._class"),
        ("pyext no_such_script.Thing", "No module named 'no_such_script'"),
        ("pyext ..", "creation"),
        ("pym", "name of a method"),
    ],
)
def test_a_box_that_cannot_be_created_gives_the_reason(rig, text, error_text):
    rig.box(text, TUNE + "\nhelper = 3\n", inlets=0, outlets=0)
    rig.expect_console(error_text)
    rig.expect_console("couldn't create")


def test_a_box_whose_init_raises_stays_and_can_be_corrected(rig):
    script = """
    import pyext
    class Broken(pyext._class):
        _inlets = _outlets = 1
        def __init__(self):
            raise ValueError("not today")
        def bang_1(self):
            self._outlet(1, "well")
    """
    box = rig.box("pyext {m}.Broken", script)
    line = rig.expect_console("ValueError: not today")
    assert f"{box.module}.py, line 6" in line and "__init__" in line
    box.send(1, "bang")
    rig.expect_console("its __init__ failed")
    box.rewrite(box.module, script.replace('raise ValueError("not today")', "pass"))
    box.send(0, "reload.")
    box.send(1, "bang")
    assert box.expect(0) == ["Symbol", "well"]


def test_init_after_the_ports_exist_may_send_and_may_refuse(rig):
    script = """
    import pyext
    class Sends(pyext._class):
        _outlets = 1
        def _init(self):
            pyext._send("out-init", "created")
            self._outlet(1, 1)
    class Refuses(pyext._class):
        def _init(self):
            raise RuntimeError("no room")
    """
    rig.pd.listen("out-init")
    rig.box("pyext {m}.Sends", script, inlets=1)
    assert rig.pd.expect("out-init") == ["created"]
    rig.box("pyext {m}.Refuses", script, inlets=0, outlets=0)
    rig.expect_console("no room")
    rig.expect_console("couldn't create")


@pytest.mark.parametrize("attribute", ["detach", "respond", "py"])
def test_attributes_of_the_box(rig, attribute):
    box = rig.box(f"pyext {{m}}.Tune a b @{attribute} 1", TUNE)
    box.send(0, f"get{attribute}")
    assert box.expect(1) == ["Any", attribute, 1]
    box.send(0, attribute, 0)
    box.send(0, f"get{attribute}")
    assert box.expect(1) == ["Any", attribute, 0]
    box.send(1, "words")
    assert box.expect(0) == ["Any", "words", "Symbol:a", "Symbol:b"]


def test_creation_attributes_override_init(rig):
    script = """
    import pyext
    class Thing(pyext._class):
        def __init__(self):
            self._detach(2)
    """
    box = rig.box("pyext {m}.Thing @detach 1", script, inlets=1, outlets=1)
    box.send(0, "getdetach")
    assert box.expect(0) == ["Any", "detach", 1]


@pytest.mark.parametrize("words", ["@colour 3", "@detach", "@detach 1 2", "@detach one"])
def test_wrong_attributes_are_noted_and_the_box_is_made(rig, words):
    box = rig.box(f"pyext {{m}}.Tune {words}", TUNE)
    rig.expect_console("attribute")
    box.send(1, 1)
    assert box.expect(0) == ["Float", 1]


def test_a_script_in_a_sub_folder(rig):
    rig.write(rig.folder, f"deep.{rig.unique()}", "")
    module = rig.unique()
    rig.write(rig.folder / "deep", module, TUNE)
    box = rig.box(f"pyext deep/{module}.Tune", None)
    box.send(1, 2)
    assert box.expect(0) == ["Float", 2]


def test_a_script_on_pds_search_path(rig, tmp_path_factory):
    folder = tmp_path_factory.mktemp("found")
    module = rig.unique()
    rig.write(folder, module, TUNE)
    rig.pd.send("pd", "add-to-path", str(folder))
    box = rig.box(f"pyext {module}.Tune")
    box.send(1, 2)
    assert box.expect(0) == ["Float", 2]


def test_canvas_dir_is_the_folder_of_the_patch(rig):
    box = rig.run("self.output(self._canvas_dir)")
    assert box.expect(0) == ["Symbol", str(rig.folder)]


@pytest.mark.parametrize(
    "ports",
    ["513 1", "1 20000", "1000000 1", "1e+08 1e+08", "1e+30 1", "10**30", "float('inf')", "float('nan')"],
)
def test_more_ports_than_pd_can_bear_are_refused(rig, ports):
    in_box = " " in ports
    text = TUNE if in_box else f"import pyext\nclass Tune(pyext._class):\n    _inlets = {ports}\n"
    rig.box(f"pyext {ports if in_box else ''} {{m}}.Tune", text)
    rig.expect_console("at most 512 are possible")
    rig.expect_console("couldn't create")
