"""A hundred attempts to get out of the sandbox, or to take more of the machine than the limits give.

Each attempt prints ESCAPED when it gets what it must not get. After each one the tool serves on.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tamsa.tools import FunctionTool, Toolset
from tamsa.tools.sandbox import Limits, python_tool
from tamsa.types import ToolCall

LIMITS = Limits(
    wall_s=4, cpu_s=2, memory_mib=384, disk_mib=8, num_files=500, num_threads=24, output_chars=2000, flood_mib=2
)
PATIENT = replace(LIMITS, wall_s=60)
"""For attempts that end by themselves: on a busy machine they must not be cut off before they are made."""
SECRET = "tamsa-secret-8471"

MOUNTS = (
    "request = lambda number: struct.pack('=IIQQ', 24, 0, number, 0x3b)\n"
    "    numbers, about = (ctypes.c_uint64 * 64)(), ctypes.create_string_buffer(4096)\n"
    "    count = libc.syscall(458, request(2**64 - 1), numbers, 64, 0)\n"
    "    assert [n for n in numbers[:max(0, count)] if libc.syscall(457, request(n), about, 4096, 0) == 0]"
)

# each line of a list is one attempt that succeeds if it raises nothing
MUST_FAIL = {
    "fork": "os.fork()",
    "forkpty": "os.forkpty()",
    "vfork through the C library": "assert libc.vfork() >= 0",
    "raw fork": "assert libc.syscall(57 if X86 else 9999) >= 0",
    "raw clone": "assert libc.syscall(56 if X86 else 220, 17, 0, 0, 0, 0) >= 0",
    "raw clone into a new user namespace": "assert libc.syscall(56 if X86 else 220, 0x10000000 | 17, 0, 0, 0, 0) >= 0",
    "clone3": "assert libc.syscall(435, ctypes.create_string_buffer(88), 88) >= 0",
    "posix_spawn": "os.posix_spawn(sys.executable, ['x'], {})",
    "subprocess": "subprocess.run([sys.executable, '-c', '1'], check=True)",
    "shell": "assert os.system('true') == 0",
    "popen": "assert os.popen('echo hello').read()",
    "multiprocessing": "multiprocessing.get_context('spawn').Process(target=print).start()",
    "process pool": "list(concurrent.futures.ProcessPoolExecutor(1).map(abs, [1]))",
    "exec a shell": "os.execv('/bin/sh', ['sh'])",
    "exec setuid program": "os.execv('/usr/bin/su', ['su'])",
    "exec own file": "open('/tmp/x','w').write('#!/bin/sh\\n'); os.chmod('/tmp/x', 0o755); os.execv('/tmp/x', ['x'])",
    "tcp to the internet": "socket.create_connection(('1.1.1.1', 80), 1)",
    "tcp to loopback": "socket.create_connection(('127.0.0.1', 22), 1)",
    "udp": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))",
    "ipv6": "socket.socket(socket.AF_INET6)",
    "raw packets": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "kernel crypto": "socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)",
    "virtual machine sockets": "socket.socket(socket.AF_VSOCK)",
    "bluetooth": "socket.socket(31, socket.SOCK_RAW)",
    "name lookup": "socket.getaddrinfo('example.org', 80)",
    "url": "urllib.request.urlopen('http://example.org/', timeout=1)",
    "listen": "socket.create_server(('0.0.0.0', 0))",
    "docker socket": "s = socket.socket(socket.AF_UNIX); s.connect('/var/run/docker.sock')",
    "abstract unix socket of the system bus": "s = socket.socket(socket.AF_UNIX); s.connect('\\0/tmp/dbus')",
    "/proc": "os.listdir('/proc')",
    "/proc of the parent": "open(f'/proc/{os.getppid()}/environ').read()",
    "own memory through /proc": "open('/proc/self/mem', 'rb+')",
    "root of process 1": "os.listdir('/proc/1/root/')",
    "kernel settings": "open('/proc/sys/kernel/core_pattern', 'w')",
    "/sys": "os.listdir('/sys')",
    "control groups": "os.listdir('/sys/fs/cgroup')",
    "mount proc": "assert libc.mount(b'proc', b'/tmp', b'proc', 0, None) == 0",
    "remount root": "assert libc.mount(None, b'/', None, 32, None) == 0",
    "unmount": "assert libc.umount2(b'/tmp', 2) == 0",
    "pivot_root": "assert libc.syscall(155 if X86 else 41, b'/tmp', b'/tmp') == 0",
    "chroot": "os.chroot('/tmp')",
    "new user namespace": "assert libc.unshare(0x10000000) == 0",
    "new mount namespace": "assert libc.unshare(0x00020000) == 0",
    "new mount interface": "assert libc.syscall(430, b'tmpfs', 0) >= 0",
    "open_tree": "assert libc.syscall(428, -100, b'/', 1) >= 0",
    "ptrace the parent": "assert libc.ptrace(16, os.getppid(), 0, 0) == 0",
    "ptrace me": "assert libc.ptrace(0, 0, 0, 0) == 0",
    "read another process": "assert libc.syscall(310 if X86 else 270, 1, 0, 0, 0, 0, 0) >= 0",
    "bpf": "assert libc.syscall(321 if X86 else 280, 0, ctypes.create_string_buffer(72), 72) >= 0",
    "perf": "assert libc.syscall(298 if X86 else 241, ctypes.create_string_buffer(128), 0, -1, -1, 0) >= 0",
    "io_uring": "assert libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0",
    "userfaultfd": "assert libc.syscall(323 if X86 else 282, 1) >= 0",
    "keyring": "assert libc.syscall(250 if X86 else 219, 0, -3, 1) >= 0",
    "memfd": "os.memfd_create('x')",
    "shared memory segment": "assert libc.shmget(0, 1 << 20, 0o1600) >= 0",
    "message queue": "assert libc.msgget(0, 0o1600) >= 0",
    "file handle": "assert libc.syscall(304 if X86 else 265, -100, ctypes.create_string_buffer(128), 0) >= 0",
    "kernel module": "assert libc.syscall(313 if X86 else 273, 0, b'', 0) == 0",
    "kernel log": "assert libc.syscall(103 if X86 else 116, 3, ctypes.create_string_buffer(99), 99) >= 0",
    "reboot": "assert libc.reboot(0xCAD00000) == 0",
    "set the clock": "time.clock_settime(time.CLOCK_REALTIME, 0)",
    "x32 system call": "assert X86 and libc.syscall(0x40000000 + 39) > 0",
    "raise the memory limit": "resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))",
    "raise the cpu limit": "resource.setrlimit(resource.RLIMIT_CPU, (9999, 9999))",
    "raise the file limit": "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 40))",
    "become root": "os.setuid(0)",
    "change group": "os.setgroups([0])",
    "higher priority": "os.nice(-5)",
    "real-time priority": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))",
    "make a device": "os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0))",
    "disks": "assert [n for n in os.listdir('/dev') if n not in ('null', 'urandom')]",
    "shared memory folder": "open('/dev/shm/x', 'w')",
    "terminal": "open('/dev/tty', 'w')",
    "password file": "open('/etc/passwd').read()",
    "shadow file": "open('/etc/shadow').read()",
    "home folders": "assert os.listdir('/root') + os.listdir('/home')",
    "secret in a file of the owner": "open(MARKER).read()",
    "write beside the secret": "open(MARKER + '.x', 'w')",
    "symlink to the secret": "os.symlink(MARKER, '/tmp/l'); open('/tmp/l').read()",
    "climb out with dots": "open('../../../../../..' + MARKER).read()",
    "hard link to a system file": "os.link('/python/lib', '/tmp/l')",
    "write the root": "open('/x', 'w')",
    "write the libraries": "open('/python/lib/x', 'w')",
    "write the packages": "open('/packages/0/x', 'w')",
    "write the launcher": "open('/launcher.py', 'a')",
    "delete the launcher": "os.unlink('/launcher.py')",
    "open a folder by descriptor left open": "assert [n for n in range(3, 64) if fd_is_open(n)]",
    "names of the host's folders by statmount": MOUNTS,
    "environment of the owner": "assert [v for v in os.environ.values() if 'secret' in v]",
    "kill everything": "os.kill(-1, 0); assert os.getpid() > 100",
    "kill the parent by a number of the host": "os.kill(HOST_PID, 0)",
    "two MiB over the file limit": "open('/tmp/big', 'wb').write(b'x' * (10 << 20))",
    "all memory at once": "bytearray(1 << 30)",
    "map all memory": "mmap.mmap(-1, 1 << 34)",
    "hundred open files": "keep = [open('/dev/null') for _ in range(200)]",
}

# each of these runs into a limit; the words say which
MUST_END = {
    "endless loop": ("while True: pass", "processor time"),
    "endless loop that ignores the signal": (
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass",
        "exit code 137",
    ),
    "sleep": ("import time\ntime.sleep(99)", "longer than 4 s"),
    "sleep with every signal ignored": (
        "import signal, time\n"
        "for n in range(1, 65):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "time.sleep(99)",
        "longer than 4 s",
    ),
    "closed output, then sleep": ("import os, time\nos.close(1); os.close(2)\ntime.sleep(99)", "longer than 4 s"),
    "output flood": ("while True: print('x' * 10000)", "2 MiB of output"),
    "output flood without a newline": ("import os\nwhile True: os.write(2, b'y' * 65536)", "2 MiB of output"),
    "memory by small pieces": ("keep = []\nwhile True: keep.append(bytearray(1 << 20))", "MemoryError"),
    "disk by one file": ("f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20)); f.flush()", "OSError"),
    "disk by many files": (
        "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'wb').write(b'x' * (1 << 20)); n += 1",
        "No space left",
    ),
    "a million empty files": ("for n in range(10**6): open(f'/tmp/{n}', 'w').close()", "500 files"),
    "a million folders": ("import os\nfor n in range(10**6): os.mkdir(f'/tmp/{n}')", "500 files"),
    "folders without end": ("import os\nwhile True: os.mkdir('d'); os.chdir('d')", "500 files"),
    "symlinks": ("import os\nfor n in range(10**6): os.symlink('/tmp', f'/tmp/{n}')", "500 files"),
    "threads": (
        "import threading, time\nthreading.stack_size(32768)\n"
        "for n in range(10**5): threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        "thread",
    ),
    "recursion": ("def f(): f()\nf()", "RecursionError"),
    "deep recursion in C": (
        "import sys\nsys.setrecursionlimit(10**8)\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
        "exit code",
    ),
    "a big number": ("print(len(str(9 ** 9 ** 9)))", "ended"),
    "a regular expression that backtracks": ("import re\nre.match('(a+)+$', 'a' * 64 + 'b')", "processor time"),
    "crash": ("import ctypes\nctypes.string_at(0)", "exit code 139"),
    "abort": ("import os\nos.abort()", "exit code 134"),
    "kill itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "exit code 137"),
    "stop itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "longer than 4 s"),
    "stop the first process": (
        "import os, signal, time\nos.kill(1, signal.SIGSTOP)\ntime.sleep(99)",
        "longer than 4 s",
    ),
    "code that is no code": ("\x00\x01 ((((", "Error"),
    "nesting": ("(" * 5000 + ")" * 5000, "Error"),
}
PRELUDE = """
import concurrent.futures, ctypes, mmap, multiprocessing, os, platform, resource, socket, struct, subprocess, sys, time
import urllib.request
libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == 'x86_64'
MARKER = {marker!r}
HOST_PID = {pid}
def fd_is_open(n):
    try: os.fstat(n); return True
    except OSError: return False
try:
    {attack}
    print('ESCA' + 'PED')
except BaseException as error:
    print('held:', type(error).__name__, error)
"""
SAMPLE = (
    "fork",
    "raw clone",
    "subprocess",
    "tcp to loopback",
    "/proc",
    "new user namespace",
    "memfd",
    "raise the memory limit",
    "secret in a file of the owner",
    "symlink to the secret",
    "environment of the owner",
    "names of the host's folders by statmount",
    "kill everything",
    "all memory at once",
    "write the root",
    "output flood",
    "a million empty files",
    "disk by many files",
    "threads",
    "kill itself",
    "endless loop",
)
EVERY = [*MUST_FAIL, *MUST_END]


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("owner") / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    yield


def sandboxes() -> list[int]:
    """Process ids of this process's descendants that run in a sandbox."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


async def tool(limits: Limits) -> FunctionTool:
    made = await python_tool(limits=limits)
    if not isinstance(made, FunctionTool):
        pytest.skip(str(made))
    return made


async def attempt(name: str, marker: Path) -> None:
    limits = PATIENT if name in MUST_FAIL else LIMITS
    tools = Toolset([await tool(limits)], timeout_s=90)
    before = set(sandboxes())
    if name in MUST_FAIL:
        code, words = PRELUDE.format(attack=MUST_FAIL[name], marker=str(marker), pid=os.getpid()), ""
    else:
        code, words = MUST_END[name]
    started = time.monotonic()
    result = await tools.call(ToolCall("1", "python", {"code": code}))
    seconds = time.monotonic() - started
    assert "ESCAPED" not in result.text, result.text
    assert SECRET not in result.text
    assert len(result.text) < LIMITS.output_chars + 500
    assert seconds < limits.wall_s + 30  # what must end would run for 99 seconds, or for ever
    if words:
        # on a busy machine the wall clock may run out before any other limit
        assert words in result.text or "longer than 4 s" in result.text, result.text
        assert result.error
    else:
        assert "held:" in result.text, result.text
    assert set(sandboxes()) <= before
    assert marker.read_text() == SECRET
    assert list(marker.parent.iterdir()) == [marker]
    again = await tools.call(ToolCall("2", "python", {"code": "6 * 7"}))
    assert again.text == "42"


@pytest.mark.parametrize("name", SAMPLE)
async def test_sample_of_attempts_is_held(name: str, marker: Path, environment: None) -> None:
    await attempt(name, marker)


@pytest.mark.soak
@pytest.mark.parametrize("name", EVERY)
async def test_every_attempt_is_held(name: str, marker: Path, environment: None) -> None:
    await attempt(name, marker)


def test_there_are_a_hundred_attempts() -> None:
    assert len(EVERY) >= 100
    assert set(SAMPLE) <= set(EVERY)
