"""A spectrogram as the patches draw it, as a PNG file. Standard library only."""

import struct
import zlib

COLUMNS, ROWS = 48, 32
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


def write_png(path, values, cell=12):
    """Write COLUMNS x ROWS values of 0 to 1, column by column and each from low to high, as squares of colour."""
    colours = [bytes(28 * int(digit) for digit in f"{colour:03}") for colour in PALETTE]
    lines = b""
    for row in reversed(range(ROWS)):
        shades = [values[column * ROWS + row] for column in range(COLUMNS)]
        line = b"".join(colours[int(min(max(shade, 0), 1) * 15 + 0.5)] * cell for shade in shades)
        lines += (b"\0" + line) * cell
    head = struct.pack(">IIBBBBB", COLUMNS * cell, ROWS * cell, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in chunks:
            file.write(
                struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            )
