"""The public entry point of Kimi Delta Attention.

Legend of shapes: B batch, T tokens, H heads, K key width, V value width, N sequences (B, or those of `cu_seqlens`).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from tamsa.errors import InputError
from tamsa.kernels.kda import gpu
from tamsa.kernels.kda.arguments import boundaries, check_arguments, check_values
from tamsa.kernels.kda.backends import INSTALLED, choose_backend
from tamsa.kernels.kda.reference import chunk_kda, recurrent_kda

if INSTALLED["numba"]:
    from tamsa.kernels.kda import cpu, operators


def kda(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    *,
    scale: float | None = None,
    initial_state: Tensor | None = None,
    output_final_state: bool = False,
    cu_seqlens: Tensor | None = None,
    backend: str = "auto",
) -> tuple[Tensor, Tensor | None]:
    """Compute Kimi Delta Attention (arXiv 2510.26692, Eq. 1).

    Per head, with a state S of K rows and V columns: `S <- Diag(e^g) S`, `S <- S + beta k (v - S^T k)^T`,
    `o = S^T (q scale)`.

    Args:
        q: `[B, T, H, K]` queries, already normalised.
        k: `[B, T, H, K]` keys, already normalised.
        v: `[B, T, H, V]` values.
        g: `[B, T, H, K]` log-decay, <= 0; `-inf` forgets the channel altogether.
        beta: `[B, T, H]` learning rate of the delta rule, usually in (0, 1).
        scale: factor of the queries; `K ** -0.5` where None.
        initial_state: `[N, H, K, V]`, fp32 (fp64 for fp64 inputs); zeros where None. Never written to.
        output_final_state: also return the state after the last token.
        cu_seqlens: `[N + 1]` int32 or int64 boundaries of sequences packed along T, with B = 1.
        backend: `auto`, `reference` (recurrence), `chunk` (chunk form), `cpu` or `gpu`; see `explain_backend`.

    Returns:
        The output `[B, T, H, V]` in the dtype of `v`, and the final state `[N, H, K, V]` or None.

    Raises:
        InputError: a shape, dtype, device or value is wrong; the message names the argument.
        ConfigError: the backend is unknown or cannot run here.
    """
    check_arguments(q, k, v, g, beta, initial_state, cu_seqlens)
    choice = choose_backend(q.device, q.dtype, backend)
    scale = q.shape[-1] ** -0.5 if scale is None else float(scale)
    if choice.name == "cpu":
        o, state = _on_cpu(q, k, v, g, beta, scale, initial_state, cu_seqlens)
    elif choice.name == "gpu":
        o, state = gpu.forward(q, k, v, g, beta, scale, initial_state, cu_seqlens)
    else:
        o, state = _plain(choice.name, q, k, v, g, beta, scale, initial_state, cu_seqlens)
    return o, state if output_final_state else None


def kda_decode(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    state: Tensor,
    *,
    scale: float | None = None,
    cu_seqlens: Tensor | None = None,
    backend: str = "auto",
) -> Tensor:
    """Compute KDA for the next tokens and advance the state in place, without gradients.

    Args:
        q, k, v, g, beta, scale, cu_seqlens, backend: as in `kda`.
        state: `[N, H, K, V]`, contiguous, fp32 (fp64 for fp64 inputs); becomes the state after the last token. Where
            the call raises for a value (not a shape), it may have been written to.

    Returns:
        The output `[B, T, H, V]` in the dtype of `v`.

    Raises:
        InputError: a shape, dtype, device or value is wrong, or the state is not contiguous.
        ConfigError: the backend is unknown or cannot run here.
    """
    check_arguments(q, k, v, g, beta, state, cu_seqlens)
    if not state.is_contiguous():
        raise InputError(f"state: strides {tuple(state.stride())}, expected a contiguous [N, H, K, V] to write to")
    scale = q.shape[-1] ** -0.5 if scale is None else float(scale)
    if choose_backend(q.device, q.dtype, backend).name == "cpu" and q.dtype != torch.float16:
        if _plainly_eager((q, k, v, g, beta, state)):
            return cpu.forward_in_place(q, k, v, g, beta, state, cu_seqlens, scale)
        with torch.no_grad():
            return operators.kda_cpu_(q, k, v, g, beta, state, cu_seqlens, scale)
    with torch.no_grad():
        o, final = kda(
            q,
            k,
            v,
            g,
            beta,
            scale=scale,
            initial_state=state,
            output_final_state=True,
            cu_seqlens=cu_seqlens,
            backend=backend,
        )
        assert final is not None
        state.copy_(final)
    return o


def _on_cpu(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    scale: float,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Run the compiled kernels: directly where nothing watches, through the torch operator otherwise."""
    dtype = v.dtype
    if dtype == torch.float16:
        q, k, v, g, beta = q.float(), k.float(), v.float(), g.float(), beta.float()
    tensors = (q, k, v, g, beta) if initial_state is None else (q, k, v, g, beta, initial_state)
    save = torch.is_grad_enabled() and any(x.requires_grad for x in tensors)
    if not save and _plainly_eager(tensors):
        o, state, _, _ = cpu.forward(q, k, v, g, beta, initial_state, cu_seqlens, scale, False)
    elif torch._C._are_functorch_transforms_active():
        o, state, _, _ = operators.transformed(q, k, v, g, beta, initial_state, cu_seqlens, scale, save)
    else:
        o, state, _, _ = operators.kda_cpu(q, k, v, g, beta, initial_state, cu_seqlens, scale, save)
    return o if o.dtype == dtype else o.to(dtype), state


def _plainly_eager(tensors: tuple[Tensor, ...]) -> bool:
    """Tell whether a call may skip the dispatcher: no tracing, no `torch.func`, no tensor subclass, no mode."""
    return (
        not torch.compiler.is_compiling()
        and not torch._C._are_functorch_transforms_active()
        and torch._C._len_torch_dispatch_stack() == 0
        and all(type(x) is Tensor or type(x) is torch.nn.Parameter for x in tensors)
    )


def _plain(
    name: str,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    scale: float,
    initial_state: Tensor | None,
    cu_seqlens: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Run a plain torch form, sequence by sequence where they are packed."""
    run = recurrent_kda if name == "reference" else chunk_kda
    if _readable(q):
        check_values(q, k, v, g, beta, initial_state)
    if cu_seqlens is None:
        return run(q, k, v, g, beta, scale, initial_state)
    bounds = boundaries(cu_seqlens, q.shape[1])
    outputs, states = [], []
    for i, (start, end) in enumerate(pairwise(bounds)):
        part = slice(start, end)
        state = None if initial_state is None else initial_state[i : i + 1]
        o, state = run(q[:, part], k[:, part], v[:, part], g[:, part], beta[:, part], scale, state)
        outputs.append(o)
        states.append(state)
    return torch.cat(outputs, dim=1), torch.cat(states, dim=0)


def _readable(x: Tensor) -> bool:
    """Tell whether values can be looked at: not while tracing, under `torch.func`, or on a GPU (it would wait)."""
    return (
        x.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and not torch._C._functorch.is_functorch_wrapped_tensor(x)
    )
