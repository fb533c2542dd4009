"""The folder: determinism, all or nothing, bounded memory, clear refusals."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tamsa.errors import ConfigError, CorruptError, InputError, StorageError
from tamsa.world import MIN_PAGES, build_world
from tamsa.world.schema import SHARES, plan, realm_sizes

NAMES = ("pages.jsonl", "questions.jsonl", "facts.jsonl", "world.json")
CODE = (
    "import sys; from pathlib import Path; from tamsa.world import build_world; "
    "build_world(Path(sys.argv[1]), num_pages=int(sys.argv[2]), seed=int(sys.argv[3]), num_questions=60)"
)
LIMIT = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000)); "
)


def digest(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES}


def build(folder: Path, pages: int = 200, seed: int = 5) -> None:
    build_world(folder, num_pages=pages, seed=seed, num_questions=60)


def test_same_seed_same_bytes_in_every_process(tmp_path: Path) -> None:
    build(tmp_path / "here")
    for number, hash_seed in enumerate(("0", "1", "4242")):
        folder = tmp_path / f"there{number}"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", CODE, str(folder), "200", "5"], check=True, env=environment)
        assert digest(folder) == digest(tmp_path / "here")


def test_seed_and_size_change_the_world(tmp_path: Path) -> None:
    for name, pages, seed in (("a", 200, 5), ("b", 200, 6), ("c", 201, 5)):
        build(tmp_path / name, pages, seed)
    hashes = [digest(tmp_path / name)["pages.jsonl"] for name in "abc"]
    assert len(set(hashes)) == 3


def test_the_state_of_the_random_module_is_left_alone(tmp_path: Path) -> None:
    random.seed(3)
    expected = random.random()
    random.seed(3)
    build(tmp_path / "w")
    assert random.random() == expected


@pytest.mark.parametrize("pages", [MIN_PAGES, 201, 269, 270, 499, 500, 899, 900, 1799])
@pytest.mark.parametrize("seed", [0, 1])
def test_exactly_as_many_pages_as_asked(tmp_path: Path, pages: int, seed: int) -> None:
    summary = build_world(tmp_path / "w", num_pages=pages, seed=seed, num_questions=12)
    assert (tmp_path / "w" / "pages.jsonl").read_bytes().count(b"\n") == pages == summary.num_pages
    assert sum(summary.kinds.values()) == pages


def test_every_plan_adds_up_and_holds_every_kind() -> None:
    for pages in range(MIN_PAGES, 4000):
        for size in realm_sizes(pages):
            made = plan(size)
            total = made.countries + made.regions + made.lists + made.sources + sum(made.counts.values())
            assert total == size
            assert made.counts["person"] >= 30
            assert set(SHARES) < set(made.counts)
    for pages in (100_000, 1_000_000):
        assert sum(realm_sizes(pages)) == pages
        assert max(realm_sizes(pages)) <= 2 * 2400


def test_a_finished_world_is_kept(tmp_path: Path) -> None:
    build(tmp_path / "w")
    before = (tmp_path / "w" / "pages.jsonl").stat().st_mtime_ns
    summary = build_world(tmp_path / "w", num_pages=200, seed=5, num_questions=60)
    assert not summary.built
    assert (tmp_path / "w" / "pages.jsonl").stat().st_mtime_ns == before


def test_another_world_in_the_folder_is_refused(tmp_path: Path) -> None:
    build(tmp_path / "w")
    with pytest.raises(InputError, match="another world"):
        build(tmp_path / "w", seed=6)


def test_foreign_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(InputError, match=r"thesis\.docx"):
        build(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_damaged_world_is_named(tmp_path: Path) -> None:
    build(tmp_path / "w")
    with open(tmp_path / "w" / "facts.jsonl", "ab") as file:
        file.write(b"x")
    with pytest.raises(CorruptError, match=r"facts\.jsonl"):
        build(tmp_path / "w")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"num_pages": MIN_PAGES - 1, "seed": 1}, "pages"),
        ({"num_pages": 200, "seed": -1}, "seed"),
        ({"num_pages": 200, "seed": 1, "num_questions": -1}, "questions"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, values: dict[str, int], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        build_world(tmp_path / "w", **values)  # type: ignore[arg-type]
    assert not (tmp_path / "w").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("x")
    with pytest.raises(StorageError):
        build(tmp_path / "w")


def test_a_failed_write_leaves_nothing_half_done(tmp_path: Path) -> None:
    code = LIMIT + CODE
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "w"), "400", "5"], capture_output=True, text=True, check=False
    )
    assert "StorageError" in run.stderr
    assert list((tmp_path / "w").iterdir()) == []


def _kill_and_rebuild(tmp_path: Path, delay: float, number: int, expected: dict[str, str]) -> bool:
    folder = tmp_path / f"k{number}"
    process = subprocess.Popen([sys.executable, "-c", CODE, str(folder), "1200", "9"])
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    unfinished = not (folder / "world.json").exists()
    build(folder, 1200, 9)
    assert digest(folder) == expected
    assert sorted(p.name for p in folder.iterdir()) == sorted(NAMES)
    return unfinished


def test_a_killed_build_is_made_again_with_the_same_result(tmp_path: Path) -> None:
    build(tmp_path / "whole", 1200, 9)
    expected = digest(tmp_path / "whole")
    chance = random.Random(1)
    unfinished = [_kill_and_rebuild(tmp_path, 0.1 + chance.random() * 0.8, n, expected) for n in range(4)]
    assert any(unfinished)


@pytest.mark.soak
def test_sixty_kills(tmp_path: Path) -> None:
    build(tmp_path / "whole", 1200, 9)
    expected = digest(tmp_path / "whole")
    chance = random.Random(2)
    for number in range(60):
        _kill_and_rebuild(tmp_path, chance.random() * 1.2, number, expected)


def test_two_builders_do_not_mix(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    refused: list[str] = []

    def disturb(done: int, total: int) -> None:
        if not refused:
            with pytest.raises(InputError, match="another process") as error:
                build(folder, 400, 5)
            refused.append(str(error.value))

    build_world(folder, num_pages=400, seed=5, num_questions=60, on_progress=disturb)
    build(tmp_path / "alone", 400, 5)
    assert refused
    assert digest(folder) == digest(tmp_path / "alone")


def test_progress_ends_at_the_end(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    build_world(tmp_path / "w", num_pages=500, seed=1, num_questions=10, on_progress=lambda a, b: calls.append((a, b)))
    assert calls == sorted(calls)
    assert calls[-1] == (500, 500)


def test_memory_does_not_grow_with_the_world(tmp_path: Path) -> None:
    """Four times the pages may cost the names' hashes, not the pages."""
    # VmHWM is this process's own peak; ru_maxrss would carry over that of the process which started it
    code = CODE + "; print(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])"
    peaks = []
    for pages in (2400, 9600):
        run = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / str(pages)), str(pages), "1"],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(run.stdout) / 1024)
    assert peaks[1] - peaks[0] < 20, peaks  # MiB
    assert peaks[1] < 200, peaks
