"""Take away what install put outside the checkout, and say what is left.

Your own checkpoints and downloads stay, and so do the system's packages.
"""

import shutil

from modelfiles.places import cache_folder

from dlwakit.base.console import confirm, human_size, only_one_at_a_time, say
from dlwakit.base.files import folder_size, read_json
from dlwakit.base.paths import data_folder, library_folder, state_folder
from dlwakit.install.environment import record_file
from dlwakit.install.packages import record_file as packages_record


def add_arguments(parser):
    """--yes."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args):
    """Remove the library, the environments, what uv brought, downloads under way, records, caches and logs."""
    data = data_folder()
    packages = read_json(packages_record(), [])
    ours = [
        library_folder(),
        *(data / name for name in ("environments", "python", "uv", "downloads")),
        record_file(),
        packages_record(),
        state_folder(),
        cache_folder(),
    ]
    there = [path for path in ours if path.exists()]
    if there:
        say("This goes away:")
        for path in there:
            say(f"  {path}" + (f"  ({human_size(folder_size(path))})" if path.is_dir() else ""))
        confirm("Go ahead?", args.yes)
        with only_one_at_a_time(data):
            for path in there:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        (data / ".lock").unlink()
    else:
        say("Nothing of ours is installed.")
    if data.exists() and not any(data.iterdir()):
        data.rmdir()
    if data.exists():
        say(f"Left: {data} (checkpoints; delete the folder if you want none of them)")
    if packages:
        say(f"Left: system packages; to remove them: sudo apt-get remove {' '.join(packages)}")
    return 0
