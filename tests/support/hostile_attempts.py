"""What a hostile program would do to the machine, tried one after the other; in workers, and as a program.

As a program: `hostile_attempts.py PYEXT RIGHTS FOLDER VICTIM [without]` gives up its rights, then tries; `without`
stands for a kernel without Landlock.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path

SHARED = Path("/dev/shm/confinement-test")
FILES = ("make", "change", "truncate", "remove", "rename", "link", "folder", "mode", "times", "shared memory")
READS = ("read", "list", "environment", "memory")
SIGNALS = ("kill", "kill group")
SYSTEM = (
    *("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "trace", "mount", "chroot", "unshare", "new user"),
    *("limits", "system v", "keys"),
)
_NEW_USER = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


def attempts(folder, victim):
    """Try all. Returns {what: the number of the error, 0 where it was done}."""
    kept = Path(folder, "kept")
    tried = {
        "read": kept.read_text,
        "list": lambda: os.listdir(folder),
        "environment": lambda: Path(f"/proc/{victim}/environ").read_bytes(),
        "memory": lambda: os.open(f"/proc/{victim}/mem", os.O_RDONLY),
        "make": lambda: os.open(f"{folder}/new", os.O_WRONLY | os.O_CREAT),
        "change": lambda: os.open(kept, os.O_WRONLY),
        "mode": lambda: os.chmod(kept, 0o777),
        "times": lambda: os.utime(kept, (1, 1)),
        "truncate": lambda: os.truncate(kept, 0),
        "remove": lambda: os.remove(kept),
        "rename": lambda: os.rename(kept, f"{folder}/other"),
        "link": lambda: os.symlink("/", f"{folder}/link"),
        "folder": lambda: os.mkdir(f"{folder}/folder"),
        "shared memory": lambda: SHARED.write_text("x"),
        "kill": lambda: os.kill(victim, signal.SIGTERM),
        "kill group": lambda: os.killpg(victim, signal.SIGTERM),
        "trace": lambda: _call("ptrace", 16, victim, None, None),
        "mount": lambda: _call("mount", b"none", folder.encode(), b"tmpfs", 0, None),
        "chroot": lambda: os.chroot(folder),
        "unshare": lambda: _call("unshare", _NEW_USER),
        "new user": lambda: _call(
            "syscall", 56 if os.uname().machine == "x86_64" else 220, _NEW_USER | 17, 0, 0, 0, 0
        ),
        "limits": lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (3, 3)),
        "system v": lambda: _call("shmget", 0, 4096, 0o1600),
        "keys": lambda: _call("syscall", 250 if os.uname().machine == "x86_64" else 219, 0, -3, 0),
        **{name: lambda name=name: socket.socket(getattr(socket, name)) for name in SYSTEM[:4]},
    }
    return {name: _outcome(function) for name, function in tried.items()}


def ordinary_life(folder):
    """Do what every worker may, in a folder that it may write to. Raises OSError."""
    ours, theirs = socket.socketpair()
    ours.send(b"x")
    assert theirs.recv(1) == b"x"
    child = os.fork()
    if child == 0:
        signal.pause()
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[0] == child
    Path("/dev/null").write_text("x")
    Path(folder, "made").write_text("x")
    assert Path(folder, "made").read_text() == "x"
    Path(folder, "made").replace(Path(folder, "moved"))
    Path(folder, "moved").unlink()
    assert Path(os.__file__).read_text() and Path("/proc/self/statm").read_text()


def _call(name, *words):
    ctypes.set_errno(0)
    if (answer := getattr(_libc, name)(*words)) < 0:
        raise OSError(ctypes.get_errno(), name)
    if name == "syscall" and answer == 0:
        os._exit(0)  # a new process


def _outcome(function):
    try:
        function()
    except OSError as error:
        return error.errno
    return 0


def main(pyext, rights, folder, victim, *without):
    sys.path.insert(0, pyext)
    from pdworker.confinement import confine
    from pdworker.rights import Rights
    from pdworker.system_calls import refuse_numbers

    rights = Rights.from_text(rights)
    if without:
        _libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        refuse_numbers((444, 445, 446), errno.ENOSYS)
    confine(rights)
    ordinary_life(rights.scratch)
    print(json.dumps(attempts(folder, int(victim))))


if __name__ == "__main__":
    main(*sys.argv[1:])
