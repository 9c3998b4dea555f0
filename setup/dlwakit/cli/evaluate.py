"""Say in numbers how good a checkpoint is, beside what simple means reach.

`setup/dlwa evaluate MODEL CHECKPOINT` prints a table; with --json FILE it also writes the figures to a file.
`setup/dlwa evaluate MODEL --help` says what the figures are and what they need.
"""

from dlwakit.cli.programs import add_arguments as add_arguments
from dlwakit.cli.programs import run_program

passes_on = True


def run(args):
    """Run the model's evaluation in its environment."""
    return run_program(args, "evaluate")
