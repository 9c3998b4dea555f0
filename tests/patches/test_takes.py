"""Takes in real Pd, with a toy day: what is made is kept, named, and made again; and what can go wrong with that."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from support.external import EXTERNAL
from support.faults import FULL, Faults
from support.waiting import wait_until

HERE = Path(__file__).parent / "pd_object"
OUT = "toy-out"


@pytest.fixture
def takes(tmp_path):
    return tmp_path / "takes"


@pytest.fixture
def begin(play, tmp_path, takes):
    """`begin()`: another Pd with the toy patch, with its model loaded."""
    folder = tmp_path / "01 toy"
    shutil.copytree(HERE, folder)
    (folder / "voice.txt").write_text("a model")

    def start(where=takes, **more):
        variables = {
            "DLWA_PYTHON_TORCH": sys.executable,
            "DLWA_TAKES": str(where),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "HOME": str(tmp_path),
            **more,
        }
        pd = play([folder / "toy.pd"], ["-lib", "py"], path=[EXTERNAL], listen=[OUT], environment=variables)
        pd.send("toy", "load", "voice")
        pd.expect(OUT, "worker", "on")
        return pd

    start.folder = folder
    return start


def draw(pd):
    """Let it make a sound; the name of its take, and the sound."""
    pd.send("toy", "draw", "toy-from", "toy-to")
    pd.expect(OUT, "drawn")
    return pd.expect(OUT, "take")[1], pd.array("toy-to")


def facts_of(takes, name):
    (path,) = takes.glob(f"*/{name}.json")
    return json.loads(path.read_text())


def test_what_was_made_by_chance_is_made_again_after_other_settings_and_models(begin, takes):
    soundfile = pytest.importorskip("soundfile")
    pd = begin()
    pd.send("toy", "gain", 0.25)
    pd.set_array("toy-from", [0.5] * 100)
    name, sound = draw(pd)
    kept, rate = soundfile.read(next(takes.glob(f"*/{name}.wav")), dtype="float32")
    assert rate == 8000 and list(kept) == pytest.approx(list(sound), rel=1e-5)
    facts = facts_of(takes, name)
    assert facts["model"]["name"] == "voice" and len(facts["model"]["sha256"]) == 64
    assert 0 <= facts["seed"] < 2**24 and facts["settings"]["gain"] == 0.25 and not facts["kept"]
    pd.send("toy", "keep", "low", "thunder")
    assert pd.expect(OUT, "kept") == ["kept", "low thunder"]
    assert facts_of(takes, name)["kept"]

    (begin.folder / "other.txt").write_text("another model")
    pd.send("toy", "load", "other")
    pd.expect(OUT, "worker", "on", "name", "other")
    pd.send("toy", "gain", 2)
    pd.set_array("toy-from", [0] * 100)
    assert draw(pd)[1] != sound

    for again in (pd, begin()):
        again.send("toy", "recall", "low", "thunder")
        again.expect(OUT, "setting", "gain", 0.25)
        again.expect(OUT, "drawn")
        assert again.expect(OUT, "recalled") == ["recalled", "low thunder", "same"]
        assert list(again.array("toy-to")) == list(sound) and list(again.array("toy-from")) == [0.5] * 100
        again.send("toy", "status")
        again.expect(OUT, "worker", "on", "name")
        assert again.errors() == []
    assert len(list(takes.glob("*/*.json"))) == 2


def test_a_model_that_is_gone_or_has_changed_is_told_and_the_sound_stays(begin, takes):
    pd = begin()
    name, _ = draw(pd)
    (begin.folder / "voice.txt").write_text("trained on")
    pd.send("toy", "load", "voice")
    pd.expect(OUT, "worker", "on")
    pd.send("toy", "recall", name)
    line = pd.expect(OUT, "error")[1]
    assert line.startswith(
        "the model voice of this take is gone, or has changed since - what it made then is in "
    )
    assert Path(line.split(" is in ")[1]).is_file()
    pd.send("toy", "recall", "nothing")
    assert pd.expect(OUT, "error")[1].startswith("there is no take nothing - looked for in ")
    next(takes.glob("*/*.inputs")).unlink()
    (begin.folder / "voice.txt").write_text("a model")
    pd.send("toy", "recall", name)
    assert "cannot be read" in pd.expect(OUT, "error")[1]
    pd.send("toy", "add", 1, 2)
    pd.expect(OUT, "added", 3)


def test_a_folder_that_cannot_be_written_is_told_once_and_nothing_is_lost(begin, takes):
    takes.write_text("a file is where the folder should be")
    pd = begin()
    pd.send("toy", "draw", "toy-from", "toy-to")
    line = pd.expect(OUT, "error")[1]
    assert line.startswith("the sound is not kept yet: ") and "cannot be written" in line
    pd.send("toy", "keep", "rescued")
    pd.expect(OUT, "error")
    takes.unlink()
    pd.send("toy", "draw", "toy-from", "toy-to")
    pd.expect(OUT, "take")
    found = [json.loads(path.read_text()) for path in takes.glob("*/*.json")]
    assert sorted(facts["name"] for facts in found) == ["", "rescued"]


def test_a_full_disk_is_told_once_and_what_was_made_meanwhile_is_written_later(begin, takes, tmp_path):
    faults = Faults(tmp_path, takes)
    pd = begin(**faults.variables)
    with faults.at(1, FULL):
        pd.send("toy", "draw", "toy-from", "toy-to")
        assert "cannot be written: No space left on device" in pd.expect(OUT, "error")[1]
        pd.send("toy", "draw", "toy-from", "toy-to")
        pd.expect(OUT, "drawn")
        pd.send("toy", "keep", "rescued")
        assert "No space left" in pd.expect(OUT, "error")[1]
    draw(pd)
    found = [json.loads(path.read_text()) for path in takes.glob("*/*.json")]
    assert sorted(facts["name"] for facts in found) == ["", "", "rescued"]
    assert len(pd.errors()) == 2 and not list(takes.glob("*/.*"))


def test_a_strangers_take_chooses_no_program_and_no_file(begin, takes, tmp_path):
    """Recalled, its sound is made again by our own worker; one that names files for the call is refused."""
    program, ran, other = tmp_path / "program", tmp_path / "ran", tmp_path / "other"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o755)
    name, _ = draw(begin())
    (path,) = takes.glob(f"*/{name}.json")
    facts = json.loads(path.read_text())
    facts["model"]["load"] += [
        "--python",
        str(program),
        "--speed=2",
        "--trusted",
        f"--python={program}",
        "--",
    ]
    path.write_text(json.dumps(facts))
    (begin.folder / "other.txt").write_text("another model")
    pd = begin()
    pd.send("toy", "load", "other")
    pd.expect(OUT, "worker", "on", "name", "other")
    pd.send("toy", "recall", name)
    assert pd.expect(OUT, "recalled", timeout=60) == ["recalled", name, "same"]
    assert not ran.exists() and pd.errors() == []
    for word in ("files", "reads", "writes", "shows"):
        facts["call"]["arguments"] = {"seed": 1, "gain": 1, word: {"gain": str(other)}}
        path.write_text(json.dumps(facts))
        pd.send("toy", "recall", name)
        assert "is damaged, or no take of this version" in pd.expect(OUT, "error")[1]
    assert not other.exists()


def test_takes_never_get_into_the_course(begin):
    pd = begin(Path(__file__).resolve().parents[2] / "takes")
    pd.send("toy", "draw", "toy-from", "toy-to")
    assert "lies in the course's own folder" in pd.expect(OUT, "error")[1]


def test_two_pds_write_at_once_and_the_oldest_unmarked_go_first(begin, takes, tmp_path):
    (tmp_path / "data/dlwa").mkdir(parents=True)
    (tmp_path / "data/dlwa/takes.json").write_text('{"gigabytes": 3.2e-5}')
    one, other = begin(), begin()
    one.set_array("toy-from", [0] * 1000)
    other.set_array("toy-from", [0] * 1000)
    first, _ = draw(one)
    one.send("toy", "keep", "stays")
    one.expect(OUT, "kept")
    for pd in (one, other) * 4:
        pd.send("toy", "draw", "toy-from", "toy-to")
    last = [[pd.expect(OUT, "take")[1] for _ in range(4)][-1] for pd in (one, other)]
    wait_until(lambda: sum(path.stat().st_size for path in takes.glob("*/*")) < 45000, "room")
    left = {path.stem for path in takes.glob("*/*.json")}
    assert first in left and set(last) & left
    assert one.errors() == other.errors() == []
