"""Whose sounds a data set is made of: a table, sources.csv, that a person fills in. Runs in `dataset` and trainings.

One row a file: `file`, `who` made it, `licence` or consent, `source` where it comes from. `dataset` writes it into the
data set with what the sounds' own folder says in a table of this name; the model card is filled from it.
"""

import csv
import io
import unicodedata
from collections import Counter
from pathlib import Path

from dlwakit.runs.folder import write_whole

TABLE = "sources.csv"
COLUMNS = ("file", "who", "licence", "source")
NOT_STATED = "not stated"


def read(folder):
    """The rows of a folder's table by file, {file: {column: text}}; {} where there is none.

    A table may be one that a spreadsheet has written: in UTF-8 or Windows' Western letters, with commas, semicolons or
    tabs.
    """
    try:
        content = (Path(folder) / TABLE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    header = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    table = {}
    for row in rows:
        words = {str(name).strip().lower(): (word or "").strip() for name, word in row.items() if name}
        if name := unicodedata.normalize("NFC", words.get("file", "")):
            table[name] = {column: words.get(column, "") for column in COLUMNS[1:]}
    return table


def write(folder, table):
    """Write rows {file: {column: text}} as a folder's table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({"file": name, **row} for name, row in table.items())
    write_whole(Path(folder) / TABLE, text.getvalue())


def keep(data, names, source, log=print, into=None):
    """Write the table of a data set: a row for each file, filled with what it and the sounds' folder had to say.

    into: where the data set is written until all of it is there.
    """
    source = Path(source)
    stated = read(data)
    for name, row in read(source if source.is_dir() else source.parent).items():
        stated[name] = {column: word or stated.get(name, {}).get(column, "") for column, word in row.items()}
    table = {name: stated.get(name, dict.fromkeys(COLUMNS[1:], "")) for name in names}
    Path(into or data).mkdir(parents=True, exist_ok=True)
    write(into or data, table)
    open_ = sum(not all(row.values()) for row in table.values())
    if open_:
        log(f"{Path(data) / TABLE} says whose they are: {open_} of {len(table)} rows are not complete")


def summary(table):
    """[[number of files, who, licence, source]] of the rows that say the same, most files first."""
    alike = Counter(tuple(row[column] or NOT_STATED for column in COLUMNS[1:]) for row in table.values())
    return [[count, *words] for words, count in alike.most_common()]
