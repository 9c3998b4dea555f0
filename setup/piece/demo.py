"""The piece without a window: real Pd opens three days' patches, composes, and writes the sound to a file."""

import subprocess
from pathlib import Path

from dlwakit.base.paths import find_python
from dlwakit.pdtools.pd_session import PdSession
from dlwakit.pdtools.talk import wait_for_end

PIECE = Path(__file__).with_name("piece.pd")
SAY, HEAR = "piece", "piece-out"
PATIENCE = 300  # seconds; the generator of day 5 is built when it is loaded for the first time


def demo(out_dir, **session):
    """Write the piece and its spectrogram. session: options for the PdSession. Returns the files."""
    sound, picture = Path(out_dir, "piece.wav"), Path(out_dir, "piece.png")
    sound.unlink(missing_ok=True)
    with PdSession([PIECE], listen=[HEAR], **session) as pd:
        compose(pd, sound)
    command = [find_python("torch"), "-m", "dlwakit.training.pictures", sound, picture]
    subprocess.run(command, cwd=PIECE.parents[1], check=True)
    return [sound, picture]


def compose(pd, file):
    """Let the piece, open in a PdSession, be composed, played and written to a new file."""
    pd.send(SAY, "open")
    pd.sync(60)
    for word, answer in (("load", "ready"), ("compose", "composed")):
        pd.send(SAY, word)
        pd.expect(HEAR, answer, timeout=PATIENCE)
    pd.send(SAY, "write", str(file))
    pd.expect(HEAR, "played", timeout=PATIENCE)
    wait_for_end(file)
