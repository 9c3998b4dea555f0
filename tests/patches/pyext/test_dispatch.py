"""From a message to a method, and from values to messages."""

import pytest

# Each method outputs its own name and its arguments, with types.
ECHO = """
import pyext

class Echo(pyext._class):
    _inlets = 2
    _outlets = 1

    def _echo(self, name, values):
        self._outlet(1, name, [f"{type(value).__name__}:{value}" for value in values])

def method(name):
    def call(self, *values):
        self._echo(name, values)
    return call

for name in NAMES:
    setattr(Echo, name, method(name))
"""


def echo(rig, *names, words=""):
    return rig.box("pyext {m}.Echo " + words, ECHO.replace("NAMES", repr(names)), inlets=3)


@pytest.mark.parametrize(
    "names, message, expected",
    [
        # row 1: the tag with the inlet
        (["float_1", "_anything_1"], [1.5], ["float_1", "float:1.5"]),
        (["float_1"], [2], ["float_1", "int:2"]),
        (["symbol_1"], ["symbol", "a"], ["symbol_1", "Symbol:a"]),
        (["bang_1"], ["bang"], ["bang_1"]),
        (["list_1"], ["list", 1, "b"], ["list_1", "int:1", "Symbol:b"]),
        (["list_1"], ["list", 1], ["list_1", "int:1"]),
        (["play_1"], ["play", 1, "b"], ["play_1", "int:1", "Symbol:b"]),
        (["any-thing!_1"], ["any-thing!", 1], ["any-thing!_1", "int:1"]),
        # row 2: whole numbers
        (["int_1", "_anything_1"], [2.75], ["int_1", "int:2"]),
        (["int_1"], [-2.75], ["int_1", "int:-2"]),
        (["float_1", "int_1"], [2.75], ["float_1", "float:2.75"]),
        (["float_1", "_anything_1"], ["int", 2], ["float_1", "float:2.0"]),
        # row 3: anything at this inlet
        (["_anything_1", "play_"], ["play", 1], ["_anything_1", "Symbol:play", "int:1"]),
        (["_anything_1"], [3], ["_anything_1", "int:3"]),
        (["_anything_1"], ["symbol", "x"], ["_anything_1", "Symbol:x"]),
        (["_anything_1"], ["list", 1, 2], ["_anything_1", "int:1", "int:2"]),
        (["_anything_1"], ["bang"], ["_anything_1", "Symbol:bang"]),
        # row 4: the tag, with the inlet as first argument
        (["play_", "_anything_"], ["play", 1], ["play_", "int:1", "int:1"]),
        (["float_"], [0.5], ["float_", "int:1", "float:0.5"]),
        # row 5: whole numbers, with the inlet
        (["int_", "_anything_"], [2.75], ["int_", "int:1", "int:2"]),
        (["float_"], ["int", 2], ["float_", "int:1", "float:2.0"]),
        # row 6: anything
        (["_anything_"], ["play", 1], ["_anything_", "int:1", "Symbol:play", "int:1"]),
        (["_anything_"], [3], ["_anything_", "int:1", "int:3"]),
        (["_anything_"], ["bang"], ["_anything_", "int:1", "Symbol:bang"]),
        # a list without a list method
        (["float_1", "_anything_1"], ["list", 4], ["float_1", "int:4"]),
        (["symbol_1", "_anything_1"], ["list", "s"], ["symbol_1", "Symbol:s"]),
        (["float_1", "_anything_1"], ["list", 4, 5], ["_anything_1", "int:4", "int:5"]),
        (["list_1", "float_1"], ["list", 4], ["list_1", "int:4"]),
    ],
)
def test_the_first_method_that_exists_is_called(rig, names, message, expected):
    box = echo(rig, *names)
    box.send(1, *message)
    assert box.expect(0) == ["Any", *expected]


def test_inlets_count_from_one(rig):
    box = echo(rig, "float_2", "_anything_")
    box.send(2, 1)
    assert box.expect(0) == ["Any", "float_2", "int:1"]
    box.send(1, 1)
    assert box.expect(0) == ["Any", "_anything_", "int:1", "int:1"]


def test_no_method_names_object_tag_and_inlet(rig):
    box = echo(rig, "float_1")
    box.send(1, "play", 1)
    line = rig.expect_console("no method")
    assert "pyext" in line and '"play"' in line and "inlet 1" in line


def test_the_control_inlet_never_reaches_python(rig):
    box = echo(rig, "_anything_", "play_")
    box.send(0, "play", 1)
    rig.expect_console('no control message "play"')
    assert box.messages(0) == []


def test_instance_attributes_and_getattr_count(rig):
    box = rig.box(
        "pyext {m}.Late",
        """
        import pyext
        class Late(pyext._class):
            _inlets = _outlets = 1
            def __init__(self):
                self.float_1 = lambda x: self._outlet(1, "instance", [x])
            def __getattr__(self, name):
                if name == "late_1":
                    return lambda *values: self._outlet(1, "late", values)
                raise AttributeError(name)
        """,
    )
    box.send(1, 1)
    box.send(1, "late", 2)
    assert box.expect(0) == ["Any", "instance", 1]
    assert box.expect(0) == ["Any", "late", 2]


def test_a_wrong_number_of_arguments_is_an_error_and_no_fallback(rig):
    box = rig.box(
        "pyext {m}.Strict",
        """
        import pyext
        class Strict(pyext._class):
            _inlets = _outlets = 1
            def play_1(self, one):
                self._outlet(1, one)
            def _anything_1(self, *values):
                self._outlet(1, "fallback")
        """,
    )
    box.send(1, "play", 1, 2)
    rig.expect_console("TypeError")
    assert box.messages(0) == []


def test_a_return_value_is_noted(rig):
    box = rig.box(
        "pyext {m}.Returns",
        """
        import pyext
        class Returns(pyext._class):
            _inlets = 1
            def play_1(self):
                return 3
            def quiet_1(self):
                return 0
        """,
    )
    box.send(1, "quiet")
    box.send(1, "play")
    rig.expect_console("play_1 returned")
    assert not any("quiet_1" in line for line in rig.console)


def test_respond_answers_whether_a_method_was_found(rig):
    box = echo(rig, "float_1", words="@respond 1")
    box.send(1, 1)
    assert box.expect(1) == ["Any", "response", 1]
    box.send(1, "nothing")
    assert box.expect(1) == ["Any", "response", 0]


def test_lists_and_pointers_without_a_selector(rig):
    """Pd's [route] hands on what is left of a list without naming it a list (defect 31)."""
    box = echo(rig, "list_1", "pointer_1", "_anything_1")
    number = box.number
    extra = rig.folder / "route.pd"
    extra.write_text(
        "#N canvas 0 0 400 300 12;\n#X obj 10 10 receive go;\n#X obj 10 40 route 7;\n"
        f"#X obj 10 70 send in-{number}-1;\n"
        "#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n"
    )
    rig.pd.open(extra)
    rig.pd.send("go", 7, 1, 2)
    assert box.expect(0) == ["Any", "list_1", "int:1", "int:2"]


def test_a_pointer_becomes_none_with_a_note(rig):
    box = echo(rig, "pointer_1")
    patch = rig.folder / "pointer.pd"
    patch.write_text(
        "#N canvas 0 0 400 300 12;\n#X msg 10 10 traverse pd-pointer.pd \\, bang;\n#X obj 10 40 pointer;\n"
        f"#X obj 10 70 send in-{box.number}-1;\n#X obj 10 0 receive point;\n"
        "#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n#X connect 3 0 0 0;\n"
    )
    rig.pd.open(patch)
    rig.pd.send("point")
    assert box.expect(0) == ["Any", "pointer_1", "NoneType:None"]
    rig.expect_console("pointer")


@pytest.mark.parametrize(
    "number, text",
    [
        ("1", "int:1"),
        ("-3", "int:-3"),
        ("0.1", "float:0.10000000149011612"),
        ("16777216", "int:16777216"),
        ("2147483520", "int:2147483520"),
        ("4294967296", "float:4294967296.0"),
        ("1e+30", "float:1e+30"),
    ],
)
def test_whole_numbers_become_int(rig, number, text):
    box = echo(rig, "float_1")
    box.send(1, float(number))
    value = box.expect(0)[2]
    kind, _, digits = value.partition(":")
    assert kind == text.partition(":")[0]
    assert float(digits) == pytest.approx(float(number), rel=1e-7)


@pytest.mark.parametrize(
    "values, message",
    [
        ("None", ["Bang"]),
        ("3", ["Float", 3]),
        ("True", ["Float", 1]),
        ("2.5", ["Float", 2.5]),
        ("numpy.float64(2.5)", ["Float", 2.5]),
        ("numpy.float32(2.5)", ["Float", 2.5]),
        ("numpy.int64(4)", ["Float", 4]),
        ("numpy.bool_(True)", ["Float", 1]),
        ("'text'", ["Symbol", "text"]),
        ("pyext.Symbol('text')", ["Symbol", "text"]),
        ("'two words; and, more'", ["Symbol", "two words; and, more"]),
        ("'tag', [1, 2]", ["Any", "tag", 1, 2]),
        ("('tag', (1, 'x'))", ["Any", "tag", 1, "x"]),
        ("'tag', []", ["Any", "tag"]),
        ("'tag', numpy.array([1, 2], dtype=numpy.int32)", ["Any", "tag", 1, 2]),
        ("'tag', numpy.arange(6, dtype=numpy.float32)[::2]", ["Any", "tag", 0, 2, 4]),
        ("'a', 1, 2", ["List", "a", 1, 2]),
        ("['a', 'b']", ["List", "a", "b"]),
        ("'a', 'b'", ["List", "a", "b"]),
        ("1, 2.5", ["List", 1, 2.5]),
        ("(1, 2.5)", ["List", 1, 2.5]),
        ("range(3)", ["List", 0, 1, 2]),
        ("b'AB'", ["List", 65, 66]),
        ("numpy.array([0.5, 1.5])", ["List", 0.5, 1.5]),
        ("numpy.array([[0.5], [1.5]])[:, 0]", ["List", 0.5, 1.5]),
        ("numpy.array([1, 2], dtype=numpy.float32)", ["List", 1, 2]),
        ("[numpy.float32(1), numpy.int64(2), True]", ["List", 1, 2, 1]),
    ],
)
def test_values_become_messages(rig, values, message):
    box = rig.run(f"self.output({values})")
    assert box.expect(0) == message
    assert rig.errors == []


def test_no_value_is_an_empty_list(rig):
    box = rig.run("self.output()")
    assert box.expect(0) == ["Bang"]  # [route] counts an empty list as a bang


@pytest.mark.parametrize("values", ["object()", "[None]", "[[1]]", "{'a': 1}", "1j"])
def test_what_pd_does_not_know_becomes_an_empty_symbol_and_a_note(rig, values):
    box = rig.run(
        f"self.output('got', [1, *({values},)][-1:]) if {values!r}[0] == '[' else self.output({values})"
    )
    box.expect(0)
    rig.expect_console("no counterpart in Pd")


def test_ints_keep_32_bit_floats_precision(rig):
    box = rig.run("self.output(2**31, 2**40)")
    assert box.expect(0)[1:] == pytest.approx([2**31, 2**40], rel=1e-5)


@pytest.mark.parametrize(
    "call, error",
    [
        ("self._outlet(0, 1)", "ValueError"),
        ("self._outlet(2, 1)", "ValueError"),
        ("self._outlet(10**30, 1)", "ValueError"),
        ("self._outlet('one', 1)", "SyntaxError"),
        ("self._outlet()", "SyntaxError"),
        ("self._outlet(1.0, 1)", "SyntaxError"),
    ],
)
def test_wrong_outlets_raise(rig, call, error):
    box = rig.run(call)
    assert box.expect(0)[:3] == ["Any", "raised", error]


def test_an_object_travels_by_reference(rig):
    script = """
    import pyext
    class Thing(pyext._class):
        _inlets = _outlets = 1
        def _anything_1(self, *values):
            self._outlet(1, type(values[0]).__name__, len(values))
    """
    box = rig.box("pyext {m}.Thing", script)
    patch = rig.folder / "wire.pd"
    patch.write_text(
        "#N canvas 0 0 400 300 12;\n#X obj 10 10 py builtins.dict @py 1;\n#X obj 10 0 receive make;\n"
        f"#X obj 10 70 send in-{box.number}-1;\n#X connect 1 0 0 0;\n#X connect 0 0 2 0;\n"
    )
    rig.pd.open(patch)
    rig.pd.send("make", "bang")
    assert box.expect(0) == ["List", "dict", 1]
