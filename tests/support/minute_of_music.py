"""A minute of music made only with the mouse: three days make takes, the sketch pad lays them out, plays and renders.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/minute_of_music.py FOLDER

The interpreter is that of the environment torch; Xvfb, xdotool, ImageMagick and ffmpeg have to be installed. FOLDER
gets the takes, the rendered mix with its stems, and pictures of the screen. Loudness and peak of each are printed,
and how long it took. It is no test: the mouse does what a person does, and what the days say is only waited for.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image
import numpy as np
import soundfile
from dlwakit.pdtools.pd_session import PdSession

from support.external import EXTERNAL
from support.loudness import lufs
from support.pd_window import Screen, control, face
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
OVERVIEW, PAD = ROOT / "setup/overview.pd", ROOT / "setup/sketch/sketch.pd"
RNN, GAN = ROOT / "05_samplernn/samplernn.pd", ROOT / "03_gansynth/gansynth.pd"
PATH_OF_NOTES, PRIOR = ROOT / "03_gansynth/gansynth_hallucination.pd", ROOT / "06_rave/rave_prior.pd"
RAVE, TAKE, TRACK = (
    ROOT / "06_rave/rave.pd",
    ROOT / "setup/patches/dlwa-take.pd",
    ROOT / "setup/sketch/sketch-track.pd",
)
MENU, MARGIN = 32, 8  # pixels: above a patch; around what an abstraction shows
ROW, TRACKS = 32, 28  # pixels: height of a row of takes, of a track
LONG = 900  # seconds of patience


class Desk:
    """Pd on a screen, and a mouse."""

    def __init__(self, folder):
        self.folder, self.screen, self.pictures = folder, Screen(), 0
        environment = {"DLWA_TAKES": str(folder / "takes"), "DLWA_PYTHON_TORCH": sys.executable}
        heard = ["samplernn-out", "gansynth-out", "rave-out", "rave-prior-out", "sketch-out"]
        self.pd = PdSession(
            [OVERVIEW],
            ["-lib", "py"],
            path=[EXTERNAL],
            listen=heard,
            display=self.screen.name,
            environment=environment,
        )

    def _tool(self, *words):
        environment = {**os.environ, "DISPLAY": self.screen.name}
        command = ["xdotool", *map(str, words)]
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    def front(self, name):
        """Bring a window to the front, as a desktop's bar does; where its canvas begins on the screen."""
        found = []
        wait_until(
            lambda: found.extend(self._tool("search", "--onlyvisible", "--name", name).split()) or found, name
        )
        self._tool("windowraise", found[-1])
        said = self._tool("getwindowgeometry", found[-1])
        x, y = map(int, re.search(r"Position: (-?\d+),(-?\d+)", said).groups())
        self.settle()
        return x, y + MENU

    def settle(self):
        """Wait until the screen stays as it is for a moment; not for long, for what plays moves."""
        for _ in range(8):
            before = self.screen.picture()
            time.sleep(0.3)
            if np.array_equal(before, self.screen.picture()):
                break

    def click(self, x, y):
        """Press the mouse where a control is."""
        self.screen.xdotool("mousemove", x + 9, y + 9, "click", 1)
        time.sleep(0.3)

    def press(self, patch, word):
        """Press a button or a toggle of a patch."""
        left, top = self.front(f"^{patch.name}")
        x, y, _ = control(patch, word)
        self.click(left + x, top + y)

    def go_on(self, patch, word):
        """Press the button that opens another patch of a day."""
        left, top = self.front(f"^{patch.name}")
        words = next(line.split() for line in face(patch) if "dlwa-patch" in line and word in line)
        self.click(left + int(words[2]) + 2, top + int(words[3]) + 2)

    def drag(self, x, y, steps):
        """Drag a number up, or down."""
        self.screen.xdotool("mousemove", x + 20, y + 9, "mousedown", 1)
        for _ in range(abs(round(steps))):
            self.screen.xdotool("mousemove_relative", "--", 0, -1 if steps > 0 else 1)
        self.screen.xdotool("mouseup", 1)

    def track(self, number, **changes):
        """Change the numbers of a track, by so much each, and press its loop."""
        left, top = self.front(f"^{PAD.name}")
        for name, steps in changes.items():
            x, y, _ = control(TRACK, f"\\$0-{name}", ("nbx", "tgl"))
            x, y = left + x, top + 112 + TRACKS * (number - 1) + y - MARGIN
            if name == "loop":
                self.click(x, y)
            else:
                self.drag(x, y, steps)

    def use(self, row):
        """Use a take as input of the pad: the newest is row 0."""
        self.press(PAD, "takes")
        left, top = self.front(".-takes")
        time.sleep(1)  # until the rows are filled
        x, y, _ = control(TAKE, "use_as_input")
        self.click(left + x, top + 76 + ROW * row + y - MARGIN)

    def picture(self, about):
        """Keep a picture of the screen."""
        self.pictures += 1
        matplotlib.image.imsave(self.folder / f"{self.pictures}-{about}.png", self.screen.picture().copy())

    def wait(self, name, *start):
        """Wait for what a person would see in a patch."""
        return self.pd.expect(name, *start, timeout=LONG)

    def wait_for_track(self, number):
        """Wait until there is something in a track of the pad."""
        while self.wait("sketch-out", "row", number)[2] == "-":
            pass

    def close(self):
        self.pd.close()
        self.screen.close()


def make_takes(desk):
    """Two beats of day 5, and two walks from timbre to timbre of day 3."""
    desk.press(OVERVIEW, "5_SampleRNN")
    desk.wait("samplernn-out", "worker", "off")
    desk.press(RNN, "beat")
    desk.wait("samplernn-out", "worker", "on")
    left, top = desk.front(f"^{RNN.name}")
    x, y, _ = control(RNN, "\\$0-seconds", ("nbx",))
    desk.drag(left + x, top + y, 4)
    desk.press(RNN, "generate")
    desk.wait("samplernn-out", "take")
    desk.picture("day-5")
    desk.press(OVERVIEW, "3_GANSynth")
    desk.wait("gansynth-out", "worker", "off")
    desk.go_on(GAN, "hallucination")
    desk.wait("gansynth-out", "worker", "off")
    desk.press(PATH_OF_NOTES, "starter")
    desk.wait("gansynth-out", "worker", "on")
    for number in (1, 2):
        desk.press(PATH_OF_NOTES, "\\$0-generate")
        desk.wait("gansynth-out", "take")
        desk.picture(f"day-3-{number}")


def compose(desk):
    """Lay the takes out, play day 6 over them into a fourth track, and render."""
    desk.press(OVERVIEW, "sketch_pad")
    desk.wait("sketch-out", "row", 8)
    for row in (0, 1, 2):
        desk.use(row)
        desk.wait_for_track(row + 1)
    desk.track(1, length=60, loop=1, gain=-2, pan=0)
    desk.track(2, start=16, length=44, loop=1, gain=-2)
    desk.track(3, start=8, length=48, loop=1, gain=2)
    desk.picture("laid-out")
    desk.press(OVERVIEW, "6_RAVE")
    desk.wait("rave-out", "worker", "off")
    desk.go_on(RAVE, "prior")
    desk.wait("rave-prior-out", "worker", "off")
    desk.press(PRIOR, "strings")
    desk.press(PRIOR, "sound_on")
    desk.wait("rave-prior-out", "alive", 1)
    desk.press(PAD, "\\$0-play")
    desk.wait("sketch-out", "begin")
    desk.pd.let_time_pass(8000)
    desk.press(PAD, "\\$1-record")
    desk.pd.let_time_pass(32000)
    desk.picture("recording-day-6")
    desk.press(PAD, "\\$1-record")
    desk.wait_for_track(4)
    desk.press(PRIOR, "unload")
    desk.press(PAD, "\\$0-stop")
    desk.track(4, fade=4)
    desk.press(PAD, "\\$0-play")
    desk.wait("sketch-out", "begin")
    desk.pd.let_time_pass(5000)
    desk.picture("playing")
    desk.press(PAD, "\\$0-stop")
    desk.press(PAD, "\\$0-render")
    rendered = Path(desk.wait("sketch-out", "rendered")[1])
    desk.picture("rendered")
    return rendered


def tell(rendered):
    """Print how loud the mix and the stems are, and how long."""
    for file in [rendered / "mix.wav", *sorted(rendered.glob("[1-8]-*.wav"))]:
        sound, rate = soundfile.read(file)
        print(
            f"{file.name}: {len(sound) / rate:.1f} s, {lufs(file):.1f} LUFS, peak {np.abs(sound).max():.2f}"
        )


def main(folder):
    """Make the minute."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    desk = Desk(folder)
    try:
        make_takes(desk)
        rendered = compose(desk)
        if desk.pd.errors():
            print(*desk.pd.errors(), sep="\n")
    except BaseException:
        desk.picture("failed")
        raise
    finally:
        desk.close()
    print(f"{rendered}: made in {(time.monotonic() - begun) / 60:.1f} minutes")
    tell(rendered)


if __name__ == "__main__":
    main(sys.argv[1])
