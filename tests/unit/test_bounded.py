"""Files whose sizes lie: they are refused in a line before memory or disk is taken."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
from ganspacesynth import components
from gansynth import folder, latent
from modelfiles.bounded import MAX_TEXT_BYTES, read_json, read_npy, read_npz, unpack
from modelfiles.errors import UserError
from modelfiles.unpickling import load_pickle_allow_list
from samplernn.engine.config import MOST, Config
from support.gansynth_files import FLAGS
from support.hostile_files import memory_stays_small  # noqa: F401, a fixture

pytestmark = pytest.mark.usefixtures("memory_stays_small")
HUGE = 1 << 34


def npy(shape, dtype="<f4", data=b""):
    """A .npy file whose header says what it wants."""
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3, dtype="f4")), np.int64(7)]
)
def test_arrays_come_as_they_went(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", one=array, word="conv0")
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), array)
    both = read_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(both["one"], array)
    assert str(both["word"]) == "conv0"


@pytest.mark.parametrize(
    "content",
    [
        npy((HUGE,)),
        npy((2, 2), data=bytes(12)),
        npy((2,), data=bytes(12)),
        npy((HUGE,), "|V0"),
        npy((1,), "|O", bytes(8)),
        npy((-1, -1), data=bytes(4)),
        npy((1,) * 40, data=bytes(4)),
        b"\x93NUMPY\x01\x00\x08\x00{'a': 1(",
        b"\x93NUMPY\x09\x00\x08\x00",
        b"",
    ],
    ids=range(10),
)
def test_an_array_that_is_not_what_its_header_says(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    for read in (read_npy, latent.read):
        with pytest.raises(UserError, match=r"a\.npy"):
            read(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("comp.npy", content)
    for read in (read_npz, components.read):
        with pytest.raises(UserError, match=r"a\.npz"):
            read(tmp_path / "a.npz")


@pytest.fixture
def bomb(tmp_path):
    """An archive of half a megabyte that unpacks to 512."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("model/comp.data-00000-of-00001", "w", force_zip64=True) as member:
            for _ in range(512):
                member.write(bytes(1 << 20))
        archive.writestr("model/experiment.json", "{}")
    return path


def test_an_archive_that_would_fill_the_disk(bomb):
    with pytest.raises(UserError, match="would unpack to 512 MB"):
        folder.open_folder(bomb)
    with pytest.raises(UserError, match="would unpack to 512 MB"):
        unpack(bomb, bomb.parent, bool)
    assert sorted(path.name for path in bomb.parent.rglob("*.data*")) == []


def test_an_archive_of_arrays_that_would_fill_memory(tmp_path):
    with zipfile.ZipFile(tmp_path / "conv0.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("comp.npy", npy((1 << 26,), data=bytes(1 << 20)) + bytes(1 << 20))
    text = bytearray((tmp_path / "conv0.npz").read_bytes())
    place = text.index(b"PK\x01\x02") + 24  # the size in the directory
    text[place : place + 4] = struct.pack("<I", 1 << 30)
    (tmp_path / "conv0.npz").write_bytes(text)
    with pytest.raises(UserError, match=r"conv0\.npz would unpack"):
        components.read(tmp_path / "conv0.npz")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "[1, 2]", "{", "\xff", '{"a": ' * 100_000],
)
def test_settings_that_are_no_keys_and_values(tmp_path, text):
    (tmp_path / "x.json").write_bytes(text.encode("latin1"))
    with pytest.raises(UserError, match=r"x\.json"):
        read_json(tmp_path / "x.json")


def test_settings_that_are_too_long(tmp_path):
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(MAX_TEXT_BYTES + 1)
    with pytest.raises(UserError, match="more than any such file"):
        read_json(tmp_path / "x.json")


@pytest.mark.parametrize("value", [0, -1, 10**30, 1e30, "8", None, [], True, float("nan")], ids=str)
@pytest.mark.parametrize("name", sorted(folder.RANGES))
def test_settings_of_day_3_that_no_model_has(tmp_path, name, value):
    (tmp_path / "experiment.json").write_text(json.dumps({**FLAGS, name: value}))
    with pytest.raises(UserError, match=rf"experiment\.json says {name} = .*, not "):
        folder.open_folder(tmp_path)


@pytest.mark.parametrize("value", [0, -1, 10**12, 10**30, 1.5, "8", True], ids=str)
@pytest.mark.parametrize("name", sorted(MOST))
def test_settings_of_day_5_that_no_model_has(name, value):
    with pytest.raises(UserError, match=f"{name} is .*, it must be a whole number, 1 to"):
        Config.from_dict({"q_type": "linear", name: value})


class Call:
    """Pickled as the call of a constructor."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "call",
    [
        Call(bytearray, HUGE),
        Call(bytearray, "x", "utf-16"),
        Call(np._core.numeric._frombuffer, HUGE, np.dtype("u1"), (1,), "C"),
        Call(np._core.multiarray.scalar, np.dtype("f8"), HUGE),
    ],
    ids=("bytearray of a size", "bytearray of an encoding", "array of a size", "scalar of a size"),
)
def test_a_pickle_that_asks_for_room(tmp_path, call):
    content = io.BytesIO()
    pickle._Pickler(content, 2).dump({"mean_pitch": call})
    (tmp_path / "p.pkl").write_bytes(content.getvalue())
    assert len(content.getvalue()) < 200
    with pytest.raises(UserError, match=r"damaged|encoding"):
        load_pickle_allow_list(tmp_path / "p.pkl")
