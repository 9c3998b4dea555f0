"""Build the book from the lessons, with the generator of the environment `book`. On the command line."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.files import fingerprint, read_json, remove, write_json
from dlwakit.base.paths import ROOT, find_python
from dlwakit.book import sheets
from dlwakit.book.pages import all_pages
from dlwakit.book.source import Source

BOOK = ROOT / "book"
OWN = "setup/book"  # the configuration, the look and the first pages
LOADED = "*.*s"  # of these, the files that pages load: styles and programs
STAMP = "made-from.json"
EXTENSION = "lessons"  # the Markdown extension beside the configuration


def sources(root=ROOT):
    """({path in the book: Markdown}, [path of a file of the checkout that is copied]) of all pages."""
    pages = all_pages(root)
    places = {page.source: page.target for page in pages}
    texts, assets = {}, {f"{OWN}/{file.name}" for file in (root / OWN).glob(LOADED)}
    for page in pages:
        source = Source(root, page, places)
        texts[page.target] = source.text()
        assets |= source.assets
    return texts, sorted(assets)


def current(root=ROOT):
    """64 hexadecimal digits that change with whatever is in the book."""
    texts, assets = sources(root)
    files = {name: root / name for name in assets}
    files |= {path.name: path for path in (root / OWN).iterdir() if path.is_file()}
    files["book.txt"] = root / "environments/book.txt"
    return fingerprint(files, *texts, *texts.values())


def is_current(folder=BOOK, root=ROOT):
    """Whether the book in a folder was made from the checkout as it is."""
    return read_json(Path(folder) / STAMP, {}).get("fingerprint") == current(root)


def build(folder, root=ROOT):
    """Make the book in a folder, in place of an older one there. Raises UserError."""
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / STAMP).exists():
        raise UserError("state", f"{folder} has other things in it", "Name a new folder.")
    with tempfile.TemporaryDirectory(prefix="dlwa-book-") as temporary:
        place = Path(temporary)
        _write_sources(place / "docs", root)
        (place / "zensical.toml").write_text(configuration(root), encoding="utf-8")
        _generate(place, root / OWN)
        made = place / "site"
        for name in ("404.html", "sitemap.xml", "search.json"):  # for servers; the book is read without one
            (made / name).unlink(missing_ok=True)
        sheets.write(made, root)
        write_json(made / STAMP, {"fingerprint": current(root)})
        _replace(made, folder)


def _write_sources(docs, root):
    texts, assets = sources(root)
    for name, text in texts.items():
        file = docs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for name in assets:
        own = Path(name).match(f"{OWN}/{LOADED}")
        file = docs / ("assets" if own else "") / (Path(name).name if own else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, file)


def configuration(root):
    """The generator's configuration, with the table of contents."""
    chapters = {}
    for page in all_pages(root):
        chapters.setdefault(page.chapter, []).append({page.title: page.target})
    items = [
        _row(pages[0])
        if chapter in pages[0]
        else f"{{{json.dumps(chapter)} = [{', '.join(map(_row, pages))}]}}"
        for chapter, pages in chapters.items()
    ]
    text = (root / OWN / "zensical.toml").read_text(encoding="utf-8")
    return re.sub(r"^nav = .*$", lambda _: f"nav = [{', '.join(items)}]", text, flags=re.MULTILINE)


def _row(page):
    ((title, target),) = page.items()
    return f"{{{json.dumps(title)} = {json.dumps(target)}}}"


def _generate(place, own):
    command = [find_python("book"), "-m", "zensical", "build", "--strict"]
    variables = {**os.environ, "PYTHONPATH": str(own), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=place, env=variables, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode or not (place / "site/index.html").exists():
        said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout).strip()
        raise UserError("file", "the book could not be built", (said or done.stderr.strip())[-3000:])


def _replace(made, folder):
    try:
        remove(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, folder)
    except OSError as error:
        raise UserError("file", f"{folder}: {error.strerror or error}") from None
