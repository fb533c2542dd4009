"""The stage `tokenizer`."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from tamsa.config import load_config
from tamsa.errors import ConfigError, InputError
from tamsa.store import make_folder
from tamsa.train.cache import sample_texts
from tamsa.train.recipe import TokenizerRecipe
from tamsa.train.stages import Call
from tamsa.train.tokenizer import train_tokenizer


def run(call: Call) -> None:
    """Learn a tokenizer and write its folder, whole or not at all.

    Raises:
        ConfigError: the recipe is wrong.
        InputError: the sources hold too little text, or the folder is taken.
    """
    recipe = load_config(TokenizerRecipe, call.recipe, call.overrides)
    if not recipe.sources:
        raise ConfigError("sources: none given; add a [[sources]] table with a path")
    if recipe.out.exists():
        raise InputError(f"{recipe.out}: exists already; choose another out, or remove it to learn it anew")
    skipped: Counter[str] = Counter()
    texts = sample_texts(recipe.sources, recipe.max_chars, skipped)
    tokenizer = train_tokenizer(
        texts,
        vocab_size=recipe.vocab_size,
        min_frequency=recipe.min_frequency,
        model_max_length=recipe.model_max_length,
    )
    make_folder(recipe.out.parent)
    aside = Path(f"{recipe.out}.tmp")
    shutil.rmtree(aside, ignore_errors=True)
    tokenizer.save_pretrained(aside)
    aside.replace(recipe.out)
    call.on_note(f"{recipe.out}: {len(tokenizer):,} tokens")
    for reason, count in skipped.most_common(5):
        call.on_note(f"skipped {count:,}: {reason}")
