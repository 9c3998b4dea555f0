"""What /proc knows of this process and others, for tests of what is started and has to end."""

from pathlib import Path


def children():
    """The numbers of the processes that this one has started and not yet waited for."""
    threads = Path("/proc/self/task").iterdir()
    return {child for thread in threads for child in (thread / "children").read_text().split()}
