"""The checkpoint reader on files made here: right values, and one clear error for everything that is wrong."""

import contextlib
import random
import tracemalloc

import numpy as np
import pytest
from modelfiles.checkpoint import load_checkpoint
from modelfiles.errors import UserError
from modelfiles.slices import part_key
from modelfiles.snappy import decompress
from modelfiles.table import masked_crc32c
from support.checkpoint_writer import (
    block,
    field,
    literal,
    seal,
    shape_proto,
    table,
    v1_entries,
    v2_entries,
    varint,
    write_v1,
    write_v2,
)
from support.hostile_files import MEMORY_LIMIT, memory_stays_small, mutate  # noqa: F401, a fixture


@pytest.fixture
def tensors():
    rng = np.random.RandomState(1)
    return {
        "rnn/kernel": rng.randn(6, 8).astype("f4"),
        "rnn/bias": rng.randn(8).astype("f4"),
        "scale": np.float32(rng.randn()).reshape(()),
        "nothing": np.zeros((0, 3), "f4"),
    }


def assert_same(checkpoint, tensors):
    assert checkpoint.names() == sorted(tensors)
    for name, array in tensors.items():
        assert checkpoint.shapes[name] == array.shape
        assert checkpoint.dtypes[name] == checkpoint[name].dtype == array.dtype
        np.testing.assert_array_equal(checkpoint[name], array)


# --- checksums and compression -------------------------------------------------------------------------------


def test_the_checksum_of_the_standard_check_string():
    """0xE3069283, rotated right by 15 bits, plus a constant: leveldb/util/crc32c.h."""
    assert masked_crc32c(b"123456789") == 0xC78AB0E5


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        (b"\x06\x08abc\x0a\x03\x00", b"abcabc"),  # copy with an offset of two bytes
        (b"\x09\x04ab\x1a\x02\x00", b"ababababa"),  # longer than what it copies from
        (b"\x06\x04ab\x01\x02", b"ababab"),  # offset in eight bits and three of the tag
        (b"\x06\x08abc\x0b\x03\0\0\0", b"abcabc"),  # offset of four bytes
        (b"\x46\xf0\x45" + b"x" * 70, b"x" * 70),  # literal with its length in a byte of its own
    ],
)
def test_snappy(packed, text):
    assert decompress(packed) == text


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\x05",
        b"\x05\x08abc",
        b"\x02\x08abc",
        b"\x03\x0cabc",
        b"\x06\x08abc\x0a\x04\x00",
        b"\x06\x08abc\x0a\x00\x00",
        b"\xff\xff\xff\xff\x0f\x08abc",
    ],
)
def test_snappy_refuses(packed):
    with pytest.raises(UserError):
        decompress(packed)


# --- both kinds of checkpoint --------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [None, literal])
def test_v1(tmp_path, tensors, compress):
    write_v1(tmp_path / "model.ckpt", tensors, compress)
    assert_same(load_checkpoint(tmp_path / "model.ckpt"), tensors)
    assert_same(load_checkpoint((tmp_path / "model.ckpt").read_bytes()), tensors)


def test_v1_numbers_need_not_be_packed(tensors):
    kernel = tensors["rnn/kernel"]
    (_, meta), (key, _) = v1_entries({"rnn/kernel": kernel})
    numbers = b"".join(varint(5 << 3 | 5) + number.tobytes() for number in kernel.ravel())
    data = table([(b"", meta), (key, field(2, field(3, numbers)))])
    assert_same(load_checkpoint(data), {"rnn/kernel": kernel})


def test_v2_by_prefix_file_and_folder(tmp_path, tensors):
    write_v2(tmp_path / "model.ckpt-7", tensors)
    for source in ("model.ckpt-7", "model.ckpt-7.index", "model.ckpt-7.data-00000-of-00001", "."):
        assert_same(load_checkpoint(tmp_path / source), tensors)


def test_v2_strings(tmp_path):
    write_v2(tmp_path / "ckpt", {"graph": [b"", b"abc\0", b"x" * 300]})
    assert load_checkpoint(tmp_path / "ckpt")["graph"].tolist() == [b"", b"abc\0", b"x" * 300]


def test_an_array_can_be_changed_without_changing_the_checkpoint(tmp_path, tensors):
    write_v2(tmp_path / "ckpt", tensors)
    checkpoint = load_checkpoint(tmp_path / "ckpt")
    checkpoint["rnn/bias"][:] = 0
    np.testing.assert_array_equal(checkpoint["rnn/bias"], tensors["rnn/bias"])


def test_an_unknown_name_is_a_key_error(tmp_path, tensors):
    write_v2(tmp_path / "ckpt", tensors)
    with pytest.raises(KeyError):
        load_checkpoint(tmp_path / "ckpt")["rnn"]


@pytest.mark.parametrize(
    ("starts", "code"),
    [
        (0, "80"),
        (63, "bf"),
        (64, "c040"),
        (-1, "7f"),
        (-64, "40"),
        (-65, "3fbf"),
        (8191, "dfff"),
        (8192, "e02000"),
    ],
)
def test_keys_of_parts_sort_as_their_numbers_do(starts, code):
    assert part_key("a", [(starts, -1)]) == b"\0a\0\1" + b"\1\1" + bytes.fromhex(code) + b"\x7f"


# --- what can be wrong ---------------------------------------------------------------------------------------


def test_files_that_are_missing(tmp_path, tensors):
    with pytest.raises(UserError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "ckpt")
    with pytest.raises(UserError, match="no checkpoint in the folder"):
        load_checkpoint(tmp_path)
    write_v2(tmp_path / "ckpt", tensors)
    (tmp_path / "ckpt.data-00000-of-00001").unlink()
    with pytest.raises(UserError, match="data-00000-of-00001 is missing") as caught:
        load_checkpoint(tmp_path / "ckpt")["rnn/bias"]
    assert "copy all files" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 48, b"<!DOCTYPE html>" * 100])
def test_files_of_another_kind(tmp_path, content):
    (tmp_path / "model.ckpt").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.ckpt: this is not a TensorFlow checkpoint"):
        load_checkpoint(tmp_path / "model.ckpt")


def test_every_truncation_of_v1_is_refused(tensors):
    data = table(v1_entries(tensors))
    for size in range(len(data)):
        with pytest.raises(UserError):
            load_checkpoint(data[:size])


def test_a_flipped_bit_in_the_values_is_noticed(tmp_path, tensors):
    write_v2(tmp_path / "ckpt", tensors)
    shard = tmp_path / "ckpt.data-00000-of-00001"
    raw = bytearray(shard.read_bytes())
    raw[5] ^= 1
    shard.write_bytes(raw)
    with pytest.raises(UserError, match=r"tensor rnn/kernel: .*checksum"):
        load_checkpoint(tmp_path / "ckpt")["rnn/kernel"]


@pytest.mark.parametrize("shape", [(1 << 40, 1 << 40), (1 << 63,), (1,) * 33, (0, 1 << 60), (1 << 30, 4)])
def test_impossible_shapes_cost_nothing(tmp_path, shape):
    size = 0 if 0 in shape else 3
    entries, data = v2_entries({"a": np.zeros(size, "f4")})
    name, value = entries[1]
    value = value.replace(field(2, shape_proto((size,))), field(2, shape_proto(shape)))
    (tmp_path / "ckpt.index").write_bytes(table([entries[0], (name, value)]))
    (tmp_path / "ckpt.data-00000-of-00001").write_bytes(data)
    refuses_within_limits(lambda: load_checkpoint(tmp_path / "ckpt")["a"])


def test_keys_that_grow_by_prefix_sharing_cost_nothing():
    """Each entry of four bytes repeats the whole key before it, so 2 MB of them would make terabytes of keys."""
    body = bytearray(varint(0) + varint(1) + varint(0) + b"a")
    for length in range(1, 400_000):
        body += varint(length) + varint(1) + varint(0) + b"a"
    stored = seal(bytes(body) + block([])[-8:])
    index = block([(b"z", varint(0) + varint(len(stored) - 5))])
    footer = varint(0) * 2 + varint(len(stored)) + varint(len(index))
    data = stored + seal(index) + footer.ljust(40, b"\0") + table([])[-8:]
    refuses_within_limits(lambda: load_checkpoint(data), limit=2 * MEMORY_LIMIT)


def refuses_within_limits(read, limit=MEMORY_LIMIT):
    """`read` raises UserError, and takes little memory to do so."""
    tracemalloc.start()
    try:
        with pytest.raises(UserError):
            read()
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def read_all(source):
    """Read every tensor; a UserError is as good as values, anything else fails the test."""
    try:
        checkpoint = load_checkpoint(source)
    except UserError:
        return
    for name in checkpoint:
        with contextlib.suppress(UserError):
            checkpoint[name]


@pytest.mark.usefixtures("memory_stays_small")
def test_3000_mutated_v1_files(tensors):
    rng = random.Random(1)
    data = table(v1_entries(tensors))
    for _ in range(3000):
        read_all(mutate(data, rng))


@pytest.mark.slow
@pytest.mark.usefixtures("memory_stays_small")
def test_3000_mutated_v1_files_with_right_checksums(tensors):
    """The checksums stop nearly every mutation of a file; hostile ones fit, and reach the parser behind them."""
    rng = random.Random(2)
    entries = v1_entries(tensors)
    for number in range(3000):
        hostile = list(entries)
        which = rng.randrange(len(entries))
        key, value = entries[which]
        hostile[which] = (key, mutate(value, rng)) if rng.random() < 0.9 else (mutate(key, rng), value)
        compress = (lambda body: mutate(literal(body), rng)) if number % 3 == 0 else None
        read_all(table(hostile, compress))


@pytest.mark.usefixtures("memory_stays_small")
def test_3000_mutated_blocks_with_right_checksums(tensors):
    rng = random.Random(3)
    bodies = [block(v1_entries(tensors)), block([(b"z", varint(0) + varint(500))])]
    for _ in range(3000):
        values, index = (mutate(body, rng) if rng.random() < 0.5 else body for body in bodies)
        stored = seal(values)
        footer = varint(0) * 2 + varint(len(stored)) + varint(len(index))
        footer = (mutate(footer, rng) if rng.random() < 0.2 else footer)[:40]
        read_all(stored + seal(index) + footer.ljust(40, b"\0") + table([])[-8:])


@pytest.mark.slow
@pytest.mark.usefixtures("memory_stays_small")
def test_3000_mutated_v2_files_with_right_checksums(tmp_path, tensors):
    rng = random.Random(4)
    entries, data = v2_entries({**tensors, "graph": [b"abc", b"", b"de"]})
    for number in range(3000):
        hostile = list(entries)
        which = rng.randrange(len(entries))
        key, value = entries[which]
        hostile[which] = (key, mutate(value, rng)) if rng.random() < 0.8 else (mutate(key, rng), value)
        (tmp_path / "ckpt.index").write_bytes(table(hostile))
        shard = mutate(data, rng) if number % 2 else data
        (tmp_path / "ckpt.data-00000-of-00001").write_bytes(shard)
        read_all(tmp_path / "ckpt")
