"""What the book's Markdown knows beyond the generator's: formulas, and terms that explain themselves. In `book`.

The generator finds it by its name in zensical.toml. Formulas are written as on code hosts, $`x`$ in a line and a fence
of the kind `math`; they become MathML, which browsers draw without a program. The first time that a section uses a term
of glossary.md, the explanation shows under the mouse and to a screen reader.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

GLOSSARY = Path(__file__).with_name("glossary.md")
NOT_IN = {"a", "abbr", "audio", "code", "pre", "summary", "th", *(f"h{level}" for level in range(1, 7))}


def terms(text):
    """{a way to write the term, in small letters: its explanation} from lines such as `- **Loss**: how wrong ...`."""
    found = {}
    for names, meaning in re.findall(r"^- \*\*(.+?)\*\*: (.+(?:\n  .+)*)", text, flags=re.MULTILINE):
        for name in re.split(r", | \(|\)", names):
            if name:
                found[name.lower()] = " ".join(re.sub(r"[*`]", "", meaning).split())
    return found


class Formulas(Preprocessor):
    """Formulas as MathML, which no further step of Markdown changes."""

    def run(self, lines):
        text = "\n".join(lines)
        text = re.sub(r"^( *)```math\n(.*?)\n *```$", self._block, text, flags=re.DOTALL | re.MULTILINE)
        return re.sub(r"\$`(.+?)`\$", self._inline, text).split("\n")

    def _block(self, found):
        return found[1] + self.md.htmlStash.store(convert(found[2].strip(), display="block"))

    def _inline(self, found):
        return self.md.htmlStash.store(convert(found[1]))


class Terms(Treeprocessor):
    """The first use of a term in each section, with its explanation."""

    def __init__(self, md):
        super().__init__(md)
        self.terms = terms(GLOSSARY.read_text(encoding="utf-8"))
        names = "|".join(sorted(map(re.escape, self.terms), key=len, reverse=True))
        self.pattern = re.compile(rf"(?<![\w-])({names})(s?)(?![\w-])", re.IGNORECASE)

    def run(self, root):
        self.seen = set()
        if root.find("h1") is None or "".join(root.find("h1").itertext()).strip() != "Glossary":
            self._walk(root)

    def _walk(self, element):
        if element.tag == "h2":
            self.seen = set()
        if element.tag in NOT_IN:
            return
        self._mark(element, None)
        for child in list(element):
            self._walk(child)
            self._mark(element, child)

    def _mark(self, parent, child):
        """Wrap the first new term in the text before the children, or behind one of them, and go on behind it."""
        text = parent.text if child is None else child.tail
        found = next((one for one in self.pattern.finditer(text or "") if self._new(one)), None)
        if not found:
            return
        name = found[1].lower()
        self.seen.add(name)
        term = ElementTree.Element("abbr", {"class": "term", "title": self.terms[name]})
        term.text, term.tail = found[0], text[found.end() :]
        if child is None:
            parent.text = text[: found.start()]
            parent.insert(0, term)
        else:
            child.tail = text[: found.start()]
            parent.insert(list(parent).index(child) + 1, term)
        self._mark(parent, term)

    def _new(self, found):
        return found[1].lower() not in self.seen


class Lessons(Extension):
    """Formulas and terms."""

    def extendMarkdown(self, md):
        md.preprocessors.register(Formulas(md), "formulas", 28)  # between white space and fenced code
        md.treeprocessors.register(Terms(md), "terms", 5)  # after text has become elements


def makeExtension(**options):
    """The name by which Markdown finds an extension in a module."""
    return Lessons(**options)
