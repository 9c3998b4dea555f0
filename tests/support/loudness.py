"""How loud a sound file is, as ITU-R BS.1770 has it; for tests, by the program ffmpeg."""

import re
import subprocess


def lufs(file):
    """Integrated loudness of a sound file."""
    command = ["ffmpeg", "-nostats", "-i", str(file), "-af", "ebur128", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])
