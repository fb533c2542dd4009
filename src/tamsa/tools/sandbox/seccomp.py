"""The system calls that sandboxed code may make, as a BPF program that bubblewrap loads.

The namespaces are the wall; the filter takes away what a program that only computes never needs:
starting processes (one process means that its address space bounds the memory of all), sockets other
than local pairs, memory that no limit counts (memfd, System V shared memory), and the parts of the
kernel where escapes have been found (user namespaces, mounts, bpf, io_uring, keyrings, ptrace, …).
Format: Linux `struct sock_filter`, see seccomp(2).
"""

from __future__ import annotations

import errno
import platform
import struct

_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_AF_UNIX = 1
_NEWEST = 456
"""The last system call that was looked at. What the kernel has learned since is not there, x32 numbers included: among
it are `statmount` and `listmount`, which tell the host's names of the folders that the sandbox shows under its own."""

_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_DENIED: dict[str, tuple[int | None, int | None]] = {
    # name: (x86_64, aarch64)
    "fork": (57, None),
    "vfork": (58, None),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmctl": (31, 195),
    "shmat": (30, 196),
    "shmdt": (67, 197),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "splice": (275, 76),
    "tee": (276, 77),
    "vmsplice": (278, 75),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "fanotify_init": (300, 262),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "lookup_dcookie": (212, 18),
}
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_SOCKET = (41, 198)


def supported(machine: str | None = None) -> bool:
    """Say whether there is a filter for a processor (this one by default)."""
    return (machine or platform.machine()) in _ARCHES


def program(machine: str | None = None) -> bytes:
    """Assemble the filter for a processor.

    Raises:
        KeyError: there is no filter for it; ask `supported` first.
    """
    machine = machine or platform.machine()
    column = list(_ARCHES).index(machine)
    denied = [numbers[column] for numbers in _DENIED.values()]
    refuse = _ERRNO | errno.EPERM
    code = [
        _step(_LOAD, _ARCH_AT),
        _step(_JUMP_EQUAL, _ARCHES[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
    ]
    code += [_step(_JUMP_GREATER, _NEWEST + 1, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    for number in denied:
        if number is not None:
            code += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, refuse)]
    # the C library falls back from clone3, whose flags a filter cannot read, to clone
    code += [_step(_JUMP_EQUAL, _CLONE3[column], 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    code += [
        _step(_JUMP_EQUAL, _CLONE[column], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_JUMP_SET, _CLONE_THREAD, 1, 0),
        _step(_RETURN, refuse),
        _step(_RETURN, _ALLOW),
        _step(_JUMP_EQUAL, _SOCKET[column], 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_JUMP_EQUAL, _AF_UNIX, 1, 0),
        _step(_RETURN, refuse),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
