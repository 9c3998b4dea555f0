"""Packages of the distribution, each with a check that also counts what was installed by hand. On the command line.

The names are the same in Ubuntu 22.04, 24.04 and 26.04 and in Debian 12 and 13.
"""

import os
import shutil
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import run
from dlwakit.base.files import read_json, write_json
from dlwakit.base.paths import data_folder
from dlwakit.install import apt
from dlwakit.install.components import Component
from dlwakit.install.system import is_root, system_python_facts


def command(name):
    """Is there a program of this name?"""
    return lambda: shutil.which(name) is not None


def file(*paths):
    """Is there one of these files?"""
    return lambda: any(Path(path).exists() for path in paths)


def system_python(fact):
    """Does the system's Python have this?"""
    return lambda: bool(system_python_facts().get(fact))


def python_header():
    """Is there the header that embedding the system's Python needs?"""
    include = system_python_facts().get("include")
    return include is not None and (include / "Python.h").exists()


PLAY = {
    "puredata": command("pd"),
    "puredata-dev": file("/usr/include/m_pd.h", "/usr/include/pd/m_pd.h", "/usr/local/include/pd/m_pd.h"),
    "pd-lib-builder": file("/usr/share/pd-lib-builder/Makefile.pdlibbuilder"),
    "pybind11-dev": file("/usr/include/pybind11/embed.h", "/usr/local/include/pybind11/embed.h"),
    "g++": command("g++"),
    "make": command("make"),
    "python3-dev": python_header,
    "python3-numpy": system_python("numpy"),
    "python3-venv": system_python("venv"),
    "bubblewrap": command("bwrap"),
}

TEST = {
    "jackd2": command("jackd"),
    "xvfb": command("Xvfb"),
    "xdotool": command("xdotool"),
    "imagemagick": command("import"),
    "slurm-wlm": file("/usr/sbin/slurmctld"),
    "munge": file("/usr/sbin/munged"),
    "openssh-server": file("/usr/sbin/sshd"),
    "openssh-client": command("ssh"),
    "rsync": command("rsync"),
    "ffmpeg": command("ffmpeg"),
}

BENCH = {
    "jackd2": command("jackd"),
    "rt-tests": command("cyclictest"),
    "pd-lua": file("/usr/lib/pd/extra/pdlua/pdlua.pd_linux"),
    "fluidsynth": command("fluidsynth"),
    "fluid-soundfont-gm": file("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    "musescore-general-soundfont-lossless": file("/usr/share/sounds/sf2/MuseScore_General_Full.sf2"),
    "ffmpeg": command("ffmpeg"),
    "asterisk-core-sounds-ru-g722": file("/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU"),
}

# Large, and one test alone needs it, which is skipped without it but in continuous integration.
BROWSER = {"chromium": command("chromium")}


def record_file():
    """Where the names of the packages that `install` brought are kept, for `uninstall` to name."""
    return data_folder() / "packages.json"


class Packages(Component):
    """A group of the distribution's packages."""

    fix = "setup/dlwa install"

    def __init__(self, name, packages, cost="a minute or two, 480 MB if none of them is there", source=None):
        """source: a folder from dlwakit.install.apt.gather, and then no package server is asked."""
        self.name = name
        self.source = source
        self.packages = packages
        self.cost = cost

    @property
    def undo(self):
        """The command that takes away what is missing now."""
        return f"sudo apt-get remove {' '.join(self._absent())}"

    def _absent(self):
        return [name for name, is_there in self.packages.items() if not is_there()]

    def missing(self):
        """The packages that bring something this machine has not."""
        return self._absent()

    def _as_root(self, *words):
        return list(words) if is_root() else ["sudo", *words]

    def _install_command(self, *options):
        return self._as_root(
            "apt-get",
            *options,
            "install",
            "--yes",
            "--no-install-recommends",
            "-o",
            "DPkg::Lock::Timeout=300",
            *self._absent(),
        )

    def commands(self):
        """apt-get update, apt-get install."""
        return [" ".join(self._as_root("apt-get", "update")), " ".join(self._install_command())]

    def make(self):
        """Install the absent packages with apt-get. Raises UserError where that cannot be done."""
        absent = self._absent()
        if shutil.which("apt-get") is None:
            raise UserError(
                "environment",
                "this system has no apt-get",
                f"Install with its own package tool what Debian calls: {' '.join(absent)}",
            )
        if not is_root():
            if shutil.which("sudo") is None:
                raise UserError(
                    "environment",
                    "installing system packages needs an administrator",
                    f"Ask for: {' '.join(self._install_command()[1:])}",
                )
            # sudo asks for the password on the terminal, which a command with a log file has not.
            if os.spawnvp(os.P_WAIT, "sudo", ["sudo", "-v"]):
                raise UserError(
                    "environment",
                    "sudo said no",
                    f"Ask an administrator for: {' '.join(self._install_command()[1:])}",
                )
        with apt.options_for(self.source) as options:
            self._let_apt_install(options)
        system_python_facts.cache_clear()
        write_json(record_file(), sorted({*read_json(record_file(), []), *absent}))
        if still := self._absent():
            raise UserError(
                "environment",
                f"apt-get brought {' '.join(absent)}, but {' '.join(still)} cannot be found afterwards",
            )

    def _let_apt_install(self, options):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        if any(Path("/var/lib/dpkg/updates").glob("[0-9]*")):
            run(self._as_root("dpkg", "--configure", "-a"), self.name, "apt.log", env=quiet)
        try:
            run(self._as_root("apt-get", *options, "update"), "package lists", "apt.log")
        except UserError as error:
            outdated = error  # one broken source need not matter to the packages wanted here
        else:
            outdated = None
        try:
            run(self._install_command(*options), self.name, "apt.log", env=quiet)
        except UserError as error:
            universe = "\nOn Ubuntu: sudo add-apt-repository universe" if "locate" in error.hint else ""
            raise outdated or UserError("environment", error.message, error.hint + universe) from None
