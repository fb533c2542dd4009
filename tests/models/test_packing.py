"""Packed sequences do not see each other."""

import pytest
import torch

from tamsa.errors import InputError

LENGTHS = (1, 3, 17, 2, 40)


def separate(model, ids):
    with torch.no_grad():
        return torch.cat([model(part).logits for part in ids.split(LENGTHS, 1)], 1)


@pytest.mark.parametrize("kind", ["dense", "moe"])
@pytest.mark.parametrize("how", ["cu_seqlens", "cu_seq_lens_q", "position_ids"])
def test_packed_equals_separate(kind, how, model_of, tokens):
    model = model_of(kind)
    ids = tokens(1, sum(LENGTHS))
    bounds = torch.tensor([0, *torch.tensor(LENGTHS).cumsum(0).tolist()])
    positions = torch.cat([torch.arange(n) for n in LENGTHS])[None]
    with torch.no_grad():
        packed = model(ids, **({how: bounds} if how != "position_ids" else {how: positions}), use_cache=False).logits
    assert (packed - separate(model, ids)).abs().max() <= 5e-6


def test_packed_rows_equal_separate(model_of, tokens):
    model = model_of()
    ids = tokens(2, 20)
    positions = torch.cat([torch.arange(8), torch.arange(12)]).expand(2, 20).clone()
    positions[1] = torch.arange(20)
    with torch.no_grad():
        packed = model(ids, position_ids=positions).logits
        parts = [model(ids[:1, :8]).logits, model(ids[:1, 8:]).logits]
        assert (packed[0] - torch.cat(parts, 1)[0]).abs().max() <= 5e-6
        assert (packed[1] - model(ids[1:]).logits[0]).abs().max() <= 5e-6


def test_packed_gradients_equal_separate(model_of, tokens):
    model = model_of().train()
    ids = tokens(1, sum(LENGTHS))
    positions = torch.cat([torch.arange(n) for n in LENGTHS])[None]
    weights = torch.randn(1, sum(LENGTHS), model.config.vocab_size, generator=torch.Generator().manual_seed(3))

    (model(ids, position_ids=positions).logits * weights).sum().backward()
    packed = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    for part, weight in zip(ids.split(LENGTHS, 1), weights.split(LENGTHS, 1), strict=True):
        (model(part).logits * weight).sum().backward()
    for name, p in model.named_parameters():
        assert (p.grad - packed[name]).norm() <= 1e-4 * p.grad.norm() + 1e-6, name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cu_seqlens": torch.tensor([0, 5, 5, 10])}, "rise strictly"),
        ({"cu_seqlens": torch.tensor([0, 5, 9])}, "10 tokens"),
        ({"cu_seqlens": torch.tensor([0.0, 10.0])}, "integers"),
        ({"cu_seqlens": torch.tensor([0, 4, 10]), "use_cache": True}, "cached"),
        ({"position_ids": torch.tensor([[0, 1, 2]])}, r"position_ids must have shape \[1, 10\]"),
        (
            {"position_ids": torch.zeros(3, 10), "attention_mask": torch.arange(10)[None] > 2},
            r"position_ids must have shape \[1, 10\], got \[3, 10\]",
        ),
        ({"position_ids": torch.arange(10)[None] % 5, "use_cache": True}, "cached"),
    ],
)
def test_wrong_packing_is_refused(arguments, message, model_of, tokens):
    with pytest.raises(InputError, match=message):
        model_of()(tokens(1, 10), **arguments)
