"""Scores played by FluidSynth with a SoundFont. In trainings and on the command line."""

import subprocess
from pathlib import Path

from modelfiles.errors import UserError

PACKAGES = {
    "FluidR3_GM.sf2": "fluid-soundfont-gm",
    "MuseScore_General_Full.sf2": "musescore-general-soundfont-lossless",
}  # of Debian and Ubuntu


def play(font, score, sound, rate, gain):
    """Write what FluidSynth makes of a score, without reverb and chorus.

    Parameters
    ----------
    font, score, sound : path
        A SoundFont, a MIDI file, and the WAV file to write, of two channels.
    rate : int
        Its sample rate in Hz.
    gain : float
        0 to 10.

    Raises
    ------
    UserError
        Where there is no such SoundFont (FluidSynth would take another one), no FluidSynth, or it fails.
    """
    if not Path(font).is_file():
        package = PACKAGES.get(Path(font).name)
        hint = f"sudo apt-get install {package}" if package else ""
        raise UserError("file", f"there is no SoundFont {font}", hint)
    command = [*f"fluidsynth -ni -R 0 -C 0 -g {gain} -r {rate} -F".split(), sound, font, score]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError("file", "there is no FluidSynth", "sudo apt-get install fluidsynth") from None
    if done.returncode or not Path(sound).exists():
        raise UserError("file", f"FluidSynth cannot play {font}: {done.stderr.strip()[-200:]}")
