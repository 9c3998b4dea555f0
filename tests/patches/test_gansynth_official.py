"""From `checkpoints get all_instruments` to a note: the command line, a server of this machine, and real Pd."""

import json
import shutil
import sys
import threading

import pytest
from support.course_copy import ROOT, CourseCopy
from support.external import EXTERNAL
from support.file_server import Server
from support.gansynth_files import FLAGS, write_model

DAY = ROOT / "03_gansynth"
NAME = "all_instruments"


@pytest.fixture
def course(tmp_path):
    """A course whose all_instruments.zip comes from this machine: a small model, packed as Magenta packs its own."""
    folder = write_model(tmp_path / "packing" / NAME, pitches=range(24, 85))
    (folder / "meta.json").unlink()
    archive = shutil.make_archive(str(tmp_path / NAME), "zip", folder.parent, NAME)
    (entry,) = [e for e in json.loads((DAY / "checkpoints/registry.json").read_text()) if e["name"] == NAME]
    with Server() as server, open(archive, "rb") as file:
        server.body, server.cuts = file.read(), [1000]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        course = CourseCopy(tmp_path)
        course.add_day("03_gansynth", "gansynth", registry=[{**entry, "url": server.url(f"{NAME}.zip")}])
        yield course
        server.shutdown()


def test_a_model_that_was_fetched_plays_at_the_press_of_its_button(course, play):
    got = course.dlwa("checkpoints", "get", NAME)
    assert got.returncode == 0, got.stderr
    assert "licence: not stated by the publisher" in got.stdout and "nothing proves" in got.stdout
    assert "already here" in course.dlwa("checkpoints", "get", NAME).stdout

    environment = {"HOME": str(course.home), "DLWA_PYTHON_TORCH": sys.executable, "XDG_DATA_HOME": ""}
    pd = play([DAY / "gansynth.pd"], listen=["gansynth-out"], path=[EXTERNAL], environment=environment)
    pd.send("gansynth", "press", NAME)
    pd.expect("gansynth-out", "worker", "on", "name", NAME, timeout=300)
    pd.expect("gansynth-out", "model", FLAGS["sample_rate"], FLAGS["audio_length"], 8, 24, 84, timeout=300)
    pd.send("gansynth", "press", "synthesize")
    pd.expect("gansynth-out", "synthesized", FLAGS["audio_length"], timeout=300)
    assert pd.errors() == []
    verified = course.dlwa("checkpoints", "verify")
    assert verified.returncode == 0 and NAME in verified.stdout


def test_without_it_the_patch_says_how_to_get_it(play, tmp_path):
    environment = {"HOME": str(tmp_path), "DLWA_PYTHON_TORCH": sys.executable, "XDG_DATA_HOME": ""}
    pd = play([DAY / "gansynth.pd"], listen=["gansynth-out"], path=[EXTERNAL], environment=environment)
    pd.send("gansynth", "press", NAME)
    (_, text) = pd.expect("gansynth-out", "error", timeout=300)
    assert text == f"{NAME} is not on this computer - run setup/dlwa checkpoints get {NAME} in a terminal"
