"""PNG pictures without any library, for demos. On the command line."""

import struct
import zlib

PAPER, INK = (255, 255, 255), (43, 93, 143)
COLUMNS, ROWS, CELL = 48, 32, 12  # of a patch's spectrogram; pixels of a square
PALETTE = (
    1,
    2,
    103,
    204,
    305,
    405,
    505,
    604,
    703,
    812,
    921,
    930,
    940,
    951,
    963,
    985,
)  # digits: red, green, blue


def write_png(file, rows):
    """Write rows of pixels, each (red, green, blue) from 0 to 255, as a PNG file."""
    lines = b"".join(b"\0" + bytes(part for pixel in row for part in pixel) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks))


def waveform(view, height=120):
    """Rows of pixels of a sound's overview: lowest and highest value in turn, -1 to 1, for each column."""
    rows = [[PAPER] * (len(view) // 2) for _ in range(height)]
    for column, (low, high) in enumerate(zip(view[::2], view[1::2])):
        first, last = (round((1 - value) / 2 * (height - 1)) for value in (high, low))
        for row in range(max(first, 0), min(last, height - 1) + 1):
            rows[row][column] = INK
    return rows


def spectrogram(values):
    """Rows of pixels of a patch's spectrogram: COLUMNS x ROWS values of 0 to 1, column by column from low to high."""
    colours = [tuple(28 * int(digit) for digit in f"{colour:03}") for colour in PALETTE]
    rows = []
    for row in reversed(range(ROWS)):
        shades = [int(min(max(values[column * ROWS + row], 0), 1) * 15 + 0.5) for column in range(COLUMNS)]
        rows += [[colours[shade] for shade in shades for _ in range(CELL)]] * CELL
    return rows


def chunk(name, data):
    """A part of a PNG file: its length, name, data and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
