"""What tests of the book share: the book of this checkout, and a browser that shows its pages."""

import subprocess

import pytest
from dlwakit.book.build import build
from support.tools import need, need_environment


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
