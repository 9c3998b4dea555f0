"""The registries of the days name each starter that is there, as the file that it is."""

import json
from pathlib import Path

import pytest
from dlwakit.base.files import sha256

ROOT = Path(__file__).resolve().parents[2]
STARTERS = [
    pytest.param(registry.parent, entry, id=f"{registry.parts[-3]}-{entry['name']}")
    for registry in sorted(ROOT.glob("0*/checkpoints/registry.json"))
    for entry in json.loads(registry.read_text())
    if entry["kind"] == "starter"
]


@pytest.mark.parametrize("folder, entry", STARTERS)
def test_a_starter_is_what_was_registered(folder, entry):
    path = folder / entry["file"]
    assert path.exists()
    if path.is_file() and entry["sha256"]:
        assert (path.stat().st_size, sha256(path)) == (entry["bytes"], entry["sha256"])
