"""A page of the checkout as the source of a page of the book: links, sounds, and what is folded. On the command line.

The lessons are written for a code host's Markdown and stay readable there. What the book shows better is changed here.
"""

import html
import os
import posixpath
import re

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
SOUNDS = (".flac", ".ogg", ".wav")
PICTURES = (".png", ".svg")
FOLDED = {"You should hear": "tip", "You should see": "tip", "Answer": "success"}
LIST_ITEM = re.compile(r"(?:\d+\.|[-*])\s+(?=\S)")
CODE_ALONE = re.compile(r"^\[`?([\w./-]+\.py)`?\]\(([\w./-]+\.py)\)$", re.MULTILINE)
FENCE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
# Commands, which are wrapped where they are wide; and what is said to those who read the page elsewhere.
COMMANDS = re.compile(r"^( *)```\n( *(?:PYTHONPATH=|python |~/|(?:course/|\.\./)?setup/dlwa ))")
ELSEWHERE = re.compile(r"\s*This\s+page\s+needs\s+the\s+book:\s+`setup/dlwa lesson`\s+opens\s+it\.")
TABLE_ROW, CODE = re.compile(r"^\|.*$", re.MULTILINE), re.compile(r"`[^`]+`")


class Source:
    """One page of the checkout.

    pages: {path of a page's source in the checkout: path of the page in the book}. Afterwards `assets` has the files
    of the checkout that the page shows.
    """

    def __init__(self, root, page, pages):
        self.root, self.page, self.pages = root, page, pages
        self.assets = set()

    def text(self):
        """The page as the book's Markdown."""
        text = (self.root / self.page.source).read_text(encoding="utf-8")
        text = CODE_ALONE.sub(lambda found: self._program(*found.groups()), ELSEWHERE.sub("", text))
        pieces = FENCE.split(text)  # text and fenced code in turn
        pieces[::2] = [self._changed(piece) for piece in pieces[::2]]
        pieces[1::2] = [COMMANDS.sub(r"\1``` {.sh .wrapped}\n\2", piece) for piece in pieces[1::2]]
        return "\n".join(folded(indented("".join(pieces).split("\n"))))

    def _changed(self, text):
        text = LINK.sub(self._link, text)
        return TABLE_ROW.sub(lambda row: CODE.sub(_plain_bars, row[0]), text)

    def _program(self, name, target):
        """A program that a line shows is read in the book, too."""
        text = (self.root / self._place(target)).read_text(encoding="utf-8")
        return f'??? example "{name}"\n\n' + "\n".join(
            f"    {line}" for line in ["```python", *text.rstrip().split("\n"), "```"]
        )

    def _place(self, target):
        """The path in the checkout that a link means."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.page.source), target))

    def _link(self, found):
        mark, text, target = found.groups()
        if re.match(r"https?:|#|mailto:", target):
            return found[0]
        path, _, anchor = target.partition("#")
        place = self._place(path)
        if place in self.pages:
            return f"[{text}]({self._from_here(self.pages[place])}{'#' + anchor if anchor else ''})"
        if place.endswith(SOUNDS) and (self.root / place).is_file():
            self.assets.add(place)
            return sound(text, self._from_here(place))
        if mark or place.endswith(PICTURES):
            self.assets.add(place)
            return f"{mark}[{text}]({self._from_here(place)})"
        return text

    def _from_here(self, place):
        return os.path.relpath(place, posixpath.dirname(self.page.target) or ".")


def sound(text, address):
    """A sound that can be played where a lesson names it."""
    label = html.escape(re.sub(r"[*`_]", "", text), quote=True)
    return f'{text} <audio controls preload="none" aria-label="{label}" src="{address}"></audio>'


def _plain_bars(code):
    """Inside code a bar is no border of a table's cell in the book; code hosts want it marked."""
    return code[0].replace(r"\|", "|")


def indented(lines):
    """Lines in which what belongs to an item of a list is indented by four spaces, as the book's Markdown wants."""
    width, done = 0, []
    for line in lines:
        item = LIST_ITEM.match(line)
        inner = len(line) - len(line.lstrip())
        if item:
            width = len(item[0])
        elif line.strip() and inner == 0 and done and not done[-1].strip():
            width = 0
        if width and not item and line.strip() and inner >= width:
            line = " " * (4 + inner - width) + line.lstrip()
        done.append(line)
    return done


def folded(lines):
    """Lines in which a paragraph that begins with *You should hear* or *Answer* is folded, until it is clicked."""
    begin = re.compile(rf"( *)\*({'|'.join(FOLDED)})\*:? *(.*)")
    inside = None
    for line in lines:
        found = begin.fullmatch(line)
        if found:
            inside, title, rest = found.groups()
            yield ""
            yield f'{inside}??? {FOLDED[title]} "{title}"'
            yield ""
            yield f"{inside}    {rest[:1].upper() + rest[1:]}"
        elif inside is not None and line.strip() and not LIST_ITEM.match(line):
            yield f"{inside}    {line.strip()}"
        else:
            if inside is not None:
                inside = None
                yield ""
            yield line
