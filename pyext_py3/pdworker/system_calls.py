"""System calls that a worker never needs, refused by seccomp on x86_64 and aarch64; in the worker process."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000  # another set of numbers on x86_64

# Numbers of system calls, (x86_64, aarch64); None where a machine does not have it.
_REFUSED = {
    "socket": (41, 198),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "setns": (308, 268),
    "unshare": (272, 97),
    "open_by_handle_at": (304, 265),
    "truncate": (76, 45),  # by name; by descriptor it is allowed
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
}
_METADATA = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
_SIGNALS = {
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}
_CLONE3 = {"clone3": (435, 435)}
_TGKILL = (234, 131)
_CLONE = (56, 220)
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWUSER and all others
_PRLIMIT64 = (302, 261)

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_REFUSE = _ERROR | errno.EACCES

_libc = ctypes.CDLL(None, use_errno=True)


class _Step(NamedTuple):
    """An instruction of the filter: for jumps, how many to leave out when it holds and when not."""

    code: int
    value: int
    when_true: int = 0
    when_false: int = 0


def refuse_system_calls(keep_metadata: bool) -> None:
    """Refuse what no worker needs, in this thread and in all that it starts.

    Parameters
    ----------
    keep_metadata : bool
        Whether modes, owners, times and attributes of files are not to be changed either.
    """
    machine = os.uname().machine
    if machine not in _ARCHITECTURE:
        return
    refused = {**_REFUSED, **(_METADATA if keep_metadata else {})}
    steps = [
        *_refuse(machine, refused, _REFUSE),
        *_refuse(
            machine, _CLONE3, _ERROR | errno.ENOSYS
        ),  # its flags are out of reach; C libraries then use clone
        *_refuse_argument(machine, _CLONE, _Step(_JUMP_SET, _NEW_NAMESPACES, 0, 1)),
        *_refuse_argument(machine, _PRLIMIT64, _Step(_JUMP_EQUAL, 0, 1, 0)),  # of another process
    ]
    _install(machine, steps)


def refuse_signals() -> None:
    """Refuse to send a signal to another process, in this thread and in all that it starts."""
    machine = os.uname().machine
    if machine in _ARCHITECTURE:
        own = _refuse_argument(machine, _TGKILL, _Step(_JUMP_EQUAL, os.getpid(), 1, 0))  # abort() needs it
        _install(machine, [*_refuse(machine, _SIGNALS, _REFUSE), *own])


def refuse_numbers(numbers: Iterable[int], error: int) -> None:
    """Let system calls of these numbers end with an error, as on a kernel that does not have them."""
    machine = os.uname().machine
    _install(machine, _refuse(machine, {str(number): (number, number) for number in numbers}, _ERROR | error))


def _refuse(machine: str, calls: Mapping[str, tuple[int | None, int | None]], answer: int) -> list[_Step]:
    numbers = [pair[machine == "aarch64"] for pair in calls.values()]
    return [
        step
        for number in numbers
        if number is not None
        for step in (_Step(_JUMP_EQUAL, number, 0, 1), _Step(_RETURN, answer))
    ]


def _refuse_argument(machine: str, numbers: tuple[int, int], test: _Step) -> list[_Step]:
    """Return the steps that refuse a call unless `test`, of its first argument's lower half, jumps over one step."""
    return [
        _Step(_JUMP_EQUAL, numbers[machine == "aarch64"], 0, 4),
        _Step(_LOAD, _FIRST_ARGUMENT_AT),
        test,
        _Step(_RETURN, _REFUSE),
        _Step(_RETURN, _ALLOW),
    ]


def _install(machine: str, steps: list[_Step]) -> None:
    program = [
        _Step(_LOAD, _ARCHITECTURE_AT),
        _Step(_JUMP_EQUAL, _ARCHITECTURE[machine], 1, 0),
        _Step(_RETURN, _REFUSE),
        _Step(_LOAD, _NUMBER_AT),
        _Step(_JUMP_GREATER_EQUAL, _X32, 0, 1),
        _Step(_RETURN, _REFUSE),
        *steps,
        _Step(_RETURN, _ALLOW),
    ]
    code = b"".join(
        struct.pack("=HBBI", step.code, step.when_true, step.when_false, step.value) for step in program
    )
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    _libc.syscall(_SECCOMP[machine], 1, 1, header)  # a filter, for all threads
