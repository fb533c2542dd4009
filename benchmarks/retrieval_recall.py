"""Recall of the index: supporting titles on hotpotqa_100, answers in the first pages on ottqa_dev_a.

`recall_at_k` is the share of a question's supporting titles among the titles of the first k hits for
the question itself, averaged over the questions. `answer_at_k` is the share of questions one of whose
answers stands in the text of the first k hits. SQLite's FTS5 is measured in the same run.

Refuses to report figures of a wrong index: hits must be distinct documents of the corpus and their
snippets the stretches they claim to be.

Usage: python benchmarks/retrieval_recall.py DATA [--dense] [--ottqa] [--out FILE.json]
"""

from __future__ import annotations

import argparse
import math
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tamsa.corpus import Index, open_corpus
from tamsa.corpus.stopwords import STOP_WORDS
from tamsa.store import read_jsonl, write_json

DEPTHS = (1, 2, 5, 10)
Search = Callable[[str], list[str]]


def check_hits(index: Index, queries: Sequence[str]) -> None:
    """Exit if hits are not what they claim to be."""
    for query in queries:
        hits = index.search(query, max(DEPTHS))
        if len({hit.id for hit in hits}) != len(hits):
            sys.exit(f"refusing to score a wrong index: a document is twice among the hits for {query[:60]!r}")
        for hit in hits:
            document = index.get(hit.id)
            if document is None or document.text[hit.start : hit.end] != hit.snippet or document.title != hit.title:
                sys.exit(f"refusing to score a wrong index: the hit {hit.id!r} is not its document's text")


def recall(search: Search, questions: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Score supporting titles; `search` returns titles, best first."""
    shares: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    for question in questions:
        titles, wanted = search(question["question"]), question["supporting_titles"]
        for depth in DEPTHS:
            shares[depth].append(sum(title in titles[:depth] for title in wanted) / len(wanted))
    scores = {f"recall_at_{depth}": 100 * statistics.mean(shares[depth]) for depth in DEPTHS}
    errors = {
        f"recall_at_{depth}_se": 100 * statistics.stdev(shares[depth]) / math.sqrt(len(questions)) for depth in DEPTHS
    }
    return scores | errors


def answers(search: Search, questions: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Score answers; `search` returns texts, best first."""
    found = dict.fromkeys((5, 10), 0)
    for question in questions:
        texts = [text.lower() for text in search(question["question"])]
        for depth in found:
            found[depth] += any(a.lower() in text for a in question["answers"] for text in texts[:depth])
    return {f"answer_at_{depth}": 100 * count / len(questions) for depth, count in found.items()}


def peer(records: Iterable[tuple[str, str]]) -> Callable[[str], list[tuple[str, str]]]:
    """Index (title, text) pairs with FTS5, the title in a column of its own."""
    base = sqlite3.connect(":memory:", check_same_thread=False)
    base.execute("CREATE VIRTUAL TABLE p USING fts5(title, text, tokenize='porter unicode61')")
    base.executemany("INSERT INTO p VALUES (?, ?)", records)

    def search(query: str) -> list[tuple[str, str]]:
        words = dict.fromkeys("".join(char if char.isalnum() else " " for char in query.lower()).split())
        match = " OR ".join(f'"{word}"' for word in words if word not in STOP_WORDS)
        sql = "SELECT title, text FROM p WHERE p MATCH ? ORDER BY bm25(p) LIMIT 10"
        return base.execute(sql, (match,)).fetchall() if match else []

    return search


def documents(index: Index) -> Iterable[tuple[str, str]]:
    for doc_id in index.ids():
        document = index.get(doc_id)
        if document is not None:
            yield document.title, document.text


def texts_of(index: Index, query: str) -> list[str]:
    found = (index.get(hit.id) for hit in index.search(query, 10))
    return [document.text for document in found if document is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the evaluation data")
    parser.add_argument("--dense", action="store_true", help="measure hotpotqa_100 with vectors as well")
    parser.add_argument("--ottqa", action="store_true", help="measure ottqa_dev_a over all passages as well")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        questions = list(read_jsonl(options.data / "hotpotqa_100.jsonl"))
        corpus = options.data / "hotpotqa_100_corpus.jsonl"
        for label, dense in (("plain", False), ("dense", True))[: 1 + options.dense]:
            with open_corpus([corpus], out=folder / "hotpot", dense=dense) as index:
                check_hits(index, [question["question"] for question in questions])
                result[f"hotpotqa_100 {label}"] = recall(
                    lambda query, index=index: [hit.title for hit in index.search(query, 10)], questions
                )
                if not dense:
                    other = peer(documents(index))
                    result["hotpotqa_100 SQLite FTS5"] = recall(
                        lambda query, other=other: [title for title, _ in other(query)], questions
                    )
        if options.ottqa:
            asked = list(read_jsonl(options.data / "ottqa_dev_a.jsonl"))
            with open_corpus([options.data / "wiki_passages.parquet"], out=folder / "wiki") as index:
                check_hits(index, [question["question"] for question in asked[:100]])
                result["ottqa_dev_a plain"] = answers(lambda query: texts_of(index, query), asked)
    for label, scores in result.items():
        print(f"{label:28}" + "  ".join(f"{k} {v:.1f}" for k, v in scores.items() if not k.endswith("_se")))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_json(options.out, result)


if __name__ == "__main__":
    main()
