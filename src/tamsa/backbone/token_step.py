"""One token of every row through all layers by one compiled call.

Shapes: B rows, D hidden size, H heads, K channels per head of KDA, C = 3HK, R + P latent width of MLA, d private key
width, e value width.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tamsa.backbone.cache import KimiLinearCache
from tamsa.backbone.decoder_layer import DecoderLayer
from tamsa.backbone.kda import KimiDeltaAttention
from tamsa.backbone.latents import Latents
from tamsa.backbone.layout import Layout
from tamsa.backbone.mla import LatentAttention
from tamsa.backbone.moe import MLP
from tamsa.backbone.norm import RMSNorm
from tamsa.backbone.projections import Projections, is_plain
from tamsa.backbone.watch import Watch
from tamsa.kernels import absorbed, few_rows, gates_step
from tamsa.kernels.gates import is_compiled
from tamsa.kernels.gates_cpu import LANES, address
from tamsa.kernels.program import APPEND, ATTEND, FIRST, KDA, NORM, PRODUCT, SWIGLU, Program

ROWS = 4
"""Rows in a unit of a pointwise operation."""

SMALL = 1 << 20
"""Multiplications below which a second thread costs more than it brings."""


class TokenStep:
    """Feed one token a row to the layers of a model, as a table of compiled operations made once a batch size.

    The arithmetic is that of the modules. What is not an ordinary layer of ours (experts, adapters) is called as the
    module it is, between two runs of the table; where anything has a hook, the modules do all the work. A replaced or
    changed weight makes the table anew.

    Args:
        layers: of the model.
        norm: behind them.
    """

    def __init__(self, layers: nn.ModuleList, norm: RMSNorm) -> None:
        self._layers: list[Any] = list(layers)
        self._norm = norm
        self._watch: Watch | None = None
        self._weights: dict[int, gates_step.StepWeights] = {}
        self._tables: dict[tuple[Any, ...], _Table] = {}
        self._lock = threading.Lock()

    def is_of(self, layers: nn.ModuleList, norm: nn.Module) -> bool:
        """True where the step was made of these modules."""
        return self._norm is norm and self._layers == list(layers)

    def __reduce__(self) -> Any:
        return type(None), ()  # addresses are those of one process and one model: a copy makes its own

    def __call__(self, hidden: Tensor, cache: KimiLinearCache) -> Tensor | None:
        """Return the normalised hidden states `[B, 1, D]` behind the last layer, or None where the modules must work.

        Args:
            hidden: `[B, 1, D]` embedded tokens, without gradients.
            cache: what came before; advanced by one token.
        """
        if hidden.shape[0] > few_rows.MOST.get(hidden.dtype, 0) or not is_compiled(hidden.shape[-1], hidden):
            return None
        if not _continues(cache, hidden):
            return None
        with self._lock:
            if self._watch is None or not (self._watch.is_unchanged() and self._is_current()):
                self._renew()
            assert self._watch is not None
            if self._watch.is_altered or not all(map(_is_layer, self._layers)):
                return None
            key = hidden.shape[0], hidden.dtype, torch.get_num_threads()
            table = self._tables.get(key)
            if table is None:
                with torch.inference_mode(False), torch.no_grad():
                    table = self._tables[key] = _Table(self._layers, self._norm, self._weights, hidden, key[-1])
            return table.run(hidden, cache)

    def _is_current(self) -> bool:
        return all(weights.is_current for weights in self._weights.values())

    def _renew(self) -> None:
        """Forget what was made of the weights, and see what they are now."""
        self._tables = {}
        for layer in filter(_is_layer, self._layers):
            for part in (layer.self_attn, layer.mlp):
                if type(part) in (KimiDeltaAttention, LatentAttention, MLP) and _is_ordinary(part):
                    part.projections().block()  # moves weights: before they are watched
        self._watch = Watch(m for part in (*self._layers, self._norm) for m in part.modules())
        self._weights = {
            i: gates_step.StepWeights(a.conv1d.weight, gate.A_log, gate.dt_bias, a.o_norm.weight, a.lower_bound)
            for i, a in enumerate(getattr(layer, "self_attn", None) for layer in self._layers)
            if type(a) is KimiDeltaAttention and (gate := a.forget_gate)
        }


def _continues(cache: KimiLinearCache, hidden: Tensor) -> bool:
    """True where every layer has a state to go on from."""
    for state in cache.states:
        if isinstance(state, Latents):
            if state.is_empty or state.lengths != cache.lengths:
                return False
            if state.data.dtype != hidden.dtype or state.data.stride(1) != state.data.shape[2]:
                return False
        elif state.state is None or state.window is None or state.window.dtype != hidden.dtype:
            return False
    return True


def _is_layer(layer: Any) -> bool:
    """True for a layer that does its two halves one after the other."""
    return isinstance(layer, DecoderLayer)


def _is_ordinary(part: nn.Module, dtype: torch.dtype | None = None) -> bool:
    """True where all linear layers are plain ones (of a precision) and all parameters are what compiled loops take."""
    linears = [m for m in part.modules() if isinstance(m, nn.Linear)]
    return (
        all(is_plain(m) and not m.in_features % LANES for m in linears)
        and all(is_compiled(LANES, p) for p in part.parameters())
        and (dtype is None or all(m.weight.dtype == dtype for m in linears))
    )


class _Table:
    """The operations of a batch size, and the numbers that they hand to one another.

    Args:
        layers, norm: of the model.
        weights: small weights of KDA layers, by layer.
        hidden: `[B, 1, D]`, of the batch size and precision.
        threads: that will work.
    """

    def __init__(
        self,
        layers: Sequence[Any],
        norm: RMSNorm,
        weights: dict[int, gates_step.StepWeights],
        hidden: Tensor,
        threads: int,
    ) -> None:
        self._B, self._D, self._threads = hidden.shape[0], hidden.shape[2], threads
        self._bf = int(hidden.dtype == torch.bfloat16)
        self._room: dict[tuple[str, int], Tensor] = {}
        self._like, self._memory = hidden, 0
        self._rows: list[tuple[int, int, float, tuple[int, ...]]] = []
        self._cells: list[tuple[int, int]] = []
        self._states: list[int] = []
        self._hidden = torch.empty_like(hidden)
        self._lengths = torch.zeros(self._B, dtype=torch.int64)
        self._runs: list[tuple[int, Any, int]] = []
        """Up to which operation to go on, and what module then to call on which layer's state."""
        for i, layer in enumerate(layers):
            if _takes_kda(layer, hidden):
                self._kda(i, layer, weights[i])
            elif _takes_mla(layer, hidden):
                self._mla(i, layer)
            else:
                self._runs.append((len(self._rows), layer.mix, i))
            if _takes_mlp(layer, hidden):
                self._mlp(layer)
            else:
                self._runs.append((len(self._rows), layer.transform, -1))
        self._normalise(self._hidden, norm, self._hidden)
        self._cells.append((len(self._rows) - 1, FIRST + 2))
        work = sum(values[5] * values[6] * values[7] for kind, _, _, values in self._rows if kind == PRODUCT)
        self._program = Program(self._rows, self._memory, threads if work >= SMALL else 1)
        self._patched = tuple(np.array(self._cells).T)

    def run(self, hidden: Tensor, cache: KimiLinearCache) -> Tensor:
        """Go through the layers; see `TokenStep`."""
        ends = tuple(n + 1 for n in cache.lengths)
        self._lengths.numpy()[:] = ends
        out = torch.empty_like(hidden)
        values: list[int] = []
        for i in self._states:
            state = cache.states[i]
            if isinstance(state, Latents):
                state.reserve(state.data, self._B, max(ends))
                place, step = address(state.data), state.data.stride(0)
                values += place, step, place, step
                state.lengths = ends
            else:
                own, window = state.own()
                values += address(window), address(own)
        self._program.table[self._patched] = (*values, address(out))
        self._hidden.copy_(hidden)
        start, layout = 0, Layout(shape=(self._B, 1))
        for end, call, i in self._runs:
            self._program.run(start, end)
            more = call(self._hidden) if i < 0 else call(self._hidden, layout, cache.states[i], cache.columns)
            self._hidden.copy_(more)
            start = end
        self._program.run(start, len(self._rows))
        return out

    # ------------------------------------------------------------------ what the table is made of

    def _buffer(self, name: str, width: int) -> Tensor:
        """Return room for `[B, width]`, the same for all layers."""
        key = name, width
        if key not in self._room:
            self._room[key] = self._like.new_empty(self._B, width)
        return self._room[key]

    def _add(self, kind: int, units: int, values: tuple[int, ...], constant: float = 1.0) -> None:
        self._rows.append((kind, units, constant, values))

    def _patch(self, i: int, *cells: tuple[int, int]) -> None:
        """Say which arguments of which operations, counted from the last, depend on a layer's state."""
        self._states.append(i)
        self._cells += [(len(self._rows) + back, FIRST + argument) for back, argument in cells]

    def _normalise(self, x: Tensor, norm: RMSNorm, y: Tensor) -> None:
        w = norm.weight
        sizes = self._B, self._D, self._bf, int(w.dtype == torch.bfloat16), ROWS
        self._add(NORM, -(-self._B // ROWS), (address(x), address(w), address(y), *sizes), norm.eps)

    def _product(self, x: Tensor, weight: Tensor, y: Tensor, *, adds: bool = False) -> None:
        outputs, inputs = weight.shape
        places = address(x), x.stride(-2), address(weight), weight.stride(0), address(y)
        sizes = self._B, inputs, outputs, self._bf, int(adds)
        self._add(PRODUCT, -(-outputs // few_rows.BLOCK), (*places, *sizes))

    def _joined(self, norm: RMSNorm, projections: Projections) -> Tensor:
        """Normalise the hidden states and project them; returns the outputs `[B, all]`."""
        x = self._buffer("normalised", self._D)
        self._normalise(self._hidden, norm, x)
        block = projections.block()
        assert block is not None
        y = self._buffer("joined", block.shape[0])
        self._product(x, block, y)
        return y

    def _kda(self, i: int, layer: Any, weights: gates_step.StepWeights) -> None:
        a = layer.self_attn
        B, H, K = self._B, a.num_heads, a.head_dim
        C = 3 * H * K
        y = self._joined(layer.input_layernorm, a.projections())
        z, gate, out = (self._buffer(name, H * K) for name in ("forget", "gate", "mixed"))
        self._product(y[:, C : C + K], a.forget_gate.f_b_proj.weight, z)
        self._product(y[:, C + K : C + 2 * K], a.g_b_proj.weight, gate)
        places = address(y), 0, 0, *weights.addresses(), address(z), address(gate), address(out)
        sizes = H, K, y.shape[1], C + 2 * K, self._bf, int(weights.is_bounded)
        self._add(KDA, B * H, (*places, *sizes), a.o_norm.eps)
        self._patch(i, (-1, 1), (-1, 2))
        self._memory = max(self._memory, gates_step.memory_of(K))
        self._product(out, a.o_proj.weight, self._hidden, adds=True)

    def _mla(self, i: int, layer: Any) -> None:
        a = layer.self_attn
        B, H, d, e, R, P = self._B, a.num_heads, a.private, a.value, a.rank, a.shared
        y = self._joined(layer.input_layernorm, a.projections())
        raw, w, lengths = y[:, H * a.key :], a.kv_a_layernorm.weight, address(self._lengths)
        sizes: tuple[int, ...] = (R, P, 0, self._bf, int(w.dtype == torch.bfloat16))
        self._add(APPEND, B, (address(raw), y.stride(0), address(w), 0, lengths, *sizes), a.kv_a_layernorm.eps)
        parts, size = absorbed.parts_of(H, B, self._threads)
        out = self._buffer("mixed", H * e)
        places = address(y), y.stride(0), 0, lengths, address(a.kv_b_proj.weight), address(out)
        sizes = H, H, 1, d, e, R, P, 0, parts, size, self._bf
        self._add(ATTEND, B * parts, (*places, *sizes), a.scale)
        self._patch(i, (-2, 3), (-2, 7), (-1, 2), (-1, 13))
        self._memory = max(self._memory, absorbed.memory_of(size, R, P))
        self._product(out, a.o_proj.weight, self._hidden, adds=True)

    def _mlp(self, layer: Any) -> None:
        y = self._joined(layer.post_attention_layernorm, layer.mlp.projections())
        size = layer.mlp.down_proj.in_features
        inner = self._buffer("inner", size)
        self._add(SWIGLU, -(-self._B // ROWS), (address(y), address(inner), self._B, size, self._bf, ROWS))
        self._product(inner, layer.mlp.down_proj.weight, self._hidden, adds=True)


def _takes_kda(layer: DecoderLayer, hidden: Tensor) -> bool:
    a: Any = layer.self_attn
    if type(a) is not KimiDeltaAttention or type(layer.input_layernorm) is not RMSNorm:
        return False
    return _is_ordinary(a, hidden.dtype) and not a.head_dim % LANES and a.conv1d.weight.shape[2] == 4


def _takes_mla(layer: DecoderLayer, hidden: Tensor) -> bool:
    a: Any = layer.self_attn
    if type(a) is not LatentAttention or type(layer.input_layernorm) is not RMSNorm or a.low_rank:
        return False
    near = hidden.shape[0] == 1 or a.kv_b_proj.weight.numel() <= absorbed.NEAR
    return near and not a.rank % LANES and not a.shared % LANES and _is_ordinary(a, hidden.dtype)


def _takes_mlp(layer: DecoderLayer, hidden: Tensor) -> bool:
    if type(layer.mlp) is not MLP or type(layer.post_attention_layernorm) is not RMSNorm:
        return False
    return _is_ordinary(layer.mlp, hidden.dtype)
