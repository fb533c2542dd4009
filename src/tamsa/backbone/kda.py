"""The Kimi Delta Attention layer (arXiv 2510.26692, section 4).

Shapes: B batch, T tokens, D hidden size, H heads, K channels per head, C = 3HK convolved channels, W kernel width.
"""

from __future__ import annotations

import torch
from torch import nn

from tamsa.backbone.branches import Branches
from tamsa.backbone.config import Architecture
from tamsa.backbone.layout import Layout
from tamsa.backbone.norm import GatedRMSNorm
from tamsa.backbone.projections import Projections
from tamsa.backbone.recurrent import Recurrent
from tamsa.kernels.gates import log_decay
from tamsa.kernels.kda import kda
from tamsa.kernels.short_conv import short_conv


class ForgetGate(nn.Module):
    """Hold the low-rank projection and the rates of the per-channel decay."""

    def __init__(self, config: Architecture) -> None:
        super().__init__()
        H, K = config.linear_num_heads, config.linear_head_dim
        self.f_a_proj = nn.Linear(config.hidden_size, K, bias=False)
        self.f_b_proj = nn.Linear(K, H * K, bias=False)
        self.dt_bias = nn.Parameter(torch.empty(H * K))
        self.A_log = nn.Parameter(torch.empty(1, 1, H, 1))
        # read by optimisers that follow the state-space models' convention
        self.dt_bias._no_weight_decay = True  # type: ignore[attr-defined]
        self.A_log._no_weight_decay = True  # type: ignore[attr-defined]


class ShortConvolution(nn.Module):
    """Hold the depthwise kernels of queries, keys and values, `[3HK, 1, W]`."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, 1, width))


class KimiDeltaAttention(nn.Module):
    """Mix tokens through a state of fixed size: convolve, normalise, gate, run the delta rule, gate the output."""

    def __init__(self, config: Architecture, layer_idx: int) -> None:
        super().__init__()
        D, H, K = config.hidden_size, config.linear_num_heads, config.linear_head_dim
        self.layer_idx = layer_idx
        self.num_heads, self.head_dim = H, K
        self.lower_bound = config.gate_lower_bound
        self.q_proj = nn.Linear(D, H * K, bias=False)
        self.k_proj = nn.Linear(D, H * K, bias=False)
        self.v_proj = nn.Linear(D, H * K, bias=False)
        self.conv1d = ShortConvolution(3 * H * K, config.linear_conv_kernel_dim)
        self.forget_gate = ForgetGate(config)
        self.b_proj = nn.Linear(D, H, bias=False)
        self.g_a_proj = nn.Linear(D, K, bias=False)
        self.g_b_proj = nn.Linear(K, H * K, bias=False)
        self.o_norm = GatedRMSNorm(K, config.rms_norm_eps)
        self.o_proj = nn.Linear(H * K, D, bias=False)

    def projections(self) -> Projections:
        """Return the projections of the layer's input as one: q, k, v, the two gates' low-rank inputs, beta."""
        inputs: Projections | None = self.__dict__.get("_inputs")
        if inputs is None or inputs.layers[0] is not self.q_proj or inputs.layers[3] is not self.forget_gate.f_a_proj:
            layers = (self.q_proj, self.k_proj, self.v_proj, self.forget_gate.f_a_proj, self.g_a_proj, self.b_proj)
            inputs = self.__dict__["_inputs"] = Projections(*layers)
        return inputs

    def forward(
        self, x: torch.Tensor, layout: Layout, memory: Recurrent | None = None, position: int = 0, undo_window: int = 0
    ) -> torch.Tensor:
        """Mix `[B, T, D]`, or packed `[1, N, D]`.

        Args:
            x: normalised hidden states in the layout's form.
            layout: which tokens belong together.
            memory: the layer's state, read and updated in place; None to start from nothing and keep nothing.
            position: columns fed before this call.
            undo_window: last tokens to be able to take back; 0 for none.
        """
        if undo_window and memory is not None and layout.bounds is None:
            memory.mark(position, undo_window)
            if x.shape[1] > undo_window:
                early = x.shape[1] - undo_window
                first = self._mix(x[:, :early], layout, memory, None)
                memory.forget()
                memory.mark(position + early, undo_window)
                return torch.cat([first, self._mix(x[:, early:], layout, memory, position + early)], 1)
            return self._mix(x, layout, memory, position)
        return self._mix(x, layout, memory, None)

    def _mix(self, x: torch.Tensor, layout: Layout, memory: Recurrent | None, record_at: int | None) -> torch.Tensor:
        B, T, _ = x.shape
        H, K = self.num_heads, self.head_dim
        raw, f, gate, b = self.projections()(x, joined=3)
        g = log_decay(self.forget_gate.f_b_proj(f), self.forget_gate.A_log, self.forget_gate.dt_bias, self.lower_bound)
        beta = b.float().sigmoid()
        state, window = (None, None) if memory is None else _rows(memory, layout)
        windows = None if layout.branches is None else layout.branches.windows(self.conv1d.weight.shape[2] - 1)
        y, window = short_conv(
            raw if windows is None else raw.index_select(1, windows.tokens),
            self.conv1d.weight.squeeze(1),
            num_normalised=2 * H * K,
            head_dim=K,
            initial_state=window,
            output_final_state=memory is not None,
            bounds=layout.bounds if windows is None else windows.bounds,
            positions=layout.positions if windows is None else None,
        )
        if windows is not None:
            y = y.index_select(1, windows.own)
        q, k, v = (part.unflatten(-1, (H, K)) for part in y.split(H * K, -1))
        if y.dtype == torch.float64:
            g, beta = g.double(), beta.double()
        if layout.branches is not None:
            o = _branching(q, k, v, g, beta, layout.branches)
        else:
            o, state = kda(
                q,
                k,
                v,
                g,
                beta,
                initial_state=state,
                output_final_state=memory is not None,
                cu_seqlens=layout.cu_seqlens,
            )
        if memory is not None:
            assert state is not None and window is not None
            _write(memory, layout, state, window)
            if record_at is not None:
                memory.record(record_at, raw, q, k, v, g, beta)
        gate = self.g_b_proj(gate).view(B, T, H, K)
        return self.o_proj(self.o_norm(o, gate).flatten(-2))


def _branching(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, g: torch.Tensor, beta: torch.Tensor, branches: Branches
) -> torch.Tensor:
    """Run the recurrence through a tree, level by level: a segment begins with the state that its parent ended with."""
    sizes = [level.num_tokens for level in branches.levels]
    parts = zip(*(x.split(sizes, 1) for x in (q, k, v, g, beta)), strict=True)
    outputs: list[torch.Tensor] = []
    states: torch.Tensor | None = None
    for level, part in zip(branches.levels, parts, strict=True):
        initial = None if states is None or level.parents is None else states.index_select(0, level.parents)
        o, states = kda(*part, initial_state=initial, output_final_state=True, cu_seqlens=level.cu_seqlens)
        outputs.append(o)
    return torch.cat(outputs, 1)


def _rows(memory: Recurrent, layout: Layout) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Return the state and window of the sequences in this call."""
    if memory.state is None or memory.window is None or layout.rows is None:
        return memory.state, memory.window
    if len(layout.rows) == memory.state.shape[0]:
        return memory.state, memory.window
    rows = torch.tensor(layout.rows, device=memory.state.device)
    return memory.state[rows], memory.window[rows]


def _write(memory: Recurrent, layout: Layout, state: torch.Tensor, window: torch.Tensor) -> None:
    """Store the new state and window of the sequences in this call."""
    state, window = state.detach(), window.detach()
    B = layout.shape[0]
    if layout.rows is None or len(layout.rows) == B:
        memory.state, memory.window = state, window
        return
    if memory.state is None or memory.window is None:
        memory.state = state.new_zeros(B, *state.shape[1:])
        memory.window = window.new_zeros(B, *window.shape[1:])
    rows = torch.tensor(layout.rows, device=state.device)
    memory.state = memory.state.index_copy(0, rows, state)
    memory.window = memory.window.index_copy(0, rows, window)
