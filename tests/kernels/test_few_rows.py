"""Products of a few rows equal ordinary ones, and a row's result does not depend on its neighbours."""

import pytest
import torch
from torch.nn import functional as F

from tamsa.kernels import few_rows


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8, 33, 64])
@pytest.mark.parametrize("outputs", [16, 48, 64, 144])
@pytest.mark.parametrize("inputs", [16, 48, 64])
def test_equals_an_ordinary_product(dtype, rows, outputs, inputs):
    torch.manual_seed(0)
    x = torch.randn(rows, 1, 80).to(dtype)[:, :, :inputs]
    weight = torch.randn(outputs, 80).to(dtype)[:, :inputs]
    with torch.no_grad():
        assert few_rows.fits(x, weight)
        y = few_rows.product(x, weight)
        single = torch.cat([few_rows.product(x[i : i + 1], weight) for i in range(rows)])
    exact = F.linear(x.double(), weight.double())
    assert y.shape == exact.shape
    assert y.dtype == dtype
    assert (y - exact).norm() <= (1e-6 if dtype == torch.float32 else 3e-3) * exact.norm()
    assert torch.equal(y, single)


def test_what_it_does_not_take_goes_elsewhere():
    x, weight = torch.randn(2, 48), torch.randn(16, 48)
    assert not few_rows.fits(x, weight)  # gradients are wanted
    with torch.no_grad():
        assert few_rows.fits(x, weight)
        assert not few_rows.fits(x, weight.bfloat16())
        assert not few_rows.fits(x[:, :40], weight[:, :40])
        assert not few_rows.fits(x, weight[:8])
        assert not few_rows.fits(x.repeat(200, 1), weight)
        assert not few_rows.fits(x.double(), weight.double())
