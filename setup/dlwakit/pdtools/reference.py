"""Writes the message tables of lessons and help patches, made of the Pd objects' classes; command line and tests.

    PYTHONPATH=setup:pyext_py3 python -m dlwakit.pdtools.reference [--check]

A lesson has the table between two marks. The first names the object's module and class, and the help patch, which has
the same table in its subpatch `pd messages`:

    <!-- messages of ai_duet.pd ai_duet, also in ai_duet-help.pd -->
    <!-- end of messages -->

With --check nothing is written; the exit status is 1 if something would change. The interpreter needs numpy, as Pd's.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from modelfiles.errors import UserError
from pdworker.host.reference import message_reference

from dlwakit.base.paths import EXTERNAL_SOURCE, ROOT
from dlwakit.pdtools import patch_file
from dlwakit.pdtools.patch_file import Canvas
from dlwakit.pdtools.patch_format import formatted

MARKED = re.compile(
    r"(<!-- messages of (?P<module>\S+) (?P<name>\S+), also in (?P<patch>\S+) -->\n)"
    r".*?(<!-- end of messages -->)",
    re.DOTALL,
)
SUBPATCH = "messages"
USAGE_X, HELP_X, VALUES_X = 12, 250, 712  # pixels, the columns of the subpatch
USAGE_WIDTH, HELP_WIDTH, VALUES_WIDTH = 32, 64, 30  # letters
PROSE = 120  # letters of a line in a lesson
WIDTH, HEIGHT = 940, 640  # pixels: the window at most
LINE, GAP = 15, 7  # pixels: a line of text, what is free between rows


class Row(NamedTuple):
    """One row of a table, as text: how a message looks, what it does, its values, its default."""

    usage: str
    help: str
    values: str
    default: str


@dataclass(frozen=True)
class Reference:
    """The table of one object: in a lesson, and in a help patch beside it."""

    lesson: Path
    module: str
    name: str
    patch: Path

    def load_class(self) -> type:
        """Import the object's class, with a stub in the place of the external."""
        stub = types.ModuleType("pyext")
        stub.__getattr__ = lambda name: object  # type: ignore[method-assign]
        sys.modules.setdefault("pyext", stub)
        days = sorted(ROOT.glob("[0-9][0-9]_*"))
        for folder in (EXTERNAL_SOURCE, *days):
            if str(folder) not in sys.path:
                sys.path.append(str(folder))
        return getattr(importlib.import_module(self.module), self.name)


def references(root: Path = ROOT) -> Iterator[Reference]:
    """Yield the tables that the lessons of a checkout have marked."""
    for lesson in sorted(root.glob("[0-9][0-9]_*/README.md")):
        for found in MARKED.finditer(lesson.read_text(encoding="utf-8")):
            yield Reference(lesson, found["module"], found["name"], lesson.parent / found["patch"])


def rows(cls: type) -> list[Row]:
    """Return the table of a PdObject's class."""
    result = []
    for message in message_reference(cls):
        first, comma, rest = message.range.partition(",")
        values = f"{first} {message.unit}".strip() + comma + rest
        text = message.help[:1].upper() + message.help[1:].removesuffix(".")
        result.append(Row(message.usage, text, values, message.default))
    return result


def aliases(cls: type) -> str:
    """Return a sentence on the other words that an object understands; empty if there are none."""
    pairs = [f"`{alias}` for `{verb}`" for alias, verb in cls.ALIASES.items()]  # type: ignore[attr-defined]
    return f"Older words do the same: {', '.join(pairs)}." if pairs else ""


def markdown(cls: type) -> str:
    """Return the table of a class as Markdown."""
    lines = ["| message | what it does | values | default |", "| --- | --- | --- | --- |"]
    for row in rows(cls):
        usage, *others = (cell.replace("|", "\\|") for cell in row)
        lines.append(f"| `{usage}` | {' | '.join(others)} |")
    return "\n".join([*lines, "", *textwrap.wrap(aliases(cls), PROSE)]).rstrip() + "\n"


def lesson_with(text: str, reference: Reference, table: str) -> str:
    """Return the text of a lesson with a new table."""

    def fill(found: re.Match[str]) -> str:
        is_it = (found["module"], found["name"]) == (reference.module, reference.name)
        return f"{found[1]}\n{table}\n{found[5]}" if is_it else found[0]

    return MARKED.sub(fill, text)


def patch_with(text: str, cls: type, name: str = "the patch") -> str:
    """Return the text of a help patch with a new table. Raises UserError when it has no subpatch for it."""
    root = patch_file.read(text, name)
    places = [canvas for canvas in root.canvases() if canvas.end and canvas.name == SUBPATCH]
    if len(places) != 1:
        raise UserError("file", f"{name} needs one subpatch 'pd {SUBPATCH}', it has {len(places)}")
    table = _subpatch(cls)
    places[0].head, places[0].contents = table.head, table.contents
    return formatted("".join(patch_file.line(record) for record in root.records()), name)


def _subpatch(cls: type) -> Canvas:
    lines, top = [], 36
    for row in rows(cls):
        values = ", default ".join(filter(None, [row.values, row.default]))
        columns = [
            (USAGE_X, USAGE_WIDTH, row.usage),
            (HELP_X, HELP_WIDTH, row.help),
            (VALUES_X, VALUES_WIDTH, values),
        ]
        lines += [_comment(left, top, letters, text) for left, letters, text in columns if text]
        top += GAP + LINE * max(_lines(text, letters) for _, letters, text in columns)
    if also := aliases(cls):
        lines.append(_comment(USAGE_X, top, 120, also))
        top += GAP + LINE * _lines(also, 120)
    bar = f"#X obj 2 2 cnv 15 {WIDTH - 4} 26 empty empty {cls.__name__}:\\ messages 10 13 0 12 #e6e6e6 #202020 0;\n"
    return patch_file.read(
        f"#N canvas 100 100 {WIDTH} {min(top + GAP, HEIGHT)} {SUBPATCH} 0;\n{bar}{''.join(lines)}"
    )


def _comment(left: int, top: int, letters: int, text: str) -> str:
    plain = text.replace("`", "").replace(";", ",")  # a comment begins a new line after a semicolon
    words = re.sub(r"([,$])", r" \\\1", plain).split()
    return f"#X text {left} {top} {' '.join(map(_printable, words))}, f {letters};\n"


def _printable(word: str) -> str:
    """Return a word as Pd can show it: it prints six digits of a number."""
    return f"{float(word) / 1e6:.3g}M" if re.fullmatch(r"\d{7,}", word) else word


def _lines(text: str, letters: int) -> int:
    return max(1, len(textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False)))


def outdated(root: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """Yield the files whose table is not that of the class, and the text that they should have."""
    lessons: dict[Path, str] = {}
    for reference in references(root):
        cls = reference.load_class()
        text = lessons.get(reference.lesson) or reference.lesson.read_text(encoding="utf-8")
        lessons[reference.lesson] = lesson_with(text, reference, markdown(cls))
        text = reference.patch.read_text(encoding="utf-8")
        new = patch_with(text, cls, str(reference.patch))
        if new != text:
            yield reference.patch, new
    for lesson, new in lessons.items():
        if new != lesson.read_text(encoding="utf-8"):
            yield lesson, new


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dlwakit.pdtools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; say which would change")
    options = parser.parse_args(arguments)
    changes = list(outdated())
    for file, text in changes:
        print(f"{'would change' if options.check else 'wrote'}: {file}")
        if not options.check:
            file.write_text(text, encoding="utf-8")
    return 1 if options.check and changes else 0


if __name__ == "__main__":
    sys.exit(main())
