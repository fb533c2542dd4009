"""The bubblewrap command line: what of this machine the sandbox can see, and nothing else."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tamsa.tools.sandbox.limits import Limits

_MIB = 1024 * 1024
_LAUNCHER = Path(__file__).with_name("launcher.py")
_INSIDE = "/launcher.py"
_PYTHON = "/python"  # names of our own, so that no path of this machine shows in a traceback
_PACKAGES = "/packages"
_SYSTEM_LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/usr/share/zoneinfo")
ENVIRONMENT = {
    "HOME": "/tmp",
    "PATH": "/nonexistent",
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": f"{_PYTHON}/lib",
    "TZ": "UTC",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "Agg",
    # each thread of these costs address space, and the sandbox has one processor's worth of time
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""The whole environment of sandboxed code."""


def sandbox_command(
    bwrap: str, limits: Limits, *, seccomp_fd: int, info_fd: int, folders: Mapping[str, Path]
) -> list[str]:
    """Compose the command that runs the launcher in a sandbox.

    Args:
        bwrap: path of bubblewrap.
        limits: bounds on the run.
        seccomp_fd: descriptor from which bubblewrap reads the filter.
        info_fd: descriptor to which it writes the process id of the sandbox.
        folders: folders that the code may read, by the name they get under `/data`.
    """
    libraries = {f"{_PACKAGES}/{number}": path for number, path in enumerate(_library_folders())}
    executable = Path(sys.executable).resolve()
    inside = f"{_PYTHON}/bin/{executable.name}"
    command = [bwrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    command += ["--cap-drop", "ALL", "--hostname", "sandbox", "--uid", "65534", "--gid", "65534", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        command += ["--setenv", name, value]
    for path in _system_paths():
        command += _mirror(path)
    visible = {
        inside: executable,
        f"{_PYTHON}/lib": Path(sys.base_prefix) / "lib",
        **libraries,
        _INSIDE: _LAUNCHER,
        **{f"/data/{name}": path.resolve() for name, path in folders.items()},
    }
    for name, path in visible.items():
        command += ["--ro-bind", str(path), name]
    for device in ("/dev/null", "/dev/urandom"):
        command += ["--dev-bind", device, device]
    command += ["--size", str(limits.disk_mib * _MIB), "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp"]
    command += ["--seccomp", str(seccomp_fd), "--info-fd", str(info_fd), "--"]
    # -I -S: no environment, no user packages, no .pth file runs; the folders of libraries follow by name
    return [*command, inside, "-I", "-S", "-B", "-u", _INSIDE, json.dumps(limits.resources()), *libraries]


def _library_folders() -> list[Path]:
    """Return the folders of installed packages, of this environment alone."""
    found = (Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib"))
    return [path for path in dict.fromkeys(found) if path.is_dir()]


def _system_paths() -> list[Path]:
    return [Path(name) for name in (*_SYSTEM_LIBRARIES, *_SYSTEM_FILES) if Path(name).exists()]


def _mirror(path: Path) -> list[str]:
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)]
