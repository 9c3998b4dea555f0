"""What the book tells a reader to type, how a test runs it on small things, and where the rest is tested."""

import re
import shlex
from dataclasses import dataclass

from dlwakit.book.pages import all_pages

from support.course_copy import ROOT

PAGES = [ROOT / page.source for page in all_pages(ROOT)] + [ROOT / "README.md"]
PYTHON = "~/.local/share/dlwa/environments/torch/bin/python"
PROGRAMS = rf"(?:course/|\.\./)?setup/dlwa|{PYTHON}|python -m|tar|cd|ls|date|pw-jack|pw-link|jack_connect"
COMMAND = re.compile(rf"(?:\$ )?((?:PYTHONPATH=\S+ )?(?:{PROGRAMS})(?![\w/=:-]).*)")
CODE = re.compile(  # a fenced block, a line that is indented as code is, or code in a sentence
    r"^ *```(?P<kind>\w*)\n(?P<fence>[\s\S]*?)^ *```|^ {4,}(?P<line>.*(?:\\\n.*)*)|`(?P<inline>[^`]+)`",
    re.MULTILINE,
)

# What is not run: how it begins, why, and the test that runs it, or what it starts.
ELSEWHERE = [
    (r"setup/dlwa (un)?install\b", "changes the machine", "unit/test_setup_environment.py"),
    (r"course/setup/dlwa|tar|setup/dlwa bundle", "makes or reads a bundle", "unit/test_setup_bundle.py"),
    (r"setup/dlwa checkpoints (get|pin)", "downloads", "unit/test_setup_download.py"),
    (r"setup/dlwa checkpoints add FOLDER", "needs a model that is a folder", "unit/test_setup_download.py"),
    (r"setup/dlwa dataset \S+ --soundfont", "needs a SoundFont", "unit/test_gansynth_dataset.py"),
    (r"setup/dlwa dataset melody --corpus", "downloads", "unit/test_melody_dataset.py"),
    (r"setup/dlwa lesson", "builds the book", "unit/test_book.py"),
    (r"(\.\./)?setup/dlwa demo piece", "takes minutes", "patches/test_piece.py"),
    (r"setup/dlwa demo", "plays in real Pd for minutes", "unit/test_setup_runs.py"),
    (r"setup/dlwa bench", "measures for minutes", "unit/test_setup_runs.py"),
    (r"setup/dlwa test", "runs these tests", "conftest.py"),
    (r"setup/dlwa train .* --on slurm", "needs a cluster", "training/test_slurm.py"),
    (r"setup/dlwa train .* --on ssh", "needs another machine", "training/test_ssh.py"),
    (r"setup/dlwa train melody --run runs/melody/mine", "the same here", "training/test_slurm.py"),
    (r"setup/dlwa runs", "needs runs elsewhere", "training/test_slurm.py"),
    (r"setup/dlwa evaluate \S+ \S", "measures starters there", "unit/test_evaluate.py"),
    (r"setup/dlwa train .*(--minutes|--steps) \d", "takes minutes to hours", "unit/test_training_options.py"),
    (r"setup/dlwa compare", "takes half a minute", "unit/test_compare.py"),
    (r"setup/dlwa train ddsp-upstream", "needs tensorflow", "unit/test_timbre_train.py"),
    (r"setup/dlwa train gansynth-adversarial", "needs tensorflow", "fidelity/test_gansynth_training.py"),
    (r"setup/dlwa grids", "takes a minute", "exercises/test_nsynth.py"),
    (r"setup/dlwa takes --quiz", "needs takes", "patches/test_quiz.py"),
    (r"(PYTHONPATH=\S+ )?python -m \S+\.(textures|material|soundfont)", "writes minutes", "exercises/conftest.py"),
    (r"PYTHONPATH=setup/sketch", "needs a sketch", "unit/test_sketch.py"),
    (rf"(PYTHONPATH=\S+ )?{PYTHON} \w+\.py", "an example of a lesson", "unit/test_from_python.py"),
    (rf"(PYTHONPATH=\S+ )?{PYTHON} 0\d_", "a program of *inside*", "unit/test_book_commands.py"),
    (r"python -m MODULE", "what a program of one's own is called with", "training/toy.py"),
    (r"pw-|jack_connect", "needs a sound server", "patches/test_jack.py"),
    (r"cd ~/course", "needs the course there", "unit/test_any_folder.py"),
]  # fmt: skip
# Code that is no command: how it begins, and the test that runs it, "" where it is a drawing or a list of files.
BLOCKS = [
    (r" +your voice ", ""),
    (r" +bits  reconstruction", "unit/test_evaluate.py"),
    (r"load starter_beat\n", "unit/test_samplernn_message.py"),
    (r"Whose\\ voice", "patches/test_quiz.py"),
    (r"n = NetAddr", "patches/test_osc.py"),
    (r"from pythonosc", "patches/test_osc.py"),
    (r"import sys\nfrom pathlib", "training/toy.py"),
    (r" *\.pd patch", ""),
    (r"(import|from) .*\n(.*\n)*.*\b(load|LatentMap)\(", "unit/test_from_python.py"),
]
# Commands that are only named, without what they need: the parser alone reads them.
NAMES = r"setup/dlwa( (runs|dataset|train|evaluate|compare|gallery|listen-back)( [\w-]+)?)?$"
# What a command is given besides, so that it takes a second.
SMALL = [
    (r"train ganspace", "--samples 200 --components 8"),
    (r"train", "--steps 1 --threads 1"),
    (r"gallery|listen-back", "--no-browser"),
    (r"takes", "--no-open"),
]
FOLDERS = (
    "FOLDER",
    "MY_SOUNDS",
    "my_sounds",
    "recordings",
    "textures",
    "trumpet",
    "violin",
    "bells",
    "material/drums",
)
FOLDERS += ("material/voice",)
SOUNDS = "SOUND", "GENERATED.wav"
WORDS = {"NAME": "my_model", "MY_MODEL.ts": "~/Downloads/x.ts"}


@dataclass(frozen=True)
class Command:
    """A command of a page: its text on one line, and whether it stands in a line of its own."""

    text: str
    whole: bool

    @property
    def elsewhere(self):
        """Where it is tested if not here: (why, test), else None."""
        return next((row[1:] for row in ELSEWHERE if re.match(row[0], self.text)), None)

    @property
    def only_named(self):
        """Whether it is named in a sentence, without what it would need."""
        return not self.whole and re.match(NAMES, self.text) is not None

    @property
    def words(self):
        """The words of setup/dlwa with which a test runs it."""
        words = [WORDS.get(word, word) for word in shlex.split(self.text)[1:]]
        more = next((more for start, more in SMALL if re.match(start, " ".join(words))), "")
        return words + more.split()

    @property
    def kind(self):
        """What commands that differ in names and numbers alone have in common; trainings of a model are one."""
        words = self.text.split()
        options = [word for word in words if word.startswith("--") and words[1] != "train"]
        return " ".join(words[:3] + options)


def blocks(page):
    """The fenced blocks of a page that are no formulas: texts."""
    found = CODE.finditer(page.read_text(encoding="utf-8"))
    return [code["fence"] for code in found if code["fence"] and code["kind"] != "math"]


def commands(page):
    """The commands of a page, in its order."""
    return list(_commands(page.read_text(encoding="utf-8")))


def _commands(text):
    for code in CODE.finditer(text):
        if code["inline"]:
            lines = [re.sub(r"\s*\n\s*", " ", code["inline"])]
        else:
            lines = re.sub(r" *\\\n *", " ", code["fence"] or code["line"] or "").splitlines()
        for line in lines:
            if found := COMMAND.match(line.strip()):
                yield Command(_bare(found[1]), not code["inline"])
            elif code["line"]:
                yield from _commands(line.strip())


def _bare(text):
    """A command without what is said behind it."""
    text = re.split(r" {2,}| #|[;|)]", text)[0]
    return text.replace("...", "").replace(" --help", "").replace("\\", "").strip()
