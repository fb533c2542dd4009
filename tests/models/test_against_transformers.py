"""The same weights give the same logits, gradients and generations as transformers' Kimi Linear."""

import pytest
import torch

TOLERANCE = 3e-5


@pytest.mark.parametrize("kind", ["dense", "moe", "grouped"])
@pytest.mark.parametrize("length", [1, 3, 63, 64, 65])
def test_logits_equal_the_peer(kind, length, model_of, peer_of, tokens):
    model = model_of(kind)
    ids = tokens(2, length)
    with torch.no_grad():
        assert (model(ids).logits - peer_of(model)(ids).logits).abs().max() < TOLERANCE


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", ["dense", "moe"])
def test_padded_logits_equal_the_peer(kind, side, model_of, peer_of, tokens):
    model = model_of(kind)
    ids = tokens(3, 40)
    mask = torch.ones_like(ids)
    for row, length in enumerate((7, 40, 38)):
        mask[row, slice(0, 40 - length) if side == "left" else slice(length, None)] = 0
    with torch.no_grad():
        ours, theirs = model(ids, attention_mask=mask).logits, peer_of(model)(ids, attention_mask=mask).logits
    assert (ours - theirs)[mask.bool()].abs().max() < TOLERANCE


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("cached", [False, True])
def test_padding_changes_nothing(side, cached, model_of, tokens):
    model = model_of("moe")
    ids, lengths = tokens(3, 40), (2, 40, 31)
    mask = torch.ones_like(ids)
    padded = ids.clone()
    for row, length in enumerate(lengths):
        real = slice(40 - length, None) if side == "left" else slice(0, length)
        mask[row] = 0
        mask[row, real] = 1
        padded[row] = 5
        padded[row, real] = ids[row, :length]
    with torch.no_grad():
        logits = model(padded, attention_mask=mask, use_cache=cached).logits
        for row, length in enumerate(lengths):
            alone = model(ids[row : row + 1, :length]).logits[0]
            assert (logits[row][mask[row].bool()] - alone).abs().max() < 1e-5


@pytest.mark.parametrize("kind", ["dense", "moe"])
def test_cached_decode_equals_the_peer(kind, model_of, peer_of, tokens):
    model = model_of(kind)
    peer = peer_of(model)
    ids = tokens(2, 48)
    mask = torch.ones_like(ids)
    mask[0, :9] = 0
    ours = theirs = None
    with torch.no_grad():
        for start, end in ((0, 40), (40, 41), (41, 42), (42, 47), (47, 48)):
            ours = model(
                ids[:, start:end], mask[:, :end], past_key_values=ours and ours.past_key_values, use_cache=True
            )
            if end - start == 5:  # the peer's chunked continuation is checked by its own decode of the same tokens
                for t in range(start, end):
                    theirs = peer(ids[:, t : t + 1], mask[:, : t + 1], past_key_values=theirs.past_key_values)
            else:
                past = theirs and theirs.past_key_values
                theirs = peer(ids[:, start:end], mask[:, :end], past_key_values=past, use_cache=True)
            assert (ours.logits[:, -1] - theirs.logits[:, -1]).abs().max() < TOLERANCE


@pytest.mark.parametrize("kind", ["dense", "moe"])
@pytest.mark.parametrize("beams", [1, 3])
def test_generate_equals_the_peer(kind, beams, model_of, peer_of, tokens):
    model = model_of(kind)
    ids = tokens(2, 12)
    mask = torch.ones_like(ids)
    mask[1, :5] = 0
    options = {"attention_mask": mask, "max_new_tokens": 12, "do_sample": False, "num_beams": beams, "pad_token_id": 0}
    assert torch.equal(model.generate(ids, **options), peer_of(model).generate(ids, **options))


@pytest.mark.parametrize("kind", ["dense", "moe", "grouped"])
def test_gradients_equal_the_peer(kind, model_of, peer_of, tokens):
    model = model_of(kind).train()
    peer = peer_of(model).train()
    ids = tokens(2, 65)
    labels = ids.clone()
    labels[0, :10] = -100
    losses = model(ids, labels=labels).loss, peer(ids, labels=labels).loss
    for loss in losses:
        loss.backward()
    assert abs(losses[0] - losses[1]) < 1e-5
    theirs = dict(peer.named_parameters())
    for name, parameter in model.named_parameters():
        wanted = theirs[name].grad
        assert (parameter.grad - wanted).norm() <= 2e-4 * wanted.norm() + 1e-7, name


def test_router_logits_and_hidden_states_equal_the_peer(model_of, peer_of, tokens):
    model = model_of("moe")
    ids = tokens(2, 9)
    with torch.no_grad():
        ours = model(ids, output_router_logits=True, output_hidden_states=True)
        theirs = peer_of(model)(ids, output_router_logits=True, output_hidden_states=True)
    assert len(ours.router_logits) == len(theirs.router_logits) == 3
    assert len(ours.hidden_states) == len(theirs.hidden_states) == 5
    for a, b in zip(ours.router_logits + ours.hidden_states, theirs.router_logits + theirs.hidden_states, strict=True):
        assert (a.flatten() - b.flatten()).abs().max() < TOLERANCE
