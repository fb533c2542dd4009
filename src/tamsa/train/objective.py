"""The loss of a packed batch: weighted next-token cross-entropy, summed."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tamsa.models import KimiLinearForCausalLM
from tamsa.models.loss import linear_cross_entropy
from tamsa.train.packing import IGNORE, PackedBatch

GATHER_BELOW = 0.9
"""Share of counting tokens below which their hidden states are gathered, so that the head skips the others."""


Parts = dict[float, tuple[torch.Tensor, int]]
"""By weight: the plain sum of the cross-entropies (a scalar without gradient) and the number of its tokens."""


class Objective(nn.Module):
    """A model with its loss; the outermost module, so that sharding sees every weight used in `forward`.

    Kimi Linear reads packed rows exactly and makes no table of logits, and none at all for tokens that do not count.
    Other models read them by positions that restart, which their masks honour.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.base = (base,)  # in a tuple: not a second registration of the same weights
        self.is_kimi = isinstance(base, KimiLinearForCausalLM)

    def forward(self, batch: PackedBatch) -> tuple[torch.Tensor, Parts]:
        """Return the weighted sum of the cross-entropies in nats.

        Returns:
            The sum (a scalar with gradient), and its parts.
        """
        if self.is_kimi:
            base = self.base[0]
            hidden = base.model(input_ids=batch.ids, cu_seqlens=batch.cu_seqlens, use_cache=False).last_hidden_state[0]
            head = base.lm_head.weight
        else:
            logits = self.model(input_ids=batch.ids, position_ids=batch.positions, use_cache=False).logits[0]
        total = torch.zeros((), dtype=torch.float32, device=batch.ids.device)
        parts: Parts = {}
        targets = torch.where(batch.weights > 0, batch.targets, IGNORE)
        counts = targets != IGNORE
        kinds: list[float] = torch.unique(batch.weights[counts]).tolist()
        gather = len(kinds) > 1 or int(counts.sum()) < GATHER_BELOW * len(targets)
        for weight in kinds:
            rows = (counts & (batch.weights == weight)).nonzero().squeeze(1)
            chosen = targets[rows] if gather else targets
            source = hidden if self.is_kimi else logits
            source = source.index_select(0, rows) if gather else source
            if self.is_kimi:
                part = linear_cross_entropy(source, head, chosen)
            else:
                part = F.cross_entropy(source.float(), chosen, ignore_index=IGNORE, reduction="sum")
            parts[weight] = (part.detach(), len(rows))
            total = total + weight * part
        return total, parts
