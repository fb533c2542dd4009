"""Kimi Delta Attention in plain torch, to be read beside arXiv 2510.26692: the recurrence and the chunk form.

Both run on any device, in fp32 (fp64 for fp64 inputs), and are differentiable any number of times.

Legend of shapes: B batch, T tokens, H heads, K key width, V value width; n blocks of s tokens make a chunk of C = n·s.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad


def recurrent_kda(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: Tensor, scale: float, initial_state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Compute KDA token by token: decay, delta, read (arXiv 2510.26692, Eq. 1).

    Args:
        q: `[B, T, H, K]` queries, normalised, not scaled.
        k: `[B, T, H, K]` keys, normalised.
        v: `[B, T, H, V]` values.
        g: `[B, T, H, K]` log-decay, <= 0.
        beta: `[B, T, H]` learning rate of the delta rule.
        scale: factor of the queries.
        initial_state: `[B, H, K, V]`; zeros where None.

    Returns:
        Output `[B, T, H, V]` in the dtype of `v` and the final state `[B, H, K, V]` in fp32 (fp64 for fp64 inputs).
    """
    dtype = v.dtype
    q, k, v, g, beta = _widen(q, k, v, g, beta)
    S = _start(k, v, initial_state)
    outputs = []
    for t in range(q.shape[1]):
        S = g[:, t].exp().unsqueeze(-1) * S  # S <- Diag(e^g) S
        r = v[:, t] - (S * k[:, t].unsqueeze(-1)).sum(-2)  # v - S^T k
        S = S + k[:, t].unsqueeze(-1) * (beta[:, t].unsqueeze(-1) * r).unsqueeze(-2)  # S <- S + beta k r^T
        outputs.append((S * (scale * q[:, t]).unsqueeze(-1)).sum(-2))  # o = S^T q
    return torch.stack(outputs, dim=1).to(dtype), S


def chunk_kda(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    g: Tensor,
    beta: Tensor,
    scale: float,
    initial_state: Tensor | None = None,
    *,
    chunk_size: int = 64,
    block_size: int = 16,
) -> tuple[Tensor, Tensor]:
    """Compute KDA chunk by chunk with matrix products (arXiv 2510.26692, Eqs. 2-9).

    Every decay between two tokens is the exponential of a sum of log-decays that are all <= 0: nothing overflows,
    nothing cancels, and `g = -inf` is a clean reset. Within a block of `block_size` tokens the sums are formed pair
    by pair; between blocks they are split at the start of the row's block into two sums that are both <= 0.

    Args:
        q, k, v, g, beta, scale, initial_state: as in `recurrent_kda`.
        chunk_size: tokens that share one triangular system; a multiple of `block_size`.
        block_size: tokens whose pairwise decays are formed explicitly.

    Returns:
        As `recurrent_kda`.
    """
    dtype, T = v.dtype, q.shape[1]
    q, k, v, g, beta = _widen(q, k, v, g, beta)
    S = _start(k, v, initial_state)
    # [B, T, H, .] -> [B, H, T + padding, .]; a padded token has k = 0, beta = 0 and g = 0: it changes nothing
    padding = -T % chunk_size
    q, k, v, g = (pad(x.transpose(1, 2), (0, 0, 0, padding)) for x in (scale * q, k, v, g))
    beta = pad(beta.transpose(1, 2), (0, padding))
    outputs = []
    for start in range(0, T, chunk_size):
        part = slice(start, start + chunk_size)
        o, S = _one_chunk(q[:, :, part], k[:, :, part], v[:, :, part], g[:, :, part], beta[:, :, part], S, block_size)
        outputs.append(o)
    return torch.cat(outputs, dim=2)[:, :, :T].transpose(1, 2).to(dtype), S


def _one_chunk(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, beta: Tensor, S: Tensor, block_size: int
) -> tuple[Tensor, Tensor]:
    """Advance one chunk; `q` is scaled, all are `[B, H, C, .]`."""
    decay = _Decay(g, block_size)
    # A_ij = beta_i sum_d k_id k_jd e^(gamma_id - gamma_jd), i > j
    A = beta.unsqueeze(-1) * decay.products(k, k).tril(-1)
    eye = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    # M = (I + A)^-1 Diag(beta)
    M = torch.linalg.solve_triangular(eye + A, torch.diag_embed(beta), upper=False, unitriangular=True)
    W = M @ (decay.since_start.exp() * k)  # W = M (e^gamma * K)
    U = M @ v  # U = M V
    R = U - W @ S  # V' = U - W S
    o = (decay.since_start.exp() * q) @ S + decay.products(q, k).tril() @ R
    S = decay.total.exp().unsqueeze(-1) * S + (decay.to_end.exp() * k).transpose(-1, -2) @ R
    return o, S


class _Decay:
    """Sums of the log-decays `[B, H, C, K]` of one chunk, all of them <= 0."""

    def __init__(self, g: Tensor, block_size: int) -> None:
        self.g = g.unflatten(2, (-1, block_size))  # [B, H, n, s, K]
        self.num_blocks = self.g.shape[2]
        # tokens of the block up to and with i; tokens of the block after j
        self.inner = self.g.cumsum(-2)
        self.after = pad(self.g[..., 1:, :], (0, 0, 0, 1)).flip(-2).cumsum(-2).flip(-2)
        self.block = self.g.sum(-2)  # [B, H, n, K]
        blocks = self.block.unbind(2)
        zero = torch.zeros_like(blocks[0])
        before = [sum(blocks[:i], zero) for i in range(self.num_blocks)]
        behind = [sum(blocks[i + 1 :], zero) for i in range(self.num_blocks)]
        self.since_start = (self.inner + torch.stack(before, 2).unsqueeze(-2)).flatten(2, 3)  # gamma_i
        self.to_end = (self.after + torch.stack(behind, 2).unsqueeze(-2)).flatten(2, 3)  # gamma_C - gamma_j
        self.total = sum(blocks, zero)  # gamma_C

    def products(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Return `sum_d rows_id columns_jd e^(gamma_id - gamma_jd)` for i >= j, `[B, H, C, C]`, zero above."""
        size = self.g.shape[-2]
        x, y = rows.unflatten(2, (-1, size)), columns.unflatten(2, (-1, size))
        blocks = self.block.unbind(2)
        lines = []
        for i in range(self.num_blocks):
            left = x[:, :, i] * self.inner[:, :, i].exp()
            between = torch.zeros_like(blocks[0])
            line = [self._diagonal(x, y, i)]
            for j in range(i - 1, -1, -1):
                right = y[:, :, j] * (self.after[:, :, j] + between.unsqueeze(-2)).exp()
                line.insert(0, left @ right.transpose(-1, -2))
                between = between + blocks[j]
            line += [torch.zeros_like(line[-1])] * (self.num_blocks - 1 - i)
            lines.append(torch.cat(line, dim=-1))
        return torch.cat(lines, dim=-2)

    def _diagonal(self, x: Tensor, y: Tensor, i: int) -> Tensor:
        g = self.g[:, :, i]
        size = g.shape[-2]
        one = torch.ones(size, size, dtype=torch.bool, device=g.device)
        # sums[i, j] = g_(j+1) + ... + g_i, built row by row; masked before the exponential, so that the part above
        # the diagonal is 0 with a gradient of 0
        terms = g.unsqueeze(-2).expand(*g.shape[:-1], size, g.shape[-1]).masked_fill(~one.tril(-1).unsqueeze(-1), 0.0)
        sums = terms.cumsum(-3).masked_fill(~one.tril().unsqueeze(-1), float("-inf"))
        return torch.einsum("bhik,bhjk,bhijk->bhij", x[:, :, i], y[:, :, i], sums.exp())


def _widen(*tensors: Tensor) -> tuple[Tensor, ...]:
    dtype = torch.float64 if tensors[0].dtype == torch.float64 else torch.float32
    return tuple(x.to(dtype) for x in tensors)


def _start(k: Tensor, v: Tensor, initial_state: Tensor | None) -> Tensor:
    if initial_state is not None:
        return initial_state.to(k.dtype)
    return k.new_zeros(k.shape[0], k.shape[2], k.shape[3], v.shape[3])
