"""Takes on the disk: written whole or not at all, found, marked, bounded, shown; outside Pd."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from dlwakit.takes import page
from modelfiles.errors import UserError
from pdworker.host.making import Making
from pdworker.takes import formats
from pdworker.takes.fingerprint import fingerprint
from pdworker.takes.inputs import packed, unpacked
from pdworker.takes.place import Place, place, set_place
from pdworker.takes.store import Store, Take
from pdworker.takes.writer import NewTake, Writer

ROOT = Path(__file__).parents[2]
SOUND = np.linspace(-1, 1, 4000, dtype="<f4").reshape(2000, 2)


def sound(**more):
    return {"sounds": [{"ending": ".wav", "rate": 8000, "channels": 2, "sha256": ""}], **more}


@pytest.fixture
def store(tmp_path):
    return Store(Place(tmp_path / "takes", 10**9))


def test_a_sound_file_holds_the_very_samples(store):
    take = store.add("toy", sound(), {".wav": formats.wav(SOUND.tobytes(), 2, 8000)})
    samples, rate = soundfile.read(take.files[0], dtype="float32")
    assert rate == 8000 and (samples == SOUND).all()
    assert soundfile.info(take.files[0]).subtype == "FLOAT"


def test_a_melody_file_is_what_other_programs_read(tmp_path):
    file = tmp_path / "melody.mid"
    notes = [(60, 80, 0, 0.5), (60, 90, 0.5, 300)]
    file.write_bytes(formats.midi([("theme", []), ("answer", notes)], 90))
    read = mido.MidiFile(file)
    assert [track.name for track in read.tracks] == ["theme", "answer"]
    assert read.length == pytest.approx(300, abs=0.01)
    assert [message.type for message in read.tracks[1]][-5:-1] == [
        "note_on",
        "note_off",
        "note_on",
        "note_off",
    ]


def test_what_a_model_was_given_comes_back_and_a_damaged_file_is_told(tmp_path):
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.empty(0, np.float32), np.array([1.5])]
    known, content = packed(arrays)
    (tmp_path / "a.inputs").write_bytes(content)
    for before, after in zip(arrays, unpacked(tmp_path / "a.inputs", json.loads(json.dumps(known)))):
        assert before.dtype == after.dtype and before.shape == after.shape and (before == after).all()
    for wrong in (
        [{"type": "O", "shape": [1]}],
        [{"type": "<f4", "shape": [-1]}],
        [{"type": "<f4"}],
        [{"type": "<f4", "shape": [float("inf")]}],
        [{"type": "<f4", "shape": [0, 10**30]}, *known],
        known[:1],
    ):
        with pytest.raises(UserError, match="damaged"):
            unpacked(tmp_path / "a.inputs", wrong)


def test_a_take_is_found_by_its_name_its_file_and_as_the_newest(store):
    first = store.add("toy one", sound(), {".wav": b"a"})
    store.change(first, name="thunder", kept=True)
    second = store.add("toy two", sound(), {".wav": b"b"})
    assert store.find("thunder").path == store.find(str(first.files[0])).path == first.path
    assert store.find().path == store.find(second.path.stem).path == second.path
    assert [take.name for take in store.takes()] == ["thunder", second.path.stem]
    with pytest.raises(UserError, match="there is no take wind"):
        store.find("wind")


def test_the_newest_is_one_that_can_be_made_again(store):
    """A recording is a take from its beginning on, and may run while the last sound is recalled."""
    made = store.add("toy", sound(), {".wav": b"a"})
    recording = store.adopt(store.new_path("recording toy", ".wav"), {"kind": "recording"})
    assert store.find().path == made.path
    assert store.find(recording.name).path == recording.path


def test_the_oldest_unmarked_go_when_there_is_no_more_room(tmp_path):
    store = Store(Place(tmp_path / "takes", 10000))
    first = store.add("toy", sound(), {".wav": bytes(3000), ".inputs": bytes(500)})
    store.change(first, kept=True)
    others = [store.add("toy", sound(), {".wav": bytes(3000)}) for _ in range(5)]
    left = [take.path for take in store.takes()]
    assert left[0] == first.path and left[-1] == others[-1].path and len(left) < 4
    assert sum(file.stat().st_size for file in (tmp_path / "takes").glob("*/*")) <= 10000
    assert {file.name.split(".")[0] for file in left[0].parent.iterdir()} == {path.stem for path in left}


def test_many_write_at_once(tmp_path):
    def write(number):
        return Store(Place(tmp_path, 10**9)).add("toy", sound(number=number), {".wav": bytes(100)}).path

    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(write, range(64)))
    assert len(paths) == 64 == len(Store(Place(tmp_path, 10**9)).takes())


def test_a_full_disk_leaves_nothing_half_and_the_take_waits(tmp_path):
    """In a process that may write no more than 1000 bytes into a file, then into larger ones."""
    program = f"""
import os, resource, sys
sys.path.insert(0, {str(ROOT / "pyext_py3")!r})
from modelfiles.errors import UserError
from pdworker.takes.writer import NewTake, Writer
os.environ["DLWA_TAKES"] = {str(tmp_path)!r}
writer, new = Writer(), NewTake("toy", {{"sounds": []}}, {{".wav": bytes(5000)}})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for attempt in range(2):
    try:
        writer.write(new if attempt == 0 else NewTake("toy", {{"sounds": []}}, {{".wav": bytes(6000)}}))
    except UserError as error:
        print(error)
print([path for day in os.scandir({str(tmp_path)!r}) for path in os.listdir(day)])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.mark(new, "rescued")
print(new.take.name, len(writer.store().takes()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    line, nothing, rescued = done.stdout.splitlines()
    assert line.startswith("the sound is not kept yet: ") and "make room there" in line
    assert nothing == "[]" and rescued == "rescued 2"


def test_a_model_is_told_by_its_content(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/a").write_text("one")
    before = fingerprint(tmp_path / "model")
    assert len(before) == 64 and fingerprint(tmp_path / "none") == ""
    (tmp_path / "model/a").write_text("two!")
    assert fingerprint(tmp_path / "model") != before
    (tmp_path / "ckpt.index").write_text("index")
    assert len(fingerprint(tmp_path / "ckpt")) == 64


def test_a_path_that_came_with_a_take_may_lead_anywhere(tmp_path, monkeypatch):
    monkeypatch.setattr("pdworker.takes.fingerprint.MOST_FILES", 3)
    monkeypatch.setattr("pdworker.takes.fingerprint.MOST_BYTES", 10)
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text("one")
    assert fingerprint(tmp_path) == ""
    (tmp_path / "0.txt").write_text("eleven bytes")
    assert fingerprint(tmp_path / "0.txt") == ""
    (tmp_path / "voice[1].txt").write_text("two")
    assert fingerprint(tmp_path / "voice[1]") and not fingerprint(tmp_path / "**")


def test_the_folder_and_the_room_are_remembered_and_the_course_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("DLWA_TAKES")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert set_place(tmp_path / "mine", 0.5) == place() == Place(tmp_path / "mine", 500_000_000)
    with pytest.raises(UserError, match="the course's own folder"):
        set_place(ROOT / "takes")
    with pytest.raises(UserError, match="out of range"):
        set_place(gigabytes=0)
    assert place().folder == tmp_path / "mine"


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_has_a_picture_and_a_player_for_each_take(store):
    content = formats.wav(SOUND.tobytes(), 2, 8000)
    take = store.add(
        "toy", sound(day="05_toy", settings={"gain": 0.5}, message=["draw", "<b>"]), {".wav": content}
    )
    store.change(take, name="a <thunder>", kept=True)
    tracks = [["theme", [[60, 80, 0, 1]]], ["answer", [[64, 80, 1, 2]]]]
    store.add("duet", {"sounds": [{"ending": ".mid", "tracks": tracks}]}, {".mid": b"MThd"})
    text = page.write(store.place, store.takes()).read_text()
    tags = Tags(text).tags
    (player,) = (attrs for tag, attrs in tags if tag == "audio")
    assert (store.place.folder / player["src"]).is_file()
    assert sum(tag == "svg" for tag, _ in tags) == 2 and sum(tag == "rect" for tag, _ in tags) == 2
    assert "a &lt;thunder&gt;" in text and "<b>" not in text and "gain 0.5" in text
    (notes,) = (json.loads(attrs["data-notes"]) for tag, attrs in tags if tag == "button")
    assert notes == [[60, 80, 0, 1], [64, 80, 1, 2]]


STRANGE = [
    {"sounds": [{"file": name, "tracks": tracks}]}
    for name, tracks in [
        ("", 1),
        ("..", [["answer", [[60, 80, 0, 1]]]]),
        ("a" * 300, [["answer", 1]]),
        ("a.mid", [["answer", [[60, 80, "0", 1]]]]),
        ("a.mid", [["answer", [[60, 80, 0, -1], [60, 80]]]]),
        ("/etc/passwd", None),
    ]
] + [{"sounds": 1}, {"sounds": [], "settings": [1]}, {"message": 1}, {"name": "\ud800\x1b[2J", "kept": 1}]


def test_whatever_the_takes_of_others_say_is_shown_or_left_out(store, monkeypatch):
    store.add("toy", sound(), {".wav": formats.wav(SOUND.tobytes(), 2, 8000)})
    for number, facts in enumerate(STRANGE):
        (path,) = store.place.folder.glob("*")
        (path / f"strange-{number}.json").write_text(json.dumps({"format": 1, **facts}))
    assert not [file for take in store.takes() for file in take.files if file.parent != path]
    assert page.write(store.place, store.takes()).is_file()
    store.change(store.find(f"strange-{len(STRANGE) - 1}"), kept=True)
    monkeypatch.setenv("DLWA_TAKES", str(store.place.folder))
    for option in ("--list", "--json", "--quiz", "--no-open"):
        done = subprocess.run(
            [sys.executable, ROOT / "setup/dlwa", "takes", option], capture_output=True, text=True
        )
        assert "Traceback" not in done.stderr and "\x1b" not in done.stdout


def test_the_command_lists_takes(store, monkeypatch):
    store.change(store.add("toy", sound(day="05_toy"), {".wav": b""}), name="thunder", kept=True)
    monkeypatch.setenv("DLWA_TAKES", str(store.place.folder))
    command = [sys.executable, ROOT / "setup/dlwa", "takes"]
    listed = subprocess.run([*command, "--list"], capture_output=True, text=True, check=True).stdout
    assert listed.startswith("* thunder") and "05_toy" in listed
    made = subprocess.run([*command, "--no-open"], capture_output=True, text=True, check=True).stdout
    assert (store.place.folder / "index.html").is_file() and "index.html" in made


def test_a_take_that_was_marked_while_it_waited_keeps_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv("DLWA_TAKES", str(tmp_path / "takes"))
    (tmp_path / "takes").write_text("a file")
    writer, new = Writer(), NewTake("toy", sound(), {".wav": b""})
    with pytest.raises(UserError):
        writer.write(new)
    with pytest.raises(UserError):
        writer.mark(new, "mine")
    (tmp_path / "takes").unlink()
    writer.write(NewTake("toy", sound(), {".wav": b""}))
    assert new.take.name == "mine" and new.take.facts["kept"]


class Owner:
    """Keeps what an object of a patch would write, and hears whether a take is the same."""

    portable = staticmethod(str)

    def __init__(self, store):
        self.store, self.take, self.same = store, None, None

    def was_made(self, facts, write):
        self.take = write(NewTake("toy", facts), None, self).take

    def write(self, new):
        new.take = self.store.add(new.about, new.facts, new.files)
        return new

    def was_recalled(self, past, is_same):
        self.same = is_same(past)


@pytest.mark.parametrize("change, same", [(0, True), (1, False)])
def test_several_sounds_that_were_cut_short_are_the_beginning_of_each(store, change, same):
    owner, whole = Owner(store), np.arange(320, dtype=np.float32).reshape(16, 20)
    facts = {"call": {"name": "grid", "arguments": {}}}
    Making(owner, facts, []).keep_sounds({"grid": [whole[:, :7].ravel()]}, 8000, complete=False, parts=16)
    assert isinstance(owner.take, Take) and owner.take.facts["sounds"][0]["samples"] == 16 * 7
    whole[3, 4] += change
    Making(owner, facts, [], owner.take).keep_sounds({"grid": [whole.ravel()]}, 8000, parts=16)
    assert owner.same == same
