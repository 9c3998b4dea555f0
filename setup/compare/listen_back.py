"""The places of a training set nearest to a sound: the program of `setup/dlwa listen-back`, in the environment `torch`.

    listen_back.py SOUND DATA FOLDER

`dlwakit.training.nearness` says what counts as alike.
"""

import html
import sys
from pathlib import Path

import numpy as np
from dlwakit.base.sound_page import player, write_page
from dlwakit.training.nearness import HOP, RATE, WINDOW, distances, windows
from modelfiles.errors import UserError
from modelfiles.sounds import find_sounds, read_sound, write_sound

LONGEST_S = 600  # of each file
SHOWN = 5


class Data:
    """All windows of a folder of sounds."""

    def __init__(self, folder):
        self.files, rows, self.file_of, self.start_of = find_sounds(folder), [], [], []
        for number in range(len(self.files)):
            sound = self.sound(number)
            if len(sound) < RATE:
                continue
            found, starts = windows(sound, 1)
            rows.append(found)
            self.file_of += [number] * len(starts)
            self.start_of += list(starts * HOP)
        if not rows:
            raise UserError("input", f"no sound in {folder} lasts a second")
        self.rows, self.file_of = np.concatenate(rows), np.array(self.file_of)

    def sound(self, number):
        """The samples of a file, not more than ten minutes."""
        return read_sound(self.files[number], RATE)[0][: LONGEST_S * RATE]

    def usual(self, count=200):
        """How near the windows of each file come to those of the other files: the measure of what is unusual."""
        if len(set(self.file_of)) < 2:
            return np.empty(0)
        chosen = np.random.default_rng(0).permutation(len(self.rows))[:count]
        found = distances(self.rows[chosen], self.rows)
        found[self.file_of[chosen][:, None] == self.file_of[None]] = np.inf
        return found.min(1)


def run(source, folder, target):
    """Print the nearest places and write the page with both sounds."""
    sound = read_sound(source, RATE)[0]
    if len(sound) < RATE:
        raise UserError("input", f"{source.name} is shorter than a second")
    data = Data(folder)
    rows, starts = windows(sound, WINDOW // 2)
    found = distances(rows, data.rows)
    usual = data.usual()
    target.mkdir(parents=True, exist_ok=True)
    table = []
    for rank, window in enumerate(np.argsort(found.min(1))[:SHOWN], 1):
        place = found[window].argmin()
        near, start = found[window, place], int(starts[window] * HOP)
        other, begin = data.sound(data.file_of[place]), data.start_of[place]
        name = data.files[data.file_of[place]].name
        write_sound(target / f"made{rank}.wav", sound[None, start : start + RATE], RATE)
        write_sound(target / f"near{rank}.wav", other[None, begin : begin + RATE], RATE)
        figure = closer(near, usual)
        print(
            f"{start / RATE:.1f} s is near {name} at {begin / RATE:.1f} s: {near:.1f} dB apart, {figure}",
            flush=True,
        )
        table.append([f"{start / RATE:.1f} s", player(f"made{rank}.wav", "made"), html.escape(name),
                      f"{begin / RATE:.1f} s", player(f"near{rank}.wav", name), f"{near:.1f} dB", figure])  # fmt: skip
    text = f"{source.name}, and the places of {folder.name} that it is nearest to. Are they alike to you?"
    head = "made, at", "sound", "from", "at", "sound", "apart", "how unusual"
    write_page(target / "index.html", "Listen back", text, head, table)


def closer(near, usual):
    """How unusual a distance is, in words."""
    if not len(usual):
        return "one file alone is no measure"
    return f"closer than {100 * np.mean(near < usual):.0f} % of its own sounds are to each other"


if __name__ == "__main__":
    try:
        run(*map(Path, sys.argv[1:4]))
    except UserError as error:
        sys.exit(f"setup/dlwa: {error.message}")
