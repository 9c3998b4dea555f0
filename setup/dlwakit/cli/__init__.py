"""The commands of `setup/dlwa`, one module each: its docstring is its help.

`add_arguments(parser)` says what it takes; `run(args)` returns the exit status: 0 done, 1 failed or something
is missing, 2 wrong usage, 130 stopped by Ctrl-C.
A module with `passes_on = True` gets arguments that it does not know itself in `args.rest`; `--help` is its own then.
"""

import argparse
import importlib
import signal
import sys

from modelfiles.errors import UserError

from dlwakit import VERSION
from dlwakit.base.console import warn
from dlwakit.base.files import explained

COMMANDS = (
    "install",
    "uninstall",
    "bundle",
    "doctor",
    "open",
    "lesson",
    "compare",
    "grids",
    "listen-back",
    "gallery",
    "demo",
    "test",
    "bench",
    "checkpoints",
    "dataset",
    "train",
    "evaluate",
    "export",
    "runs",
    "takes",
    "format-patches",
    "release",
)


def _parser():
    parser = argparse.ArgumentParser(
        prog="setup/dlwa",
        allow_abbrev=False,
        description="Deep learning with audio, in Pure Data. Start with: setup/dlwa install",
        epilog="setup/dlwa COMMAND --help says more about each.",
    )
    parser.add_argument("--version", action="version", version=f"dlwa {VERSION}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"dlwakit.cli.{name.replace('-', '_')}")
        summary, _, rest = module.__doc__.strip().partition("\n")
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary}\n{rest}",
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=not getattr(module, "passes_on", False),
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run, parser=command, passes_on=getattr(module, "passes_on", False))
    return parser


def main(arguments):
    """Run one command line (without the program's name). Returns the exit status."""
    args, args.rest = _parser().parse_known_args(arguments)
    if args.rest and not args.passes_on:
        args.parser.error(f"unrecognized arguments: {' '.join(args.rest)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return args.run(args)
    except UserError as error:
        warn(error)
        return 1
    except OSError as error:
        warn(explained(error))
        return 1
    except KeyboardInterrupt:
        print("\nsetup/dlwa: stopped; the same command goes on from here", file=sys.stderr)
        return 130
