"""Every situation in the table of cases names a test that is there, and quotes what the course can say."""

import re

from faults.cases import ROOT, ROWS


def test_every_case_names_a_test():
    for situation, _, node in ROWS:
        file, _, name = node.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), situation


def test_what_is_quoted_stands_in_the_sources():
    places = [*ROOT.glob("0*"), ROOT / "setup/dlwakit", ROOT / "pyext_py3"]
    files = [path for place in places for kind in ("*.py", "*.cpp") for path in place.rglob(kind)]
    sources = "".join(path.read_text(encoding="utf-8") for path in files)
    quoted = [words for _, happens, _ in ROWS for words in re.findall(r'"(.+?)"', happens)]
    assert quoted and [words for words in quoted if words not in sources] == []
