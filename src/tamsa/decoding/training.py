"""The part of an AutoDeco model that trains its heads: states and logits of the frozen base, and the loss.

Legend of shapes: B sequences, T tokens, V vocabulary, D width of the model, N positions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding import base as base_model
from tamsa.decoding.heads import DecodingHeads
from tamsa.decoding.losses import HeadsLoss, LossConfig, heads_loss
from tamsa.errors import InputError


class HeadTraining:
    """Train the heads of a frozen base; a mixin before the base's class."""

    decoding_heads: DecodingHeads
    loss_config: LossConfig

    def _add_loss(self: Any, outputs: Any, hidden: Tensor, labels: Tensor) -> None:
        B, T, V = outputs.logits.shape
        if labels.shape != (B, T):
            raise InputError(f"labels: shape {list(labels.shape)}, expected [B, T] = [{B}, {T}] as the logits")
        if T < 2:
            raise InputError("labels: sequences of one token, expected at least two (each position predicts the next)")
        result = heads_loss(
            self.decoding_heads,
            hidden[:, :-1].reshape(B * (T - 1), -1),
            labels[:, 1:].reshape(-1),
            outputs.logits[:, :-1].reshape(B * (T - 1), V),
            self.loss_config,
        )
        outputs["loss"] = result.loss
        outputs["temperature_loss"], outputs["top_p_loss"] = result.temperature_loss, result.top_p_loss

    @torch.no_grad()
    def hidden_states(self: Any, input_ids: Tensor, attention_mask: Tensor | None = None, **kwargs: Any) -> Tensor:
        """Run the frozen base up to its output layer and return `[B, T, D]`: what heads are trained from.

        Store it once and train any number of epochs by `heads_loss` without the backbone.
        """
        base_model.output_layer(self)
        was_training = self.training
        self.eval()  # a frozen base has no dropout
        try:
            with base_model.capturing(stop=True) as states:
                self._run_base(input_ids=input_ids, attention_mask=attention_mask, use_cache=False, **kwargs)
        finally:
            self.train(was_training)
        return states[-1]

    @torch.no_grad()
    def project(self: Any, hidden: Tensor) -> Tensor:
        """Turn hidden states `[..., D]` into the base's raw logits `[..., V]`.

        Raises:
            InputError: the first time, where the architecture does something to its logits that is not known here.
        """
        if not self.__dict__.get("_autodeco_projection_checked"):
            ids = torch.zeros(1, 1, dtype=torch.long, device=self.device)
            with base_model.capturing() as states:
                outputs = self._run_base(input_ids=ids, use_cache=False, return_dict=True)
            base_model.check_projection(states[-1], outputs.logits, self)
            self.__dict__["_autodeco_projection_checked"] = True
        return base_model.project(self, hidden)

    def heads_loss(
        self: Any,
        hidden: Tensor,
        labels: Tensor,
        *,
        project: Callable[[Tensor], Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> HeadsLoss:
        """Compute the heads' loss from (cached) hidden states, without the backbone.

        Args:
            hidden: `[N, D]`, of `hidden_states`.
            labels: `[N]` the tokens that follow; -100 is ignored.
            project: hidden states to raw logits; the model's own where None.
            generator: source of the easy-token mask.
        """
        return heads_loss(
            self.decoding_heads, hidden, labels, project or self.project, self.loss_config, generator=generator
        )
