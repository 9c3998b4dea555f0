"""The recorder, the window of takes and the presets of a patch, in real Pd."""

import json
import math
import struct
from pathlib import Path

import pytest
from dlwakit.pdtools.pd_session import wait_for_sound
from pdworker.takes import formats
from pdworker.takes.place import Place
from pdworker.takes.store import Store
from support.faults import FULL, Faults
from support.waiting import wait_until

SLIDER = "hsl 128 15 {} {} 0 0 \\$0-{} \\$0-{}-set empty -2 -8 0 10 #fcfcfc #000000 #000000 0 1"
TOGGLE = "tgl 15 0 \\$0-loop \\$0-loop-set empty 17 7 0 10 #fcfcfc #000000 #000000 0 1"


def test_what_a_patch_plays_is_recorded(page, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    file = tmp_path / "what is played.wav"
    tone = ("array define \\$0-tone 9", "dlwa-player~ \\$0-tone", "throw~ \\$0-left")
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0", *tone, cords=[(4, 5)])
    page.listen("record-set", "meter", "status")
    page.pd.set_array(page.own("tone"), [0.5 * math.sin(n / 10) for n in range(44100)])
    page.pd.send("pd", "dsp", 1)
    page.say("tone-loop", 1)
    page.say("tone-play")
    page.say("record-file", "symbol", str(file))
    assert page.hear("record-set") == ["set", 1]
    page.hear("meter", "vis_size", 127)  # -9 dB
    page.say("record", 0)
    assert page.hear("record-set") == ["set", 0]
    assert page.pd.expect("page-out", "saved") == ["saved", str(file)]
    wait_for_sound(file)
    sound, rate = soundfile.read(file)
    assert rate == 44100 and sound.shape[1] == 2
    assert abs(sound[:, 0]).max() == pytest.approx(0.5, abs=0.01) and abs(sound[:, 1]).max() == 0


@pytest.mark.parametrize("words", [("stop",), ("symbol", "stop")])
def test_a_recording_is_ended_from_outside(page, tmp_path, words):
    file = tmp_path / "short.wav"
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0")
    page.say("record-file", "symbol", str(file))
    page.say("record-file", *words)
    assert page.pd.expect("page-out", "saved") == ["saved", str(file)]
    assert list(tmp_path.glob("**/stop*")) == []


def test_the_record_button_records_a_take(page, tmp_path, monkeypatch):
    soundfile = pytest.importorskip("soundfile")
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    tone = ("array define \\$0-tone 9", "dlwa-player~ \\$0-tone", "throw~ \\$0-left")
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0", *tone, cords=[(4, 5)])
    page.listen("record-set", "do")
    page.say("do", "page", 1003, "tones")
    page.say("from", "late", 3)
    page.pd.set_array(page.own("tone"), [0.5 * math.sin(n / 10) for n in range(44100)])
    page.pd.send("pd", "dsp", 1)
    page.say("tone-loop", 1)
    page.say("tone-play")
    page.say("record", 1)
    assert page.hear("record-set", "set", 1)
    page.pd.let_time_pass(1100)
    page.say("from", "late", 5)
    page.say("record", 0)
    assert page.hear("record-set", "set", 0)
    file = Path(page.pd.expect("page-out", "saved")[1])
    facts = wait_until(lambda: _ended(file), "the take")
    assert facts["patch"] == "tones" and facts["kept"] and facts["late"] == 2 and facts["seconds"] >= 1
    wait_for_sound(file)
    sound, rate = soundfile.read(file)
    assert rate == 44100 and sound.shape[1] == 2 and soundfile.info(file).subtype == "FLOAT"
    assert abs(sound[:, 0]).max() == pytest.approx(0.5, abs=0.01) and abs(sound[:, 1]).max() == 0
    samples, channels, _ = formats.wav_samples(file.read_bytes())
    assert channels == 2 and len(samples) == sound.size * 4  # so that it is heard in the window of takes
    assert facts["seconds"] == pytest.approx(len(sound) / rate, abs=0.01)
    assert page.pd.errors() == []


@pytest.mark.needs("gcc")
def test_a_recording_on_a_full_disk_is_told_and_what_was_written_is_heard(page, tmp_path, monkeypatch):
    soundfile = pytest.importorskip("soundfile")
    faults = Faults(tmp_path, tmp_path / "takes")
    for name, value in {**faults.variables, "DLWA_TAKES": str(tmp_path / "takes")}.items():
        monkeypatch.setenv(name, value)
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0")
    page.listen("complain")
    page.pd.send("pd", "dsp", 1)
    page.say("record", 1)
    wait_until(lambda: any(one.stat().st_size > 10**5 for one in tmp_path.glob("takes/*/*.wav")), "sound")
    with faults.at(1, FULL):
        page.pd.expect_console("No space left on device")
    page.pd.let_time_pass(1000)
    page.say("record", 0)
    file = Path(page.pd.expect("page-out", "saved")[1])
    told = page.hear("complain")[0]
    held = soundfile.info(file).duration
    assert held > 0.2 and f"the recording holds {held:.1f} of " in told
    assert json.loads(file.with_suffix(".json").read_text())["seconds"] == pytest.approx(held, abs=0.01)


def test_a_recording_without_a_sample_is_told_and_is_no_take(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0")
    page.listen("complain", "record-set")
    page.say("record", 1)
    assert page.hear("record-set", "set", 1)
    wait_until(lambda: list(tmp_path.glob("takes/*/*.json")), "the take")
    page.say("record", 0)
    assert "nothing was recorded" in page.hear("complain")[0]
    assert not list(tmp_path.glob("takes/*/*"))


def test_a_recording_whose_pd_is_killed_is_a_take(page, tmp_path, monkeypatch):
    """It is listed, heard as far as it went, and makes room when it is no longer marked."""
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0")
    page.pd.send("pd", "dsp", 1)
    page.say("record", 1)
    wait_until(lambda: any(one.stat().st_size > 10**5 for one in tmp_path.glob("takes/*/*.wav")), "sound")
    page.pd.process.kill()
    page.pd.process.wait()
    store = Store(Place(tmp_path / "takes", 1000))
    (take,) = store.takes()
    samples, channels, rate = formats.wav_samples(take.files[0].read_bytes())
    assert len(samples) > 10**5 - 200 and (channels, rate) == (2, 44100)
    store.make_room()
    assert store.takes() and take.facts["kept"]
    store.change(take, kept=False)
    store.make_room()
    assert not list(tmp_path.glob("takes/*/*"))


def test_takes_are_heard_kept_recalled_and_used(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    store = Store(Place(tmp_path / "takes", 10**9))
    sound = struct.pack("<9f", *[0.5] * 9)
    made = [
        store.add("toy", {"sounds": [{"ending": ".wav"}]}, {".wav": formats.wav(sound, 1, 8000)}).path
        for _ in range(10)
    ]
    page = page("dlwa-takes \\$0 tones open-sound", "dlwa-output~ \\$0 1")
    page.listen("do", "open-sound")
    for number in range(int(page.own("").strip("-")) + 1, int(page.own("").strip("-")) + 40):
        page.pd.listen(f"{number}-from")
        page.pd.send(f"{number}-open")
        page.pd.sync()
    wait_until(lambda: _rows(page.pd), "the list of takes")
    (window,) = _rows(page.pd)

    def ask(*message):
        page.pd.send(f"{window}-do", *message)

    def answer(*start):
        return page.pd.expect(f"{window}-from", *start)

    assert answer("row", 0)[2] == made[-1].stem and answer("rows")[1:] == [0, 10]
    ask("keep", 0, "low", "thunder")
    assert answer("row", 0)[2::2] == ["low thunder", 1] and store.find("low thunder").path == made[-1]
    ask("hear", 0)
    assert answer("heard") == ["heard", 9, 8000]
    assert list(page.pd.array(f"{window}-take")) == [0.5] * 9
    ask("recall", 0)
    assert page.hear("do", "recall") == ["recall", made[-1].stem]
    ask("drop", 1)
    assert page.hear("open-sound") == [str(made[-2].with_suffix(".wav"))]
    ask("more", 8)
    assert answer("row", 1)[2] == made[0].stem and answer("row", 2)[2] == "-"
    ask("hear", 7)
    assert answer("error")[1] == "there is no take in this row"


@pytest.fixture
def controls(page, tmp_path, monkeypatch):
    """A page with three controls and presets, and their file."""
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    boxes = (SLIDER.format(0, 1, "gain", "gain"), TOGGLE, "dlwa-slider \\$0 speed speed 0 127 5")
    page = page(*boxes, "dlwa-presets \\$0", "r \\$0-says", "s seen")
    page.listen("gain", "loop", "speed", "do")
    page.file = tmp_path / "takes/presets/page.json"

    def begin():
        page.say("do", "page", int(page.own("").strip("-")), "page")
        page.pd.sync()

    page.begin = begin
    return page


def test_slots_bring_controls_back_and_the_way_between_two_is_gone(controls):
    controls.begin()
    for slot, gain, loop, speed in ((1, 0, 0, 10), (2, 1, 1, 20)):
        for name, value in (("gain", gain), ("loop", loop), ("speed", speed)):
            controls.say(f"{name}-set", value)
        controls.say("presets", "store", 1)
        controls.say("presets", "slot", slot)
        wait_until(lambda slot=slot: controls.file.exists() and str(slot) in _slots(controls), f"slot {slot}")
    controls.say("presets", "morph", 0.25, 1, 2)
    assert [controls.heard(name)[-1] for name in ("gain", "loop", "speed")] == [[0.25], [0], [12.5]]
    controls.say("presets", "slot", 2)
    wait_until(lambda: controls.heard("speed")[-1] == [20], "slot 2")
    assert [controls.heard(name)[-1] for name in ("gain", "loop")] == [[1], [1]]
    assert _slots(controls)["1"] == {"gain": 0, "loop": 0, "speed": 10}
    assert controls.pd.errors() == []


def test_a_knob_is_learned_and_a_flood_of_its_messages_moves_the_control_once_a_tick(controls):
    controls.begin()
    controls.say("presets", "learn", 1)
    controls.say("speed-set", 3)
    controls.say("presets", "cc", 1, 74, 1)
    wait_until(lambda: controls.file.exists() and json.loads(controls.file.read_text())["knobs"], "the knob")
    controls.say("presets", "learn", 0)
    before = len(controls.heard("speed"))
    for value in range(128):
        controls.say("presets", "cc", value, 74, 1)
    controls.say("presets", "cc", 64, 75, 1)
    wait_until(lambda: controls.heard("speed")[-1] == [127], "the control")
    assert len(controls.heard("speed")) - before <= 128


def test_presets_of_an_older_version_and_a_damaged_file(controls):
    controls.file.parent.mkdir(parents=True)
    controls.file.write_text('{"slots": {"1": {"gain": 0.5, "no longer there": 3}}, "knobs": {}}')
    controls.begin()
    controls.say("presets", "slot", 2)
    wait_until(lambda: any("slot 2 is empty" in line for line in controls.pd.console), "the error line")
    controls.say("presets", "slot", 1)
    wait_until(lambda: controls.heard("gain")[-1:] == [[0.5]], "slot 1")
    for number, gain in enumerate(("", "NaN", "1e400", "9" * 400), 1):
        damaged = f'{{"slots": {{"1": {{"gain": {gain}}}}}, "knobs": {{}}}}'
        controls.file.write_text(damaged)
        controls.begin()
        told = lambda number=number: sum("are damaged" in line for line in controls.pd.console) == number  # noqa: E731
        wait_until(told, "the error line")
        assert controls.file.with_suffix(".damaged").read_text() == damaged


def test_a_slot_that_cannot_be_written_is_told(controls):
    controls.file.parent.parent.mkdir(parents=True)
    controls.file.parent.write_text("a file")
    controls.begin()
    controls.say("presets", "store", 1)
    controls.say("presets", "slot", 3)
    wait_until(lambda: any("cannot be" in line for line in controls.pd.errors()), "the error line")
    controls.file.parent.unlink()
    controls.say("presets", "store", 1)
    controls.say("presets", "slot", 3)
    wait_until(lambda: controls.file.exists() and "3" in _slots(controls), "slot 3")


def _slots(page):
    return json.loads(page.file.read_text())["slots"]


def _ended(file):
    """What the JSON file beside a recording says, once that has ended."""
    facts = json.loads(file.with_suffix(".json").read_text())
    return facts if facts["seconds"] else None


def _rows(pd):
    """The numbers of the windows that have listed takes."""
    heard = {name.split("-")[0]: said for name, said in pd.received.items() if name.endswith("-from")}
    return [number for number, said in heard.items() if any(message[0] == "rows" for message in said)]


def test_a_recording_that_cannot_be_written_is_told(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    (tmp_path / "takes").write_text("a file")
    page = page("dlwa-output~ \\$0 1", "dlwa-recorder~ \\$0")
    page.listen("record-set", "complain")
    page.say("record", 1)
    assert "cannot be written" in page.hear("complain")[0]
    assert page.heard("record-set") == [["set", 0]]
