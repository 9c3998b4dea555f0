"""A class's page: the sounds, model cards and training pages of everybody's folder; standard library alone."""

import html
import shutil
from pathlib import Path
from urllib.parse import quote

from modelfiles.errors import UserError

from dlwakit.base.files import explained, remove, write_text
from dlwakit.takes.page import STYLE

PAGE, STAMP = "index.html", ".gallery"
SOUNDS = {".flac", ".m4a", ".mp3", ".ogg", ".wav"}
CARD, REPORT = "MODEL_CARD", "report.html"
SHOWN = 20  # sounds of a folder, the newest
LARGEST = 100 << 20  # bytes of a file
SKIPPED = {"checkpoints", "previews", "stages", "data"}  # folders of a run, whose previews are in its page


def write(target, folders):
    """Copy what is shown into a folder and write its page; returns the page's path. Raises UserError."""
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not (target / STAMP).exists())):
        raise UserError("state", f"{target} has other things in it", "Name a new folder.")
    for folder in folders:
        if not folder.is_dir():
            raise UserError("file", f"there is no folder {folder}")
    try:
        remove(target)
        target.mkdir(parents=True)
        write_text(target / STAMP, "setup/dlwa gallery\n")
        body = "\n".join(_article(target, folder, number) for number, folder in enumerate(folders, 1))
        title = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        head = f"{title}<title>Gallery</title><style>{STYLE} pre {{ white-space: pre-wrap }}</style>"
        text = f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body><h1>Gallery</h1>\n{body}\n</body></html>\n'
        write_text(target / PAGE, text)
    except OSError as error:
        raise explained(error) from error
    return target / PAGE


def _files(folder):
    """What a folder has to show: its files, the newest first."""
    found = [
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST
        and not any(part.startswith(".") or part in SKIPPED for part in path.relative_to(folder).parts)
    ]  # fmt: skip
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _article(target, folder, number):
    files = _files(folder)
    sounds = [path for path in files if path.suffix.lower() in SOUNDS][:SHOWN]
    cards = [path for path in files if path.name.startswith(CARD) and path.suffix == ".md"]
    pages = [path for path in files if path.name == REPORT]
    place = target / f"{number:02}"

    def copy(path, index):
        place.mkdir(exist_ok=True)
        name = f"{index:02}-{path.name}"
        shutil.copyfile(path, place / name)
        return quote(f"{place.name}/{name}")

    def label(path):
        return html.escape(path.relative_to(folder).as_posix(), quote=True)

    parts = [
        f'<p>{label(path)}<br><audio controls preload="none" aria-label="{label(path)}" src="{copy(path, index)}">'
        "</audio></p>"
        for index, path in enumerate(sounds)
    ]
    parts += [
        f'<p><a href="{copy(path, index)}">Training: {label(path.parent)}</a></p>'
        for index, path in enumerate(pages, len(sounds))
    ]
    parts += [
        f"<details><summary>Model card: {label(path)}</summary><pre>{_text(path)}</pre></details>"
        for path in cards
    ]
    inside = "\n".join(parts) or "<p>There is nothing to show here.</p>"
    return f"<article><h2>{html.escape(Path(folder).resolve().name)}</h2>\n{inside}</article>"


def _text(path):
    return html.escape(path.read_text(encoding="utf-8", errors="replace"))
