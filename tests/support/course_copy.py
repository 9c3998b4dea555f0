"""A copy of the checkout's command line in a folder of its own, with toy days and a home of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CourseCopy:
    """`setup/dlwa` in a copy at `folder`, which may be changed and broken without harm."""

    def __init__(self, folder):
        self.root = Path(folder, "my course")  # with a space, as a student might have it
        self.home = Path(folder, "home")
        self.home.mkdir(parents=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "setup", self.root / "setup", ignore=ignore, copy_function=_copy)
        shutil.copytree(ROOT / "environments", self.root / "environments", ignore=ignore)
        shutil.copy(ROOT / "VERSION", self.root)
        for package in ("pyext_py3/pdworker", "pyext_py3/modelfiles"):
            shutil.copytree(ROOT / package, self.root / package, ignore=ignore)

    @property
    def data(self):
        """The data folder below the copy's home."""
        return self.home / ".local/share/dlwa"

    def add_day(self, name="01_toy", package="toy", models=None, registry=None):
        """Add a day; registry: entries for its checkpoints/registry.json. Returns its folder."""
        day = self.root / name
        (day / package).mkdir(parents=True)
        facts = {"title": name, "package": package, "patch": f"{package}.pd", "environment": "torch"}
        if models:
            facts["models"] = models
        if registry is not None:
            facts["checkpoints"] = "checkpoints/registry.json"
            (day / "checkpoints").mkdir()
            (day / "checkpoints/registry.json").write_text(json.dumps(registry))
        (day / "day.json").write_text(json.dumps(facts))
        return day

    def environment(self, **variables):
        """The variables that a command of the copy sees."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DLWA_"))}
        return {**kept, "HOME": str(self.home), **variables}

    def dlwa(self, *arguments, program=None, timeout=120, **variables):
        """Run the command line without a terminal; the finished process, with its output as text."""
        return subprocess.run(
            [sys.executable, str(program or self.root / "setup/dlwa"), *map(str, arguments)],
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def _copy(source, target):
    """Sounds and pictures, which no test changes, are links: they would be a gigabyte in all."""
    if source.endswith((".flac", ".png", ".wav")):
        os.symlink(source, target)
    else:
        shutil.copy2(source, target)
