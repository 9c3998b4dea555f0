"""What /proc knows of this process and others, for tests of what is started and has to end."""

from pathlib import Path


def children():
    """The numbers of the processes that this one has started and not yet waited for."""
    threads = Path("/proc/self/task").iterdir()
    return {child for thread in threads for child in (thread / "children").read_text().split()}


def descendants(process, word):
    """The numbers of the processes below one that have a word (bytes) in their command, parents before children."""
    found = []
    for thread in Path(f"/proc/{process}/task").glob("*"):
        for child in (thread / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            found += [int(child)] * (word in command) + descendants(child, word)
    return found
