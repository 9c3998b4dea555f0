"""Prints the lessons as numbers: words of each tier and day, sentences, descriptions of pictures; the book's weight.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/measure_book.py [--build] [REVISION]

With --build the book is built, too, and its size and time are printed. With REVISION the texts are those of a git
revision, to compare with. A sentence counts as inverted where `plain_language.inverted` says so, from its first words.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.plain_language import PAGES, ROOT, inverted, measure, written

# The tier *understand* of each day: sections of its lesson.
THEORY = {
    "01": ("What the network does", "Four ways to hear a melody"),
    "02": ("The theory, in three steps", "What the model hears in your voice"),
    "03": (
        "What a GAN is",
        "Why sound is hard",
        "The quick way",
        "Walking between points",
        "### How it works",
    ),
    "04": ("Principal components", "The sequencer"),
    "05": ("How it works",),
    "06": ("An autoencoder", "Why variational", "Two stages", "The latent space", "Latency and buffers"),
}
PLAY = ("Play", "First sound")


def words(markdown):
    """How many words the sentences of a text have."""
    return sum(len(re.findall(r"[\w'’-]*\w", sentence)) for sentence in written(markdown))


def section(lesson, *headings):
    """The text of those sections of a lesson whose heading begins so; "### Name" is a section within another."""
    found = []
    for heading in headings:
        level = 3 if heading.startswith("### ") else 2
        name = re.escape(heading.removeprefix("### "))
        end = rf"(?=^#{{2,{level}}} |\Z)"
        part = re.search(rf"^#{{{level}}} {name}.*?\n(.*?){end}", lesson, flags=re.DOTALL | re.MULTILINE)
        found += [part[1]] if part else []
    return "\n\n".join(found)


def tiers(root=ROOT):
    """{day: (words of play, of understand, of inside)}."""
    found = {}
    for folder in sorted(root.glob("0[0-9]_*")):
        lesson, inside = (folder / "README.md").read_text(), folder / "inside/README.md"
        play = max(words(section(lesson, heading)) for heading in PLAY)
        theory = words(section(lesson, *THEORY.get(folder.name[:2], ())))
        found[folder.name] = play, theory, words(inside.read_text()) if inside.exists() else 0
    return found


def pictures(root=ROOT):
    """(pictures, those without a description) of all pages."""
    found = [text for page in pages(root) for text in re.findall(r"!\[([^\]]*)\]\(", page.read_text())]
    return len(found), sum(not text.strip() for text in found)


def pages(root=ROOT):
    """The pages of the book that a checkout has."""
    return [page for pattern in (*PAGES, "setup/TEACHING.md") for page in sorted(root.glob(pattern))]


def share_inverted(root=ROOT):
    """The share of sentences that do not begin with their subject."""
    found = [inverted(sentence) for page in pages(root) for sentence in written(page.read_text())]
    return sum(found) / len(found)


def report(root):
    """Print all numbers of a checkout."""
    print("words            play  understand  inside")
    for day, counts in tiers(root).items():
        print(f"{day:16} {counts[0]:4}  {counts[1]:10}  {counts[2]:6}")
    mean, long = measure([page.read_text() for page in pages(root)])
    print(
        f"sentences: {mean:.1f} words on average, {long:.1%} longer than 30, {share_inverted(root):.1%} inverted"
    )
    print("pictures: {} of which {} have no description".format(*pictures(root)))


def weigh():
    """Build the book and print its size, the time that it took, and what it adds to a bundle."""
    from dlwakit.book.build import build
    from dlwakit.cli.bundle import pack_course

    with tempfile.TemporaryDirectory() as folder:
        begun, book = time.monotonic(), Path(folder, "book")
        build(book)
        seconds = time.monotonic() - begun
        sizes = {file: file.stat().st_size for file in book.rglob("*") if file.is_file()}
        html = [size for file, size in sizes.items() if file.suffix == ".html"]
        largest = max((file for file in sizes if file.suffix == ".html"), key=sizes.get)
        print(f"book: {sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files, built in {seconds:.1f} s")
        print(f"pages: {len(html)}, {sum(html) / len(html) / 1e3:.0f} kB on average, the largest "
              f"{sizes[largest] / 1e3:.0f} kB ({largest.relative_to(book)})")  # fmt: skip
        packed = []
        for some in (book, Path(folder, "no book")):
            pack_course(Path(folder, "course.tar.gz"), some)
            packed.append(Path(folder, "course.tar.gz").stat().st_size / 1e6)
        print("course.tar.gz of a bundle: {:.1f} MB, without the book {:.1f} MB".format(*packed))


def main(arguments):
    """Print the numbers of this checkout, or of a revision of it."""
    revision = next((word for word in arguments if not word.startswith("-")), "")
    with tempfile.TemporaryDirectory() as folder:
        if revision:
            archive = subprocess.run(
                ["git", "archive", revision], cwd=ROOT, stdout=subprocess.PIPE, check=True
            )
            subprocess.run(
                ["tar", "-x", "-C", folder, "--wildcards", "*.md"], input=archive.stdout, check=True
            )
        report(Path(folder) if revision else ROOT)
    if "--build" in arguments:
        weigh()


if __name__ == "__main__":
    main(sys.argv[1:])
