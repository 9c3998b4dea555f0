"""The demo of day 5: real Pd without a window generates and saves sounds of each starter; command line."""

import tempfile
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, PdSession
from dlwakit.pdtools.png import waveform, write_png

HERE = Path(__file__).resolve().parent
STARTERS = ("starter_beat", "starter_voice")
SECONDS = 4
STEADY, FALLING = 0.9, "Env([1.1,0.7],[4],[-2])"
WIDTH = 600  # of one sound in the picture

ARRAYS = "#N canvas 0 0 300 200 12;\n" + "".join(
    f"#X obj 20 {20 + 30 * row} array define {name} 64;\n"
    for row, name in enumerate(("steady", "falling", "steady-picture", "falling-picture"))
)


def demo(out_dir, **session):
    """Write two sounds of each starter, at a steady and at a falling temperature, and a picture of all.

    session: options for the PdSession. Returns the files; raises RuntimeError with what went wrong.
    """
    files, views = [], []
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder, "arrays.pd")
        arrays.write_text(ARRAYS)
        with PdSession([arrays, HERE / "samplernn.pd"], listen=["samplernn-out"], **session) as pd:
            patch = PatchObject(pd, "samplernn")
            patch.expect("status")
            for name in ("steady", "falling"):
                pd.send(f"{name}-picture", "resize", 2 * WIDTH)
                patch.send("view", name, f"{name}-picture")
            for starter in STARTERS:
                patch.load(starter, timeout=300)
                words = ["--out", "steady", "--temp", STEADY, "--out", "falling", "--temp", FALLING]
                patch.send("generate", *words, "--dur", SECONDS, "--random", 5)
                patch.expect("generated", "falling", timeout=300)
                for name in ("steady", "falling"):
                    file = Path(out_dir, f"{starter}_{name}.wav")
                    patch.send("save", name, str(file))
                    patch.expect("saved", str(file))
                    views.append(pd.array(f"{name}-picture"))
                    files.append(file)
    picture = Path(out_dir, "samplernn.png")
    write_png(picture, [row for view in views for row in waveform(view)])
    return [*files, picture]
