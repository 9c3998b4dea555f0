"""Say in numbers how good a checkpoint is, beside what simple means reach.

`setup/dlwa evaluate MODEL CHECKPOINT` prints a table. --json FILE also writes the figures to a file: those of the
checkpoint, and those of what it is compared with as `baselines`. --page FOLDER makes a page to hear what was measured.
Of all sounds: level, peak, clicks a second, the share that is silent, and flatness, from 0 (tones) to 1 (noise).
`setup/dlwa evaluate MODEL --help` says what the other figures are and what they need.
"""

from dlwakit.cli.programs import add_arguments as add_arguments
from dlwakit.cli.programs import run_program

passes_on = True


def run(args):
    """Run the model's evaluation in its environment."""
    return run_program(args, "evaluate")
