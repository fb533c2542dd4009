"""An independent reading of a world: answers a question's query from facts.jsonl alone."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Oracle:
    """Indexes facts.jsonl and evaluates the formal queries of questions.jsonl. Shares no code with the generator."""

    def __init__(self, folder: Path) -> None:
        self.kind: dict[str, str] = {}
        self.info: dict[str, Record] = {}
        self.out: dict[tuple[str, str], list[Record]] = defaultdict(list)
        self.into: dict[tuple[str, str], list[Record]] = defaultdict(list)
        self.claims: list[Record] = []
        self.records: list[Record] = []
        with open(folder / "facts.jsonl", encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                self.records.append(record)
                if record["relation"] == "instance_of":
                    self.kind[record["subject"]] = record["object"]
                    self.info[record["subject"]] = record
                elif record["status"] == "refuted":
                    self.claims.append(record)
                else:
                    self.out[record["subject"], record["relation"]].append(record)
                    if record["object_id"] is not None:
                        self.into[record["object"], record["relation"]].append(record)

    def follow(self, title: str, steps: list[list[str]]) -> str:
        for relation, direction in steps:
            found = self.out[title, relation] if direction == ">" else self.into[title, relation]
            assert len(found) == 1, (title, relation, direction, len(found))
            title = found[0]["object"] if direction == ">" else found[0]["subject"]
        return title

    def value(self, title: str, relation: str, year: int | None = None) -> Any:
        found = [r for r in self.out[title, relation] if year is None or r.get("year") == year]
        assert len(found) == 1, (title, relation, year, len(found))
        return found[0]["value"] if found[0]["object_id"] is None else found[0]["object"]

    def members(self, kind: str, subject: str) -> list[str]:
        """The things that a list page about a country or region lists."""
        if kind == "town":
            return [r["subject"] for r in self.into[subject, "in_region"] if self.kind[r["subject"]] == "town"]
        return [t for t, k in self.kind.items() if k == kind and self.info[t].get("country") == subject]

    def column(self, query: Record, relation: str) -> dict[str, Any]:
        subject = self.anchor(query["anchor"])
        year = query["year"]
        out: dict[str, Any] = {}
        for title in self.members(query["kind"], subject):
            for record in self.out[title, relation]:
                if record["status"] == "asserted" and (year is None or record.get("year") == year):
                    assert title not in out
                    out[title] = record["value"]
        return out

    def anchor(self, path: list[list[str]]) -> str:
        title = path[0][0]
        return self.follow(title, path[1:])

    def when(self, moment: Any) -> int:
        return moment if isinstance(moment, int) else int(self.value(*moment))

    def answer(self, query: Record) -> str:
        op = query["op"]
        if op == "chain":
            return self.follow(query["start"], query["steps"])
        if op == "settled":
            return self.follow(query["start"], [[query["relation"], ">"], *query["then"]])
        if op == "intersection":
            sets = [
                {r["subject"] for r in self.into[o, relation] if self.kind[r["subject"]] == query["kind"]}
                for relation, o in query["where"]
            ]
            common = sets[0] & sets[1]
            assert len(common) == 1, (query, common)
            assert min(map(len, sets)) > 1, "one property alone already decides"
            return self.follow(common.pop(), query["then"])
        if op == "compare":
            values = []
            for entity in query["entities"]:
                values.append(self.value(self.follow(entity, query["path"]), query["relation"]))
            assert values[0] != values[1]
            first_wins = (values[0] < values[1]) == (query["want"] == "min")
            return str(query["entities"][0 if first_wins else 1])
        if op == "same":
            values = [self.value(entity, query["relation"]) for entity in query["entities"]]
            return "yes" if values[0] == values[1] else "no"
        if op == "count":
            relation, sign, limit = query["where"]
            values = list(self.column(query, relation).values())
            assert limit not in values
            return str(sum((value > limit) == (sign == ">") for value in values))
        if op == "count_made":
            made = [r["subject"] for r in self.into[query["maker"], query["relation"]]]
            if "where" not in query:
                return str(len(made))
            dated, sign, limit = query["where"]
            years = [self.value(title, dated) for title in made if self.out[title, dated]]
            assert limit not in years
            return str(sum((year > limit) == (sign == ">") for year in years))
        if op == "best":
            column = self.column(query, query["relation"])
            best = (min if query["want"] == "min" else max)(column.values())
            winners = [title for title, value in column.items() if value == best]
            assert len(winners) == 1
            return self.follow(winners[0], query["then"])
        if op == "ruler":
            year = self.when(query["when"])
            terms = self.out[self.anchor(query["anchor"]), "head_of_state"]
            found = [t["object"] for t in terms if t["year"] < year < t["until"]]
            assert len(found) == 1
            return str(found[0])
        if op == "succession":
            terms = sorted(self.out[query["country"], "head_of_state"], key=lambda t: t["year"])
            names = [t["object"] for t in terms]
            assert names.count(query["person"]) == 1
            return str(names[names.index(query["person"]) + query["offset"]])
        if op == "next_made":
            made = [
                (self.value(r["subject"], query["dated"]), r["subject"])
                for r in self.into[query["maker"], query["relation"]]
            ]
            made.sort()
            assert len({year for year, _ in made}) == len(made)
            at = [title for _, title in made].index(query["work"])
            return str(made[at + query["offset"]][1])
        if op == "years_between":
            first, second = (self.value(*entity) for entity in query["entities"])
            return str(second - first)
        if op == "winner":
            year = self.when(query["when"])
            found = [r["object"] for r in self.out[query["award"], "winner"] if r["year"] == year]
            assert len(found) == 1
            return str(found[0])
        assert op == "absent", op
        end = self.follow(query["start"], query["steps"])
        relation = query["relation"]
        assert not self.out[end, relation], (end, relation)
        if relation in ("spouse", "twin_town"):
            assert not self.into[end, relation]
        return "NOT FOUND"
