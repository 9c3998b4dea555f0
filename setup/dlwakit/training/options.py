"""Options that the dataset, train and evaluate programs of all models share. Runs in a model's environment.

One word means one thing for every model (`VOCABULARY`). A program asks for its parser (`dataset_parser`,
`train_parser`, `evaluate_parser`), adds what is its own, and parses with `Parser.parse`.
"""

import argparse
import shlex
import sys
from pathlib import Path

from modelfiles.errors import UserError
from modelfiles.finding import find
from modelfiles.places import checkpoint_folders

from dlwakit.base.console import warn
from dlwakit.base.files import explained


def path(text):
    """The Path of a command line's word, with ~ resolved."""
    return Path(text).expanduser()


def path_text(text):
    """The same as text, as the settings of a run hold it."""
    return str(path(text))


def old_learning_rate(text):
    """The value of --rate where it once was the learning rate; a sample rate is refused."""
    if float(text) >= 1:
        raise argparse.ArgumentTypeError("the sample rate is that of the data set")
    return float(text)


VOCABULARY = {
    "--data": {
        "metavar": "FOLDER",
        "type": path_text,
        "help": "data set that setup/dlwa dataset {model} wrote",
    },
    "--run": {"metavar": "FOLDER", "type": path, "help": "run folder; its name names the model"},
    "--from": {
        "dest": "source",
        "metavar": "MODEL",
        "help": "name, path or run folder of the model to begin with, or 'nothing' for random weights",
    },
    "--preset": {"help": "size of the network and its training"},
    "--steps": {"metavar": "N", "type": int, "help": "steps in all"},
    "--minutes": {"metavar": "X", "type": float, "help": "minutes of training in all"},
    "--seed": {"metavar": "N", "type": int, "help": "start of all random choices"},
    "--threads": {"metavar": "N", "type": int, "help": "processor cores to use"},
    "--rate": {"metavar": "HZ", "type": int, "help": "sample rate in Hz"},
    "--learning-rate": {"metavar": "X", "type": float, "help": "size of the corrections"},
    "--batch-size": {"metavar": "N", "type": int, "help": "examples in one step"},
    "--check-every": {"metavar": "N", "type": int, "help": "{unit}s between two checks"},
    "--json": {"metavar": "FILE", "type": path, "help": "also write the figures to a file"},
    "--page": {"metavar": "FOLDER", "type": path, "help": "also make a page to hear what is measured"},
}
SETTINGS = (
    "data",
    "source",
    "preset",
    "batch_size",
    "learning_rate",
    "seed",
)  # those that a run keeps, by attribute
_OPTIONS = {"source": "--from"}  # where an option is not called as its setting
ALL_CORES = 0
_OLD_DATA = "the data set, as it was once given"


class Parser(argparse.ArgumentParser):
    """An argument parser with one form of help and of errors; what cannot be parsed ends the program with status 2.

    task, model: what the command line calls them. about: the text of the help. unit: what a training counts.
    """

    def __init__(self, task, model, about, unit="step"):
        super().__init__(
            prog=f"setup/dlwa {task} {model}",
            description=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._task, self._words = task, {"model": model, "unit": unit}
        self.data_folder = str(Path("runs", model, "data"))

    def error(self, message):
        """End the program with a line that says what is wrong."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {message}\n")

    def add(self, name, default=None, says=None, group=None, **changes):
        """Add an option of the vocabulary; says: what the help calls the default, where it is no value."""
        options = {**VOCABULARY[name], **changes}
        shown = default if says is None else says
        options["help"] = options["help"].format(**self._words)
        options["help"] += "" if shown is None else f" (default: {shown})".replace("%", "%%")
        (group or self).add_argument(name, default=default, **options)

    def add_hidden(self, *names, **options):
        """Accept an old spelling of an option, which the help does not show."""
        self.add_argument(*names, help=argparse.SUPPRESS, default=argparse.SUPPRESS, **options)

    def add_hidden_data(self):
        """Accept a data set without --data before it, as it was once given."""
        self.add_argument(_OLD_DATA, nargs="?", type=path_text, help=argparse.SUPPRESS)

    def parse(self, arguments=None):
        """The options of a command line; positional arguments may stand anywhere."""
        options = self.parse_intermixed_args(arguments)
        if old := vars(options).pop(_OLD_DATA, None):
            options.data = old
        return options

    def run(self, work):
        """The exit status of work(), which does what the program is for; what goes wrong is one line on stderr."""
        try:
            return work() or 0
        except KeyboardInterrupt:
            goes_on = "; the same command goes on from the last checkpoint" if self._task == "train" else ""
            print(f"{self.prog}: stopped{goes_on}", file=sys.stderr)
            return 130
        except UserError as error:
            warn(error, self.prog)
        except OSError as error:
            warn(explained(error), self.prog)
        return 1


def dataset_parser(model, about, source, required=True):
    """The parser of a model's `dataset`: SOURCE, which may be required, and --data. source: the help of SOURCE."""
    parser = Parser("dataset", model, about)
    parser.add_argument("source", metavar="SOURCE", nargs=None if required else "?", type=path, help=source)
    parser.add("--data", Path(parser.data_folder), type=path, help="data set to write")
    parser.add_hidden("--out", dest="data", type=path)
    return parser


def train_parser(model, about, defaults, *, steps, check_every=None, unit="step", **changes):
    """The parser of a model's `train`, with two groups for the model's own options: `begin` and `today`.

    defaults: the settings of a run by name. Those of SETTINGS that are among them become options; one that is not
    given is None, so that a run that goes on keeps what it has (see `given`). steps: a default, or words that say
    what it is. changes: what differs from the vocabulary, such as preset={"choices": PRESETS}.
    """
    parser = Parser("train", model, about, unit)
    parser.begin = parser.add_argument_group("the run (kept in it when it goes on)")
    parser.today = parser.add_argument_group("this time")
    for name in SETTINGS:
        if name in defaults:
            option = _OPTIONS.get(name, f"--{name.replace('_', '-')}")
            parser.add(option, says=defaults[name], group=parser.begin, **changes.get(name, {}))
    parser.add_hidden_data()
    parser.add("--run", says=f"{Path('runs', model)}/my_PRESET", group=parser.today)
    words = {"says": steps} if isinstance(steps, str) else {"default": steps}
    parser.add("--steps", **words, group=parser.today)
    parser.add("--minutes", says="as many as the steps take", group=parser.today)
    if check_every is not None:
        parser.add("--check-every", check_every, group=parser.today)
    parser.add("--threads", ALL_CORES, "all", group=parser.today)
    return parser


def evaluate_parser(model, about, data=False, seed=False, threads=False):
    """The parser of a model's `evaluate`: CHECKPOINT ..., --json, --page; --data, --seed, --threads where needed."""
    parser = Parser("evaluate", model, about)
    what = "a name that patches know, or a path; only what you made or trust"
    parser.add_argument("checkpoints", metavar="CHECKPOINT", nargs="+", help=what)
    if data:
        parser.add("--data", parser.data_folder)
    if seed:
        parser.add("--seed", 0)
    if threads:
        parser.add("--threads", ALL_CORES, "all")
    parser.add("--json")
    parser.add("--page")
    return parser


def given(options, defaults):
    """Those settings of a run that the user gave, by name."""
    return {name: value for name in defaults if (value := getattr(options, name, None)) is not None}


def next_command(model, data):
    """The line that says how to train on the data set that `dataset` has written into a folder."""
    usual = Path(data) == Path("runs", model, "data")
    return f"next: setup/dlwa train {model}" + ("" if usual else f" --data {shlex.quote(str(data))}")


def find_checkpoint(name, program, suffixes=()):
    """The path of a checkpoint that patches know by name, or of one that is named by its path. Raises UserError.

    program: the file of the day's program. suffixes: endings that may be left out.
    """
    return find(name, checkpoint_folders(program), suffixes)
