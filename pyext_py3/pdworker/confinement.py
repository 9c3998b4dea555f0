"""What the kernel lets a worker do, given up by the worker itself at its start, without root.

In the worker process; Pd asks for the version only. Landlock keeps a worker from files, the network and signals to
others; a seccomp filter keeps it from making sockets, tracing, mounting and the like. What the system does not have is
left out. Rights that are given up never come back, also not to children.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from pdworker.rights import Rights
from pdworker.system_calls import refuse_signals, refuse_system_calls

__all__ = ["confine", "landlock_version", "refuse_signals"]

OOM_SCORE = 500  # the kernel ends a worker before Pd where memory runs out
MIN_MEMORY_BYTES = 4 << 30
MAX_FILE_BYTES = 4 << 30
MORE_THREADS = 4096  # than the user has now

# What libraries read when they are loaded: programs, processors, time zones, names of users.
_SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/nix/store", "/gnu/store", "/proc"),
    *("/sys/devices", "/sys/fs/cgroup", "/sys/class", "/sys/bus", "/sys/module"),
    *(
        f"/etc/{name}"
        for name in ("ld.so.cache", "ld.so.preload", "ld.so.conf", "ld.so.conf.d", "alternatives")
    ),
    *(
        f"/etc/{name}"
        for name in ("localtime", "timezone", "passwd", "group", "nsswitch.conf", "fonts", "ssl/certs")
    ),
    *(
        f"/etc/{name}"
        for name in ("mime.types", "httpd", "apache2/mime.types", "os-release", "debian_version")
    ),
    *("/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"),
)
_WRITABLE = ("/dev/null", "/proc/self/autogroup")

# Landlock: numbers of linux/landlock.h, the same on every machine.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_LINK = 1 << 1, 1 << 2, 1 << 3, 1 << 12
_CHANGES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # also remove and make what is in folders
_PLAIN_CHANGES = _WRITE_FILE | sum(1 << bit for bit in (4, 5, 7, 8))  # of files and folders, nothing special
_REFER, _TRUNCATE, _DEVICES = 1 << 13, 1 << 14, 1 << 15  # since ABI 2, 3 and 5
_OF_A_FILE = _WRITE_FILE | _READ_FILE | _TRUNCATE
_TCP = 0b11  # bind and connect, since ABI 4
_SCOPES = 0b11  # abstract Unix sockets, signals; since ABI 6

_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES = 0x20080522  # version 3
_KEPT_CAPABILITIES = 0b110  # root still reads what belongs to others: DAC_OVERRIDE, DAC_READ_SEARCH

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """Return the version of the kernel's Landlock; 0 where there is none, or it is switched off."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def confine(rights: Rights) -> None:
    """Give up all rights but these, of this thread, and of all threads and processes that it starts.

    Parameters
    ----------
    rights : Rights
        What is left. Where files are left out of account, memory and processes are, too.
    """
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(str(OOM_SCORE))
    _limit(rights)
    _drop_capabilities()
    version = landlock_version()
    if version:
        _restrict(version, rights)
    refuse_system_calls(keep_metadata=not rights.changes)


def _limit(rights: Rights) -> None:
    """Bound what the process may take of the machine."""
    limits = {resource.RLIMIT_CORE: 0}
    if rights.readable is not None:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        limits[resource.RLIMIT_DATA] = max(MIN_MEMORY_BYTES, memory // 2)
        limits[resource.RLIMIT_FSIZE] = MAX_FILE_BYTES
        limits[resource.RLIMIT_NPROC] = _threads_of_user() + MORE_THREADS
    for kind, limit in limits.items():
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))


def _threads_of_user() -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += sum(1 for _ in (process / "task").iterdir())
    return count


def _drop_capabilities() -> None:
    header = struct.pack("Ii", _CAPABILITIES, 0)
    kept = ctypes.create_string_buffer(24)
    if _libc.capget(header, kept) == 0:
        words = [
            word & _KEPT_CAPABILITIES * (place < 2) for place, word in enumerate(struct.unpack("6I", kept))
        ]
        _libc.capset(header, struct.pack("6I", *words))


def _restrict(version: int, rights: Rights) -> None:
    reads = (_READ_FILE | _READ_DIR) * (rights.readable is not None)
    newer = (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    changes = (_CHANGES | newer) * (rights.writable is not None)
    devices = _DEVICES if changes and version >= 5 else 0
    handled = [reads | changes | devices, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0]
    known = handled[: 1 if version < 4 else 2 if version < 6 else 3]
    if not any(known):
        return
    attributes = struct.pack(f"{len(known)}Q", *known)
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return
    try:
        _allow(ruleset, (*_SYSTEM, *_environment(), *(rights.readable or ())), reads)
        _allow(ruleset, _WRITABLE, reads | (_WRITE_FILE | _TRUNCATE) & changes)
        own = (_PLAIN_CHANGES | newer) & changes
        _allow(ruleset, (rights.scratch, rights.cache), reads | own)
        _allow(ruleset, rights.writable or (), reads | own | _MAKE_LINK & changes)
        _libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _environment() -> Iterable[str]:
    """Yield the folders that this interpreter and its modules are in."""
    yield from {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    yield from (path for path in sys.path if path)
    yield from filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))


def _allow(ruleset: int, paths: Iterable[str], rights: int) -> None:
    """Allow something in folders and files, those that are there."""
    for path in paths if rights else ():
        with contextlib.suppress(OSError):
            file = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                here = rights if stat.S_ISDIR(os.fstat(file).st_mode) else rights & _OF_A_FILE
                rule = struct.pack("=Qi", here, file)
                _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, ctypes.c_uint32(0))
            finally:
                os.close(file)
