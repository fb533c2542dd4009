"""Multi-head latent attention without positions.

Shapes: B batch, T new tokens, L cached tokens, D hidden size, H heads, R latent rank, P shared key width,
n private key width, e value width.
"""

from __future__ import annotations

import torch
from torch import nn

from tamsa.backbone.branches import Branches
from tamsa.backbone.config import Architecture
from tamsa.backbone.latents import Latents
from tamsa.backbone.layout import Layout
from tamsa.backbone.norm import RMSNorm
from tamsa.backbone.projections import Projections, linear, matrix_of
from tamsa.kernels.latent_attention import (
    attend_block,
    causal_attention,
    latent_attention,
    merge_blocks,
    packed_attention,
    packs,
)

ABSORB_UP_TO = 32
"""New tokens up to which attending to the latents themselves is cheaper than expanding them."""
KEY_BLOCK = 1024
"""Cached tokens expanded to keys and values at a time in a prefill: their scores stay in the cache."""
LATENT_NORM_EPS = 1e-6


class LatentAttention(nn.Module):
    """Attend over all past tokens through R + P cached values a token.

    A prefill expands latents to keys and values and runs fused attention. A decode step folds the expansion into
    the query and the output instead and reads each latent once.
    """

    def __init__(self, config: Architecture, layer_idx: int) -> None:
        super().__init__()
        D, H = config.hidden_size, config.num_attention_heads
        self.layer_idx = layer_idx
        self.num_heads = H
        self.rank, self.shared = config.kv_lora_rank, config.qk_rope_head_dim
        self.private, self.value = config.qk_nope_head_dim, config.value_dim
        self.key = self.private + self.shared
        self.scale = self.key**-0.5
        self.dropout = float(config.attention_dropout or 0.0)
        bias = config.attention_bias
        self.low_rank = config.q_lora_rank is not None
        if config.q_lora_rank is None:
            self.q_proj = nn.Linear(D, H * self.key, bias=False)
        else:
            self.q_a_proj = nn.Linear(D, config.q_lora_rank, bias=bias)
            self.q_a_layernorm = RMSNorm(config.q_lora_rank, LATENT_NORM_EPS)
            self.q_b_proj = nn.Linear(config.q_lora_rank, H * self.key, bias=False)
        self.kv_a_proj_with_mqa = nn.Linear(D, self.rank + self.shared, bias=bias)
        self.kv_a_layernorm = RMSNorm(self.rank, LATENT_NORM_EPS)
        self.kv_b_proj = nn.Linear(self.rank, H * (self.private + self.value), bias=False)
        self.o_proj = nn.Linear(H * self.value, D, bias=bias)

    def projections(self) -> Projections:
        """Return the projections of the layer's input as one: queries (or their low-rank input), latents."""
        first = self.q_a_proj if self.low_rank else self.q_proj
        inputs: Projections | None = self.__dict__.get("_inputs")
        if inputs is None or inputs.layers[0] is not first or inputs.layers[1] is not self.kv_a_proj_with_mqa:
            inputs = self.__dict__["_inputs"] = Projections(first, self.kv_a_proj_with_mqa)
        return inputs

    def _project(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return queries `[B, T, H * (n + P)]` and raw latents `[B, T, R + P]`."""
        q, raw = self.projections()(x)
        return (linear(self.q_b_proj, self.q_a_layernorm(q)) if self.low_rank else q), raw

    def forward(self, x: torch.Tensor, layout: Layout, memory: Latents | None = None) -> torch.Tensor:
        """Mix `[B, T, D]`, or packed `[1, N, D]`; new latents are appended to `memory`."""
        B, T, _ = x.shape
        q, raw = self._project(x)
        q = q.view(B, T, self.num_heads, self.key)
        content, shared = raw.split((self.rank, self.shared), -1)
        latents = torch.cat([self.kv_a_layernorm(content), shared], -1)
        if layout.branches is not None:
            out = self._branching(q, latents, layout.branches)
        elif layout.bounds is not None:
            out = self._packed(q, latents, layout, memory)
        elif memory is None:
            out = self._causal(q, latents)
        else:
            out = self._cached(q, latents, memory)
        return linear(self.o_proj, out.flatten(-2))

    def _expand(self, latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Expand latents `[B, L, R + P]` to keys `[B, H, L, n + P]` and values `[B, H, L, e]`."""
        content, shared = latents.split((self.rank, self.shared), -1)
        kv = self.kv_b_proj(content).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        private, v = kv.split((self.private, self.value), -1)
        return torch.cat([private, shared[:, None].expand(-1, self.num_heads, -1, -1)], -1), v

    def _causal(self, q: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        k, v = self._expand(latents)
        dropout = self.dropout if self.training else 0.0
        return causal_attention(q.transpose(1, 2), k, v, self.scale, dropout).transpose(1, 2)

    def _cached(self, q: torch.Tensor, latents: torch.Tensor, memory: Latents) -> torch.Tensor:
        """Continue rows; all rows of the call get the same number of new tokens."""
        B, T = q.shape[:2]
        ragged = len(set(memory.lengths)) > 1
        if T == 1 and ragged:
            memory.append_step(latents.detach())
        elif ragged:
            packed = latents.detach().reshape(1, B * T, -1)
            memory.append_ragged(packed, range(0, B * T + 1, T), range(B), B)
        else:
            memory.append(latents.detach())
        if memory.lengths[0] == T and not ragged:
            return self._causal(q, latents)
        if torch.is_grad_enabled() and q.requires_grad:
            rows = [
                self._differentiable(q[b : b + 1], latents[b : b + 1], memory.data[b : b + 1, : memory.lengths[b] - T])
                for b in range(B)
            ]
            return torch.cat(rows, 0)
        if T <= ABSORB_UP_TO:
            lengths = torch.tensor(memory.lengths, device=q.device) if ragged else None
            return self._absorbed(q, memory.view(), lengths)
        if not ragged:
            return self._blocks(q, latents, memory.view(), memory.lengths[0] - T)
        rows = [
            self._blocks(q[b : b + 1], latents[b : b + 1], memory.data[b : b + 1], memory.lengths[b] - T)
            for b in range(B)
        ]
        return torch.cat(rows, 0)

    def _packed(self, q: torch.Tensor, latents: torch.Tensor, layout: Layout, memory: Latents | None) -> torch.Tensor:
        """Attend within each packed sequence, and to its row's past where there is one."""
        assert layout.bounds is not None
        dropout = self.dropout if self.training else 0.0
        if memory is None and not dropout and packs(q):
            assert layout.cu_seqlens is not None
            k, v = self._expand(latents)
            return packed_attention(
                q, k.transpose(1, 2), v.transpose(1, 2), layout.cu_seqlens, layout.longest, self.scale
            )
        past: tuple[int, ...] = ()
        if memory is not None:
            assert layout.rows is not None
            past = memory.lengths or (0,) * layout.shape[0]
            memory.append_ragged(latents.detach(), layout.bounds, layout.rows, layout.shape[0])
        outputs = []
        for i, (start, end) in enumerate(zip(layout.bounds[:-1], layout.bounds[1:], strict=True)):
            part, own = q[:, start:end], latents[:, start:end]
            row = layout.rows[i] if layout.rows is not None else 0
            if memory is None or past[row] == 0:
                outputs.append(self._causal(part, own))
            elif torch.is_grad_enabled() and q.requires_grad:
                outputs.append(self._differentiable(part, own, memory.data[row : row + 1, : past[row]]))
            elif end - start <= ABSORB_UP_TO:
                outputs.append(self._absorbed(part, memory.data[row : row + 1, : memory.lengths[row]], None))
            else:
                outputs.append(self._blocks(part, own, memory.data[row : row + 1], past[row]))
        return torch.cat(outputs, 1)

    def _branching(self, q: torch.Tensor, latents: torch.Tensor, branches: Branches) -> torch.Tensor:
        """Attend within each segment, and to all that it goes on from; every latent is expanded once."""
        keys, values = (x.split(branches.sizes, 2) for x in self._expand(latents))
        dropout = self.dropout if self.training else 0.0
        outputs = []
        for part, path in zip(q.transpose(1, 2).split(branches.sizes, 2), branches.paths, strict=True):
            k, v = (torch.cat([x[segment] for segment in path], 2) for x in (keys, values))
            outputs.append(causal_attention(part, k, v, self.scale, dropout))
        return torch.cat(outputs, 2).transpose(1, 2)

    def _absorbed(self, q: torch.Tensor, latents: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        """Attend to the latents themselves."""
        up = matrix_of(self.kv_b_proj, latents).view(self.num_heads, self.private + self.value, self.rank)
        return latent_attention(q, latents, lengths, up, self.scale)

    def _differentiable(self, q: torch.Tensor, own: torch.Tensor, past: torch.Tensor) -> torch.Tensor:
        """Attend to a constant past and causally to the call's own latents, with gradients for the latter."""
        k, v = self._expand(torch.cat([past, own], 1))
        return causal_attention(q.transpose(1, 2), k, v, self.scale).transpose(1, 2)

    def _blocks(self, q: torch.Tensor, own: torch.Tensor, latents: torch.Tensor, past: int) -> torch.Tensor:
        """Attend to `past` cached latents block by block, then causally to the call's own; sums over blocks in fp32."""
        q = q.transpose(1, 2)
        out, lse = attend_block(q, *self._expand(own), self.scale, causal=True)
        out = out.float()
        for start in range(0, past, KEY_BLOCK):
            k, v = self._expand(latents[:, start : min(start + KEY_BLOCK, past)])
            out, lse = merge_blocks(out, lse, *attend_block(q, k, v, self.scale, causal=False))
        return out.to(q.dtype).transpose(1, 2)
