"""apt without its servers: packages gathered into a folder, and installed from it. On the command line."""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from modelfiles.errors import UserError

from dlwakit.base.console import run
from dlwakit.base.files import sha256


def gather(names, folder):
    """Download packages and all that they need, as if a machine had none of them, with an index for apt.

    Runs without root's rights and changes nothing on this machine. What an earlier call brought is kept.
    Raises UserError.
    """
    folder = Path(folder)
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dlwa-apt-") as scratch:
        status = Path(scratch, "status")
        status.touch()
        options = _options(
            scratch,
            {"Dir::State::status": status, "Dir::Cache::Archives": folder, "Debug::NoLocking": "true"},
        )
        command = [
            "apt-get",
            *options,
            "install",
            "--yes",
            "--download-only",
            "--no-install-recommends",
            *names,
        ]
        try:
            run(command, "system packages", "apt.log")
        except UserError as error:
            raise UserError(
                "environment", error.message, f"{error.hint}\nOutdated package lists? sudo apt-get update"
            ) from None
        run(["apt-get", *options, "autoclean"], "system packages", "apt.log")
    shutil.rmtree(folder / "partial")
    (folder / "lock").unlink(missing_ok=True)
    if not write_index(folder):
        raise UserError(
            "environment", f"apt put no packages into {folder}", "Its sources must be servers, not folders."
        )


def write_index(folder):
    """The index `Packages`: each package's own facts, and where its file is. Returns how many there are."""
    entries = []
    for file in sorted(folder.glob("*.deb")):
        # A colon in a version is %3a in apt's file name, which apt would read as a colon again.
        plain = file.rename(folder / file.name.replace("%", "_"))
        facts = subprocess.run(
            ["dpkg-deb", "--field", plain], capture_output=True, text=True, check=True
        ).stdout
        entries.append(
            f"{facts.rstrip()}\nFilename: ./{plain.name}\n"
            f"Size: {plain.stat().st_size}\nSHA256: {sha256(plain)}\n"
        )
    (folder / "Packages").write_text("\n".join(entries), encoding="utf-8")
    return len(entries)


@contextlib.contextmanager
def options_for(folder):
    """Options by which apt-get knows the packages of `folder` alone; no options where that is None."""
    if folder is None:
        yield []
        return
    scratch = Path(tempfile.mkdtemp(prefix="dlwa-apt-"))
    (scratch / "lists/partial").mkdir(parents=True)
    sources = scratch / "sources.list"
    sources.write_text(f"deb [trusted=yes] file:{quote(str(Path(folder).resolve()))} ./\n")
    try:
        yield _options(
            scratch,
            {
                "Dir::Etc::SourceList": sources,
                "Dir::Etc::SourceParts": "/dev/null",
                "Dir::State::Lists": scratch / "lists",
                "Acquire::Languages": "none",
            },
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _options(scratch, settings):
    file = Path(scratch, "apt.conf")
    settings = {
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Sandbox::User": "root",
        **settings,
    }
    file.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()), encoding="utf-8")
    return ["-c", str(file)]
