"""Python environments of the workers: from conda, venv, or venv on a Python from uv. On the command line.

The versions stand in environments/. An environment is made in its final place, because neither conda's nor
venv's can be moved; it counts only when its stamp is written and its interpreter recorded, which comes last.
What an interrupted installation left is used as far as it goes.
"""

import os
import shlex
import shutil
import socket
import subprocess
import time
import zipfile
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import run, say, warn
from dlwakit.base.files import fingerprint, read_json, write_json
from dlwakit.base.paths import ENVIRONMENTS, data_folder, find_python
from dlwakit.install import pythons
from dlwakit.install.components import Component
from dlwakit.install.system import has_nvidia_card, python_version

STAMP = ".dlwa.json"
TORCH_CPU_HOST = "download.pytorch.org"
LEFT_OVER = "what an earlier installation began"
TORCH_CPU_INDEX = f"https://{TORCH_CPU_HOST}/whl/cpu"


def descriptions(folder=ENVIRONMENTS):
    """{name: what environments/index.json says of it}."""
    return read_json(Path(folder) / "index.json", {})


def record_file():
    """The file in which workers look up an environment's interpreter by name."""
    return data_folder() / "environments.json"


def recorded(name):
    """The interpreter that is recorded for an environment, or None."""
    python = read_json(record_file(), {}).get(name)
    return Path(python) if python else None


def _record(name, python):
    record = read_json(record_file(), {})
    if python is None:
        record.pop(name, None)
    else:
        record[name] = str(python)
    write_json(record_file(), record)


class Environment(Component):
    """One environment by name, with the locked packages of environments/.

    wheels: a folder with those packages, and then no network is asked (see `gather`).
    """

    def __init__(self, name, definitions=ENVIRONMENTS, wheels=None):
        known = descriptions(definitions)
        if name not in known:
            raise UserError("input", f"there is no environment '{name}'", f"Environments: {', '.join(known)}")
        self.definitions = Path(definitions)
        self.facts = known[name]
        self.environment = name
        self.wheels = wheels
        self.name = f"the Python environment '{name}'"
        self.folder = data_folder() / "environments" / name
        self.python = self.folder / "bin/python"
        self.cost = (
            f"about {self.facts['minutes']} minutes, {self.facts['megabytes']} MB; {self.facts['for']}"
        )
        self.undo = f"setup/dlwa uninstall, or delete {self.folder}"
        self.fix = "setup/dlwa install" + ("" if name == "torch" else f" --env {name}")

    def fingerprint(self):
        """64 hexadecimal digits that change when a version or a pip step does."""
        files = {arguments[-1]: self.definitions / arguments[-1] for arguments in self.facts["pip"]}
        return fingerprint(files, *(" ".join(arguments) for arguments in self.facts["pip"]))

    def missing(self):
        """Whether the environment is there, complete, recorded, and of the versions of this checkout.

        Nothing is missing where the user named an interpreter of their own in DLWA_PYTHON_<NAME>.
        """
        if os.environ.get(f"DLWA_PYTHON_{self.environment.upper()}"):
            return []
        stamp = read_json(self.folder / STAMP, {})
        if not isinstance(stamp, dict) or "fingerprint" not in stamp or not self.python.exists():
            return ["half made; goes on from there" if self.folder.exists() else "not there"]
        if stamp["fingerprint"] != self.fingerprint():
            return ["of other versions than this checkout's environments/ asks for"]
        if recorded(self.environment) != self.python:
            return ["not recorded for the workers"]
        return []

    def _pip_install(self):
        source = ["--no-index", "--find-links", self.wheels] if self.wheels else []
        return [self.python, "-m", "pip", "install", *source]

    def _pip_commands(self, pip):
        return [
            [*pip, *arguments[:-1], "-r", self.definitions / arguments[-1]] for arguments in self.facts["pip"]
        ]

    def commands(self):
        """The way that would be tried first, then pip."""
        tools = [] if self.wheels else pythons.conda_tools()[:1]
        ways = [shlex.join(map(str, self._conda_command(*tool))) for tool in tools]
        if not ways:
            base = pythons.find_base_python(self.facts["pythons"])
            ways = [
                shlex.join([str(base), "-m", "venv", str(self.folder)])
                if base
                else f"uv python install {self.facts['pythons'][0]}"
            ]
        return ways + [shlex.join(map(str, command)) for command in self._pip_commands(self._pip_install())]

    def make(self):
        """Make or complete the environment, look that it works, and record it. Raises UserError."""
        _record(self.environment, None)
        (self.folder / STAMP).unlink(missing_ok=True)
        start = time.monotonic()
        way = self._make_python()
        try:
            self._complete()
        except UserError as error:
            if way != LEFT_OVER:
                raise
            # Whatever was half done when it was interrupted, pip may take it for whole.
            warn(error)
            say("  what an earlier installation began is of no use; once more, from the start")
            shutil.rmtree(self.folder, ignore_errors=True)
            way = self._make_python()
            self._complete()
        write_json(
            self.folder / STAMP,
            {
                "fingerprint": self.fingerprint(),
                "way": way,
                "python": python_version(self.python),
                "seconds": round(time.monotonic() - start),
            },
        )
        _record(self.environment, self.python)

    def _complete(self):
        self._fill(self._pip_install())
        run([self.python, "-c", self.facts["check"]], "looking that it works", f"{self.environment}.log")

    def _has_pip(self):
        """Whether pip runs: an interruption can leave a Python without it, or half of it."""
        command = [self.python, "-m", "pip", "--version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _make_python(self):
        """Make an environment with a Python and pip, in the first way that works. Returns the way's name."""
        if python_version(self.python) in self.facts["pythons"] and self._has_pip():
            return LEFT_OVER
        failures = []
        ways = [*self._conda_ways(), ("venv", self._make_venv), ("uv", self._make_venv_with_uv)]
        for way, make in [("venv", self._make_venv)] if self.wheels else ways:
            shutil.rmtree(self.folder, ignore_errors=True)
            try:
                make()
            except UserError as error:
                failures.append(error)
                warn(error)
                continue
            if python_version(self.python) in self.facts["pythons"]:
                return way
            failures.append(
                UserError("environment", f"{way} made no Python {' or '.join(self.facts['pythons'])}")
            )
        shutil.rmtree(self.folder, ignore_errors=True)
        raise UserError(
            "environment",
            f"no way to a Python {' or '.join(sorted(self.facts['pythons']))} for '{self.environment}': "
            + "; ".join(failure.message for failure in failures),
            "What helps: an internet connection (uv then brings a Python of its own),\n"
            "or Miniforge from https://conda-forge.org/download, or any Python of these versions on PATH;\n"
            "then start this again.",
        )

    def _conda_command(self, name, tool):
        return pythons.conda_command(name, tool, self.folder, self.definitions / f"{self.environment}.yml")

    def _conda_ways(self):
        def make(name, tool):
            run(
                self._conda_command(name, tool),
                f"{name}, {self.environment}",
                f"{self.environment}.log",
                env={"CONDA_ALWAYS_YES": "true", "MAMBA_ALWAYS_YES": "true"},
            )

        return [(name, lambda name=name, tool=tool: make(name, tool)) for name, tool in pythons.conda_tools()]

    def _make_venv(self, base=None):
        base = base or pythons.find_base_python(self.facts["pythons"])
        if base is None:
            raise UserError(
                "environment", f"this machine has no Python {' or '.join(sorted(self.facts['pythons']))}"
            )
        run([base, "-m", "venv", self.folder], self.environment, f"{self.environment}.log")

    def _make_venv_with_uv(self):
        self._make_venv(pythons.python_from_uv(self.facts["pythons"][0]))

    def gather(self, folder):
        """Put all locked packages into `folder`, a wheel each, built where there is none. Raises UserError."""
        for file in folder.glob("*.whl"):
            if not zipfile.is_zipfile(file):  # cut short by an interruption
                file.unlink()
        pip = [
            find_python(self.environment),
            "-m",
            "pip",
            "wheel",
            "--wheel-dir",
            folder,
            "--find-links",
            folder,
        ]
        self._fill(pip)

    def _fill(self, pip):
        """Let a pip command take the locked versions. Its downloads are kept until all is done."""
        log = f"{self.environment}.log"
        cache = data_folder() / "downloads"
        env = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PYTHONNOUSERSITE": "1"}
        if not os.environ.get("PIP_CACHE_DIR"):
            env["PIP_CACHE_DIR"] = str(cache)
        if self.wheels:
            env["PIP_CONFIG_FILE"] = os.devnull  # which might name a server
        for torch in self._torch_pins():
            if not self.wheels and self._cpu_build_is_enough():
                try:
                    run([*pip, "--no-deps", "--index-url", TORCH_CPU_INDEX, torch], torch, log, env=env)
                except UserError:
                    say("  no build for CPUs alone there; taking the one for all")
        for command in self._pip_commands(pip):
            run(command, f"pip, {self.environment}", log, env=env)
        shutil.rmtree(cache, ignore_errors=True)

    def _torch_pins(self):
        return [
            line.split()[0]
            for arguments in self.facts["pip"]
            for line in (self.definitions / arguments[-1]).read_text(encoding="utf-8").splitlines()
            if line.startswith("torch==")
        ]

    def _cpu_build_is_enough(self):
        """Without an NVIDIA card PyTorch's build for CPUs saves gigabytes; is its server within reach?"""
        if has_nvidia_card():
            return False
        try:
            socket.create_connection((TORCH_CPU_HOST, 443), timeout=3).close()
        except OSError:
            return False
        return True


class ToolsForTests(Component):
    """What `dlwa test` needs on top of the environment `torch`."""

    name = "the test tools"
    cost = "half a minute, 60 MB"
    fix = "setup/dlwa test"

    def __init__(self, definitions=ENVIRONMENTS):
        self.file = Path(definitions) / "test.txt"
        self.environment = Environment("torch", definitions)
        self.stamp = self.environment.folder / ".dlwa-test.json"
        self.undo = "they go with the environment: setup/dlwa uninstall"

    def missing(self):
        """Whether the tools are there, of the versions of this checkout."""
        if read_json(self.stamp, {}).get("fingerprint") != fingerprint({"test.txt": self.file}):
            return ["pytest and what goes with it"]
        return []

    def commands(self):
        """pip."""
        return [f"{self.environment.python} -m pip install --no-deps -r {self.file}"]

    def make(self):
        """Let pip install the locked versions, which are all that is needed, into `torch`. Raises UserError."""
        self.stamp.unlink(missing_ok=True)
        run(
            [self.environment.python, "-m", "pip", "install", "--no-cache-dir", "--no-deps", "-r", self.file],
            "pip, test tools",
            "torch.log",
        )
        write_json(self.stamp, {"fingerprint": fingerprint({"test.txt": self.file})})


def call(command, env=None, **options):
    """Run a program in the foreground with our own terminal; its exit status."""
    return subprocess.run(
        [str(word) for word in command], env={**os.environ, **(env or {})}, check=False, **options
    ).returncode
