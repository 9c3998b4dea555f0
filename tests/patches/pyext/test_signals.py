"""Signal objects."""

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
    sent = False
    def _signal(self):
        if not self.sent:
            self.sent = True
            pyext._send("sent", "from the audio")

class Reads(pyext._class):
    def _signal(self):
        table = pyext.Buffer("wave")
        table[0] = 0.25
        table *= 1
        self._outvec(0)[:] = table[0] + len(table) + table[1:3].sum()

class Forgets(Gain):
    blocks = 0
    def _signal(self):
        self.blocks += 1
        if self.blocks == 1:
            self._outvec(0)[:] = 1
        self._outvec(1)[63] = self.blocks == 1

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
GROUPS = """#N canvas 0 0 400 400 12;
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
#X obj 90 160 send groups;
#X obj 150 100 receive read-groups;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 0 3 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 5 0 6 0;
#X connect 7 0 5 0;
"""


class SignalBox:
    """A box with constant signals at its inlets and a snapshot of each outlet."""

    def __init__(self, rig, text, signals, outlets, messages=1):
        self.rig = rig
        self.number = next(rig.numbers)
        module = f"script{self.number}"
        rig.write(rig.folder, module, GAIN)
        names = [f"snap{self.number}-{i}" for i in range(outlets)]
        lines = ["#N canvas 0 0 600 400 12;", f"#X obj 10 100 {text.replace('{m}', module)};"]
        lines += [f"#X obj {10 + 90 * i} 40 sig~ {value};" for i, value in enumerate(signals)]
        first = 1 + len(signals)
        for i, name in enumerate(names):
            rig.pd.listen(name)
            lines += [
                f"#X obj {10 + 90 * i} 150 snapshot~;",
                f"#X obj {10 + 90 * i} 180 send {name};",
                f"#X obj {10 + 90 * i} 120 receive read{self.number};",
            ]
        control = first + 3 * outlets
        lines += [f"#X obj 300 40 receive control{self.number};", f"#X obj 400 40 receive in{self.number};"]
        lines += [f"#X obj 300 200 probe out{self.number};"]
        rig.pd.listen(f"out{self.number}")
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
        self.patch = f"signal_box{self.number}.pd"
        (rig.folder / self.patch).write_text("\n".join(lines) + "\n")
        rig.pd.open(rig.folder / self.patch)
        self.names = names

    def values(self):
        """Return a sample of each outlet, after a few blocks."""
        self.rig.let_time_pass(10)
        self.rig.pd.send(f"read{self.number}", "bang")
        return [self.rig.pd.expect(name)[0] for name in self.names]

    def control(self, *message):
        self.rig.pd.send(f"control{self.number}", *message)

    def send(self, *message):
        self.rig.pd.send(f"in{self.number}", *message)

    def expect_message(self):
        return self.rig.pd.expect(f"out{self.number}")


@pytest.fixture
def signal_box(rig):
    rig.pd.send("pd", "dsp", 1)
    yield lambda *arguments, **options: SignalBox(rig, *arguments, **options)
    rig.pd.send("pd", "dsp", 0)


@pytest.mark.parametrize("name", ["pyext~", "pyx~", "pyext.~", "pyx.~"])
def test_a_gain(signal_box, name):
    box = signal_box(f"{name} 1 1 1 1 {{m}} Gain", [0.5], 1)
    assert box.values() == [0.25]
    box.send("gain", 2)
    assert box.values() == [1]


def test_several_channels(signal_box):
    assert signal_box("pyext~ 0 0 2 2 {m}.Adds", [0.75, 0.25], 2, messages=0).values() == [1, 0.5]


def test_message_inlets_count_from_one_whatever_the_signals(rig, signal_box):
    box = signal_box("pyext~ 1 1 3 1 {m}.Gain", [0.5, 0, 0], 1)
    box.send("shape")
    assert box.expect_message() == ["List", 64, "float32", "ndarray", 1]


def test_without_counts_there_are_no_signals(signal_box):
    box = signal_box("pyext~ 1 1 {m}.Plain", [], 0)
    box.send(3)
    assert box.expect_message() == ["Float", 3]


def test_dsp_may_choose_the_method_and_sees_the_vectors(signal_box):
    box = signal_box("pyext~ 1 1 1 1 {m}.Chooses", [0.5], 1)
    assert box.values() == [1]
    box.send("length")
    assert box.expect_message() == ["Float", 64]


def test_block_sizes_as_the_patch_has_them(rig, signal_box):
    box = signal_box("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    rig.pd.send(f"pd-{box.patch}", "obj", 10, 300, "block~", 512)
    rig.pd.send("pd", "dsp", 0)
    rig.pd.send("pd", "dsp", 1)
    rig.let_time_pass(10)
    box.send("shape")
    assert box.expect_message()[1] == 512
    assert box.values() == [0.25]


def test_no_vectors_before_the_first_dsp_start(rig):
    box = rig.box(
        "pyext~ 1 1 1 1 {m}.Early",
        "import pyext\nclass Early(pyext._class):\n    def bang_1(self):\n"
        "        self._outlet(1, str((self._invec(0), self._outvec(0), self._invec(-1))))\n",
        inlets=2,
        outlets=3,
    )
    box.send(1, "bang")
    assert rig.pd.expect(f"out-{box.number}-1") == ["Symbol", "(None, None, None)"]


def test_disabled_objects_are_silent(signal_box):
    assert signal_box("pyext~ 1 1 1 1 {m}.Refuses", [0.5], 1).values() == [0]
    box = signal_box("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    box.control("enable", 0)
    assert box.values() == [0]
    box.control("enable", 1)
    assert box.values() == [0.25]


def test_no_signal_method_is_silence(signal_box):
    assert signal_box("pyext~ 1 1 1 1 {m}.Plain", [0.5], 1).values() == [0]


def test_a_signal_method_that_raises_silences_the_object_and_is_reported_once(rig, signal_box):
    box = signal_box("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    box.send("fail")
    assert box.values() == [0]
    assert box.values() == [0]
    assert sum("_signal" in line for line in rig.errors) == 1
    box.send("gain", 1)
    rig.pd.send("pd", "dsp", 0)
    rig.pd.send("pd", "dsp", 1)
    assert box.values() == [0]
    box.control("enable", 1)
    assert box.values() == [0.5]


def test_a_reload_takes_the_new_signal_method(rig, signal_box):
    box = signal_box("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    rig.write(rig.folder, f"script{box.number}", GAIN.replace("gain = 0.5", "gain = 4"))
    box.control("reload.")
    assert box.values() == [2]


def test_messages_from_the_audio_are_queued(rig, signal_box):
    rig.pd.listen("sent")
    signal_box("pyext~ 1 1 1 1 {m}.Sends", [0.5], 1)
    assert rig.pd.expect("sent") == ["from the audio"]


@pytest.fixture
def wave(rig):
    (rig.folder / "wave.pd").write_text(WAVE)
    rig.pd.open(rig.folder / "wave.pd")
    yield
    rig.pd.send("pd-wave.pd", "menuclose", 1)


def test_arrays_can_be_read_and_written_in_the_audio(signal_box, wave):
    assert signal_box("pyext~ 0 0 0 1 {m}.Reads", [], 1, messages=0).values() == [4.25]


@pytest.mark.parametrize("name", ["Waits", "Resizes", "ResizesAtStart"])
def test_what_pd_cannot_do_in_the_audio_is_refused_at_once(rig, signal_box, wave, name):
    box = signal_box(f"pyext~ 0 0 1 1 {{m}}.{name}", [0.5], 1, messages=0)
    assert box.values() == [0]
    assert "cannot be done within" in rig.expect_console("RuntimeError")


def test_a_group_of_objects_plays_beside_a_patch_that_is_switched_off(rig, signal_box):
    module = rig.unique()
    rig.write(rig.folder, module, GAIN)
    patch = rig.folder / f"groups-{module}.pd"
    patch.write_text(GROUPS.replace("{m}", module))
    rig.pd.listen("groups")
    rig.pd.open(patch)
    box = rig.run(
        """
        def count():
            for _ in range(1000):
                sum(range(1000))
            self.output('counted')
        threading.Thread(target=count).start()
        """
    )
    assert box.expect(0) == ["Symbol", "counted"]
    rig.pd.send("read-groups", "bang")
    assert rig.pd.expect("groups") == [0.125]


def test_deleting_signal_objects_while_dsp_is_on_runs_del(rig, signal_box):
    rig.pd.listen("deleted")
    script = GAIN + "\nclass Deleted(Gain):\n    def _del(self):\n        pyext._send('deleted', 1)\n"
    module = rig.unique()
    rig.write(rig.folder, module, script)
    for _ in range(5):
        box = signal_box(f"pyext~ 1 1 1 1 {module}.Deleted", [0.5], 1)
        assert box.values() == [0.25]
        rig.pd.send(f"pd-{box.patch}", "menuclose", 1)
        assert rig.pd.expect("deleted") == [1]


def test_vectors_kept_by_the_script_outlive_every_dsp_start(rig, signal_box):
    box = signal_box("pyext~ 1 1 1 1 {m}.Gain", [0.5], 1)
    vectors = """
    def keep_1(self):
        self.kept = [self._invec(0), self._outvec(0)]
    def use_1(self):
        for vector in self.kept:
            vector[:] = 1
        self._outlet(1, float(self.kept[0].sum()))
"""
    rig.write(rig.folder, f"script{box.number}", GAIN.replace("\nclass Adds", vectors + "\nclass Adds"))
    box.control("reload.")
    rig.let_time_pass(10)
    box.send("keep")
    rig.pd.send("pd", "dsp", 0)
    rig.pd.send("pd", "dsp", 1)
    box.send("use")
    assert box.expect_message() == ["Float", 64]


def test_what_a_method_leaves_out_is_silent(signal_box):
    assert signal_box("pyext~ 0 0 1 2 {m}.Forgets", [0], 2, messages=0).values() == [0, 0]
