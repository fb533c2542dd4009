"""The compiled pointwise kernels equal their plain torch definitions, forward and backward."""

import os
import subprocess
import sys

import pytest
import torch

from tamsa.kernels import gates

TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 2e-2}


def both(compiled, reference, *inputs):
    """Return outputs and gradients of the compiled form and of the definition in fp64 of the same numbers."""
    results = []
    for function, dtype in ((compiled, None), (reference, torch.float64)):
        leaves = [x.detach().clone().to(dtype or x.dtype).requires_grad_() for x in inputs]
        y = function(*leaves)
        slope = torch.randn(y.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
        (y.double() * slope).sum().backward()
        results.append([y.detach().double(), *(x.grad.double() for x in leaves)])
    return zip(*results, strict=True)


def close(pairs, dtype, tolerance=0.0):
    for ours, exact in pairs:
        assert (ours - exact).norm() <= max(TOLERANCE[dtype], tolerance) * exact.norm()


def double(reference):
    """Keep a definition's casts to fp32 from rounding: run it with fp64 as its wide type."""

    def run(*inputs):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.Tensor, "float", lambda x: x.double())
            return reference(*inputs)

    return run


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rows", [1, 31, 33, 200])
def test_norms_and_swiglu(dtype, rows):
    torch.manual_seed(0)
    x, z = (torch.randn(rows, 3, 48).to(dtype) * 2 for _ in range(2))
    w = torch.rand(48).to(dtype) + 0.5
    close(
        both(lambda x, w: gates.rms_norm(x, w, 1e-5), double(lambda x, w: gates.reference_rms_norm(x, w, 1e-5)), x, w),
        dtype,
    )
    ours = lambda x, z, w: gates.gated_rms_norm(x, z, w, 1e-5)  # noqa: E731
    exact = lambda x, z, w: gates.reference_gated_rms_norm(x, z, w, 1e-5)  # noqa: E731
    close(both(ours, double(exact), x, z, w), dtype)
    wide = torch.randn(rows, 64).to(dtype) * 4
    close(both(gates.swiglu, double(gates.reference_swiglu), wide), dtype)


@pytest.mark.parametrize("bound", [None, -5.0, -0.5])
@pytest.mark.parametrize("spread", [0.1, 5.0, 60.0])
def test_log_decay_in_every_regime(bound, spread):
    torch.manual_seed(0)
    z, A_log, dt = torch.randn(2, 37, 96) * spread, torch.rand(1, 1, 3, 1) * 2.7, torch.randn(96)
    pairs = both(
        lambda *x: gates.log_decay(*x, bound), double(lambda *x: gates.reference_log_decay(*x, bound)), z, A_log, dt
    )
    close(pairs, torch.float32, 1e-5)  # the gradient of A_log sums terms of either sign


def test_log_decay_saturates_without_nan():
    z = torch.tensor([[-1e30, -200.0, -90.0, 0.0, 90.0, 200.0, 1e5] + [0.0] * 9], requires_grad=True)
    g = gates.log_decay(z, torch.zeros(1), torch.zeros(16))
    g.sum().backward()
    assert torch.isfinite(g).all()
    assert torch.isfinite(z.grad).all()
    assert (g <= 0).all()
    assert g[0, 0, 6] == -1e5


@pytest.mark.parametrize("vocab", [16, 160, 99])
def test_entropy_rows_are_loss_and_gradient(vocab):
    torch.manual_seed(0)
    logits, labels = torch.randn(70, vocab) * 10, torch.randint(0, vocab, (70,))
    labels[[3, 69]] = -100
    exact = logits.double().requires_grad_()
    wanted = torch.nn.functional.cross_entropy(exact, labels, reduction="none")
    wanted.sum().backward()
    losses = gates.entropy_rows(logits, labels)
    assert (losses - wanted).abs().max() < 1e-5
    assert (logits - exact.grad).abs().max() < 3e-6


@pytest.mark.parametrize("vocab", [160, 99])
def test_entropy_rows_in_bf16_round_only_the_gradient(vocab):
    torch.manual_seed(0)
    logits, labels = (torch.randn(70, vocab) * 10).bfloat16(), torch.randint(0, vocab, (70,))
    labels[[3, 69]] = -100
    wide = logits.float()
    wanted = gates.entropy_rows(wide, labels)
    losses = gates.entropy_rows(logits, labels)
    assert losses.dtype == torch.float32
    assert torch.equal(losses, wanted)
    assert ((logits.float() - wide).abs() <= wide.abs() / 256 + 1e-30).all()


def test_a_changed_row_changes_no_other():
    torch.manual_seed(0)
    x, w = torch.randn(100, 64), torch.rand(64)
    y = gates.rms_norm(x, w, 1e-5)
    x[50] = 1e30
    assert torch.equal(gates.rms_norm(x, w, 1e-5)[:50], y[:50])


def test_a_second_process_finds_what_the_first_has_compiled(tmp_path) -> None:
    code = "import torch\nfrom tamsa.kernels.gates import rms_norm\nrms_norm(torch.randn(4, 64), torch.ones(64), 1e-6)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    found = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        found.append({path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")})
    assert found[0] and found[0] == found[1]
