"""Pieces of sounds without a pitch, the material of the model `starter_textures`. On the command line.

    PYTHONPATH=03_gansynth:pyext_py3 python -m gansynth.textures FOLDER [--from ROOT]

Cuts the sounds of Sonic Pi (Debian's sonic-pi-samples, CC0) at their onsets, brings each piece to the same peak and
fades its end. ROOT is where the package is unpacked, "/" if it is installed.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from modelfiles.errors import UserError
from modelfiles.sounds import PEAK, find_sounds, read_sound, write_sound

from .cutting import at_onsets

SAMPLES = "usr/share/sonic-pi/samples"
RATE, SECONDS, FADE_S, PIECES = 16000, 2, 0.1, 6
QUIETEST_PEAK, QUIETEST_RMS = 0.01, 1e-3
ALIKE = re.compile(  # sounds that are near to others of the set, or that the picture cannot hold
    r"bass_dnb|bass_trance|bass_hard|elec_beep|drum_tom_mid|guit_e_fifths|bd_(ada|fat|haus|klub|tek|zum)"
    r"|elec_(plip|tick|pop|lo_snare|mid_snare)|tabla_(ghe[2-7]|tas[23]|te2|tun[23]|ke[23]|na_o|na_s)"
    r"|loop_(amen_full|garzul|compus)|mehackit_phone[234]|sn_generic"
)


def write_pieces(out, root):
    """Write the pieces as WAV files; returns how many. Raises UserError where there are no sounds."""
    fade = np.ones(SECONDS * RATE, np.float32)
    fade[-round(FADE_S * RATE) :] = np.linspace(1, 0, round(FADE_S * RATE))
    written = 0
    for path in find_sounds(root / SAMPLES):
        if ALIKE.match(path.stem):
            continue
        pieces = at_onsets(read_sound(path, RATE)[0], SECONDS * RATE, RATE)
        heard = [piece for piece in pieces if _is_heard(piece)]
        for number, piece in enumerate(heard[:PIECES], 1):
            write_sound(out / f"{path.stem}-{number}.wav", piece / np.abs(piece).max() * PEAK * fade, RATE)
            written += 1
    return written


def _is_heard(piece):
    return np.abs(piece).max() > QUIETEST_PEAK and np.sqrt(np.mean(piece**2)) > QUIETEST_RMS


def main():
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="root", type=Path, default=Path("/"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        print(f"{write_pieces(options.folder, options.root)} pieces")
    except UserError as error:
        print(f"textures: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
