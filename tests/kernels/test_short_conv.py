"""The compiled short convolution equals its definition; packed and split calls equal whole ones."""

import pytest
import torch

from tamsa.kernels.short_conv import reference_short_conv, short_conv

C, K, NORMALISED = 96, 16, 64
OPTIONS = {"num_normalised": NORMALISED, "head_dim": K}


@pytest.mark.parametrize(
    ("shape", "bounds"),
    [((2, 1), None), ((2, 3), None), ((3, 63), None), ((2, 129), None), ((1, 150), (0, 1, 4, 70, 150))],
)
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_equals_the_definition(shape, bounds, with_state, dtype):
    torch.manual_seed(0)
    B, T = shape
    N = B if bounds is None else len(bounds) - 1
    state = torch.randn(N, 3, C).to(dtype) if with_state else None
    wide = torch.randn(B, T, C + 32).to(dtype)
    results = []
    for function, kind in ((short_conv, dtype), (reference_short_conv, torch.float32)):
        x, w = (
            wide.clone().to(kind).requires_grad_(),
            torch.ones(C, 4).mul(0.3).sub(torch.arange(4) * 0.2).requires_grad_(),
        )
        y, last = function(x[..., :C], w, initial_state=state, bounds=bounds, **OPTIONS)
        (y.float() * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
        results.append((y.float(), last.float(), x.grad.float(), w.grad))
    tolerance = 2e-6 if dtype == torch.float32 else 2e-2
    for ours, wanted in zip(*results, strict=True):
        assert (ours - wanted).norm() <= tolerance * wanted.norm()


@pytest.mark.parametrize("cut", [1, 2, 3, 40, 64])
def test_split_calls_equal_one_bitwise(cut):
    torch.manual_seed(0)
    x, w = torch.randn(2, 70, C), torch.randn(C, 4)
    whole, last = short_conv(x, w, **OPTIONS)
    first, state = short_conv(x[:, :cut], w, **OPTIONS)
    second, end = short_conv(x[:, cut:], w, initial_state=state, **OPTIONS)
    assert torch.equal(torch.cat([first, second], 1), whole)
    assert torch.equal(end, last)


def test_other_widths_take_the_plain_form():
    x, w = torch.randn(1, 9, C, requires_grad=True), torch.randn(C, 3)
    y, last = short_conv(x, w, **OPTIONS)
    assert last.shape == (1, 2, C)
    assert torch.equal(y, reference_short_conv(x, w, **OPTIONS)[0])
