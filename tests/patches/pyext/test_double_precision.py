"""A double-precision Pd prints in one line why it cannot have these objects, and goes on."""

import shutil

import pytest
from support.tools import cannot


@pytest.fixture
def pd64(rig, play):
    program = shutil.which("pd64") or shutil.which("puredata64")
    if program is None:
        cannot("no double-precision Pd on PATH (tests/support/other_pd.sh FOLDER brings one)")
    return play(arguments=rig.LIBRARY, pd=program)


def test_it_is_refused_with_a_clear_line(pd64, tmp_path):
    line = pd64.expect_console("double-precision Pd")
    assert "start the ordinary pd" in line
    patch = tmp_path / "box.pd"
    patch.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 10 10 py operator.add;\n#X obj 10 40 declare -lib py;\n"
    )
    pd64.open(patch)
    pd64.expect_console("couldn't create")
    assert pd64.quit() == 0
