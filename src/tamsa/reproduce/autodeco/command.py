"""`tamsa reproduce autodeco`: the controlled study, its tables and its plot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tamsa.config import load_config
from tamsa.reproduce.autodeco.study import Study, run_study
from tamsa.reproduce.autodeco.tables import claims_markdown, make_claims, make_lines, plot, table_markdown
from tamsa.store import write_atomic, write_json
from tamsa.types import SCHEMA_VERSION


def run(recipe: Path | None, overrides: list[str], on_note: Callable[[str], None]) -> None:
    """Run what is left of the study and write `table.md`, `differences.md`, `study.png`, `results.json`."""
    study = load_config(Study, recipe, overrides)
    scores = run_study(study, on_note)
    lines, claims = make_lines(scores), make_claims(scores)
    table, differences = table_markdown(lines), claims_markdown(claims)
    write_atomic(study.out / "table.md", table)
    write_atomic(study.out / "differences.md", differences)
    plot(study.out / "study.png", lines)
    write_json(
        study.out / "results.json",
        {"schema_version": SCHEMA_VERSION, "num_seeds": len(scores), "claims": [claim.record() for claim in claims]},
    )
    on_note(table)
    on_note(differences)
