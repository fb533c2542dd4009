"""Check every citation of finished runs against the corpus, sharing no code with the agent.

Reads report.json files and the corpus (JSONL or parquet with id and text) by itself; a citation is right
if its quote is the slice [start, end) of its document's text.

Usage: python benchmarks/check_citations.py RUNS CORPUS [--out FILE.json]
Exit code 1 if any citation is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def read_texts(corpus: Path) -> dict[str, str]:
    """Read id -> text."""
    if corpus.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(corpus, columns=["id", "text"])
        return dict(zip(table["id"].to_pylist(), table["text"].to_pylist(), strict=True))
    with open(corpus, encoding="utf-8") as file:
        records = (json.loads(line) for line in file if line.strip())
        return {record["id"]: record["text"] for record in records}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="a folder that holds report.json files at any depth")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    texts = read_texts(options.corpus)
    num_reports = num_citations = num_right = num_supported = num_findings = 0
    wrong: list[str] = []
    for path in sorted(options.runs.rglob("report.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        num_reports += 1
        known = set()
        for citation in report["citations"]:
            num_citations += 1
            text = texts.get(citation["document"])
            if text is not None and text[citation["start"] : citation["end"]] == citation["quote"] != "":
                num_right += 1
                known.add(citation["number"])
            else:
                wrong.append(f"{path}: citation {citation['number']}")
        for finding in report["findings"]:
            num_findings += 1
            num_supported += finding["supported"]
            if finding["supported"] != bool(finding["citations"]) or not known.issuperset(finding["citations"]):
                wrong.append(f"{path}: a finding is called supported without a right citation")
    precision = num_right / num_citations if num_citations else None
    print(f"{num_reports} reports, {num_findings} findings ({num_supported} supported), {num_citations} citations")
    print("citation_precision: " + ("no citations" if precision is None else f"{precision:.3f}"))
    for line in wrong[:20]:
        print(f"wrong: {line}")
    if options.out:
        figures = {"reports": num_reports, "citations": num_citations, "right": num_right, "precision": precision}
        options.out.write_text(json.dumps(figures, indent=2) + "\n")
    sys.exit(1 if wrong or not num_reports else 0)


if __name__ == "__main__":
    main()
