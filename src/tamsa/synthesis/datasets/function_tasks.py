"""Function calling over simulated databases: the tables of the documents behind a few typed functions.

Calls are executed for real on the table, so every result in a conversation is what the function returns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tamsa.agent.react import render_call, render_observations
from tamsa.synthesis.datasets.midtraining import Task
from tamsa.synthesis.graph import GraphTable
from tamsa.synthesis.teacher.conclusion import measure
from tamsa.types import Message

MAX_RESULT_ROWS = 12
FUNCTIONS: tuple[Mapping[str, Any], ...] = (
    {
        "name": "lookup",
        "description": "Return the value of a column in the row of a name.",
        "parameters": {"name": "string", "column": "string"},
    },
    {
        "name": "filter_rows",
        "description": "Return the names of the rows whose column passes a test: =, <, >.",
        "parameters": {"column": "string", "test": "string", "value": "string"},
    },
    {
        "name": "best_row",
        "description": "Return the name and value of the row with the largest (max) or smallest (min) number.",
        "parameters": {"column": "string", "want": "string"},
    },
)


class FunctionError(Exception):
    """A call that the database cannot serve; the text is what the model sees."""


@dataclass(frozen=True)
class Database:
    """One table behind functions."""

    table: GraphTable

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Serve a call.

        Raises:
            FunctionError: there is no such function, column or row.
        """
        served: dict[str, Callable[..., Any]] = {
            "lookup": self.lookup,
            "filter_rows": self.filter_rows,
            "best_row": self.best_row,
        }
        if name not in served:
            raise FunctionError(f"there is no function {name!r}")
        try:
            return served[name](**arguments)
        except TypeError as error:
            raise FunctionError(f"{name}: wrong arguments ({error})") from error

    def _column(self, column: str) -> int:
        if column not in self.table.header:
            raise FunctionError(f"there is no column {column!r}; columns: {', '.join(self.table.header)}")
        return self.table.header.index(column)

    def _names(self) -> list[str]:
        return [row[self.table.subject_column].text for row in self.table.rows]

    def lookup(self, name: str, column: str) -> str:
        """Return a cell."""
        at = self._column(column)
        for own, row in zip(self._names(), self.table.rows, strict=True):
            if own == name:
                return row[at].text
        raise FunctionError(f"there is no row {name!r}")

    def filter_rows(self, column: str, test: str, value: str) -> list[str]:
        """Return the names of the rows that pass a test."""
        at = self._column(column)
        wanted = measure(value)
        found = []
        for own, row in zip(self._names(), self.table.rows, strict=True):
            number = measure(row[at].text)
            if test == "=":
                passed = row[at].text == value
            elif test in ("<", ">"):
                passed = (
                    number is not None and wanted is not None and (number < wanted if test == "<" else number > wanted)
                )
            else:
                raise FunctionError(f"there is no test {test!r}; use =, < or >")
            if passed:
                found.append(own)
        return found

    def best_row(self, column: str, want: str) -> dict[str, str]:
        """Return the row with the largest or smallest number."""
        at = self._column(column)
        valued = [
            (number, own, row[at].text)
            for own, row in zip(self._names(), self.table.rows, strict=True)
            if (number := measure(row[at].text)) is not None
        ]
        if not valued:
            raise FunctionError(f"column {column!r} holds no numbers")
        chosen = max(valued) if want == "max" else min(valued)
        return {"name": chosen[1], column: chosen[2]}


def function_task(table: GraphTable, random: Random) -> Task | None:
    """Make a conversation of function calls over a table; None where the table is too small or has no numbers."""
    names = [row[table.subject_column].text for row in table.rows] if table.subject_column >= 0 else []
    columns = [head for at, head in enumerate(table.header) if at != table.subject_column and head.strip()]
    if len(names) < 3 or len(set(names)) < len(names) or len(set(table.header)) < len(table.header) or not columns:
        return None
    numeric = [
        head
        for head in columns
        if sum(measure(row[table.header.index(head)].text) is not None for row in table.rows) == len(table.rows)
    ]
    database = Database(table)
    caption = table.caption or table.title
    kind = random.choice(("lookup", "best", "count") if numeric else ("lookup",))
    calls: list[tuple[str, dict[str, Any]]]
    if kind == "lookup":
        name, column = random.choice(names), random.choice(columns)
        question = f"{caption}: what is the {column} of {name}?"
        calls = [("lookup", {"name": name, "column": column})]
    elif kind == "best":
        column, want = random.choice(numeric), random.choice(("max", "min"))
        question = f"{caption}: which row has the {'largest' if want == 'max' else 'smallest'} {column}"
        calls = [("best_row", {"column": column, "want": want})]
        further = [head for head in columns if head != column]
        if further:
            asked = random.choice(further)
            question += f", and what is its {asked}?"
            calls.append(("lookup", {"name": str(database.call(*calls[0])["name"]), "column": asked}))
        else:
            question += "?"
    else:
        column = random.choice(numeric)
        value = random.choice(table.rows)[table.header.index(column)].text
        test = random.choice("<>")
        question = f"{caption}: how many rows have a {column} {'above' if test == '>' else 'below'} {value}?"
        calls = [("filter_rows", {"column": column, "test": test, "value": value})]
    return _conversation(table, database, question, calls, kind)


def _conversation(
    table: GraphTable, database: Database, question: str, calls: Sequence[tuple[str, dict[str, Any]]], kind: str
) -> Task | None:
    listed = "\n".join(json.dumps(function) for function in FUNCTIONS)
    columns = ", ".join(table.header)
    system = f"# Tools\n{listed}\nThe database is “{table.caption or table.title}” with the columns {columns}."
    messages = [Message("system", system), Message("user", question)]
    result: Any = None
    for name, arguments in calls:
        try:
            result = database.call(name, arguments)
        except FunctionError:
            return None
        if isinstance(result, str) and not result.strip():
            return None
        messages.append(Message("assistant", render_call(name, arguments)))
        shown = result[:MAX_RESULT_ROWS] if isinstance(result, list) else result
        more = {"rows": shown, "total": len(result)} if isinstance(result, list) else {"result": shown}
        messages.append(Message("user", render_observations([json.dumps(more, ensure_ascii=False)])))
    answer = str(len(result)) if kind == "count" else result if isinstance(result, str) else result["name"]
    messages.append(Message("assistant", f"<answer>{answer}</answer>"))
    return Task(f"functions/t{table.number}/{kind}", "functions", tuple(messages), (table.document,))


def function_tasks(tables: Iterator[GraphTable], seed: int, num_each: int = 2) -> Iterator[Task]:
    """Yield conversations over tables, several of each."""
    for table in tables:
        random = Random(f"{seed}/functions/{table.document}/{table.number}")
        made: dict[str, Task] = {}
        for _ in range(num_each):
            task = function_task(table, random)
            if task is not None:
                made.setdefault(task.id, task)
        yield from made.values()
