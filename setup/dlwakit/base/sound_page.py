"""A page with a table of sounds that a browser plays, without a network; the command line and trainings."""

import html

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: 0.4rem; border-bottom: 1px solid #ccc; }}
audio {{ width: 14rem; }}
</style>
<h1>{title}</h1>
<p>{text}</p>
<table>
{rows}
</table></html>
"""


def player(file, name):
    """A cell that plays a file beside the page."""
    return f'<audio controls src="{html.escape(file)}" aria-label="{html.escape(name)}"></audio>'


def write_page(path, title, text, head, rows):
    """Write the page. head: names of the columns; rows: cells, which are HTML."""
    lines = ["<tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    page = PAGE.format(title=html.escape(title), text=html.escape(text), rows="\n".join(lines))
    path.write_text(page, encoding="utf-8")
