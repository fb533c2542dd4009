from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import pytest

from tamsa import cluster
from tamsa.errors import ConfigError
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.synthesis.shards import Crew, Shards
from tamsa.synthesis.workers import map_shards


@dataclass(frozen=True)
class Squares:
    """Squares numbers; the state is the process it was opened in."""

    offset: int = 0

    def open(self) -> int:
        return os.getpid()

    def run(self, state: int, shard: int) -> tuple[int, bool]:
        return shard * shard + self.offset, state == os.getpid()


@dataclass(frozen=True)
class Records:
    def open(self) -> None:
        return None

    def run(self, state: None, shard: tuple[int, int]) -> list[dict[str, int]]:
        return [{"number": shard[0], "value": shard[1]}]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_results_come_in_order_from_workers_opened_once(workers: int) -> None:
    found = list(map_shards(Squares(1), range(25), workers=workers))
    assert found == [(number * number + 1, True) for number in range(25)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_endless_source_is_read_no_further_than_needed(workers: int) -> None:
    asked: list[int] = []

    def source() -> object:
        for number in count():
            asked.append(number)
            yield number

    results = map_shards(Squares(), source(), workers=workers)  # type: ignore[arg-type]
    assert [value for value, _ in islice(results, 5)] == [0, 1, 4, 9, 16]
    results.close()  # type: ignore[attr-defined]
    assert len(asked) <= 5 + 4 * workers


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = """
from itertools import count
from tests.synthesis.test_workers import Squares
from tamsa.synthesis.workers import map_shards
if __name__ == "__main__":
    import multiprocessing
    results = map_shards(Squares(), count(), workers=2)
    next(results)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    input()
"""
    path = tmp_path / "start.py"
    path.write_text(script)
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    with subprocess.Popen(
        [sys.executable, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert workers
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_no_shards_no_work() -> None:
    assert list(map_shards(Squares(), [], workers=3)) == []
    with pytest.raises(ConfigError, match="at least 1"):
        list(map_shards(Squares(), [1], workers=0))


def test_shards_on_disk_are_not_made_again(tmp_path: Path) -> None:
    shards = Shards(tmp_path, "s")
    job = Records()
    first = list(islice(shards.run(job, ((n, n * 10) for n in range(9)), Crew()), 4))
    assert [records[0]["value"] for records in first] == [0, 10, 20, 30]
    again = list(shards.run(job, ((n, n * 100) for n in range(9)), Crew()))
    assert [records[0]["value"] for records in again] == [0, 10, 20, 30, 400, 500, 600, 700, 800]


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Ray leaves files and processes open
def test_a_ray_cluster_makes_the_same_data_set(some_pages: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    plan = Plan(docs=(str(some_pages),), seed=3, num_questions=12, modes=("react", "iter"))
    made = {}
    for workers, ray in ((1, None), (1, "local"), (2, "local"), (4, "local")):
        out = tmp_path / f"{workers}-{ray}"
        synthesize(plan, out, workers=workers, ray=ray)
        made[workers, ray] = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert len(made[1, None]) >= 9
    assert all(files == made[1, None] for files in made.values())


@contextmanager
def listening(says: bytes) -> Iterator[str]:
    """Listen on a port of this machine and say something to the first who comes; nothing at all for no words."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            guest, _ = server.accept()
            with guest, suppress(OSError):  # the guest leaves
                guest.sendall(says)
                while guest.recv(100):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_a_missing_cluster_is_one_line(scheme: str, some_pages: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    address = scheme + closed_port()
    for work in (
        lambda: list(map_shards(Squares(), [1], ray=address)),
        lambda: synthesize(Plan(docs=(str(some_pages),)), tmp_path / "out", ray=address),
    ):
        with pytest.raises(ConfigError, match="no such cluster") as caught:
            work()
        assert "\n" not in str(caught.value) and address in str(caught.value)
    assert not (tmp_path / "out").exists()  # it is seen before the documents are read


def test_what_answers_but_is_no_cluster_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(cluster, "REACH_S", 0.2)
    for says in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        with listening(says) as address, pytest.raises(ConfigError, match="no such cluster"):
            cluster.check_cluster(address)
    for address in ("somewhere", "host:port", "host:70000"):
        with pytest.raises(ConfigError, match="HOST:PORT"):
            cluster.check_cluster(address)


def test_a_server_that_speaks_as_a_cluster_does_passes() -> None:
    pytest.importorskip("ray")
    with listening(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])) as address:
        cluster.check_cluster(address)
