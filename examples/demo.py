"""Build a small simulated encyclopedia, ask it a three-hop question, and write a report.

This is what `make demo` runs. Everything happens on this machine: no key, no network, no GPU.
Usage: python examples/demo.py [FOLDER]
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

PAGES = 400
SEED = 3


def tamsa(*arguments: str) -> None:
    """Show a command as a user would type it, and run it."""
    shown = " ".join(f'"{word}"' if " " in word else word for word in arguments)
    print(f"\n$ tamsa {shown}", flush=True)
    subprocess.run([sys.executable, "-m", "tamsa", *arguments], check=True)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    world, run = folder / "world", folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.rmtree(world, ignore_errors=True)
    tamsa("world", "build", "--pages", str(PAGES), "--seed", str(SEED), "--questions", "60", "--out", str(world))
    questions = [json.loads(line) for line in (world / "questions.jsonl").read_text().splitlines()]
    chosen = next(item for item in questions if item["kind"] == "chain" and item["hops"] == 3)
    tamsa("research", chosen["question"], "--docs", str(world / "pages.jsonl"), "--out", str(run), "--live")
    print(f"\nThe world's own answer: {' / '.join(chosen['answers'])}")
    print(f"Open {run / 'report.html'} in a browser.")


if __name__ == "__main__":
    main()
