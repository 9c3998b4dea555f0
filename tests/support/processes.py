"""What /proc knows of this process and others, for tests of what is started and has to end."""

import re
from collections import Counter
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
    for process in processes:
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except FileNotFoundError:  # ended meanwhile
            continue
        found[words[words.index("pdworker") + 1] if "pdworker" in words else Path(words[0]).name] += 1
    return found
