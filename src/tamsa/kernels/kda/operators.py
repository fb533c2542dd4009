"""The CPU kernels as torch operators, with autograd, shape inference and batching rules.

    tamsa::kda_cpu            forward; also returns what the backward pass needs
    tamsa::kda_cpu_backward   its gradients
    tamsa::kda_cpu_           forward without gradients, the state updated in place (decoding)

Legend of shapes: B batch, T tokens, H heads, K key width, V value width, N sequences (B, or those of `cu_seqlens`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tamsa.errors import InputError
from tamsa.kernels.kda import cpu
from tamsa.kernels.kda.arguments import state_dtype


@torch.library.custom_op("tamsa::kda_cpu", mutates_args=(), device_types="cpu")
def kda_cpu(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
    scale: float,
    save: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute KDA; returns output, final state, residuals and saved states, see `cpu.forward`."""
    o, state, residual, saved = cpu.forward(q, k, v, g, beta, initial_state, cu_seqlens, scale, save)
    if residual is None or saved is None:
        residual, saved = state.new_empty((0,)), state.new_empty((0,))
    return o, state, residual, saved


@torch.library.custom_op("tamsa::kda_cpu_backward", mutates_args=(), device_types="cpu")
def kda_cpu_backward(
    q: Tensor,
    k: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
    residual: Tensor,
    saved: Tensor,
    grad_o: Tensor,
    grad_state: Tensor | None,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Compute the gradients of q, k, v, g, beta and the initial state, see `cpu.backward`."""
    return cpu.backward(q, k, g, beta, initial_state, cu_seqlens, residual, saved, grad_o, grad_state, scale)


@torch.library.custom_op("tamsa::kda_cpu_", mutates_args=("state",), device_types="cpu")
def kda_cpu_(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    state: Tensor,
    cu_seqlens: Tensor | None,
    scale: float,
) -> Tensor:
    """Compute KDA from `state`, which becomes the final state."""
    return cpu.forward_in_place(q, k, v, g, beta, state, cu_seqlens, scale)


@kda_cpu.register_fake
def _(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
    scale: float,
    save: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    B, T, H, K = q.shape
    V = v.shape[3]
    dtype = state_dtype(q)
    N = B if cu_seqlens is None else cu_seqlens.shape[0] - 1
    return (
        v.new_empty((B, T, H, V)),
        v.new_empty((N, H, K, V), dtype=dtype),
        v.new_empty((B, T, H, V) if save else (0,), dtype=dtype),
        v.new_empty((B * ((T - 1) // cpu.CHUNK), H, K, V) if save else (0,), dtype=dtype),
    )


@kda_cpu_backward.register_fake
def _(
    q: Tensor,
    k: Tensor,
    g: Tensor,
    beta: Tensor,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
    residual: Tensor,
    saved: Tensor,
    grad_o: Tensor,
    grad_state: Tensor | None,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    state = q.new_empty((0,) if initial_state is None else initial_state.shape, dtype=state_dtype(q))
    dv = q.new_empty(residual.shape)
    return q.new_empty(q.shape), k.new_empty(k.shape), dv, g.new_empty(g.shape), beta.new_empty(beta.shape), state


@kda_cpu_.register_fake
def _(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    state: Tensor,
    cu_seqlens: Tensor | None,
    scale: float,
) -> Tensor:
    return v.new_empty(v.shape)


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    q, k, _v, g, beta, initial_state, cu_seqlens, scale, save = inputs
    _o, _state, residual, saved = output
    ctx.mark_non_differentiable(residual, saved)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(q, k, g, beta, initial_state, cu_seqlens, residual, saved)
    ctx.scale = scale
    ctx.save = save


def _backward(
    ctx: Any, grad_o: Tensor | None, grad_state: Tensor | None, *_: Any, run: Any = kda_cpu_backward
) -> tuple[Tensor | None, ...]:
    q, k, g, beta, initial_state, cu_seqlens, residual, saved = ctx.saved_tensors
    if not ctx.save:
        raise InputError("save: False, expected True where gradients of tamsa::kda_cpu are wanted")
    if grad_o is None:
        if grad_state is None:
            return (None,) * 9
        grad_o = torch.zeros_like(residual, dtype=q.dtype)
    dq, dk, dv, dg, db, ds0 = run(
        q, k, g, beta, initial_state, cu_seqlens, residual, saved, grad_o, grad_state, ctx.scale
    )
    return dq, dk, dv, dg, db, None if initial_state is None else ds0, None, None, None


kda_cpu.register_autograd(_backward, setup_context=_setup)


class _Differentiable(torch.autograd.Function):
    """The operator for `torch.func`, whose transforms do not know the autograd rule of a custom operator."""

    generate_vmap_rule = True

    @staticmethod
    def forward(*inputs: Any) -> Any:
        return kda_cpu(*inputs)

    setup_context = staticmethod(_setup)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return _backward(ctx, *grads, run=_Gradients.apply)


class _Gradients(torch.autograd.Function):
    """The backward operator for `torch.func`; it has no derivative of its own."""

    generate_vmap_rule = True

    @staticmethod
    def forward(*inputs: Any) -> Any:
        return kda_cpu_backward(*inputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise InputError(
            "backend: 'cpu' has first derivatives only; use backend='reference' or 'chunk' for second ones"
        )


def transformed(*inputs: Any) -> Any:
    """Call `kda_cpu` under transforms of `torch.func`."""
    return _Differentiable.apply(*inputs)


def _front(x: Any, dim: int | None, size: int) -> Any:
    """Move the mapped dimension to the front."""
    if not isinstance(x, Tensor):
        return x
    return x.unsqueeze(0).expand(size, *x.shape) if dim is None else x.movedim(dim, 0)


def _batched(operator: Any, bounds: int, size: int, in_dims: tuple[int | None, ...], inputs: tuple[Any, ...]) -> Any:
    """Run an operator on mapped inputs: folded into the batch, or one by one where sequences are packed.

    Args:
        operator: takes `inputs` and returns tensors that begin with the batch (or are empty).
        bounds: position of `cu_seqlens` among the inputs.
        size, in_dims, inputs: as `register_vmap` gives them.
    """
    fronts = [_front(x, dim, size) for x, dim in zip(inputs, in_dims, strict=True)]
    if inputs[bounds] is not None:
        calls = [operator(*(x[i] if isinstance(x, Tensor) else x for x in fronts)) for i in range(size)]
        return tuple(torch.stack(parts) for parts in zip(*calls, strict=True)), (0,) * len(calls[0])
    results = operator(*(x.flatten(0, 1) if isinstance(x, Tensor) and x.dim() > 2 else x for x in fronts))
    unfolded = [x.unflatten(0, (size, x.shape[0] // size)) if x.dim() > 1 else x.expand(size, 0) for x in results]
    return tuple(unfolded), (0,) * len(unfolded)


@kda_cpu.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Any, Any]:
    return _batched(kda_cpu, 6, info.batch_size, in_dims, inputs)


@kda_cpu_backward.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[Any, Any]:
    return _batched(kda_cpu_backward, 5, info.batch_size, in_dims, inputs)
