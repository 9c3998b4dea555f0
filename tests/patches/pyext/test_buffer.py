"""pyext.Buffer, on Pd's thread and off it."""

import textwrap

import pytest

THREADED = """
def work():
    try:
{code}
    except BaseException as error:
        self.output('raised', [type(error).__name__, str(error)])
threading.Thread(target=work).start()
"""


@pytest.fixture(params=["Pd's thread", "a thread"])
def here(request, rig):
    """Runs code with `b`, a Buffer of `size` zeroes, on Pd's thread or on another; returns the box."""

    def run(code, size=8):
        name = f"array{next(rig.numbers)}"
        code = f"b = pyext.Buffer('{name}')\n" + textwrap.dedent(code)
        if request.param == "a thread":
            code = THREADED.format(code=textwrap.indent(code, " " * 8))
        box = rig.run(code, tables=[(name, size)] if size else ())
        box.array = name
        return box

    return run


def points(rig, box):
    return pytest.approx(rig.pd.array(box.array), abs=1e-6)


@pytest.mark.parametrize(
    "code, expected",
    [
        ("b[2] = 0.5", [0, 0, 0.5, 0, 0, 0, 0, 0]),
        ("b[-1] = 0.5", [0, 0, 0, 0, 0, 0, 0, 0.5]),
        ("b[:] = [1, 2, 3]", [1, 2, 3, 0, 0, 0, 0, 0]),
        ("b[:] = range(20)", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("b[6:] = [1, 2, 3]", [0, 0, 0, 0, 0, 0, 1, 2]),
        ("b[:] = 2", [2] * 8),
        ("b[1:4] = 0.5", [0, 0.5, 0.5, 0.5, 0, 0, 0, 0]),
        ("b[::2] = [1, 2, 3, 4]", [1, 0, 2, 0, 3, 0, 4, 0]),
        ("b[1::3] = 5", [0, 5, 0, 0, 5, 0, 0, 5]),
        ("b[::-1] = range(8)", [7, 6, 5, 4, 3, 2, 1, 0]),
        ("b[5:1:-2] = [1, 2]", [0, 0, 0, 2, 0, 1, 0, 0]),
        ("b[3:3] = [1]", [0] * 8),
        ("b[numpy.array([1, 3])] = 4", [0, 4, 0, 4, 0, 0, 0, 0]),
        ("b[:] = numpy.arange(8, dtype=numpy.float32)", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("x = numpy.arange(8.); x.flags.writeable = False; b[:] = x", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("b[:] = numpy.arange(16, dtype=numpy.int32)[::2]", [0, 2, 4, 6, 8, 10, 12, 14]),
        ("b += 1", [1] * 8),
        ("b += 3; b *= 2; b -= 1; b /= 2", [2.5] * 8),
        ("b += numpy.arange(8); b **= 2", [0, 1, 4, 9, 16, 25, 36, 49]),
        ("b += numpy.arange(8); b //= 2; b %= 2", [0, 0, 1, 1, 0, 0, 1, 1]),
        ("b[2:4] += 1", [0, 0, 1, 1, 0, 0, 0, 0]),
        ("b[0:2] = b[2:4] + 5", [5, 5, 0, 0, 0, 0, 0, 0]),
        ("b[:] = range(8); b[:] = b[::-1].copy()", [7, 6, 5, 4, 3, 2, 1, 0]),
        ("s = b[2:5]; s[:] = 3; b.dirty()", [0, 0, 3, 3, 3, 0, 0, 0]),
        ("s = b[::3]; s += [1, 2, 3]; b.dirty()", [1, 0, 0, 2, 0, 0, 3, 0]),
        ("numpy.add(b, 2, out=b)", [2] * 8),
        ("b.resize(3); b[:] = 1", [1, 1, 1]),
        ("b[:] = 1; b.resize(10)", [1] * 8 + [0, 0]),
        ("b.resize(0)", [0]),
        ("b.resize(4, 0, 0)[:] = 1", [1] * 4),
    ],
)
def test_writing(rig, here, code, expected):
    box = here(code + "\nself.output('done')")
    assert box.expect(0) == ["Symbol", "done"]
    assert points(rig, box) == expected


@pytest.mark.parametrize(
    "expression, message",
    [
        ("len(b)", ["Float", 8]),
        ("b[2]", ["Float", 2]),
        ("b[-1]", ["Float", 7]),
        ("b[2:5]", ["List", 2, 3, 4]),
        ("b[::3]", ["List", 0, 3, 6]),
        ("b[6:2:-2]", ["List", 6, 4]),
        ("b[[1, 4]]", ["List", 1, 4]),
        ("b[numpy.array(b) > 5]", ["List", 6, 7]),
        ("type(b[2:3]).__name__, str(b[2:3].dtype)", ["List", "ndarray", "float32"]),
        ("list(b)[:2]", ["List", 0, 1]),
        ("type(next(iter(b))).__name__", ["Symbol", "float32"]),
        ("(b + 1)[:2]", ["List", 1, 2]),
        ("(1 + b)[:2]", ["List", 1, 2]),
        ("(10 - b)[:2]", ["List", 10, 9]),
        ("(b - b)[:2]", ["List", 0, 0]),
        ("(b + b * b - 2 * b)[:3]", ["List", 0, 0, 2]),
        ("(b * 2)[:3]", ["List", 0, 2, 4]),
        ("(b / 2)[:3]", ["List", 0, 0.5, 1]),
        ("(b // 2)[:4]", ["List", 0, 0, 1, 1]),
        ("(b % 3)[:4]", ["List", 0, 1, 2, 0]),
        ("(b ** 2)[:4]", ["List", 0, 1, 4, 9]),
        ("divmod(b, 2)[1][:3]", ["List", 0, 1, 0]),
        ("(-b)[:2]", ["List", 0, -1]),
        ("(+b)[:2]", ["List", 0, 1]),
        ("abs(-b)[:2]", ["List", 0, 1]),
        ("type(b + 1).__name__", ["Symbol", "ndarray"]),
        ("numpy.array(b, dtype=numpy.float64)[:2]", ["List", 0, 1]),
        ("str(numpy.array(b, dtype=numpy.float64).dtype)", ["Symbol", "float64"]),
        ("numpy.asarray(b)[:2]", ["List", 0, 1]),
        ("float(numpy.sum(b))", ["Float", 28]),
        ("b.symbol == b.symbol, isinstance(b.symbol, pyext.Symbol)", ["List", 1, 1]),
        ("b.resize(9) is b", ["Float", 1]),
        ("len(pyext.Buffer(b.symbol))", ["Float", 8]),
        ("hasattr(b, 'channels')", ["Float", 0]),
    ],
)
def test_reading(here, expression, message):
    box = here(f"b[:] = range(8)\nself.output({expression})")
    assert box.expect(0) == message


@pytest.mark.parametrize(
    "code, error",
    [
        ("b[8]", "IndexError"),
        ("b[-9]", "IndexError"),
        ("b[8] = 1", "IndexError"),
        ("b[0] = 'x'", "ValueError"),
        ("b[:] = ['x']", "ValueError"),
        ("b[:] = object()", "TypeError"),
        ("del b[0]", "raises"),
        ("del b[0:2]", "raises"),
        ("b['x']", "IndexError"),
        ("b + object()", "TypeError"),
        ("pyext.Buffer(3)", "ValueError"),
        ("b.resize('x')", "ValueError"),
        ("b.resize(10**9)", "ValueError"),
        ("b.resize(10**30)", "ValueError"),
        ("b.resize(float('inf'))", "OverflowError"),
    ],
)
def test_misuse_raises(rig, here, code, error):
    box = here(code)
    words = box.expect(0)
    assert words[:2] == ["Any", "raised"]
    assert error == "raises" or words[2] == error


def test_a_missing_array(here):
    box = here(
        """
        b = pyext.Buffer('no-such-array')
        self.output('reads', [len(b), str(b[0]), str(b[1:2]), len(list(b)), len(numpy.array(b))])
        store = lambda: b.__setitem__(slice(None), [1])
        for call in (store, lambda: b.resize(3), lambda: 1 + b, lambda: memoryview(b)):
            try:
                call()
            except Exception as error:
                self.output('error', [type(error).__name__])
        """,
        size=0,
    )
    assert box.expect(0) == ["Any", "reads", 0, "None", "None", 0, 0]
    errors = [box.expect(0)[2] for _ in range(4)]
    assert errors == ["ValueError", "RuntimeError", "ValueError", "BufferError"]


def test_a_slice_on_pds_thread_is_a_view(rig):
    box = rig.run(
        """
        b = pyext.Buffer('viewed')
        v = b[2:6]
        v[1] = 5
        view = memoryview(b)
        self.output('there', [float(b[3]), numpy.shares_memory(v, b[:]), view.strides[0], view.format])
        """,
        tables=[("viewed", 8)],
    )
    assert box.expect(0) == ["Any", "there", 5, 1, 8, "f"]


def test_a_slice_off_pds_thread_is_a_copy(rig):
    box = rig.run(
        """
        def work():
            b = pyext.Buffer('copied')
            copy = b[2:6]
            copy[1] = 5
            self.output('before', [float(b[3])])
            b.dirty()
            self.output('after', [float(b[3])])
        threading.Thread(target=work).start()
        """,
        tables=[("copied", 8)],
    )
    assert box.expect(0) == ["Any", "before", 0]
    assert box.expect(0) == ["Any", "after", 5]


def test_dirty_writes_back_only_what_was_changed(rig):
    box = rig.run(
        """
        def work():
            b = pyext.Buffer('shared')
            copy = b[:]
            pyext.call_and_wait(lambda: b.__setitem__(6, 9))
            copy[1] = 5
            b.dirty()
            self.output('after', [float(b[1]), float(b[6])])
        threading.Thread(target=work).start()
        """,
        tables=[("shared", 8)],
    )
    assert box.expect(0) == ["Any", "after", 5, 9]


HOLDS = """
import numpy
import pyext

class Holds(pyext._class):
    _inlets = _outlets = 1

    def take_1(self, name):
        self.buffer = pyext.Buffer(name)
        self.whole = self.buffer[:]
        self.part = self.whole[2:5]
        self.as_array = numpy.asarray(self.part)
        self.whole[:] = 1

    def use_1(self):
        for view in (self.whole, self.part, self.as_array):
            view += 1
        self._outlet(1, "sums", [float(view.sum()) for view in (self.whole, self.part, self.as_array)])

    def ask_1(self, name, length):
        buffer = pyext.Buffer(name)
        view = buffer[:]
        part = view[1:]
        view[:] = 3
        pyext._send(name, "resize", [length])
        part += 1
        view += 1
        self._outlet(1, "asked", [float(view.sum()), len(buffer), float(buffer[0])])

    def keep_1(self, name):
        view = pyext.Buffer(name)[:]
        for i in range(len(view)):
            view[i] = i
            self._outlet(1, "step", [float(pyext.Buffer(name)[i])])
        view[0] = 42
"""


def test_a_kept_view_outlives_resize_and_deletion(rig):
    box = rig.box("pyext {m}.Holds", HOLDS, tables=[("held", 8)])
    box.send(1, "take", "held")
    assert rig.pd.array("held") == [1] * 8
    box.rig.pd.send("held", "resize", 5000000)
    box.send(1, "use")
    assert box.expect(0) == ["Any", "sums", pytest.approx(22), pytest.approx(12), pytest.approx(12)]
    box.rig.pd.send("held", "resize", 8)
    other = rig.box("pyext {m}.Holds", HOLDS, tables=[("deleted", 8)])
    box.send(1, "take", "deleted")
    other.close()
    box.send(1, "use")
    assert box.expect(0)[:2] == ["Any", "sums"]


@pytest.mark.parametrize("length", [3, 1000000])
def test_a_view_held_while_the_patch_resizes(rig, length):
    name = f"grown{length}"
    box = rig.box("pyext {m}.Holds", HOLDS, tables=[(name, 8)])
    box.send(1, "ask", name, length)
    assert box.expect(0) == ["Any", "asked", 8 * 4 + 7, pytest.approx(length, rel=1e-5), 3]


def test_a_view_goes_on_writing_through_while_messages_leave(rig):
    box = rig.box("pyext {m}.Holds", HOLDS, tables=[("through", 8)])
    box.send(1, "keep", "through")
    assert [box.expect(0)[2] for _ in range(8)] == list(range(8))
    assert rig.pd.array("through") == [42, 1, 2, 3, 4, 5, 6, 7]


def test_large_arrays_from_a_thread(rig):
    box = rig.run(
        """
        def work():
            b = pyext.Buffer('large')
            b.resize(1000000)
            samples = numpy.arange(1000000, dtype=numpy.float32)
            b[:] = samples
            self.output('equal', [numpy.array_equal(b[:], samples), numpy.array_equal(b[::-7], samples[::-7])])
        threading.Thread(target=work).start()
        """,
        tables=[("large", 8)],
    )
    assert box.expect(0) == ["Any", "equal", 1, 1]


def test_an_array_that_shrinks_while_a_thread_writes(rig):
    box = rig.run(
        """
        b = pyext.Buffer('shrinks')
        def write():
            for _ in range(20):
                b[:] = numpy.ones(200000, numpy.float32)
                b[:]
            self.output('written')
        def resize():
            for i in range(40):
                b.resize(1 if i % 2 else 200000)
            self.output('resized')
        for work in (write, resize):
            threading.Thread(target=work).start()
        """,
        tables=[("shrinks", 8)],
    )
    assert {box.expect(0)[1], box.expect(0)[1]} == {"written", "resized"}
