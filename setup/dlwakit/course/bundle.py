"""USB bundles: a folder with all that an installation needs, for laptops without a network. On the command line.

    bundle.json           what it is for, and the size and SHA-256 of every other file
    course.tar.gz         the checkout it was made from
    wheels/NAME-VERSIONS  the packages of a Python environment, a wheel each
    packages              the distribution's packages, with an index for apt
    checkpoints           official and own ones; the starters are in the checkout

cli/bundle.py makes it; this module reads it. bundle.json is written last, so a folder
without one is not finished.
"""

import os
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import Activity
from dlwakit.base.files import content, copy, read_json, sha256
from dlwakit.course import registry
from dlwakit.install import system
from dlwakit.install.components import Component
from dlwakit.install.environment import Environment

FACTS = "bundle.json"
COURSE = "course.tar.gz"


def machine():
    """The kind of this machine, as far as the packages in a bundle depend on it."""
    name, version, _ = system.distribution()
    return {
        "system": f"{name} {version}",
        "processor": os.uname().machine,
        "python": system.system_python_facts().get("version", "none"),
    }


def wheels_folder(environment):
    """Where in a bundle an environment's wheels are; another name when its versions change."""
    return Path("wheels", f"{environment.environment}-{environment.fingerprint()[:12]}")


class Bundle:
    """A finished bundle for this kind of machine, with every file as it was made; else UserError."""

    def __init__(self, folder):
        self.folder = Path(folder).expanduser().resolve()
        facts = read_json(self.folder / FACTS, {})
        try:
            self.environments = facts["environments"]
            self.checkpoints = facts["checkpoints"]
            self._machine, self._files = facts["machine"], facts["files"]
        except (KeyError, TypeError):
            raise UserError(
                "file", f"{self.folder} is no finished bundle", "Make one with: setup/dlwa bundle FOLDER"
            ) from None
        self._check_machine()
        self._check_files()

    def _check_machine(self):
        here = machine()
        if self._machine != here:
            made_for, this_is = (
                "{system}, {processor}, Python {python}".format_map(kind) for kind in (self._machine, here)
            )
            raise UserError(
                "file",
                f"this bundle is for {made_for}; this machine is {this_is}",
                "Make a bundle on a machine of this kind.",
            )

    def _check_files(self):
        with Activity("checking the bundle") as activity:
            for name, facts in self._files.items():
                activity.text = name
                path = self.folder / name
                try:
                    whole = path.stat().st_size == facts["bytes"] and sha256(path) == facts["sha256"]
                except OSError as error:
                    raise _damaged(name, error.strerror) from None
                if not whole:
                    raise _damaged(name, "it is not as it was made")

    @property
    def packages(self):
        """The folder with the distribution's packages."""
        return self.folder / "packages"

    def environment(self, name):
        """The Environment of a name, to be filled from this bundle alone. Raises UserError."""
        if name not in self.environments:
            raise UserError(
                "input",
                f"the environment '{name}' is not in this bundle",
                f"In it: {', '.join(self.environments)}",
            )
        wheels = self.folder / wheels_folder(Environment(name))
        if not wheels.is_dir():
            raise UserError(
                "file",
                f"this bundle has other versions of '{name}' than this checkout asks for",
                f"Take the checkout that is in it: tar xzf {self.folder / COURSE}",
            )
        return Environment(name, wheels=wheels)


def _damaged(name, why):
    return UserError(
        "file",
        f"the bundle is damaged: {name}: {why}",
        "Nothing was installed. Copy the bundle's folder once more.",
    )


class BundledCheckpoints(Component):
    """The bundle's checkpoints, copied to where the patches find them by name."""

    name = "the checkpoints of the class"
    cost = "seconds"
    fix = "setup/dlwa install --from FOLDER"

    def __init__(self, bundle):
        self._files = {file: bundle.folder / "checkpoints" / file for file in bundle.checkpoints}
        self._facts = bundle.checkpoints
        self.undo = f"delete {registry.user_folder()}"

    def missing(self):
        """The checkpoints that are not here, or not recorded."""
        known = registry.recorded()
        return [
            file
            for file, facts in self._facts.items()
            if known.get(file) != facts or not (registry.user_folder() / file).exists()
        ]

    def commands(self):
        """The copies."""
        return [f"copy {self._files[file]} to {registry.user_folder()}" for file in self.missing()]

    def make(self):
        """Copy each under a temporary name, then rename it. One of the user's own is never replaced."""
        for file in self.missing():
            target = registry.user_folder() / file
            if not target.exists():
                copy(self._files[file], target)
            elif content(target) != content(self._files[file]):
                raise UserError(
                    "state", f"there is another checkpoint {target}", "Rename yours, then start this again."
                )
            registry.record(file, **self._facts[file])
