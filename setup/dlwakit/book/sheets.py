"""Pages made of the book's own: the whole book as one page to print, slides of each day. On the command line."""

import html
import os
import posixpath
import re

from dlwakit.book.pages import all_pages

PRINT, SLIDES = "print.html", "slides.html"
ARTICLE = re.compile(r'<article class="md-content__inner md-typeset">(.*?)</article>', re.DOTALL)
STYLES = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
ADDRESS = re.compile(r'(?<=\s)(href|src|id)="([^"]*)"')
BACK = re.compile(r'<a class="headerlink".*?</a>', re.DOTALL)
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{styles}
</head>
<body class="{kind}" data-md-color-scheme="default" data-md-color-primary="indigo">
{body}
</body>
</html>
"""


def write(book, root):
    """Add the page to print and the slides to a book that was just built, and a link to them."""
    pages = [(page, page.target[: -len(".md")] + ".html") for page in all_pages(root)]
    texts = {address: (book / address).read_text(encoding="utf-8") for _, address in pages}
    styles = STYLES.findall(texts["index.html"])
    _write(book / PRINT, "The whole book", "print", styles, _to_print(pages, texts))
    _link(book / "index.html", texts["index.html"], PRINT, "The whole book as one page, to print")
    for page, address in pages:
        if page.title == "Lesson":
            folder = posixpath.dirname(address)
            styles_here = [os.path.relpath(style, folder) for style in styles]
            body = f'<main class="md-typeset">{_article(texts[address])}</main>'
            body += f'\n<script src="{os.path.relpath("assets/slides.js", folder)}"></script>'
            _write(book / folder / SLIDES, f"{page.chapter}: slides", "slides", styles_here, body)
            _link(book / address, texts[address], SLIDES, "Slides of this day")


def _article(text):
    return BACK.sub("", SCRIPT.sub("", ARTICLE.search(text)[1]))


def _write(path, title, kind, styles, body):
    links = "\n".join(f'<link rel="stylesheet" href="{style}">' for style in styles)
    path.write_text(
        TEMPLATE.format(title=html.escape(title), kind=kind, styles=links, body=body), encoding="utf-8"
    )


def _link(path, text, address, words):
    """Put a link under the first heading of a page."""
    text = text.replace("</h1>", f'</h1>\n<p class="sheets"><a href="{address}">{words}</a></p>', 1)
    path.write_text(text, encoding="utf-8")


def _to_print(pages, texts):
    """All pages, one after the other; links between them lead to their places in this page."""
    known = {address for _, address in pages}
    parts, chapters = [], {}
    for page, address in pages:
        chapters.setdefault(html.escape(page.chapter), []).append(
            f'<a href="#{_place(address)}">{html.escape(page.title)}</a>'
        )
        moved = ADDRESS.sub(lambda found, here=address: _moved(found, here, known), _article(texts[address]))
        moved = moved.replace("<details", "<details open")
        parts.append(f'<article class="md-typeset" id="{_place(address)}">{moved}</article>')
    rows = "".join(
        f"<li>{'' if links[0].endswith(f'>{name}</a>') else f'{name}: '}{', '.join(links)}</li>"
        for name, links in chapters.items()
    )
    return f'<nav class="md-typeset"><h1>Contents</h1><ul>{rows}</ul></nav>\n' + "\n".join(parts)


def _moved(found, here, known):
    """An address or a name of a page, as it is in the page to print."""
    kind, value = found.groups()
    if kind == "id":
        return f'id="{_place(here, value)}"'
    if re.match(r"\w+:|$", value):
        return found[0]
    path, _, place = value.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else here
    return f'{kind}="{"#" + _place(target, place) if target in known else target}"'


def _place(address, name=""):
    """The name of a page, or of a place in it, in the page to print."""
    return re.sub(r"\W+", "-", address[: -len(".html")]) + (f"--{name}" if name else "")
