"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum inside TensorFlow's checkpoint files.

Plain Python manages a few MB a second, and a SampleRNN checkpoint has 450, so numpy computes many lanes
side by side. What makes that possible: without its first and last inversion the CRC is linear over GF(2).
The CRC of two pieces is the CRC of the first, advanced over as many zero bytes as the second has, XOR the
CRC of the second.
"""

import numpy as np

POLYNOMIAL = 0x82F63B78  # bit-reversed
LANE = 256  # bytes
LANES = 4096
SMALL = 4096  # bytes; up to here, a plain loop is faster
MASK_DELTA = 0xA282EAD8  # of "masked" CRCs: leveldb/util/crc32c.h


def _table(bits):
    """uint32[2 ** bits]: what becomes of the low bits of the register while as many bits of zeros go in."""
    table = np.arange(1 << bits, dtype=np.uint32)
    for _ in range(bits):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1)
    return table


_BYTES = _table(8).tolist()
_WORDS = _table(16)


def _advance(registers, shift):
    """Advance uint32 registers by the zero bytes that `shift` stands for (see `_shifts`)."""
    low, high = shift
    return low[registers & np.uint32(0xFFFF)] ^ high[registers >> np.uint32(16)]


def _shifts():
    """Tables for 256, 512, 1024 ... zero bytes, one for each time that lanes are joined two by two."""
    unit = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for _ in range(LANE // 2):
        unit = _WORDS[unit & np.uint32(0xFFFF)] ^ (unit >> np.uint32(16))
    result = []
    for _ in range(LANES.bit_length() - 1):
        halves = []
        for columns in (unit[:16], unit[16:]):
            table = np.zeros(1, np.uint32)
            for column in columns:
                table = np.concatenate([table, table ^ column])
            halves.append(table)
        result.append(tuple(halves))
        unit = _advance(unit, result[-1])
    return result


_SHIFTS = _shifts()


def _register(lanes):
    """The register after uint8 [lanes, LANE], lanes a power of two, started at zero."""
    registers = np.zeros(len(lanes), np.uint32)
    for column in np.ascontiguousarray(lanes.view("<u2").T):
        registers = _WORDS[(registers ^ column) & np.uint32(0xFFFF)] ^ (registers >> np.uint32(16))
    for shift in _SHIFTS:
        if len(registers) == 1:
            break
        registers = _advance(registers[::2], shift) ^ registers[1::2]
    return int(registers[0])


def crc32c(data):
    """The CRC-32C of a bytes-like object, as an int."""
    data = np.frombuffer(data, np.uint8)
    register = 0xFFFFFFFF
    start = len(data) % 4 if len(data) > SMALL else len(data)
    for byte in data[:start].tolist():
        register = _BYTES[(register ^ byte) & 0xFF] ^ register >> 8
    while start < len(data):
        size = (len(data) - start) % (LANE * LANES) or LANE * LANES
        # The register so far goes in as an XOR on the next four bytes. Zeros before the data change nothing.
        lanes = 1 << (-(-size // LANE) - 1).bit_length()
        padded = np.zeros(lanes * LANE, np.uint8)
        padded[-size:] = data[start : start + size]
        padded[-size:][:4] ^= np.frombuffer(register.to_bytes(4, "little"), np.uint8)
        register = _register(padded.reshape(lanes, LANE))
        start += size
    return register ^ 0xFFFFFFFF


def mask(crc):
    """A CRC as it is stored: rotated and shifted, so that the CRC of data that holds CRCs is sound."""
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF
