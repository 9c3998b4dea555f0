"""Signal objects."""

import time

import pytest

GAIN = """
import numpy
import pyext

class Gain(pyext._class):
    _inlets = _outlets = 1
    gain = 0.5

    def _signal(self):
        self._outvec(0)[:] = self._invec(0) * self.gain

    def gain_1(self, x):
        self.gain = x

    def shape_1(self):
        vector = self._outvec(0)
        self._outlet(1, len(vector), str(vector.dtype), type(vector).__name__, self._invec(7) is None)

    def fail_1(self):
        self.gain = "x"

class Adds(pyext._class):
    def _signal(self):
        self._outvec(0)[:] = self._invec(0) + self._invec(1)
        self._outvec(1)[:] = self._invec(0) - self._invec(1)

class Chooses(Gain):
    def _dsp(self):
        self._signal = self._double
        self.lengths = len(self._invec(0))
        return True

    def _double(self):
        self._outvec(0)[:] = 2 * self._invec(0)

    def length_1(self):
        self._outlet(1, self.lengths)

class Refuses(Gain):
    def _dsp(self):
        return False

class Plain(pyext._class):
    _inlets = _outlets = 1
    def float_1(self, x):
        self._outlet(1, x)

class Sends(Gain):
    told = False
    def _signal(self):
        if not self.told:
            self.told = True
            pyext._send("told", "from the audio")

class Reads(pyext._class):
    def _signal(self):
        table = pyext.Buffer("wave")
        table[0] = 0.25
        table *= 1
        self._outvec(0)[:] = table[0] + len(table) + table[1:3].sum()

class Waits(pyext._class):
    def _signal(self):
        pyext.call_and_wait(print)

class Resizes(pyext._class):
    def _signal(self):
        pyext.Buffer("wave").resize(10)

class ResizesAtStart(Gain):
    def _dsp(self):
        pyext.Buffer("wave").resize(10)
        return True
"""

WAVE = "#N canvas 0 0 300 200 12;\n#X obj 10 10 table wave 4;\n"
ROWS = """#N canvas 0 0 400 400 12;
#X obj 10 10 sig~ 1;
#X obj 10 40 pyext~ 0 0 1 1 {m}.Gain;
#N canvas 0 0 200 200 off 0;
#X obj 10 10 inlet~;
#X obj 10 40 pyext~ 0 0 1 1 {m}.Gain;
#X obj 10 70 outlet~;
#X obj 90 10 switch~;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X restore 10 70 pd off;
#X obj 90 70 pyext~ 0 0 1 1 {m}.Gain;
#X obj 90 100 pyext~ 0 0 1 1 {m}.Gain;
#X obj 90 130 snapshot~;
#X obj 90 160 send rows;
#X obj 150 100 receive look-rows;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 0 3 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 7 0 5 0;
"""


class Rack:
    """A box with constant signals at its inlets and a snapshot of each outlet."""

    def __init__(self, desk, text, signals, outlets, messages=1):
        self.desk = desk
        self.number = next(desk.numbers)
        module = f"script{self.number}"
        desk.write(desk.folder, module, GAIN)
        names = [f"snap{self.number}-{i}" for i in range(outlets)]
        lines = ["#N canvas 0 0 600 400 12;", f"#X obj 10 100 {text.replace('{m}', module)};"]
        lines += [f"#X obj {10 + 90 * i} 40 sig~ {value};" for i, value in enumerate(signals)]
        first = 1 + len(signals)
        for i, name in enumerate(names):
            desk.pd.listen(name)
            lines += [
                f"#X obj {10 + 90 * i} 150 snapshot~;",
                f"#X obj {10 + 90 * i} 180 send {name};",
                f"#X obj {10 + 90 * i} 120 receive look{self.number};",
            ]
        control = first + 3 * outlets
        lines += [f"#X obj 300 40 receive control{self.number};", f"#X obj 400 40 receive in{self.number};"]
        lines += [f"#X obj 300 200 probe out{self.number};"]
        desk.pd.listen(f"out{self.number}")
        lines += [f"#X connect {1 + i} 0 0 {i};" for i in range(len(signals))]
        for i in range(outlets):
            lines += [
                f"#X connect 0 {i} {first + 3 * i} 0;",
                f"#X connect {first + 3 * i} 0 {first + 3 * i + 1} 0;",
                f"#X connect {first + 3 * i + 2} 0 {first + 3 * i} 0;",
            ]
        lines += [f"#X connect {control} 0 0 0;"]
        if messages:
            inlet = max(len(signals), 1)
            lines += [f"#X connect {control + 1} 0 0 {inlet};", f"#X connect 0 {outlets} {control + 2} 0;"]
        self.patch = f"rack{self.number}.pd"
        (desk.folder / self.patch).write_text("\n".join(lines) + "\n")
        desk.pd.open(desk.folder / self.patch)
        self.names = names

    def pass_time(self):
        """Lets some blocks be computed."""
        time.sleep(0.1)
        self.desk.pd.sync()

    def values(self):
        self.pass_time()
        self.desk.pd.send(f"look{self.number}", "bang")
        return [self.desk.pd.expect(name)[0] for name in self.names]

    def control(self, *message):
        self.desk.pd.send(f"control{self.number}", *message)

    def send(self, *message):
        self.desk.pd.send(f"in{self.number}", *message)

    def heard(self):
        return self.desk.pd.expect(f"out{self.number}")


@pytest.fixture
def rack(desk):
    desk.pd.send("pd", "dsp", 1)
    yield lambda *arguments, **options: Rack(desk, *arguments, **options)
    desk.pd.send("pd", "dsp", 0)


@pytest.mark.parametrize("name", ["pyext~", "pyx~", "pyext.~", "pyx.~"])
def test_a_gain(rack, name):
    box = rack(f"{name} 1 1 1 1 {{m}} Gain", [0.5], 1)
    assert box.values() == [0.25]
    box.send("gain", 2)
    assert box.values() == [1]


def test_several_channels(rack):
    assert rack("pyext~ 0 0 2 2 {m}.Adds", [0.75, 0.25], 2, messages=0).values() == [1, 0.5]


def test_message_inlets_count_from_one_whatever_the_signals(desk, rack):
    box = rack("pyext~ 1 1 3 1 {m}.Gain", [0.5, 0, 0], 1)
    box.send("shape")
    assert box.heard() == ["List", 64, "float32", "ndarray", 1]


def test_without_counts_there_are_no_signals(rack):
    box = rack("pyext~ 1 1 {m}.Plain", [], 0)
    box.send(3)
    assert box.heard() == ["Float", 3]


def test_dsp_may_choose_the_method_and_sees_the_vectors(rack):
    box = rack("pyext~ 1 1 1 1 {m}.Chooses", [0.5], 1)
    assert box.values() == [1]
    box.send("length")
    assert box.heard() == ["Float", 64]


def test_block_sizes_as_the_patch_has_them(desk, rack):
    box = rack("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    desk.pd.send(f"pd-{box.patch}", "obj", 10, 300, "block~", 512)
    desk.pd.send("pd", "dsp", 0)
    desk.pd.send("pd", "dsp", 1)
    box.pass_time()
    box.send("shape")
    assert box.heard()[1] == 512
    assert box.values() == [0.25]


def test_no_vectors_before_the_first_dsp_start(desk):
    box = desk.box(
        "pyext~ 1 1 1 1 {m}.Early",
        "import pyext\nclass Early(pyext._class):\n    def bang_1(self):\n"
        "        self._outlet(1, str((self._invec(0), self._outvec(0), self._invec(-1))))\n",
        inlets=2,
        outlets=3,
    )
    box.send(1, "bang")
    assert desk.pd.expect(f"out-{box.number}-1") == ["Symbol", "(None, None, None)"]


def test_disabled_objects_are_silent(rack):
    assert rack("pyext~ 1 1 1 1 {m}.Refuses", [0.5], 1).values() == [0]
    box = rack("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    box.control("enable", 0)
    assert box.values() == [0]
    box.control("enable", 1)
    assert box.values() == [0.25]


def test_no_signal_method_is_silence(rack):
    assert rack("pyext~ 1 1 1 1 {m}.Plain", [0.5], 1).values() == [0]


def test_a_signal_method_that_raises_silences_the_object_and_is_reported_once(desk, rack):
    box = rack("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    box.send("fail")
    assert box.values() == [0]
    assert box.values() == [0]
    assert sum("_signal" in line for line in desk.errors) == 1
    box.send("gain", 1)
    desk.pd.send("pd", "dsp", 0)
    desk.pd.send("pd", "dsp", 1)
    assert box.values() == [0]
    box.control("enable", 1)
    assert box.values() == [0.5]


def test_a_reload_takes_the_new_signal_method(desk, rack):
    box = rack("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    desk.write(desk.folder, f"script{box.number}", GAIN.replace("gain = 0.5", "gain = 4"))
    box.control("reload.")
    assert box.values() == [2]


def test_messages_from_the_audio_are_queued(desk, rack):
    desk.pd.listen("told")
    rack("pyext~ 1 1 1 1 {m}.Sends", [0.5], 1)
    assert desk.pd.expect("told") == ["from the audio"]


@pytest.fixture
def wave(desk):
    (desk.folder / "wave.pd").write_text(WAVE)
    desk.pd.open(desk.folder / "wave.pd")
    yield
    desk.pd.send("pd-wave.pd", "menuclose", 1)


def test_arrays_can_be_read_and_written_in_the_audio(rack, wave):
    assert rack("pyext~ 0 0 0 1 {m}.Reads", [], 1, messages=0).values() == [4.25]


@pytest.mark.parametrize("name", ["Waits", "Resizes", "ResizesAtStart"])
def test_what_pd_cannot_do_in_the_audio_is_refused_at_once(desk, rack, wave, name):
    box = rack(f"pyext~ 0 0 1 1 {{m}}.{name}", [0.5], 1, messages=0)
    assert box.values() == [0]
    assert "cannot be done within" in desk.expect_console("RuntimeError")


def test_objects_in_a_row_play_beside_a_patch_that_is_switched_off(desk, rack):
    module = desk.unique()
    desk.write(desk.folder, module, GAIN)
    patch = desk.folder / f"rows-{module}.pd"
    patch.write_text(ROWS.replace("{m}", module))
    desk.pd.listen("rows")
    desk.pd.open(patch)
    box = desk.run(
        """
        def count():
            for _ in range(1000):
                sum(range(1000))
            self.say('counted')
        threading.Thread(target=count).start()
        """
    )
    assert box.expect(0) == ["Symbol", "counted"]
    desk.pd.send("look-rows", "bang")
    assert desk.pd.expect("rows") == [0.125]


def test_deleting_signal_objects_while_dsp_is_on_runs_del(desk, rack):
    desk.pd.listen("bye")
    script = GAIN + "\nclass Bye(Gain):\n    def _del(self):\n        pyext._send('bye', 1)\n"
    module = desk.unique()
    desk.write(desk.folder, module, script)
    for _ in range(5):
        box = rack(f"pyext~ 1 1 1 1 {module}.Bye", [0.5], 1)
        assert box.values() == [0.25]
        desk.pd.send(f"pd-{box.patch}", "menuclose", 1)
        assert desk.pd.expect("bye") == [1]


def test_vectors_kept_by_the_script_outlive_every_dsp_start(desk, rack):
    box = rack("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    keeper = """
    def keep_1(self):
        self.kept = [self._invec(0), self._outvec(0)]
    def use_1(self):
        for vector in self.kept:
            vector[:] = 1
        self._outlet(1, float(self.kept[0].sum()))
"""
    desk.write(desk.folder, f"script{box.number}", GAIN.replace("\nclass Adds", keeper + "\nclass Adds"))
    box.control("reload.")
    box.pass_time()
    box.send("keep")
    desk.pd.send("pd", "dsp", 0)
    desk.pd.send("pd", "dsp", 1)
    box.send("use")
    assert box.heard() == ["Float", 64]
