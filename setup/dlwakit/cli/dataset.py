"""Make a data set for a model from your own sounds or MIDI files.

`setup/dlwa dataset MODEL --help` tells what the model's own program takes.
"""

from dlwakit.cli.train import add_arguments as add_arguments
from dlwakit.cli.train import run_program


def run(args):
    """Run the model's data set program in its environment."""
    return run_program(args, "dataset")
