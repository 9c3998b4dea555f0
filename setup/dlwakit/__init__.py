"""The course's own tools: command line, installation, trainings, demos. Makes pdworker and modelfiles importable.

All but `training` and `benchmarks` runs with any Python from 3.9 on and needs the standard library alone.
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
VERSION = (_ROOT / "VERSION").read_text(encoding="utf-8").strip()

_SHARED = str(_ROOT / "pyext_py3")
if _SHARED not in sys.path:
    sys.path.append(_SHARED)
