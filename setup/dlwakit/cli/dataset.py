"""Make a data set for a model from your own sounds or MIDI files.

`setup/dlwa dataset MODEL --help` says what the model's own program takes.
"""

from dlwakit.cli.programs import add_arguments as add_arguments
from dlwakit.cli.programs import run_program

passes_on = True


def run(args):
    """Run the model's data set program in its environment."""
    return run_program(args, "dataset")
