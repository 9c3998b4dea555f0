"""What /proc knows of this process and others, for tests of what is started and has to end."""

import contextlib
import re
from collections import Counter
from pathlib import Path


def children():
    """The numbers of the processes that this one has started and not yet waited for."""
    threads = Path("/proc/self/task").iterdir()
    return {child for thread in threads for child in (thread / "children").read_text().split()}


def descendants(process, word=None):
    """The numbers of the processes below one, parents before children; word: that have it (bytes) in their command."""
    found = []
    for child in started(process):
        found += [child] * (word is None or word in command(child)) + descendants(child, word)
    return found


def started(process):
    """The numbers of the processes that one has started itself."""
    found = []
    for thread in Path(f"/proc/{process}/task").glob("*"):
        with contextlib.suppress(OSError):  # it has ended
            found += map(int, (thread / "children").read_text().split())
    return found


def command(process):
    """The words (bytes) of a process's command; none where it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return []


def descriptors(process):
    """{kind: how many} of the open files of a process: pipe, socket, memfd, ..., or a path."""
    kinds = Counter()
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
        kinds[
            target if target.startswith("/") and "memfd:" not in target else re.split(r"[:\[]", target)[0]
        ] += 1
    return kinds


def programs(processes):
    """{what it runs: how many} of processes: the module of a worker, else the name of the program."""
    found = Counter()
    for words in map(command, processes):
        if b"pdworker" in words:
            found[words[words.index(b"pdworker") + 1].decode()] += 1
        elif words:
            found[Path(words[0].decode(errors="replace")).name] += 1
    return found
