"""Long recordings cut into pieces of one length, at onsets. Runs on the command line.

The network paints an attack sharply where every piece begins with one, and smears those inside a piece.
"""

import librosa
import numpy as np

BEFORE = 0.01  # seconds before an onset that stay in a piece
SHORTEST = (
    0.5  # of a piece's length, from one onset to the next that is used; as much may be left out between
)
TAIL = 0.25  # of a piece's length, below which what is left over is no piece of its own


def at_onsets(audio, length, sample_rate):
    """Cut a recording at its onsets.

    Parameters
    ----------
    audio : numpy.ndarray, float32 [samples]
    length : int
        Samples of a piece; the last one is padded with silence.
    sample_rate : int

    Returns
    -------
    list of numpy.ndarray, float32 [length]
        Where no onset comes soon, the next piece begins where the last one ends.
    """
    found = librosa.onset.onset_detect(
        y=audio, sr=sample_rate, units="samples", hop_length=128, backtrack=True
    )
    onsets = np.maximum(np.asarray(found, int) - round(BEFORE * sample_rate), 0)
    start = int(onsets[0]) if len(onsets) and onsets[0] < SHORTEST * length else 0
    pieces = []
    while start < len(audio) and (not pieces or len(audio) - start > TAIL * length):
        pieces.append(librosa.util.fix_length(audio[start : start + length], size=length))
        start = _next_start(start, onsets, length)
    return pieces


def _next_start(start, onsets, length):
    """Where the piece after the one at `start` begins: the last onset in its later half, or the next after it."""
    within = onsets[(onsets >= start + SHORTEST * length) & (onsets <= start + length)]
    behind = onsets[(onsets > start + length) & (onsets < start + (1 + SHORTEST) * length)]
    if len(within):
        return int(within[-1])
    return int(behind[0]) if len(behind) else start + length
