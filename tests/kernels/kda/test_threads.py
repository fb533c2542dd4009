"""Concurrency, forks and the disk cache of the CPU kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from tamsa.kernels.kda import compiling, cpu, kda
from tamsa.kernels.kda.compiling import fingerprint
from tamsa.kernels.kda.threads import run_units, scratch
from tests.kernels.kda.oracle import make_inputs, named


def test_every_unit_runs_once_whatever_the_threads() -> None:
    for num_units, step, num_threads in [(1, 1, 4), (10, 3, 2), (100, 1, 8), (7, 100, 3)]:
        seen: list[int] = []
        answer = run_units(num_units, step, num_threads, lambda a, b, s=seen: s.extend(range(a, b)) or 1 << (a % 3))
        assert sorted(seen) == list(range(num_units))
        assert answer & 1


def test_an_error_in_a_helper_reaches_the_caller(two_threads: None) -> None:
    def body(first: int, last: int) -> int:
        raise MemoryError(f"unit {first}")

    with pytest.raises(MemoryError):
        run_units(4, 1, 2, body)


def test_scratch_memory_belongs_to_a_thread_and_is_aligned() -> None:
    addresses = [scratch(1000), scratch(1000)]
    assert addresses[0] == addresses[1] and addresses[0] % 64 == 0
    other: list[int] = []
    thread = threading.Thread(target=lambda: other.append(scratch(1000)))
    thread.start()
    thread.join()
    assert abs(other[0] - addresses[0]) >= 1000


def test_concurrent_calls_from_several_threads(two_threads: None) -> None:
    cases = [make_inputs(1, 300 + 17 * i, 3, 32, 40, seed=i) for i in range(6)]

    def train(inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        leaves = named(inputs)
        o, _ = kda(**leaves, backend="cpu")
        o.square().sum().backward()
        return [o.detach(), *(x.grad for x in leaves.values())]  # type: ignore[list-item]

    expected = [train(case) for case in cases]
    actual: dict[int, list[torch.Tensor]] = {}
    threads = [
        threading.Thread(target=lambda i=i: actual.update({i: [train(cases[i]) for _ in range(5)][-1]}))  # type: ignore[misc]
        for i in range(len(cases))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, results in enumerate(expected):
        assert all(torch.equal(x, y) for x, y in zip(results, actual[i], strict=True)), i


def run_python(arguments: list[str], **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FORK = """
import os, torch
from tamsa.kernels.kda import cpu, kda
torch.set_num_threads(2)
# enough work for two of our threads, too little for OpenMP's, which do not survive a fork
x = torch.randn(1, 150, 4, 32)
args = (x, torch.nn.functional.normalize(x, dim=-1), x, -x.abs(), torch.rand(1, 150, 4))
assert x.numel() * 32 > cpu.SMALL
before, _ = kda(*args, backend="cpu")
read, write = os.pipe()
child = os.fork()
if child == 0:
    after, _ = kda(*args, backend="cpu")
    os.write(write, b"same" if torch.equal(before, after) else b"different")
    os._exit(0)
os.waitpid(child, 0)
print(os.read(read, 100).decode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_computes_the_same() -> None:
    assert run_python(["-c", FORK]).strip() == "same"


MODULE = """
import sys
from numba import njit
from tamsa.kernels.kda.compiling import compiled

@njit
def callee(x):
    return x + 1

def entry(key):
    def function(x):
        key
        return callee(x)
    return compiled(function)

f = entry(sys.argv[1])
f(1)
print(sum(f.stats.cache_hits.values()), sum(f.stats.cache_misses.values()))
"""


def test_the_disk_cache_is_used_respects_its_folder_and_the_kernels_version(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(MODULE)
    folder = tmp_path / "cache"

    def hits_and_misses(key: str) -> list[str]:
        return run_python([str(module), key], NUMBA_CACHE_DIR=str(folder)).split()

    assert hits_and_misses("one version") == ["0", "1"]
    assert any(folder.rglob("*.nbi"))
    assert hits_and_misses("one version") == ["1", "0"]
    assert hits_and_misses("another version") == ["0", "1"]


def test_the_kernels_are_cached_and_keyed_by_their_sources() -> None:
    for entry in (cpu._forward_entry, cpu._backward_entry):
        assert fingerprint() in [cell.cell_contents for cell in entry.py_func.__closure__]
        assert type(entry._cache).__name__ == "FunctionCache"
    listed = {Path(compiling.__file__).parent / name for name in compiling._SOURCES}
    for path in Path(compiling.__file__).parent.glob("*.py"):
        assert path in listed or ("njit" not in path.read_text() and "intrinsic" not in path.read_text()), path


def test_no_writable_cache_folder_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object, function: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr("numba.core.caching.CompileResultCacheImpl.__init__", refuse)
    assert compiling.compiled(lambda x: x + 1)(1) == 2


def test_importing_the_kernels_does_not_import_fla() -> None:
    assert run_python(["-c", "import sys, tamsa.kernels.kda; print('fla' in sys.modules)"]).strip() == "False"
