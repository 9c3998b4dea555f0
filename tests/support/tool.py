"""Run a tool of the environment `torch`, of the version that environments/test.txt pins.

    python3 tests/support/tool.py ruff check .

Runs in any Python: hooks of pre-commit call it. `setup/dlwa test` installs the tools.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "pyext_py3"))
from modelfiles.errors import UserError
from pdworker.environments import find_python


def main(tool, *arguments):
    """Become the tool."""
    try:
        program = Path(find_python("torch")).with_name(tool)
    except UserError as error:
        sys.exit(str(error))
    if not program.exists():
        sys.exit(f"there is no {program}: run setup/dlwa test --collect-only")
    os.execv(program, [str(program), *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
