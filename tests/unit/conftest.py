"""What tests of the book share: the book of this checkout, and a browser that shows its pages."""

import html
import json
import re
import shutil
import subprocess

import pytest
from dlwakit.book.build import build
from support.tools import need, need_environment

FRAMES = """<!doctype html><body><script>
const pages = PAGES, found = [];
const frame = document.createElement("iframe");
frame.width = WIDTH; frame.height = HEIGHT; frame.style.border = 0;
const next = () => {
  if (pages.length) return frame.src = pages.shift();
  const told = {id: "found", textContent: JSON.stringify(found)};
  document.body.append(Object.assign(document.createElement("pre"), told));
};
addEventListener("message", (event) => {
  if (typeof event.data !== "string" || event.data[0] !== "[") return;
  found.push(JSON.parse(event.data)); next(); });
document.body.append(frame);
next();
</script></body>"""


@pytest.fixture(scope="session")
def book(tmp_path_factory):
    """The folder of the book of this checkout."""
    need_environment("book")
    folder = tmp_path_factory.mktemp("book") / "my book"
    build(folder)
    return folder


@pytest.fixture
def browse(book, tmp_path):
    """`browse("index.html", script)`: what Chromium shows of a page, as HTML, after a script of ours has run in it.

    A third argument holds the words of a program that starts Chromium.
    """
    need("chromium")

    def open_page(name, script, within=()):
        page = (book / name).with_name("probe.html")
        page.write_text((book / name).read_text().replace("</body>", script + "</body>"))
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        more = [f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=60000", "--dump-dom"]
        command = [*within, "chromium", *flags, *more, page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        page.unlink()
        return done.stdout

    return open_page


@pytest.fixture
def in_frames(book, browse):
    """`in_frames(pages, script, (width, height))`: what a script of ours posts from each page, a list as JSON.

    The pages are shown one after the other in a frame of this size, in pixels.
    """

    def show(pages, script, size):
        copy = book / "probed"
        shutil.copytree(book, copy, ignore=shutil.ignore_patterns("probed", "*.flac"))
        names = [str(page.relative_to(book)) for page in pages]
        try:
            for name in names:
                page = copy / name
                page.write_text(page.read_text().replace("</body>", script + "</body>"))
            text = FRAMES.replace("PAGES", json.dumps([f"probed/{name}" for name in names]))
            text = text.replace("WIDTH", str(size[0])).replace("HEIGHT", str(size[1]))
            (book / "frames.html").write_text(text)
            shown = browse("frames.html", "")
        finally:
            shutil.rmtree(copy)
            (book / "frames.html").unlink(missing_ok=True)
        found = json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', shown, re.DOTALL)[1]))
        assert len(found) == len(names)
        return found

    return show
