"""Let each day do its main job in real Pd, without a window, and keep what it made.

Installs first what is missing. Writes audio or MIDI and a picture for each day, and summary.json. `piece` is no day
but a minute of music whose parts models of five days make.
"""

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say, warn
from dlwakit.base.files import write_json
from dlwakit.base.paths import ROOT, find_python
from dlwakit.cli.install import to_play
from dlwakit.course.days import Day, all_days, find_day
from dlwakit.install.components import ensure

PIECE = Day(ROOT / "setup/piece", "a minute of music by models of five days", "piece", "", "torch", {}, "")
TO_SECONDS = "import soundfile, sys; print(sum(soundfile.info(sound).duration for sound in sys.argv[1:]))"


def add_arguments(parser):
    """DAY ..., --out, --yes."""
    parser.add_argument(
        "days", metavar="DAY", nargs="*", help="such as 1, ai_duet, 01_ai_duet, or piece (default: all days)"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=ROOT / "demo", help="where to write (default: demo)"
    )
    parser.add_argument("--yes", action="store_true", help="install what is missing without asking")


def run(args):
    """Run the demos in order; 1 if one fails."""
    days = [PIECE if word == PIECE.name else find_day(word) for word in args.days] or [
        day for day in all_days() if _program(day).exists()
    ]
    if not days:
        raise UserError("input", "no day has a demo yet")
    environments = sorted({day.environment for day in days})
    ensure(to_play(*environments, days=[day.name for day in days]), yes=args.yes)
    out = args.out.resolve()
    results = {}
    for day in days:
        say(f"{day.name}: {day.title}")
        results[day.name] = _play(day, out)
        write_json(out / "summary.json", {"days": results})
    say(f"Summary: {out / 'summary.json'}")
    return 0 if all(result["ok"] for result in results.values()) else 1


def _program(day):
    return day.folder / "demo.py"


def _play(day, out):
    """Run one day's demo. Returns its entry for summary.json; file names are relative to the summary."""
    folder = out / day.name
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        files = [Path(file).resolve() for file in _load(day).demo(folder)]
        absent = [str(file) for file in files if not file.is_file() or file.stat().st_size == 0]
        if absent or not files:
            raise RuntimeError(f"the demo did not write {', '.join(absent) or 'anything'}")
        seconds, audio_seconds = time.monotonic() - start, _audio_seconds(files)
    except Exception as error:
        warn(UserError("internal", f"{day.name}: {error}"))
        return {
            "ok": False,
            "seconds": round(time.monotonic() - start, 2),
            "audio_seconds": 0.0,
            "files": [],
            "error": str(error),
        }
    for file in files:
        say(f"  {file}")
    return {
        "ok": True,
        "seconds": round(seconds, 2),
        "audio_seconds": round(audio_seconds, 2),
        "files": [str(file.relative_to(out)) for file in files],
    }


def _load(day):
    """Import NN_day/demo.py under a name of its own."""
    if not _program(day).exists():
        raise RuntimeError("has no demo yet")
    spec = importlib.util.spec_from_file_location(f"demo_{day.package}", _program(day))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _audio_seconds(files):
    """Length of the WAV files among some, together; read by the environment `torch`, for some hold floats."""
    sounds = [str(file) for file in files if file.suffix.lower() == ".wav"]
    done = subprocess.run(
        [find_python("torch"), "-c", TO_SECONDS, *sounds], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"a sound cannot be read: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)
