"""A patch of a test's own in real Pd, with objects of the course in it."""

import pytest
from support.course_copy import ROOT
from support.page import HOST, Page


@pytest.fixture
def page(play, tmp_path):
    """`page("dlwa-saver \\$0 tone", ...)`: a patch with these objects, numbered from 1, and cords (from, to)."""

    def start(*objects, cords=()):
        patch = tmp_path / "page.pd"
        lines = [f"#X obj 20 {40 + 80 * row} {words};\n" for row, words in enumerate(objects)]
        lines += [f"#X connect {source} 0 {sink} 0;\n" for source, sink in cords]
        patch.write_text(HOST + "".join(lines))
        return Page(play([patch], path=[ROOT / "setup/patches"], listen=["page-out", "seen"]), "page")

    return start
