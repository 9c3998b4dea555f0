"""Facts about this machine: distribution, processor, NVIDIA card, the system's own Python. On the command line."""

import functools
import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

from dlwakit.base.paths import ENVIRONMENTS, SYSTEM_PYTHON

SUPPORTED = {  # meant to work; environments/tried.json says which were tried
    ("ubuntu", "22.04"),
    ("ubuntu", "24.04"),
    ("ubuntu", "26.04"),
    ("debian", "12"),
    ("debian", "13"),
}


def distribution(path="/etc/os-release"):
    """(id, version, name) of the distribution, such as ('debian', '12', 'Debian GNU/Linux 12 (bookworm)')."""
    facts = {}
    try:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            facts[key] = value.strip().strip("\"'")
    except OSError:
        pass
    return facts.get("ID", ""), facts.get("VERSION_ID", ""), facts.get("PRETTY_NAME", platform.platform())


def tried():
    """What was tried on such a system, {} if nothing was: see tests/support/tried_on.py."""
    name, version, _ = distribution()
    try:
        rows = json.loads((ENVIRONMENTS / "tried.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return next((row for row in rows if row["system"] == f"{name} {version}"), {})


def has_nvidia_card():
    """Whether an NVIDIA driver is at work on this machine."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def python_version(python):
    """The 'X.Y' of an interpreter that can make virtual environments, or '' if it cannot or does not run."""
    program = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-c", program], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@functools.cache
def system_python_facts():
    """What the system's Python has: {'version', 'include', 'numpy', 'venv'}, {} if there is none."""
    program = (
        "import sys, sysconfig; from importlib.util import find_spec as f; "
        "print('%d.%d' % sys.version_info[:2], sysconfig.get_path('include'), "
        "bool(f('numpy')), bool(f('ensurepip')), sep='\\n')"
    )
    try:
        lines = subprocess.run(
            [SYSTEM_PYTHON, "-I", "-c", program], capture_output=True, text=True, timeout=20, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    version, include, numpy, venv = lines
    return {"version": version, "include": Path(include), "numpy": numpy == "True", "venv": venv == "True"}


def is_root():
    """Whether system packages can be installed without asking for more rights."""
    return os.geteuid() == 0
