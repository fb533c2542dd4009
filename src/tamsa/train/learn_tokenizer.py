"""The stage `tokenizer`."""

from __future__ import annotations

import shutil
from collections import Counter

from tamsa.config import load_config
from tamsa.errors import InputError, StorageError
from tamsa.store import make_folder
from tamsa.train.cache import sample_texts
from tamsa.train.recipe import TokenizerRecipe, at_least, check_sources
from tamsa.train.stages import Call
from tamsa.train.tokenizer import train_tokenizer


def run(call: Call) -> None:
    """Learn a tokenizer and write its folder, whole or not at all.

    Raises:
        ConfigError: the recipe is wrong.
        InputError: the sources hold too little text, or the folder is taken.
        StorageError: the folder cannot be written.
    """
    recipe = load_config(TokenizerRecipe, call.recipe, call.overrides)
    check_sources(recipe.sources)
    at_least(("min_frequency", recipe.min_frequency, 0), ("model_max_length", recipe.model_max_length, 1))
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
    aside = recipe.out.with_name(f".{recipe.out.name}.tmp")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        tokenizer.save_pretrained(aside)
        aside.replace(recipe.out)
    except OSError as error:
        raise StorageError(f"{recipe.out}: cannot write the tokenizer ({error.strerror or error})") from error
    call.on_note(f"{recipe.out}: {len(tokenizer):,} tokens")
    for reason, count in skipped.most_common(5):
        call.on_note(f"skipped {count:,}: {reason}")
