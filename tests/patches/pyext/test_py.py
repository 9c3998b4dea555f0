"""[py] and [pym]."""

import pytest

TOOLS = """
def add(a, b=10):
    return a + b

def kinds(*values):
    return "kinds", [f"{type(value).__name__}:{value}" for value in values]

def fails():
    raise ValueError("no")

def made():
    return {"a": [1, 2, 3]}
"""


@pytest.mark.parametrize("words", ["{m}.add", "{m} add"])
def test_py_calls_a_function_with_all_arguments(rig, words):
    box = rig.box(f"py {words}", TOOLS)
    box.send(1, "list", 1, 2)
    assert box.expect(0) == ["Float", 3]
    box.send(1, 5)
    assert box.expect(0) == ["Float", 15]


@pytest.mark.parametrize(
    "message, values",
    [
        ([1.5], ["float:1.5"]),
        (["symbol", "a"], ["Symbol:a"]),
        (["list", 1, "b"], ["int:1", "Symbol:b"]),
        (["play", 1], ["Symbol:play", "int:1"]),
        (["bang"], ["Symbol:bang"]),
    ],
)
def test_the_selector_is_an_argument_unless_it_is_plain(rig, message, values):
    box = rig.box("py {m}.kinds", TOOLS)
    box.send(1, *message)
    assert box.expect(0) == ["Any", "kinds", *values]


def test_a_bang_at_the_left_calls_without_arguments(rig):
    box = rig.box("py {m}.kinds", TOOLS)
    box.send(0, "bang")
    assert box.expect(0) == ["Any", "kinds"]


def test_py_with_a_number_stores_and_calls(rig):
    box = rig.box("py 3 {m}.kinds", TOOLS, inlets=4)
    box.send(0, "bang")
    assert box.expect(0) == ["Any", "kinds", *["NoneType:None"] * 3]
    box.send(3, "list", 1, 2)
    box.send(2, "play", 7)
    box.send(1, 5)
    assert box.expect(0) == ["Any", "kinds", "int:5", "tuple:(<Symbol play>, 7)", "tuple:(1, 2)"]
    box.send(1, "bang")
    assert box.expect(0)[2] == "int:5"


def test_py_0_is_called_by_bang_alone(rig):
    box = rig.box("py 0 {m}.kinds", TOOLS, inlets=1)
    box.send(0, "bang")
    assert box.expect(0) == ["Any", "kinds"]


def test_the_message_picks_the_function_of_a_module(rig):
    box = rig.box("py {m}", TOOLS)
    box.send(1, "add", 1, 2)
    assert box.expect(0) == ["Float", 3]
    box.send(1, "nothing", 1)
    rig.expect_console("no function nothing")


@pytest.mark.parametrize(
    "words, message, result",
    [
        ("py .len", ["symbol", "four"], ["Float", 4]),
        ("py .max", ["list", 3, 9, 4], ["Float", 9]),
        ("py .int", [2.75], ["Float", 2]),
        ("py ._samplerate", None, ["Float"]),
        ("py pyext.Symbol", ["symbol", "a"], ["Symbol", "a"]),
        ("py pyext._tuple", ["list", 1, 2], ["List", 1, 2]),
        ("py os.path.basename", ["symbol", "/a/b"], ["Symbol", "b"]),
        ("py math pow", ["list", 2, 3], ["Float", 8]),
        ("py 2 operator.add", [4], ["raises"]),
    ],
)
def test_any_callable(rig, words, message, result):
    box = rig.box(words)
    if result == ["raises"]:
        box.send(1, *message)
        rig.expect_console("TypeError")
        return
    box.send(1 if message else 0, *(message or ["bang"]))
    assert box.expect(0)[: len(result)] == result


@pytest.mark.parametrize("words", ["py no_such_module.thing", "py math.nothing", "py 1 2 3", "py .nothing"])
def test_py_is_made_even_if_its_function_is_missing(rig, words):
    box = rig.box(words)
    assert rig.errors
    box.send(0, "set", "math", "sqrt")
    box.send(1, 16)
    assert box.expect(0) == ["Float", 4]


def test_set_chooses_function_and_module(rig):
    box = rig.box("py math.sqrt")
    box.send(0, "set", "floor")
    box.send(1, 2.5)
    assert box.expect(0) == ["Float", 2]
    box.send(0, "set", "operator", "neg")
    box.send(1, 2.5)
    assert box.expect(0) == ["Float", -2.5]


def test_an_exception_is_reported_and_nothing_comes_out(rig):
    box = rig.box("py {m}.fails", TOOLS)
    box.send(0, "bang")
    line = rig.expect_console("ValueError: no")
    assert "fails" in line and f"{box.module}.py, line" in line
    assert box.messages(0) == []


@pytest.mark.parametrize("mode", [1, 2])
def test_detached_results_come_out(rig, mode):
    box = rig.box(
        f"py {{m}}.where @detach {mode}",
        "import threading\ndef where():\n    return threading.current_thread() is threading.main_thread()\n",
    )
    box.send(0, "bang")
    assert box.expect(0) == ["Float", 0]


def test_py_responds(rig):
    box = rig.box("py {m} @respond 1", TOOLS)
    box.send(1, "add", 1)
    assert box.expect(1) == ["Any", "response", 1]
    box.send(1, "nothing")
    assert box.expect(1) == ["Any", "response", 0]


def test_reload_takes_the_new_function(rig):
    box = rig.box("py {m}.add", TOOLS)
    box.rewrite(box.module, TOOLS.replace("a + b", "a - b"))
    box.send(0, "reload.")
    box.send(1, "list", 1, 2)
    assert box.expect(0) == ["Float", -1]


def wired(rig, first, second, *, stores=()):
    """Two boxes in one patch, the result of the first into the object inlet of the second."""
    number = next(rig.numbers)
    lines = [
        "#N canvas 0 0 400 300 12;",
        f"#X obj 10 40 {first} @py 1;",
        f"#X obj 10 100 {second};",
        f"#X obj 10 10 receive go{number};",
        f"#X obj 10 150 probe result{number};",
        "#X connect 2 0 0 1;",
        "#X connect 0 0 1 1;",
        "#X connect 1 0 3 0;",
    ]
    lines[5:5] = [f"#X obj {100 + 90 * i} 70 receive store{number}-{i + 2};" for i in range(len(stores))]
    lines += [f"#X connect {4 + i} 0 1 {i + 2};" for i in range(len(stores))]
    rig.pd.listen(f"result{number}")
    patch = rig.folder / f"wired{number}.pd"
    patch.write_text("\n".join(lines) + "\n")
    rig.pd.open(patch)
    for i, store in enumerate(stores):
        rig.pd.send(f"store{number}-{i + 2}", *store)

    def play(*message):
        rig.pd.send(f"go{number}", *message)
        return rig.pd.expect(f"result{number}")

    return play


def test_pym_calls_a_method_of_whatever_arrives(rig):
    play = wired(rig, "py .list", "pym __len__")
    assert play("symbol", "abc") == ["Float", 3]


def test_pym_with_arguments(rig):
    play = wired(rig, "py .str", "pym 3 replace", stores=[["symbol", "a"], ["symbol", "o"]])
    assert play("symbol", "banana") == ["Symbol", "bonono"]


def test_pym_finds_the_method_anew_for_another_type(rig):
    box = rig.box("pym __str__")
    box.send(1, 3)
    assert box.expect(0)[1] == 3
    box.send(1, "symbol", "text")
    assert box.expect(0) == ["Symbol", "text"]


@pytest.mark.parametrize(
    "sign, first, others, result",
    [
        ("+", [7], [2], 9),
        ("-", [7], [2], 5),
        ("*", [7], [2], 14),
        ("/", [7], [2], 3.5),
        ("//", [7], [2], 3),
        ("%", [7], [2], 1),
        ("**", [7], [2], 49),
        ("&", [7], [2], 2),
        ("|", [4], [2], 6),
        ("^", [7], [2], 5),
        ("<<", [7], [2], 28),
        (">>", [7], [1], 3),
        ("!-", [7], [2], -5),
        ("!/", [4], [2], 0.5),
        ("!**", [3], [2], 8),
        ("+=", [7], [2], 9),
        ("//=", [7], [2], 3),
        ("==", [7], [7], 1),
        ("!=", [7], [7], 0),
        ("<", [2], [7], 1),
        (">", [2], [7], 0),
        ("<=", [7], [7], 1),
        (">=", [2], [7], 0),
        ("!", [0], [], 0),
        ("~", [7], [], -8),
        (".abs", [-7], [], 7),
        (".neg", [7], [], -7),
        (".pos", [7], [], 7),
        (".int", [7.5], [], 7),
        (".long", [7.5], [], 7),
        (".float", [7], [], 7),
    ],
)
def test_operators_on_numbers(rig, sign, first, others, result):
    inlets = len(others) + 1
    box = rig.box(f"pym {inlets} {sign}", inlets=inlets + 1)
    if others:
        box.send(2, *others)
    box.send(1, *first)
    assert box.expect(0) == ["Float", result]


@pytest.mark.parametrize(
    "sign, others, result",
    [
        ("[]", [[1]], ["Float", 5]),
        ("[:]", [[0], [2]], ["List", 4, 5]),
        (".len", [], ["Float", 3]),
        (".in", [[5]], ["Float", 1]),
        (".in", [[9]], ["Float", 0]),
        (".str", [], ["Symbol", "(4, 5, 6)"]),
        (".repr", [], ["Symbol", "(4, 5, 6)"]),
    ],
)
def test_operators_on_sequences(rig, sign, others, result):
    inlets = len(others) + 1
    box = rig.box(f"pym {inlets} {sign}", inlets=inlets + 1)
    for i, other in enumerate(others):
        box.send(i + 2, *other)
    box.send(1, "list", 4, 5, 6)
    assert box.expect(0) == result


@pytest.mark.parametrize(
    "sign, stores, text", [("[]=", [[0], [65]], "A\x02"), ("[:]=", [[0], [2], ["list", 66, 67]], "BC")]
)
def test_item_stores_change_the_object(rig, sign, stores, text):
    rig.write(rig.folder, "stored", "kept = bytearray(b'\\x01\\x02')\ndef keep(*any):\n    return kept\n")
    play = wired(rig, "py stored.keep", f"pym {len(stores) + 1} {sign}", stores=stores)
    assert play("bang") == ["Bang"]
    box = rig.run("import stored; self.output(stored.kept.decode()); del __import__('sys').modules['stored']")
    assert box.expect(0) == ["Symbol", text]


def test_pym_complains_about_a_missing_method(rig):
    box = rig.box("pym no_such_method")
    box.send(1, 3)
    rig.expect_console("int has no method no_such_method")


def test_pym_set_and_doc(rig):
    box = rig.box("pym 1 upper")
    box.send(1, "symbol", "a")
    assert box.expect(0) == ["Symbol", "A"]
    box.send(0, "set", "title")
    box.send(0, "bang")
    assert box.expect(0) == ["Symbol", "A"]
    box.send(0, "doc+")
    rig.expect_console("Return a version of the string where each word is titlecased.")
