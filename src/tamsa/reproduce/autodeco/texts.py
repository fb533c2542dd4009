"""Texts of the study's base coloured by the temperatures that its heads chose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.decoding.baselines import Learned
from tamsa.decoding.coloured import coloured_html, coloured_png, legend_html
from tamsa.decoding.rollout import sample_rollouts
from tamsa.reproduce.autodeco.base import encode
from tamsa.reproduce.autodeco.methods import MAX_NEW_TOKENS
from tamsa.reproduce.autodeco.study import Study
from tamsa.reproduce.autodeco.tasks import KINDS, VOCABULARY, Tasks

TITLE = "Each token on the temperature that the heads chose for it"


@dataclass(frozen=True, slots=True)
class ColouredTexts:
    """What a base said, token by token on the temperature that its heads chose."""

    html: str
    """Legend and texts; the pointer shows T and P."""
    png: bytes


def colour_texts(study: Study, out: Path, seed: int, heads: str) -> ColouredTexts:
    """Let a seed's base answer one held-out problem of each kind, with the heads of that name.

    Args:
        study: the study, run.
        out: its folder.
        seed: of its seeds.
        heads: name of the heads' folder, such as `reward1`.
    """
    from transformers import AutoModelForCausalLM

    folder = out / f"seed-{seed}"
    base = AutoModelForCausalLM.from_pretrained(folder / "base").eval()
    model = AutoDecoForCausalLM.from_pretrained(folder / heads / "heads", base)
    problems = Tasks(seed, study.habits).problems("test", 2)
    chosen = [next(problem for problem in problems if problem.kind == kind) for kind in KINDS]
    rollouts = sample_rollouts(
        base,
        [encode(problem.prompt.split()) for problem in chosen],
        Learned(model.decoding_heads),
        num_samples=1,
        max_new_tokens=MAX_NEW_TOKENS,
        eos_token_id=base.config.eos_token_id,
        generator=torch.Generator().manual_seed(seed),
    )
    pieces, rows = [], []
    for index, problem in enumerate(chosen):
        n = int(rollouts.lengths[index])
        tokens = [VOCABULARY[token] + " " for token in rollouts.tokens[index, :n].tolist()]
        T, P = rollouts.temperature[index, :n].tolist(), rollouts.top_p[index, :n].tolist()
        pieces.append(coloured_html(problem.prompt, tokens, T, P))
        rows.append((problem.prompt, tokens, T))
    return ColouredTexts(legend_html() + "".join(pieces), coloured_png(rows, title=TITLE))
