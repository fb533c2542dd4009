"""Questions of synthesis: how many a minute, how many survive the checks, how many are right.

Over a graph and its index: runs the stage of `tamsa synthesize` that draws and checks questions, and reports those
kept, wall and processor time, the shares that survived the shortcut test, refusals by reason, and the number
of wordings of each common relation. Refuses to report where a kept question is not recomputed from its form or where
two are alike.

Over worlds: builds the graph of the pages alone, draws questions from it, and compares every answer with the one that
the form has over the world's own `facts.jsonl`, which nothing but this benchmark reads.

Usage: python benchmarks/questions.py --graph DIR --index DIR [--count N] [--processes N] [--decontaminate FILE]
                                      [--keep DIR]
       python benchmarks/questions.py --world DIR [--world DIR] [--count N]     [--out FILE.json] [--sample FILE.jsonl]
With --keep the shards stay on disk, and another run goes on with them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from tamsa.corpus import Index
from tamsa.scoring.metrics import exact_match, normalize_answer
from tamsa.store import read_jsonl, write_json
from tamsa.synthesis.checks import Alike, Checker
from tamsa.synthesis.checks.checker import recomputed
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import FormError, evaluate, follow
from tamsa.synthesis.graph import Entity, Graph, GraphTable, build_graph, corpus_documents
from tamsa.synthesis.question_stage import QuestionJob, make_questions
from tamsa.synthesis.questions import QuestionMaker
from tamsa.synthesis.questions.draft import answers_of
from tamsa.synthesis.records import Edge, Evidence, GoldQuestion
from tamsa.synthesis.shards import Crew, Shards
from tamsa.synthesis.values import Item
from tamsa.synthesis.wording.frames import wordings
from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.types import Document

COMMON = "born_on born_in died_on died_in director composer released author publisher founded founder".split()
REFUSALS = "verifier form leak evidence shortcut contaminated unreachable alike".split()
SHARD = 200


# --------------------------------------------------------------------------- speed and survival


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Draw until the wanted number of questions is kept, by the stage that `tamsa synthesize` runs."""
    counts, kept = Counter[str](), []
    folder = Path(options.keep) if options.keep else Path(tempfile.mkdtemp())
    job = QuestionJob(options.index, options.graph, options.seed, tuple(options.decontaminate))
    started, busy = time.perf_counter(), cpu_seconds()
    found = make_questions(job, Shards(folder, "questions"), Crew(options.processes), counts, frozenset())
    with open(options.sample or os.devnull, "w", encoding="utf-8", buffering=1) as file:
        for question in islice(found, options.count):
            kept.append(question)
            file.write(json.dumps(question.to_json(), ensure_ascii=False) + "\n")
    found.close()
    wall, processor = time.perf_counter() - started, cpu_seconds() - busy
    if not options.keep:
        shutil.rmtree(folder)
    domain = Domain(Graph.open(options.graph), Index.open(options.index).get)
    step = max(1, len(kept) // options.verify)
    if not all(recomputed(question, domain) for question in kept[::step]):
        sys.exit("refusing to report: a kept question is not recomputed from its form")
    if len({normalize_answer(question.question) for question in kept}) != len(kept):
        sys.exit("refusing to report: two kept questions are the same")
    return {
        "kept": len(kept),
        "drawn": counts["drawn"],
        "wall_s": round(wall, 1),
        "processor_s": round(processor, 1),
        "kept_per_minute": round(60 * len(kept) / wall),
        "survived_shortcut_test": round(counts["survived"] / max(1, counts["tested"]), 4),
        "kept_shortcuts": round(sum(q.shortcut for q in kept) / len(kept), 4),
        "refused": {name: counts[name] for name in REFUSALS},
        "kinds": dict(Counter(q.kind for q in kept).most_common()),
        "hops": dict(sorted(Counter(q.hops for q in kept if q.kind == "chain").items())),
        "difficulty": dict(sorted(Counter(q.difficulty for q in kept).items())),
        "operations": dict(Counter(o for q in kept for o in q.operations).most_common()),
        "recomputed": len(kept[::step]),
        "wordings": {name: len(set(wordings(SAYINGS[name], "Bob Dylan"))) for name in COMMON},
    }


def cpu_seconds() -> float:
    """Processor time of this process and its finished children."""
    used = [resource.getrusage(kind) for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


# --------------------------------------------------------------------------- worlds

SAME: dict[str, tuple[str, ...]] = {
    "located_in": ("located_in", "stands_in", "in_region", "in_country", "headquarters"),
    "released": ("released", "published", "painted"),
    "published": ("published", "released"),
    "child_of": ("father", "mother"),
    "member_of": ("plays_for", "worked_for"),
    "plays_for": ("plays_for",),
    "written_by": ("author", "screenwriter"),
    "author": ("author",),
    "built": ("built", "opened", "launched"),
    "part_of": ("in_region", "in_country"),
    "nationality": ("citizen_of",),
    "winner": ("winner", "victor"),
    "held_on": ("held_on", "fought_on", "signed_on"),
}
"""Names of the world for a relation of the graph, where they differ."""


@dataclass(frozen=True)
class Truth:
    """A world's own facts in the place of a graph's edges; definitions and tables are the graph's."""

    graph: Graph
    by_subject: dict[tuple[str, str], list[Edge]]
    by_object: dict[tuple[str, str], list[Edge]]

    def entity(self, entity_id: str) -> Entity | None:
        """Return the graph's entity."""
        return self.graph.entity(entity_id)

    def table(self, number: int) -> GraphTable:
        """Return the graph's table."""
        return self.graph.table(number)

    def edges_of(self, subject_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the facts of a subject; a place that holds its place holds it too."""
        assert relation is not None
        if relation == "tenant":
            return [_turned(edge) for edge in self.by_object.get((subject_id, "ground"), ())]
        found = [e for name in SAME.get(relation, (relation,)) for e in self.by_subject.get((subject_id, name), ())]
        if relation in ("located_in", "part_of"):
            for edge in list(found):
                found += self.edges_of(str(edge.object), relation) if edge.object else ()
        return found

    def edges_to(self, object_id: str, relation: str | None = None) -> Sequence[Edge]:
        """Return the facts that lead to a value, through the places it holds."""
        assert relation is not None
        if relation == "tenant":
            return [_turned(edge) for edge in self.by_subject.get((object_id, "ground"), ())]
        found = [e for name in SAME.get(relation, (relation,)) for e in self.by_object.get((object_id, name), ())]
        if relation in ("located_in", "part_of"):
            for edge in list(found):
                found += self.edges_to(edge.subject, relation)
        return found


def _turned(edge: Edge) -> Edge:
    return replace(
        edge, subject=str(edge.object), subject_title=edge.value, value=edge.subject_title, object=edge.subject
    )


def truth_of(world: Path, graph: Graph, *, stated: bool) -> Truth:
    """Read the facts of a world; `stated` leaves out those that no page states."""
    by_subject: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    by_object: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    records = list(read_jsonl(world / "facts.jsonl"))
    titles = {record["subject"]: record["subject_id"] for record in records if record["relation"] == "instance_of"}
    for record in records:
        if record["status"] == "refuted" or (stated and not record["pages"]):
            continue
        relation, written = record["relation"], str(record["object"])
        kind = "entity" if record["object_id"] else "text"
        if kind == "text" and written.replace(",", "").isdigit():
            kind = "year" if relation in _YEARS else "quantity"
        elif kind == "text" and relation.endswith("_on"):
            kind = "date"
        if relation == "instance_of" and record.get("country") in titles:
            place = Edge("", record["subject_id"], record["subject"], "in_country", record["country"], "entity",
                         titles[record["country"]], Evidence("", "", 0, 0), "sentence")  # fmt: skip
            by_subject[place.subject, "in_country"].append(place)
            by_object[str(place.object), "in_country"].append(place)
        edge = Edge(
            record["id"], record["subject_id"], record["subject"], relation, written, kind, record["object_id"],  # type: ignore[arg-type]
            Evidence("", "", 0, 0), "sentence",
        )  # fmt: skip
        by_subject[edge.subject, relation].append(edge)
        if edge.object:
            by_object[edge.object, relation].append(edge)
            if relation in _BOTH_WAYS:
                turned = _turned(edge)
                by_subject[turned.subject, relation].append(turned)
                by_object[edge.subject, relation].append(turned)
    return Truth(graph, dict(by_subject), dict(by_object))


_BOTH_WAYS = frozenset({"spouse", "twin_town"})
_YEARS = frozenset("founded released published painted opened launched invented discovered settled_in set_out".split())


def right(question: GoldQuestion, truth: Truth, stated: Truth, domain: Domain) -> bool:
    """Whether a question's answer is the one that its form has over the world's facts."""
    form = question.form
    if form["op"] == "settled":
        form = follow(form["of"], form["relation"])
    try:
        if question.kind == "unanswerable":
            return not evaluate(form, stated)
        found = evaluate(form, truth)
    except FormError:
        return False
    many = question.relations and question.relations[-1] in ("population", "winner", "head_of_state", "located_in")
    if len(found) != 1 and not many:
        return False
    return any(_accepts(question, item, domain) for item in found)


def _accepts(question: GoldQuestion, item: Item, domain: Domain) -> bool:
    if question.relations[-1] == "nationality" and item.id:
        return question.answers[0][:4] == item.text[:4]
    return any(exact_match(form, question.answers) for form in answers_of(item, domain, question.kind))


def worlds(options: argparse.Namespace) -> dict[str, Any]:
    """Score questions drawn from the pages of worlds."""
    results: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    for place in map(Path, options.world):
        documents = {doc.id: doc for doc in _pages(place)}
        with tempfile.TemporaryDirectory() as folder:
            graph = build_graph(corpus_documents(place / "pages.jsonl"), Path(folder) / "graph")
            domain = Domain(graph, documents.get)
            truth, stated = truth_of(place, graph, stated=False), truth_of(place, graph, stated=True)
            maker, checker, alike = QuestionMaker(domain, seed=options.seed), Checker(domain), Alike()
            shard = kept = 0
            while kept < options.count and shard < 4 * options.count // SHARD + 4:
                for question in maker.shard(shard):
                    checked = checker.check(question)
                    if not isinstance(checked, GoldQuestion) or not alike.admit(checked) or kept >= options.count:
                        continue
                    kept += 1
                    ok = right(checked, truth, stated, domain)
                    results[f"{checked.kind} {'right' if ok else 'wrong'}"] += 1
                    if not ok:
                        wrong.append(checked.to_json())
                shard += 1
    total = sum(results.values())
    good = sum(count for name, count in results.items() if name.endswith("right"))
    if options.sample:
        with open(options.sample, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in wrong)
    relations = Counter(record["relations"][-1] for record in wrong)
    return {
        "questions": total,
        "right": round(good / total, 4),
        "by_kind": dict(sorted(results.items())),
        "wrong_by_last_relation": dict(relations.most_common(12)),
    }


def _pages(world: Path) -> Iterator[Document]:
    return corpus_documents(world / "pages.jsonl")()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph")
    parser.add_argument("--index")
    parser.add_argument("--world", action="append", default=[])
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verify", type=int, default=1_000_000, help="kept questions to recompute, evenly spread")
    parser.add_argument("--decontaminate", action="append", default=[])
    parser.add_argument("--keep", help="folder for the shards")
    parser.add_argument("--sample", help="file for the kept questions, or for the wrong ones of worlds")
    parser.add_argument("--out")
    options = parser.parse_args()
    if not options.world and not (options.graph and options.index):
        parser.error("give --graph and --index, or --world")
    scores = worlds(options) if options.world else measure(options)
    print(json.dumps(scores, indent=2, ensure_ascii=False))
    if options.out:
        write_json(Path(options.out), scores)


if __name__ == "__main__":
    main()
