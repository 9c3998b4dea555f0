"""Day 1 without a window: real Pd plays a theme into the patch, the network answers, and everything is kept."""

import tempfile
import time
from pathlib import Path

from dlwakit.pdtools.pd_session import PatchObject, PdSession, wait_for_sound
from dlwakit.pdtools.png import write_png

HERE = Path(__file__).resolve().parent
NETWORK = "starter_attention_rnn"
OUT = "ai_duet-out"

# Beethoven, Ode to Joy (1824), first phrase: (MIDI pitch, beats)
THEME = [(64, 1), (64, 1), (65, 1), (67, 1), (67, 1), (65, 1), (64, 1), (62, 1)]
THEME += [(60, 1), (60, 1), (62, 1), (64, 1), (64, 1.5), (62, 0.5), (62, 2)]
TEMPO = 160  # beats per minute
ANSWER = 8  # seconds
TAIL = 1.0  # seconds after the last note, while it fades

# [qlist] plays a score on Pd's own clock: how long to wait, then a name and the message for it.
PERFORMER = """#N canvas 100 100 450 200 12;
#X obj 20 20 receive performer;
#X obj 20 50 qlist;
#X obj 20 80 send performed;
#X connect 0 0 1 0;
#X connect 1 1 2 0;
"""


def demo(out_dir, **session):
    """Write a theme and the network's answer to it as MIDI, sound and picture; returns these three files.

    session: options for the PdSession. Raises RuntimeError, with what went wrong.
    """
    midi, sound, picture = (Path(out_dir, f"ode_to_joy.{kind}") for kind in ("mid", "wav", "png"))
    for file in (midi, sound, picture):
        file.unlink(missing_ok=True)
    with PdSession([HERE / "ai_duet.pd"], listen=[OUT, "performed"], **session) as pd:
        patch = PatchObject(pd, "ai_duet")
        patch.load(NETWORK)
        patch.send("record", str(sound))
        perform(pd)
        patch.send("tempo", TEMPO)
        patch.send("seed", 1)
        patch.send("generate", ANSWER)
        patch.expect("played", timeout=ANSWER + 60)
        time.sleep(TAIL)
        patch.send("record", "stop")
        patch.send("save", str(midi))
        patch.expect("saved", str(midi))
        wait_for_sound(sound)
        rolls = [message[1:] for message in pd.received[OUT] if message[0] == "roll"]
    draw(picture, rolls)
    return [midi, sound, picture]


def perform(pd):
    """Play the theme into the patch, in time."""
    pause, lines = 0.0, []
    for pitch, beats in THEME:
        length = beats * 60000 / TEMPO
        lines += [f"{pause:g} ai_duet note {pitch} 100;", f"{0.9 * length:g} ai_duet note {pitch} 0;"]
        pause = 0.1 * length
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "performer.pd").write_text(PERFORMER)
        Path(folder, "score.txt").write_text("\n".join(lines))
        pd.open(Path(folder, "performer.pd"))
        pd.send("performer", "read", str(Path(folder, "score.txt")))
        pd.send("performer", "bang")
        pd.expect("performed", timeout=60)


def draw(file, rolls, width=1200, row=8):
    """Write the piano roll, as the patch has drawn it last, to a PNG file."""
    last = max(index for index, roll in enumerate(rolls) if roll[0] == "clear")
    notes = [roll for roll in rolls[last:] if roll[0] in ("theme", "answer")]
    pitches = [int(pitch) for _, pitch, _, _ in notes]
    low, high = min(pitches) - 3, max(pitches) + 3
    scale = width / max(start + length for _, _, start, length in notes)
    rows = [
        [(255, 255, 255) if pitch % 12 in (0, 2, 4, 5, 7, 9, 11) else (228, 228, 228)] * width
        for pitch in range(high, low - 1, -1)
    ]
    for voice, pitch, start, length in notes:
        colour = (64, 160, 255) if voice == "theme" else (255, 160, 0)
        first, end = int(start * scale), int((start + length) * scale)
        rows[high - int(pitch)][first : end - 1] = [colour] * (end - 1 - first)
    write_png(file, [line for line in rows for _ in range(row)])
