"""Makes the pictures of the lessons anew: each patch in real Pd on an X display of its own, with a starter at work.

    PYTHONPATH=setup:pyext_py3:tests python tests/support/pictures.py [DAY ...|quiz]

The interpreter is that of the environment torch. It needs Xvfb, xdotool and ImageMagick. The drawings of a day, which
`media/pictures.py` or `media/make.py` makes, are drawn, too. A DAY is a number; without one all days are done.
"""

import os
import re
import subprocess
import sys
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from dlwakit.pdtools import png
from dlwakit.pdtools.pd_session import PatchObject, PdSession
from dlwakit.training.material import SAMPLES
from matplotlib.image import imread

from support.external import EXTERNAL
from support.hearing import BEAT, sung
from support.pd_window import TITLE, Screen, size, title, where
from support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
THEME = (
    (62, 0),
    (62, 500),
    (65, 1000),
    (67, 1250),
    (67, 1750),
    (65, 2000),
    (62, 2250),
)  # pitch, milliseconds


LOOKS, LOOK_MS = 16, 700
TRIES = 8


class Window:
    """A patch on the screen; `patch` is its object, to send to and to expect from."""

    def __init__(self, screen, pd, file, name, folder):
        self.screen, self.pd, self.file, self.folder = screen, pd, file, folder
        self.patch = PatchObject(pd, name)
        self.live = file.stem in ("rave", "rave_prior")

    def press(self, **values):
        """Give controls of the patch a value, such as `dsp_set=1`; None is a bang."""
        for name, value in values.items():
            words = [] if value is None else [value]
            self.patch.send("press", name.replace("_", "-"), *words)

    def load(self, model):
        """Load a model, with the box of the sound crossed."""
        self.press(dsp_set=1)
        self.patch.load(model, timeout=240)

    def sung(self, loud):
        """A file with the phrase of day 2's demo, `loud` times as loud as there."""
        sound, rate = sung(self.folder)
        soundfile.write(self.folder / "voice.wav", loud * sound, rate)
        return str(self.folder / "voice.wav")

    def picture(self):
        """The pixels of the patch, [y, x, colour]."""
        left, top, width = title(self.file)

        def titles():
            found = where(self.screen.picture(), TITLE)
            return found if len(found[0]) and np.ptp(found[1]) == width else None

        rows, columns = wait_until(titles, "the whole of the window")
        x, y = columns.min() - left, rows.min() - top
        width, height = size(self.file)
        return self.screen.picture()[y : y + height, x : x + width]

    def settled(self):
        """The picture when nothing moves on it any more; at once where a sound goes on."""
        picture = self.picture()
        for _ in range(0 if self.live else LOOKS):
            self.pd.let_time_pass(LOOK_MS)
            before, picture = picture, self.picture()
            if np.array_equal(before, picture):
                break
        return picture


def ai_duet(window):
    window.load("starter_attention_rnn")
    window.press(seed_set=2)
    for (pitch, start), (_, end) in zip(THEME, [*THEME[1:], (0, 3000)]):
        window.patch.send("note", pitch, 100)
        window.pd.let_time_pass(end - start - 20)
        window.patch.send("note", pitch, 0)
        window.pd.let_time_pass(20)
    window.press(generate=None)
    window.patch.expect("generated", timeout=60)
    window.patch.expect("played", timeout=60)


def timbre_transfer(window):
    window.load("starter_violin")
    window.press(open=window.sung(0.2))
    window.patch.expect("opened")
    window.press(transfer=None)
    window.patch.expect("transferred", timeout=120)


def gansynth(window):
    window.load("starter")
    window.press(seed_set=3, random=None)
    window.press(synthesize=None)
    window.patch.expect("synthesized")
    window.press(render=None)
    window.patch.expect("keyboard", timeout=120)


def gansynth_multi(window):
    window.load("starter")
    window.press(seed_set=5, random_all=None)
    window.press(synthesize=None)
    window.patch.expect("synthesized", timeout=60)


def gansynth_hallucination(window):
    window.load("starter")
    window.press(seed_set=4, generate=None)
    window.patch.expect("hallucinated", timeout=60)


def nsynth(window):
    window.load("starter_notes")
    window.patch.expect("corner", 4, timeout=60)
    window.press(make=None)
    window.patch.expect("filled", timeout=300)
    window.press(cell6=None)


def ganspacesynth(window):
    window.load("starter")
    window.press(conv0=None)
    window.patch.expect("loaded_pca")
    window.press(seed_set=3, random=None)
    for number, edit in enumerate((2.5, -1.5, 1, 0.5)):
        window.patch.send("press", "edit", number, edit)
    window.press(synthesize=None)
    window.patch.expect("synthesized")


def ganspacesynth_noz(window):
    window.load("starter")
    window.press(conv0=None)
    window.patch.expect("loaded_pca")
    for number, edit in enumerate((-3, 2, 1, -1, 0.5)):
        window.patch.send("press", "edit", number, edit)
    window.press(synthesize=None)
    window.patch.expect("synthesized")


def ganspacesynth_halluseq(window):
    window.load("starter")
    window.press(conv0=None)
    window.patch.expect("loaded_pca")
    window.patch.send("seed", 4)
    for _ in range(4):
        window.press(rand=None)
    window.patch.send("press", "interp_steps", 8)
    window.press(generate=None)
    window.patch.expect("hallucinated", timeout=60)


def samplernn(window):
    window.load("starter_voice")
    window.press(rise=None, random_set=1, generate=None)
    for _ in "AB":
        window.patch.expect("generated", timeout=120)


def rave(window):
    window.load("starter_drums")
    window.patch.send("press", "wet-set", 1)
    window.press(wild=None, sweep_set=1)
    for _ in range(TRIES):  # until nothing came too late: other programs may be at work here
        window.press(size_set=6)
        window.press(size_set=5)
        window.patch.expect("alive", 1, timeout=60)
        window.pd.forget("rave-out")
        window.pd.let_time_pass(3000)
        if not [message for message in window.pd.received["rave-out"] if message[0] == "late"]:
            return


def rave_latents(window):
    window.load("starter_drums")
    window.press(open_sound_a=str(BEAT), open_sound_b=window.sung(1))
    window.press(encode=None)
    window.patch.expect("done", "encode", window.patch.own("b"), timeout=60)
    window.patch.expect("done", "encode", window.patch.own("a"), timeout=60)
    window.patch.send("press", "blend-set", 0.25)
    window.patch.expect("done", "mix", timeout=60)
    window.press(decode=None)
    window.patch.expect("done", "decode", timeout=60)


def rave_prior(window):
    window.load("starter_drums")
    window.patch.expect("playing", "decode", timeout=60)
    window.pd.let_time_pass(12000)


def gansynth_map(window):
    window.load("starter_instruments")
    window.press(draw_map=None)
    window.patch.expect("direction", 2, timeout=240)
    move_on_map(window)


def move_on_map(window):
    """A walk is drawn, and the point has been at some places."""
    window.press(map_seed_set=4, map_walk=None)
    for x, y in ((-0.6, 0.2), (-0.3, 0.35), (0, 0.1), (0.1, -0.2), (0.35, -0.3)):
        window.press(x_set=x, y_set=y)
        window.patch.expect("done", "go", timeout=60)


def rave_map(window):
    """Sixty of the CC0 sounds of sonic-pi-samples, places that were visited, a walk."""
    sounds = window.folder / "sounds"
    sounds.mkdir()
    for sound in sorted(Path("/", SAMPLES).glob("*.flac"))[::2][:60]:
        (sounds / sound.name).symlink_to(sound)
    window.load("starter_drums")
    window.press(open_folder=str(sounds))
    window.patch.expect("direction", 2, timeout=240)
    move_on_map(window)
    window.patch.send("direction", 1, "dark")
    window.patch.send("direction", 2, "long")
    window.patch.expect("direction", 2, "long")


OWN = """#N canvas 700 650 200 60 12;
#X declare -path pyext -path {shared} -lib py;
#X obj 10 10 dlwa-own-sounds 77 rave;
"""


def own_sounds(picture):
    """The window of one's own sounds, in which a minute was trained on a sung phrase; two sounds have faults."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "own.pd")
        file.write_text(OWN.format(shared=ROOT / "setup/patches"))
        sounds = Path(folder, "sounds")
        sounds.mkdir()
        voice, rate = sung(Path(folder))
        for part, sound in enumerate(np.array_split(voice, 4)):
            soundfile.write(sounds / f"phrase-{part + 1}.wav", 0.5 * sound / np.abs(sound).max(), rate)
        soundfile.write(sounds / "too-loud.wav", np.clip(8 * voice, -1, 1), rate)
        soundfile.write(sounds / "nothing.wav", np.zeros(rate), rate)
        with shown(file, "own_sounds", XDG_DATA_HOME=folder) as window:
            window.patch.send("number")
            number = int(window.patch.expect("number")[1])
            window.pd.send(f"{number}-open", "bang")
            window.patch.expect("sounds", 0, 0, 0, timeout=60)
            window.patch.send("add", str(sounds))
            window.patch.expect("sounds", 6)
            window.patch.send("minutes", 1)
            window.patch.send("train")
            window.patch.expect("ended", timeout=900)
            window.file = ROOT / "06_rave/rave.pd"  # whose title is at the same place
            write_small(ROOT / picture, window.settled())


def quiz(window):
    """A sound of the first round is heard and judged."""
    window.press(dsp_set=1, network=None)
    window.pd.let_time_pass(3000)
    window.press(choice_3=None)


def opened(window):
    """As it is before anything is pressed."""
    window.patch.expect("worker", "off")


SHOTS = (  # picture, patch, name of its object, what is done with it
    ("01_ai_duet/media/patch_opened.png", "ai_duet.pd", "ai_duet", opened),
    ("01_ai_duet/media/patch_answered.png", "ai_duet.pd", "ai_duet", ai_duet),
    ("02_ddsp/media/timbre_transfer.png", "timbre_transfer.pd", "timbre_transfer", timbre_transfer),
    ("03_gansynth/media/gansynth.png", "gansynth.pd", "gansynth", gansynth),
    ("03_gansynth/media/gansynth_multi.png", "gansynth_multi.pd", "gansynth", gansynth_multi),
    ("03_gansynth/media/gansynth_hallucination.png", "gansynth_hallucination.pd", "gansynth", gansynth_hallucination),
    ("03_gansynth/media/gansynth_map.png", "gansynth_map.pd", "gansynth-map", gansynth_map),
    ("03_gansynth/media/nsynth.png", "nsynth.pd", "nsynth", nsynth),
    ("04_ganspacesynth/media/ganspacesynth.png", "ganspacesynth.pd", "ganspacesynth", ganspacesynth),
    ("04_ganspacesynth/media/ganspacesynth_noz.png", "ganspacesynth_noz.pd", "ganspacesynth", ganspacesynth_noz),
    ("04_ganspacesynth/media/ganspacesynth_halluseq.png", "ganspacesynth_halluseq.pd", "halluseq",
     ganspacesynth_halluseq),
    ("05_samplernn/media/samplernn.png", "samplernn.pd", "samplernn", samplernn),
    ("06_rave/media/rave.png", "rave.pd", "rave", rave),
    ("06_rave/media/rave_latents.png", "rave_latents.pd", "rave-latents", rave_latents),
    ("06_rave/media/rave_prior.png", "rave_prior.pd", "rave-prior", rave_prior),
    ("06_rave/media/rave_map.png", "rave_map.pd", "rave-map", rave_map),
    ("setup/quiz/quiz.png", "quiz.pd", "quiz", quiz),
)  # fmt: skip


@contextmanager
def shown(file, name, **variables):
    """A patch on a display of its own. variables: of Pd's environment."""
    screen = Screen()
    with tempfile.TemporaryDirectory() as folder:
        variables = {"DLWA_PYTHON_TORCH": sys.executable, "XDG_STATE_HOME": folder, **variables}
        options = {"listen": [f"{name}-out"], "path": [EXTERNAL], "environment": variables}
        try:
            with PdSession([file], ["-r", "48000"], display=screen.name, **options) as pd:
                yield Window(screen, pd, file, name, Path(folder))
        finally:
            screen.close()


def write_small(file, pixels):
    """Write pixels [y, x, colour] as a PNG with a table of colours; of more than 256 the rarer become their nearest."""
    flat = pixels.reshape(-1, 3)
    colours, inverse, counts = np.unique(flat, axis=0, return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-counts)[:256])
    table = colours[kept]
    nearest = [np.argmin(((table.astype(int) - colour) ** 2).sum(axis=1)) for colour in colours.astype(int)]
    places = np.uint8(nearest)[inverse.ravel()].reshape(pixels.shape[:2])
    rows = b"".join(b"\0" + row.tobytes() for row in places)
    head = np.array(places.shape[::-1], ">u4").tobytes() + bytes([8, 3, 0, 0, 0])
    parts = ((b"IHDR", head), (b"PLTE", table.tobytes()), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png.chunk(*part) for part in parts))


def draw(day):
    """Run the programs that draw a day's pictures, and make these small."""
    for program in sorted((day / "media").glob("*.py")):
        paths = os.pathsep.join([str(day), str(ROOT / "pyext_py3"), str(ROOT / "setup")])
        print(program.relative_to(ROOT), flush=True)
        subprocess.run([sys.executable, program], cwd=day, check=True, env=os.environ | {"PYTHONPATH": paths})
        for file in sorted(set(re.findall(r"\w+\.png", program.read_text()))):
            write_small(day / "media" / file, np.uint8(255 * imread(day / "media" / file)[..., :3] + 0.5))


def main(days):
    for day in (*sorted(ROOT.glob("0[0-9]_*")), ROOT / "setup/quiz"):
        if days and day.name.split("_")[0].lstrip("0") not in days:
            continue
        for picture, patch, name, work in SHOTS:
            if picture.startswith(str(day.relative_to(ROOT))):
                with shown(day / patch, name) as window:
                    work(window)
                    write_small(ROOT / picture, window.settled())
                print(f"{picture}: {(ROOT / picture).stat().st_size} bytes", flush=True)
        if day.name == "06_rave":
            own_sounds("06_rave/media/own_sounds.png")
        draw(day)


if __name__ == "__main__":
    main(sys.argv[1:])
