"""Put a trained model into a folder that plays elsewhere: for nn~, as plain weights, and with patches.

`setup/dlwa export MODEL CHECKPOINT FOLDER` writes the folder. `setup/dlwa export MODEL --help` says what is in it.
"""

from dlwakit.cli.programs import add_arguments as add_arguments
from dlwakit.cli.programs import run_program

passes_on = True


def run(args):
    """Run the model's export in its environment."""
    return run_program(args, "export")
