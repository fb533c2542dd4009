"""`tamsa reproduce autodeco`: everything that the page on AutoDeco shows, by one command.

The controlled study, control in words, coloured texts, and what AutoDeco costs; each part is kept as soon as it is
done, so that a stopped run goes on. A Markdown page has places such as `<!-- made:step -->` ... `<!-- /made:step -->`;
what stands between them is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transformers.utils import logging as quiet

from tamsa.config import load_config
from tamsa.decoding.coloured import STYLE
from tamsa.errors import InputError
from tamsa.reproduce.autodeco.markup import fill, make_page
from tamsa.reproduce.autodeco.parts import BLOCKS, Recipe, Shown, run_parts
from tamsa.store import make_folder, write_atomic, write_json
from tamsa.types import SCHEMA_VERSION

_LEAD = (
    "Two small heads on a causal language model predict, for every token, the temperature and the top-p that it is "
    "drawn with. Three lines add them to an existing model:"
)
_CODE = """from tamsa.decoding import AutoDecoForCausalLM
model = AutoDecoForCausalLM.from_pretrained("heads/")  # on the base that they name
model.generate(**inputs, do_sample=True)"""


def _read_page(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"page: {path} cannot be read ({error.strerror})") from error


def write_results(recipe: Recipe, shown: Shown) -> None:
    """Write the tables, the pictures, `page.html` and `results.json` into `out`, and bring the `page` up to date.

    Raises:
        InputError: the page cannot be read, or lacks a place.
        StorageError: a file cannot be written.
    """
    filled = None
    if recipe.page is not None:
        filled = fill(_read_page(recipe.page), shown.blocks, str(recipe.page))
    browser = make_page("AutoDeco: learned temperature and top-p", _LEAD, _CODE, shown.sections, STYLE)
    for name, block in shown.blocks.items():
        write_atomic(recipe.out / f"{name}.md", block)
    for name, content in shown.pictures.items():
        write_atomic(recipe.out / name, content)
    write_atomic(recipe.out / "page.html", browser)
    write_json(recipe.out / "results.json", {"schema_version": SCHEMA_VERSION, **shown.records})
    if recipe.page is not None and filled is not None:
        images = make_folder(recipe.page.parent / "images")
        for name, content in shown.pictures.items():
            write_atomic(images / f"autodeco_{name}", content)
        write_atomic(images / "autodeco.html", browser.replace('src="', 'src="autodeco_'))
        write_atomic(recipe.page, filled)


def run(path: Path | None, overrides: list[str], on_note: Callable[[str], None]) -> None:
    """Run what is left of a recipe and write its results.

    Raises:
        ConfigError: the recipe is wrong.
        InputError: the folder holds a study with other settings, or the page lacks a place.
        TamsaError: a measurement found a wrong result.
    """
    recipe = load_config(Recipe, path, overrides)
    if recipe.page is not None:  # hours later would be late
        names = (name for part in recipe.parts for name in BLOCKS.get(part, (part,)))
        fill(_read_page(recipe.page), dict.fromkeys(names, ""), str(recipe.page))
    quiet.disable_progress_bar()  # one for every small model that is loaded
    shown = run_parts(recipe, on_note)
    write_results(recipe, shown)
    for name, block in shown.blocks.items():
        on_note(f"\n{name}\n\n{block}")
    on_note(f"wrote {recipe.out / 'page.html'}" + (f" and {recipe.page}" if recipe.page else ""))
