"""Day 1 without a window: real Pd plays a theme into the patch, the network answers, and everything is kept."""

import struct
import tempfile
import time
import zlib
from pathlib import Path

from pd_session import PdSession

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
        if not pd.received[OUT]:
            raise RuntimeError("the patch's Python object could not be made: run setup/dlwa doctor")
        pd.send("ai_duet", "load", NETWORK)
        hear(pd, "worker", "on", timeout=120)
        pd.send("pd", "dsp", 1)
        pd.send("ai_duet", "record", str(sound))
        perform(pd)
        pd.send("ai_duet", "tempo", TEMPO)
        pd.send("ai_duet", "seed", 1)
        pd.send("ai_duet", "generate", ANSWER)
        hear(pd, "played", timeout=ANSWER + 60)
        time.sleep(TAIL)
        pd.send("ai_duet", "record", "stop")
        pd.send("ai_duet", "write", str(midi))
        hear(pd, "written", timeout=60)
        wait_for_end(sound)
        rolls = [message[1:] for message in pd.received[OUT] if message[0] == "roll"]
    draw(picture, rolls)
    return [midi, sound, picture]


def hear(pd, *start, timeout):
    """Wait until the object says this, or else tells of an error."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for message in list(pd.received[OUT]):
            if message[: len(start)] == list(start):
                return
            if message[0] == "error":
                raise RuntimeError(message[1])
        time.sleep(0.02)
    raise RuntimeError(f"the patch did not say '{' '.join(start)}' in {timeout} seconds")


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


def wait_for_end(sound, timeout=10):
    """Wait until Pd has closed a WAV file, which is when its header tells the length."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        head = sound.read_bytes()[:8] if sound.exists() else b""
        if len(head) == 8 and struct.unpack("<I", head[4:])[0] + 8 == sound.stat().st_size:
            return
        time.sleep(0.05)
    raise RuntimeError(f"the sound was not written to {sound}")


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
    lines = b"".join((b"\0" + bytes(part for pixel in line for part in pixel)) * row for line in rows)
    head = struct.pack(">IIBBBBB", width, row * len(rows), 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks))


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
