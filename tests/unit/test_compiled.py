"""Loops that numba has compiled are found again by a worker that may not write beside their source."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYEXT = Path(__file__).parents[2] / "pyext_py3"
LOOP = "import numba\n\n\n@numba.njit(cache=True)\ndef twice(x):\n    return 2 * x\n"
FREE = "import loop; loop.twice(1)"
CONFINED = """
import sys
from pdworker.confinement import confine
from pdworker.rights import Rights
confine(Rights(writable=(), cache=sys.argv[1], scratch=sys.argv[1]))
import loop
assert loop.twice({value}) == 2 * {value}
print(sum(loop.twice.stats.cache_hits.values()), loop.twice.stats.cache_path)
"""


def run(folder, program, **variables):
    path = os.pathsep.join([str(PYEXT), str(folder)])
    command = [sys.executable, "-c", program, str(folder / "cache")]
    variables = {"PYTHONPATH": path, "XDG_CACHE_HOME": str(folder / "cache"), **variables}
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.slow
def test_what_was_compiled_beside_the_source_is_not_compiled_again(tmp_path):
    (tmp_path / "loop.py").write_text(LOOP)
    (tmp_path / "cache").mkdir()
    run(tmp_path, FREE)
    kept = sorted(path.name for path in (tmp_path / "__pycache__").glob("*.nb?"))
    locator = {"NUMBA_CACHE_LOCATOR_CLASSES": "pdworker.serving.compiled.BesideOrOwn"}
    hits, folder = run(tmp_path, CONFINED.format(value=3), **locator)
    assert (hits, folder.startswith(str(tmp_path / "cache"))) == ("1", True)
    for hits in ("0", "1"):  # another type is compiled, and found the next time
        assert run(tmp_path, CONFINED.format(value=1.5), **locator)[0] == hits
    assert sorted(path.name for path in (tmp_path / "__pycache__").glob("*.nb?")) == kept
