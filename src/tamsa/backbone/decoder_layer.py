"""One layer of the decoder."""

from __future__ import annotations

import torch
from torch import nn

from tamsa.backbone.config import LINEAR, Architecture
from tamsa.backbone.kda import KimiDeltaAttention
from tamsa.backbone.latents import Latents
from tamsa.backbone.layout import Layout
from tamsa.backbone.mla import LatentAttention
from tamsa.backbone.moe import MLP, MoE
from tamsa.backbone.norm import RMSNorm
from tamsa.backbone.recurrent import Recurrent


class DecoderLayer(nn.Module):
    """One layer: mix tokens, then transform each."""

    def __init__(self, config: Architecture, layer_idx: int) -> None:
        super().__init__()
        self.is_linear = config.kinds[layer_idx] == LINEAR
        self.self_attn = (KimiDeltaAttention if self.is_linear else LatentAttention)(config, layer_idx)
        sparse = config.mlp_kinds[layer_idx] == "sparse"
        self.mlp = MoE(config) if sparse else MLP(config.hidden_size, config.intermediate_size)
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self,
        hidden_states: torch.Tensor,
        layout: Layout,
        memory: Recurrent | Latents | None = None,
        position: int = 0,
        undo_window: int = 0,
    ) -> torch.Tensor:
        """Transform `[B, T, D]`, or packed `[1, N, D]`; see `KimiDeltaAttention.forward` for the rest."""
        hidden_states = self.mix(hidden_states, layout, memory, position, undo_window)
        return self.transform(hidden_states)

    def mix(
        self,
        hidden_states: torch.Tensor,
        layout: Layout,
        memory: Recurrent | Latents | None = None,
        position: int = 0,
        undo_window: int = 0,
    ) -> torch.Tensor:
        """Do the layer's first half: add what the tokens make of one another."""
        x = self.input_layernorm(hidden_states)
        if self.is_linear:
            return hidden_states + self.self_attn(x, layout, memory, position, undo_window)
        return hidden_states + self.self_attn(x, layout, memory)

    def transform(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Do the layer's second half: add what each token makes of itself."""
        return hidden_states + self.mlp(self.post_attention_layernorm(hidden_states))
