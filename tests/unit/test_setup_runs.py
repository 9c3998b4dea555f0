"""What `demo` and `bench` make of the days' own programs: summaries, medians, failures."""

import io
import json
import struct
import subprocess
import sys

import pytest
from dlwakit.cli import bench, demo
from dlwakit.course import days
from modelfiles.errors import UserError
from support.course_copy import ROOT

DEMO = """
import struct, wave
def demo(out_dir):
    files = [out_dir / "tune.wav", out_dir / "tune.mid"]
    with wave.open(str(files[0]), "wb") as audio:
        audio.setparams((2, 2, 8000, 0, "NONE", ""))
        audio.writeframes(bytes(4 * 12000))
    files[1].write_bytes(b"MThd")
    return files
"""


@pytest.fixture
def course(tmp_path):
    def add(name, program):
        folder = tmp_path / name
        folder.mkdir()
        facts = {"title": name, "package": name[3:], "patch": "x.pd", "environment": "torch"}
        (folder / "day.json").write_text(json.dumps(facts))
        if program is not None:
            (folder / "demo.py").write_text(program)

    add.root = tmp_path
    return add


@pytest.fixture
def run_demo(course, monkeypatch, tmp_path):
    """Run the demos of the toy days, with nothing to install; (exit status, summary)."""
    monkeypatch.setattr(demo, "ensure", lambda *_, **__: False)
    monkeypatch.setattr(demo, "all_days", lambda: days.all_days(course.root))
    monkeypatch.setattr(demo, "find_day", lambda word: days.find_day(word, course.root))

    def run(*words):
        class args:
            days, out, yes = words, tmp_path / "out", True

        return demo.run(args), json.loads((tmp_path / "out/summary.json").read_text())["days"]

    return run


def test_a_demo_is_summarised(course, run_demo):
    course("01_tune", DEMO)
    status, summary = run_demo()
    assert status == 0
    assert summary["01_tune"]["ok"] is True
    assert summary["01_tune"]["audio_seconds"] == 1.5
    assert summary["01_tune"]["files"] == ["01_tune/tune.wav", "01_tune/tune.mid"]
    assert summary["01_tune"]["seconds"] >= 0


@pytest.mark.parametrize(
    "program, reason",
    [
        ("def demo(out_dir): raise RuntimeError('Pd went away')", "Pd went away"),
        ("def demo(out_dir): return []", "did not write anything"),
        ("def demo(out_dir): return [out_dir / 'promised.wav']", "promised.wav"),
        ("import no_such_module", "no_such_module"),
        (None, "has no demo yet"),
    ],
)
def test_a_demo_that_fails_is_told_and_the_next_one_runs(course, run_demo, program, reason, capsys):
    course("01_bad", program)
    course("02_tune", DEMO)
    status, summary = run_demo("1", "tune")
    assert status == 1
    assert (summary["01_bad"]["ok"], summary["02_tune"]["ok"]) == (False, True)
    assert reason in summary["01_bad"]["error"]
    assert f"dlwa: 01_bad: {summary['01_bad']['error']}" in capsys.readouterr().err


def test_without_a_word_the_days_that_have_a_demo_run(course, run_demo):
    course("01_later", None)
    course("02_tune", DEMO)
    status, summary = run_demo()
    assert (status, list(summary)) == (0, ["02_tune"])


def test_the_piece_goes_by_its_name(run_demo, monkeypatch):
    monkeypatch.setattr(demo, "_play", lambda day, out: {"ok": (day.folder / day.patch).exists()})
    assert run_demo("piece") == (0, {"piece": {"ok": True}})


def test_length_of_a_float_wav_with_other_chunks(tmp_path):
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"fmt " + struct.pack("<IHHIIHH", 16, 3, 1, 48000, 192000, 4, 32)
    chunks += b"data" + struct.pack("<I", 96000)
    file = tmp_path / "float.wav"
    file.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks) + 96000) + b"WAVE" + chunks + bytes(96000))
    assert demo._audio_seconds([file, tmp_path / "picture.png"]) == 0.5


@pytest.mark.parametrize(
    "word", ["1", "01", "01_ai_duet", "ai_duet", "AI_Duet", "01_ai_duet/", "./01_ai_duet/"]
)
def test_a_day_goes_by_many_names(course, word):
    course("01_ai_duet", None)
    course("02_ddsp", None)
    assert days.find_day(word, course.root).name == "01_ai_duet"


@pytest.mark.parametrize("word", ["", "3", "011", "duet", "01_"])
def test_and_by_no_others(course, word):
    course("01_ai_duet", None)
    with pytest.raises(UserError, match="no day"):
        days.find_day(word, course.root)


def test_figures_are_medians_and_ratios():
    runs = [{"seconds": s, "audio_seconds": 8.0, "reference_seconds": 80.0} for s in (2.0, 4.0, 30.0)]
    found = bench.figures(runs)
    assert (found["seconds"], found["realtime_factor"], found["ratio"]) == (4.0, 0.5, 0.05)
    assert (found["audio_seconds"], found["reference_seconds"]) == (8.0, 80.0)
    bare = bench.figures(
        [{"name": "one", "seconds": 1.0, "audio_seconds": None, "per_second": 9.0, "late": 3}]
    )
    assert (bare["realtime_factor"], bare["ratio"], bare["per_second"], bare["late"]) == (None, None, 9.0, 3)


def test_benchmarks_go_by_name_and_by_group():
    known = ["melody.20s", "melody.load", "pyext.message"]
    assert bench.choose([], known) == known
    assert bench.choose(["melody"], known) == known[:2]
    assert bench.choose(["pyext.message"], known) == known[2:]
    with pytest.raises(UserError, match="'mel'"):
        bench.choose(["mel"], known)


def test_a_benchmark_names_what_it_needs(tmp_path):
    file = tmp_path / "toy.py"
    file.write_text("NEEDS = ('jackd2', 'pd-lua', 'test tools', 'tensorflow')\nBENCHMARKS = {}\n")
    packages, *others = bench.needs_of(file)
    assert list(packages.packages) == ["jackd2", "pd-lua"]
    assert [part.name for part in others] == ["the test tools", "the Python environment 'tensorflow'"]


@pytest.mark.parametrize("file", sorted(bench.FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_what_the_benchmarks_need_can_be_installed(file):
    assert all(part.commands() for part in bench.needs_of(file))


def test_what_a_benchmark_lacks_is_one_line_and_the_next_one_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "apart.py").write_text("NEEDS = ('jackd2',)\nBENCHMARKS = {'apart.one': None}\n")
    (tmp_path / "toy.py").write_text("BENCHMARKS = {'toy.one': lambda: {'seconds': 1.0}}\n")
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "to_play", lambda *_: [])
    monkeypatch.setitem(bench.BENCH, "jackd2", lambda: False)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    class args:
        names, json, runs, yes, long = [], tmp_path / "figures.json", 1, False, False

    assert bench.run(args) == 1
    assert "setup/dlwa: apart.one: nobody is here to answer" in capsys.readouterr().err
    assert list(json.loads(args.json.read_text())["benchmarks"]) == ["toy.one"]


def test_what_takes_minutes_runs_once_and_hours_are_asked_for(tmp_path, monkeypatch):
    one_run = "{'seconds': 1.0, 'was_long': float(bool(os.environ['DLWA_BENCH_LONG']))}"
    (tmp_path / "toy.py").write_text(f"import os\nRUNS = 1\nBENCHMARKS = {{'toy.one': lambda: {one_run}}}\n")
    (tmp_path / "plain.py").write_text("BENCHMARKS = {}\n")
    assert bench.most_runs_of(tmp_path / "toy.py") == 1 < bench.most_runs_of(tmp_path / "plain.py")
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "to_play", lambda *_: [])

    class args:
        names, json, runs, yes, long = [], tmp_path / "figures.json", 3, False, True

    assert bench.run(args) == 0
    assert json.loads(args.json.read_text())["benchmarks"]["toy.one"]["was_long"] == 1.0


def test_what_has_run_is_kept_where_the_next_one_ends_it_all(tmp_path, monkeypatch, capsys):
    (tmp_path / "toy.py").write_text(
        "import os\n"
        "end = lambda: os.kill(os.getpid(), 9)\n"
        "BENCHMARKS = {'toy.one': lambda: {'seconds': 1.0}, 'toy.two': end, 'toy.three': end}\n"
    )
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    monkeypatch.setattr(bench, "to_play", lambda *_: [])

    class args:
        names, json, runs, yes, long = [], tmp_path / "figures.json", 2, False, False

    assert bench.run(args) == 1
    said = capsys.readouterr()
    assert "toy.one: 1 s" in said.out
    assert "toy.two: did not run" in said.err and "toy.three: did not run" in said.err
    assert list(json.loads(args.json.read_text())["benchmarks"]) == ["toy.one"]


def test_benchmarks_run_apart_from_what_libraries_print(tmp_path):
    file = tmp_path / "toy.py"
    file.write_text(
        "import itertools, os\n"
        "count = itertools.count(1)\n"
        "def good():\n"
        "    print('noise'); os.system('echo noise')\n"
        "    return {'seconds': next(count), 'audio_seconds': 2.0, 'reference_seconds': None}\n"
        "def bad():\n"
        "    raise ValueError('too loud')\n"
        "BENCHMARKS = {'toy.good': good, 'toy.bad': bad}\n"
    )
    assert bench.names_in(file) == ["toy.good", "toy.bad"]
    assert bench.needs_of(file) == []
    done = subprocess.run(
        [sys.executable, "-m", "dlwakit.benchmarks", file, "3", "toy.bad", "toy.good"],
        cwd=ROOT / "setup",
        capture_output=True,
        text=True,
        check=True,
    )
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert runs[0] == {"name": "toy.bad", "error": "ValueError: too loud"}
    assert [run["seconds"] for run in runs[1:]] == [1, 2, 3]
