"""Make the pages over which written questions are asked: those that support them, and what a search finds for each.

The questions of `benchmarks/questions/` are about lead passages of Wikipedia, which are not part of this repository.

Usage: python benchmarks/question_pages.py PASSAGES.parquet QUESTIONS.jsonl [...] --out FOLDER [--hits 8]
Writes FOLDER/NAME.jsonl for every file of questions (documents for `--docs`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pyarrow.parquet as pq

from tamsa.corpus import open_documents


def main() -> None:
    """Write the pages of each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passages", type=Path)
    parser.add_argument("questions", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hits", type=int, default=8, help="pages that a search for a question finds")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pages = {row["id"]: row for row in pq.read_table(options.passages, columns=["id", "title", "text"]).to_pylist()}
    by_title = {row["title"]: row["id"] for row in reversed(pages.values())}
    index = open_documents([options.passages], out=options.out / "index")
    for path in options.questions:
        kept: dict[str, None] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            kept |= dict.fromkeys(by_title[title] for title in item["supporting_titles"] if title in by_title)
            kept |= dict.fromkeys(hit.id for hit in index.search(item["question"], options.hits) if hit.id in pages)
        with (options.out / path.name).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(pages[key], ensure_ascii=False) + "\n" for key in kept)
        print(f"{path.name}: {len(kept)} pages")
    index.close()


if __name__ == "__main__":
    main()
