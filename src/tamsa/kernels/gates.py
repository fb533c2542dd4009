"""Pointwise parts of the layers: forget gate, gated norm, norm, SwiGLU, cross-entropy rows.

On a CPU they run as compiled loops that read and write each number once, on a GPU as what torch's compiler makes of
the plain torch expressions (the `reference_*` functions), which are the definition of each; elsewhere as they stand.

Shapes: `[..., H, K]` for heads and channels per head, `[..., D]` for the hidden size.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tamsa.kernels.fused import fused
from tamsa.kernels.gates_cpu import BLOCK, KERNELS, LANES, address, run

_DTYPES = (torch.float32, torch.bfloat16)


def is_compiled(size: int, *tensors: Tensor) -> bool:
    """True when the compiled loops take these tensors."""
    if size % LANES or torch.compiler.is_compiling():
        return False
    for x in tensors:
        if x.device.type != "cpu" or x.dtype not in _DTYPES or type(x) not in (Tensor, torch.nn.Parameter):
            return False
        if torch._C._functorch.is_functorch_wrapped_tensor(x):
            return False
    return tensors[0].numel() > 0


class _Discard:
    """Takes the place of an autograd context where no gradient is wanted."""

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep nothing."""


def apply(function: Any, *arguments: Any) -> Any:
    """Apply an autograd function; without its machinery (10 us a call) while gradients are off."""
    if torch.is_grad_enabled():
        return function.apply(*arguments)
    return function.forward(_Discard(), *arguments)


def _bf16(x: Tensor) -> int:
    return int(x.dtype == torch.bfloat16)


def _rows(x: Tensor) -> int:
    return functools.reduce(operator.mul, x.shape[:-1], 1)


def _units(rows: int) -> int:
    return -(-rows // BLOCK)


def reference_log_decay(z: Tensor, A_log: Tensor, dt_bias: Tensor, lower_bound: float | None = None) -> Tensor:
    """Compute `log_decay` in plain torch."""
    rate = A_log.float().reshape(-1, 1).exp()
    pre = (z.float() + dt_bias.float()).unflatten(-1, (rate.shape[0], -1))
    if lower_bound is not None:
        return lower_bound * torch.sigmoid(rate * pre)
    return -rate * F.softplus(pre)


class _LogDecay(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, A_log: Tensor, dt_bias: Tensor, bound: float) -> Tensor:
        z = z.contiguous()
        rate = A_log.detach().float().flatten().exp()
        dt = dt_bias.detach().float().contiguous()
        H, HK, N = rate.numel(), dt.numel(), _rows(z)
        g = z.new_empty((*z.shape[:-1], H, HK // H), dtype=torch.float32)
        a: tuple[Any, ...] = (address(z), address(rate), address(dt), address(g), N, H, HK // H, HK, _bf16(z), BLOCK)
        run(KERNELS["decay_forward"], _units(N), a, bound, N * HK)
        ctx.save_for_backward(z, rate, dt)
        ctx.bound, ctx.kinds, ctx.shape = bound, (A_log.dtype, dt_bias.dtype), A_log.shape
        return g

    @staticmethod
    def backward(ctx: Any, dg: Tensor) -> Any:
        z, rate, dt = ctx.saved_tensors
        dg = dg.float().contiguous()
        H, HK, N = rate.numel(), dt.numel(), _rows(z)
        units = _units(N)
        dz, parts = torch.empty_like(z), z.new_empty((2, units, HK), dtype=torch.float32)
        a: tuple[Any, ...] = (
            address(z),
            address(rate),
            address(dt),
            address(dg),
            address(dz),
            address(parts[0]),
            address(parts[1]),
        )
        run(KERNELS["decay_backward"], units, (*a, N, H, HK // H, HK, _bf16(z), BLOCK), ctx.bound, N * HK)
        d_dt, d_rate = parts.sum(1)
        d_rate = d_rate.view(H, -1).sum(1).view(ctx.shape)
        return dz, d_rate.to(ctx.kinds[0]), d_dt.to(ctx.kinds[1]), None


def log_decay(z: Tensor, A_log: Tensor, dt_bias: Tensor, lower_bound: float | None = None) -> Tensor:
    """Compute the log-decay g <= 0 in fp32 from the forget gate's projection.

    Args:
        z: `[..., H * K]`.
        A_log: one value a head, any shape with H elements.
        dt_bias: `[H * K]`.
        lower_bound: None for -exp(A_log) softplus(z + dt_bias), else bound * sigmoid(exp(A_log) (z + dt_bias)).

    Returns:
        `[..., H, K]` fp32.
    """
    if is_compiled(dt_bias.numel() // A_log.numel(), z, A_log, dt_bias):
        return apply(_LogDecay, z, A_log, dt_bias, 1.0 if lower_bound is None else lower_bound)
    return fused(reference_log_decay, z, A_log, dt_bias, lower_bound)


def reference_gated_rms_norm(x: Tensor, gate: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Compute `gated_rms_norm` in plain torch."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return (weight.float() * wide * torch.sigmoid(gate.float())).to(gate.dtype)


class _GatedRMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gate: Tensor, weight: Tensor, eps: float) -> Tensor:
        x, gate, weight = x.contiguous(), gate.contiguous(), weight.contiguous()
        y = torch.empty_like(gate)
        N, D = _rows(x), x.shape[-1]
        a: tuple[Any, ...] = (
            address(x),
            address(gate),
            address(weight),
            address(y),
            N,
            D,
            _bf16(x),
            _bf16(gate),
            _bf16(weight),
            BLOCK,
        )
        run(KERNELS["gated_norm_forward"], _units(N), a, eps, N * D)
        ctx.save_for_backward(x, gate, weight)
        ctx.eps = eps
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        x, gate, weight = ctx.saved_tensors
        dy = dy.contiguous()
        N, D = _rows(x), x.shape[-1]
        dx, dz, dw = torch.empty_like(x), torch.empty_like(gate), x.new_empty((_units(N), D), dtype=torch.float32)
        a: tuple[Any, ...] = (
            address(x),
            address(gate),
            address(weight),
            address(dy),
            address(dx),
            address(dz),
            address(dw),
            N,
            D,
        )
        a += (_bf16(x), _bf16(gate), _bf16(weight), BLOCK)
        run(KERNELS["gated_norm_backward"], _units(N), a, ctx.eps, N * D)
        return dx, dz, dw.sum(0).to(weight.dtype), None


def gated_rms_norm(x: Tensor, gate: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Return sigmoid(gate) * RMSNorm(x) over the last dimension, computed in fp32, in gate's dtype."""
    if x.shape == gate.shape and is_compiled(x.shape[-1], x, gate, weight):
        return apply(_GatedRMSNorm, x, gate, weight, eps)
    return fused(reference_gated_rms_norm, x, gate, weight, eps)


def reference_rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Compute `rms_norm` in plain torch."""
    wide = x.float()
    wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + eps)
    return (weight * wide.to(x.dtype)).to(x.dtype)


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        y = torch.empty_like(x)
        N, D = _rows(x), x.shape[-1]
        a: tuple[Any, ...] = (address(x), address(weight), address(y), N, D, _bf16(x), _bf16(weight), BLOCK)
        run(KERNELS["norm_forward"], _units(N), a, eps, N * D)
        ctx.save_for_backward(x, weight)
        ctx.eps = eps
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        dy = dy.contiguous()
        N, D = _rows(x), x.shape[-1]
        dx, dw = torch.empty_like(x), x.new_empty((_units(N), D), dtype=torch.float32)
        a: tuple[Any, ...] = (
            address(x),
            address(weight),
            address(dy),
            address(dx),
            address(dw),
            N,
            D,
            _bf16(x),
            _bf16(weight),
            BLOCK,
        )
        run(KERNELS["norm_backward"], _units(N), a, ctx.eps, N * D)
        return dx, dw.sum(0).to(weight.dtype), None


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Return x / sqrt(mean of squares + eps) * weight, normalised in fp32, in x's dtype."""
    if is_compiled(x.shape[-1], x, weight):
        return apply(_RMSNorm, x, weight, eps)
    return fused(reference_rms_norm, x, weight, eps)


def reference_swiglu(joined: Tensor) -> Tensor:
    """Compute `swiglu` in plain torch."""
    gate, up = joined.chunk(2, -1)
    return F.silu(gate) * up


class _SwiGLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x = x.contiguous()
        N, D = _rows(x), x.shape[-1] // 2
        y = x.new_empty((*x.shape[:-1], D))
        run(KERNELS["swiglu_forward"], _units(N), (address(x), address(y), N, D, _bf16(x), BLOCK), 1.0, N * D)
        ctx.save_for_backward(x)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        dy = dy.contiguous()
        N, D = _rows(x), x.shape[-1] // 2
        dx = torch.empty_like(x)
        a: tuple[Any, ...] = (address(x), address(dy), address(dx), N, D, _bf16(x), BLOCK)
        run(KERNELS["swiglu_backward"], _units(N), a, 1.0, N * D)
        return dx


def swiglu(joined: Tensor) -> Tensor:
    """Return SiLU(gate) * up `[..., I]` of `[gate | up]` `[..., 2I]`."""
    if joined.shape[-1] % 2 == 0 and is_compiled(joined.shape[-1] // 2, joined):
        return apply(_SwiGLU, joined)
    return fused(reference_swiglu, joined)


def reference_entropy_rows(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute `entropy_rows` in plain torch."""
    wide = logits.float()
    lse = wide.logsumexp(-1, keepdim=True)
    counts = labels >= 0
    index = labels.clamp_min(0)[:, None]
    losses = (lse - wide.gather(1, index)).squeeze(1) * counts
    own = torch.arange(logits.shape[1], device=logits.device) == index
    logits.copy_((torch.exp(wide - lse) - own.float()) * counts[:, None])
    return losses


def entropy_rows(logits: Tensor, labels: Tensor) -> Tensor:
    """Replace logits `[N, V]` (fp32 or bf16) by the gradient of their summed cross-entropy and return the losses `[N]`.

    Args:
        logits: overwritten with softmax - one-hot, computed in fp32.
        labels: `[N]` int64; rows with a negative label count nothing.

    Returns:
        fp32.
    """
    N, V = logits.shape
    if logits.is_contiguous() and is_compiled(V, logits):
        losses = logits.new_empty(N, dtype=torch.float32)
        labels = labels.contiguous()
        a = (address(logits), address(labels), address(losses), N, V, _bf16(logits), BLOCK)
        run(KERNELS["entropy"], _units(N), a, 1.0, N * V)
        return losses
    return fused(reference_entropy_rows, logits, labels)
