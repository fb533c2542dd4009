"""`tamsa reproduce autodeco`: the controlled study, control in words, coloured texts, and the page that shows them.

A page has places such as `<!-- study:table -->` ... `<!-- /study:table -->`; what stands between them is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tamsa.config import load_config
from tamsa.errors import InputError
from tamsa.reproduce.autodeco.study import Study, run_study
from tamsa.reproduce.autodeco.tables import claims_markdown, make_claims, make_lines, plot, table_markdown
from tamsa.reproduce.autodeco.texts import write_texts
from tamsa.reproduce.autodeco.wishes import run_wishes, wishes_markdown
from tamsa.store import make_folder, write_atomic, write_json
from tamsa.types import SCHEMA_VERSION


def fill(text: str, blocks: dict[str, str], where: str) -> str:
    """Put each block into its place of a page.

    Raises:
        InputError: a place is missing.
    """
    for name, block in blocks.items():
        start, end = f"<!-- study:{name} -->", f"<!-- /study:{name} -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise InputError(f"{where}: has no {start} ... {end}, where a table belongs")
        text = f"{before}{start}\n{block}{end}{after}"
    return text


def run(recipe: Path | None, overrides: list[str], on_note: Callable[[str], None]) -> None:
    """Run what is left of the study and write its results.

    Into `out`: `table.md`, `differences.md`, `wishes.md`, `study.png`, `texts.html`, `texts.png`, `results.json`. With
    a `page`, its tables are replaced and the pictures put into `images/` beside it.
    """
    study = load_config(Study, recipe, overrides)
    scores = run_study(study, on_note)
    lines, claims = make_lines(scores), make_claims(scores)
    blocks = {"table": table_markdown(lines), "differences": claims_markdown(claims)}
    on_note("control in words")
    wishes = [run_wishes(study, seed) for seed in range(study.num_seeds)]
    blocks["wishes"] = wishes_markdown(wishes)
    for name, block in blocks.items():
        write_atomic(study.out / f"{name}.md", block)
        on_note(block)
    write_json(
        study.out / "results.json",
        {
            "schema_version": SCHEMA_VERSION,
            "num_seeds": len(scores),
            "claims": [claim.record() for claim in claims],
            "wishes": wishes,
        },
    )
    pictures = [study.out]
    if study.page is not None:
        try:
            before = study.page.read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"page: {study.page} cannot be read ({error.strerror})") from error
        write_atomic(study.page, fill(before, blocks, str(study.page)))
        pictures.append(make_folder(study.page.parent / "images"))
    for folder in pictures:
        prefix = "" if folder == study.out else "autodeco_"
        plot(folder / f"{prefix}study.png", lines)
        write_texts(study, 0, "reward1", folder / f"{prefix}texts.html", folder / f"{prefix}texts.png")
