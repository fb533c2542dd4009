"""The Triton kernels against the reference, to the bit: on a GPU, and on any machine with triton in its interpreter."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tamsa.kernels.sampling import reference

INF = float("inf")


def check(device: str, sizes: tuple[int, ...]) -> None:
    """Compare kept sets, draws and statistics over plain, tied, masked and extreme rows."""
    from tamsa.kernels.sampling import gpu

    g = torch.Generator().manual_seed(0)
    for trial, V in enumerate(sizes):
        logits = torch.randn(4, V, generator=g) * (1 + 2 * (trial % 4))
        if trial % 3 == 0:
            logits = (logits * 2).round() / 2
        if trial % 5 == 0:
            logits[0] = -1.5
        if trial % 4 == 0:
            logits[torch.rand(4, V, generator=g) < 0.3] = -INF
            logits[:, 0] = 0.0
        T, P = torch.rand(4, generator=g) * 2, torch.rand(4, generator=g)
        u = torch.rand(4, generator=g, dtype=torch.float64)
        if trial % 2:
            P[0], P[1], T[2], u[3] = 1.0, 0.0, 0.0, 1 - 2.0**-53
        on_device = [x.to(device) for x in (logits, T, P, u)]
        cut, expected = gpu.nucleus(*on_device[:3]), reference.nucleus(logits, T, P)
        assert torch.equal(cut.threshold.cpu(), expected.threshold)
        assert torch.equal(cut.last.cpu(), expected.last)
        assert torch.equal(gpu.sample(*on_device).cpu(), reference.sample(logits, T, P, u))
        for shift in (1000.0, INF):
            shaped = gpu.shape(*on_device[:3], shift).cpu()
            assert torch.equal(shaped, reference.shape(logits, T, P, shift))
        T = T.clamp_min(0.01)
        torch.testing.assert_close(
            gpu.statistics(on_device[0], T.to(device)).cpu(), reference.statistics(logits, T), rtol=1e-5, atol=1e-5
        )


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_gpu_kernels_equal_the_reference() -> None:
    check("cuda", (1, 5, 63, 64, 65, 1000, 4096, 50_257, 151_936))


@pytest.mark.skipif(
    importlib.util.find_spec("triton") is None or torch.cuda.is_available(), reason="needs triton, and no GPU"
)
def test_interpreted_kernels_equal_the_reference() -> None:
    """The interpreter must be chosen before triton is imported: a process of its own."""
    code = "from tests.kernels.test_sampling_gpu import check; check('cpu', (1, 5, 63, 65, 700, 2049, 2500))"
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
