"""Run the benchmarks one after the other and leave their figures in one folder.

Usage: python benchmarks/all.py [--data FOLDER] [--out FOLDER] [--only NAME ...]
Those that need the evaluation data are left out, visibly, where no folder is given.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def commands(data: Path | None, out: Path) -> dict[str, list[str] | None]:
    """Name each benchmark's command line; None where its data is missing."""

    def script(name: str, *arguments: str | Path) -> list[str]:
        return [sys.executable, str(HERE / f"{name}.py"), *map(str, arguments)]

    def tamsa(*arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "tamsa", *map(str, arguments)]

    def evaluate(questions: Path, documents: Path, name: str) -> list[str]:
        return tamsa("eval", questions, "--docs", documents, "--model", "baseline", "--out", out / name)

    world = out / "world"
    found: dict[str, list[str] | None] = {
        "loop_overhead": script("loop_overhead", "--out", out),
        "world_build": script("world_build", "--json", out / "world_build.json"),
        "world": tamsa("world", "build", "--pages", "5000", "--seed", "2026", "--questions", "500", "--out", world),
        "eval_world": evaluate(world / "questions.jsonl", world / "pages.jsonl", "eval_world"),
        "citations_world": script("check_citations", out / "eval_world", world / "pages.jsonl"),
    }
    needs_data: dict[str, list[str]] = {}
    if data is not None:
        hotpot = data / "hotpotqa_100_corpus.jsonl"
        needs_data = {
            "index_build": script("index_build", data, "--out", out / "index_build.json"),
            "graph_build": script("graph_build", data, "--out", out / "graph_build.json"),
            "retrieval_recall": script("retrieval_recall", data, "--out", out / "retrieval_recall.json"),
            "eval_hotpotqa": evaluate(data / "hotpotqa_100.jsonl", hotpot, "eval_hotpotqa"),
            "citations_hotpotqa": script("check_citations", out / "eval_hotpotqa", hotpot),
        }
    for name in ("index_build", "graph_build", "retrieval_recall", "eval_hotpotqa", "citations_hotpotqa"):
        found[name] = needs_data.get(name)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=lambda text: Path(text) if text else None)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    failed = []
    for name, command in commands(options.data, options.out).items():
        if options.only and name not in options.only:
            continue
        print(f"\n== {name}", flush=True)
        if command is None:
            print("left out: needs --data")
        elif subprocess.run(command).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
