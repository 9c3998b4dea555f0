"""The piece without a window: real Pd opens three days' patches, composes, and writes the sound to a file."""

import subprocess
from pathlib import Path

from dlwakit.base.paths import find_python
from dlwakit.pdtools.pd_session import PdSession, wait_for_sound

PIECE = Path(__file__).with_name("piece.pd")
NAME, OUT = "piece", "piece-out"
PATIENCE = 300  # seconds; the generator of day 5 is built when it is loaded for the first time


def demo(out_dir, **session):
    """Write the piece and its spectrogram. session: options for the PdSession. Returns the files."""
    sound, picture = Path(out_dir, "piece.wav"), Path(out_dir, "piece.png")
    sound.unlink(missing_ok=True)
    with PdSession([PIECE], listen=[OUT], **session) as pd:
        compose(pd, sound)
    command = [find_python("torch"), "-m", "dlwakit.training.pictures", sound, picture]
    subprocess.run(command, cwd=PIECE.parents[1], check=True)
    return [sound, picture]


def compose(pd, file):
    """Let the piece, open in a PdSession, be composed, played and written to a new file."""
    pd.send(NAME, "open")
    pd.sync(60)
    for word, answer in (("load", "ready"), ("compose", "composed")):
        pd.send(NAME, word)
        pd.expect(OUT, answer, timeout=PATIENCE)
    pd.send(NAME, "write", str(file))
    pd.expect(OUT, "played", timeout=PATIENCE)
    wait_for_sound(file)
