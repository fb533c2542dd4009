import ctypes
import errno
import os
import struct

import pytest

from tamsa.tools.sandbox import seccomp

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000


def decide(program: bytes, arch: int, number: int, first: int = 0) -> int:
    """Interpret the filter as the kernel does, for the instructions it uses."""
    data = struct.pack("<iIQ6Q", number if number < 2**31 else number - 2**32, arch, 0, first, 0, 0, 0, 0, 0)
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    at = value = 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        if code == 0x20:
            value = struct.unpack_from("<I", data, operand)[0]
        elif code == 0x06:
            return operand
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            at += if_true if holds else if_false


@pytest.mark.parametrize(("machine", "arch", "column"), [("x86_64", 0xC000003E, 0), ("aarch64", 0xC00000B7, 1)])
def test_filter_decides_as_listed(machine: str, arch: int, column: int) -> None:
    program = seccomp.program(machine)
    denied = {numbers[column] for numbers in seccomp._DENIED.values()} - {None}
    special = {seccomp._CLONE[column], seccomp._CLONE3[column], seccomp._SOCKET[column]}
    for number in range(600):
        verdict = decide(program, arch, number)
        if number in denied:
            assert verdict == REFUSE | errno.EPERM
        elif number > seccomp._NEWEST:  # what nobody has looked at is not there
            assert verdict == REFUSE | errno.ENOSYS
        elif number not in special:
            assert verdict == ALLOW
    clone, socket = seccomp._CLONE[column], seccomp._SOCKET[column]
    assert decide(program, arch, clone, 0x00010000 | 0x100) == ALLOW
    assert decide(program, arch, clone, 17) == REFUSE | errno.EPERM
    assert decide(program, arch, seccomp._CLONE3[column]) == REFUSE | errno.ENOSYS
    for family in range(64):
        assert (decide(program, arch, socket, family) == ALLOW) == (family == 1)
    assert decide(program, 0x40000003, 1) == KILL


def test_x32_numbers_are_refused() -> None:
    assert decide(seccomp.program("x86_64"), 0xC000003E, 0x40000000 + 56) == REFUSE | errno.ENOSYS


def test_numbers_are_those_of_this_machine() -> None:
    """The same calls work outside, so that the attempts of the suite are held by the filter and not by a typo."""
    column = {"x86_64": 0, "aarch64": 1}.get(os.uname().machine)
    if column is None:
        pytest.skip("no filter for this processor")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(seccomp._DENIED["memfd_create"][column], b"x", 0)
    assert descriptor >= 0
    os.close(descriptor)
    assert libc.syscall(seccomp._DENIED["msgget"][column], 0x7A3A51, 0) == -1  # no such queue
    assert ctypes.get_errno() == errno.ENOENT


def test_unknown_processor_is_not_supported() -> None:
    assert not seccomp.supported("riscv64")
