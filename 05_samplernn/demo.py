"""Day 5 without a window: real Pd loads each starter, lets it make two sounds at once, and saves them."""

import tempfile
import time
from pathlib import Path

from pd_session import PdSession
from picture import write_png

HERE = Path(__file__).resolve().parent
STARTERS = ("tabla", "haze")
OUT = "samplernn-out"
SECONDS = 4
STEADY, RISING = 1.1, "Env([0.9,1.2],[4],[-2])"
WIDTH, HEIGHT = 600, 120  # of one sound in the picture
PAPER, INK = (255, 255, 255), (43, 93, 143)

ARRAYS = "#N canvas 0 0 300 200 12;\n" + "".join(
    f"#X obj 20 {20 + 30 * row} array define {name} 64;\n"
    for row, name in enumerate(("steady", "rising", "steady-picture", "rising-picture"))
)


def demo(out_dir, **session):
    """Write two sounds of each starter, at a steady and at a rising temperature, and a picture of all.

    session: options for the PdSession. Returns the files; raises RuntimeError with what went wrong.
    """
    files, views = [], []
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder, "arrays.pd")
        arrays.write_text(ARRAYS)
        with PdSession([arrays, HERE / "samplernn.pd"], listen=[OUT], **session) as pd:
            hear(pd, "status", timeout=30)
            for name in ("steady", "rising"):
                pd.send(f"{name}-picture", "resize", 2 * WIDTH)
                pd.send("samplernn", "view", name, f"{name}-picture")
            for starter in STARTERS:
                pd.send("samplernn", "load", starter)
                hear(pd, "worker", "on", timeout=300)
                words = ["--out", "steady", "--temp", STEADY, "--out", "rising", "--temp", RISING]
                pd.send("samplernn", "generate", *words, "--dur", SECONDS, "--random", 5)
                hear(pd, "generated", "rising", timeout=300)
                for name in ("steady", "rising"):
                    file = Path(out_dir, f"{starter}_{name}.wav")
                    pd.send("samplernn", "write", name, str(file))
                    hear(pd, "saved", timeout=60)
                    views.append(pd.array(f"{name}-picture"))
                    files.append(file)
    picture = Path(out_dir, "samplernn.png")
    write_png(picture, [row for view in views for row in waveform(view)])
    return [*files, picture]


def hear(pd, *start, timeout):
    """Wait until the object says this, after what was heard before; RuntimeError if it tells of an error instead."""
    heard = pd.received[OUT]
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        while heard:
            message = heard.pop(0)
            if message[: len(start)] == list(start):
                return
            if message[0] == "error":
                raise RuntimeError(message[1])
        time.sleep(0.02)
    raise RuntimeError(
        f"the patch did not say '{' '.join(start)}' in {timeout} seconds: run setup/dlwa doctor"
    )


def waveform(view):
    """Rows of pixels of a sound's overview: lowest and highest value in turn, in each column."""
    rows = [[PAPER] * WIDTH for _ in range(HEIGHT)]
    for column, (low, high) in enumerate(zip(view[::2], view[1::2])):
        first, last = (round((1 - value) / 2 * (HEIGHT - 1)) for value in (high, low))
        for row in range(max(first, 0), min(last, HEIGHT - 1) + 1):
            rows[row][column] = INK
    return rows
