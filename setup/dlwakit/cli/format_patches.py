"""Write patches in their normal form, so that a change in Pd is a small change in the file.

Without FILE: every patch of the course. What Pd saves beside the patch itself goes: values of controls, labels that
messages have set, the order of cords, open windows. Save the patch in Pd first.
"""

from pathlib import Path

from modelfiles.errors import UserError

from dlwakit.base.console import say
from dlwakit.base.paths import ROOT
from dlwakit.pdtools.patch_format import formatted

FOLDERS = ("[0-9][0-9]_*", "setup", "pyext_py3", "tests")


def add_arguments(parser):
    """FILE ..., --check."""
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, help="without one: all patches")
    parser.add_argument("--check", action="store_true", help="change nothing; say which would change")


def run(args):
    """Format the files, or say which are not formatted: then the exit status is 1."""
    changed = 0
    for file in args.files or all_patches():
        text = _text(file)
        new = formatted(text, file)
        if new == text:
            continue
        changed += 1
        say(f"{'would change' if args.check else 'formatted'}: {file}")
        if not args.check:
            file.write_text(new)
    return 1 if args.check and changed else 0


def all_patches(root=ROOT):
    """Return the patches of a checkout."""
    return sorted(file for folder in FOLDERS for top in root.glob(folder) for file in top.rglob("*.pd"))


def _text(file):
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UserError("file", f"cannot read {file}: {error}") from None
