"""What sequences share is read once, and everything comes out as if each were read alone."""

import random

import pytest
import torch

from tamsa.errors import InputError
from tamsa.models import Forest, KimiLinearForCausalLM, MasterWeights
from tests.models.conftest import VOCAB, make_config


def families(seed, sizes=((70, (5, 1, 33)), (3, (40, 2)), (130, (7, 64, 65, 66)))):
    """Make groups of sequences with a common beginning, some of which share a beginning with one another too."""
    random_ = random.Random(seed)

    def draw(count):
        return [random_.randrange(VOCAB) for _ in range(count)]

    opening = draw(20)
    found = []
    for n, (shared, replies) in enumerate(sizes):
        prompt = [*(opening if n != 1 else ()), *draw(shared)]
        found += [[*prompt, *draw(length)] for length in replies]
    first = found[0]
    return [*found, list(first), first[:-2], [*first, *draw(3)], first[:30], draw(1)]


def test_a_forest_holds_every_sequence_and_what_is_shared_once():
    sequences = families(0)
    forest = Forest.grow(sequences, min_shared=1)
    for number, sequence in enumerate(sequences):
        assert forest.ids[forest.places(number)].tolist() == list(sequence)
    prefixes = {tuple(sequence[:end]) for sequence in sequences for end in range(1, len(sequence) + 1)}
    assert forest.num_tokens == len(prefixes)
    few = Forest.grow(sequences, min_shared=16)
    assert forest.num_tokens < few.num_tokens < sum(map(len, sequences)) - 300
    for number, sequence in enumerate(sequences):
        assert few.ids[few.places(number)].tolist() == list(sequence)


@pytest.mark.parametrize("seed", range(20))
def test_random_forests_hold_every_sequence(seed):
    random_ = random.Random(seed)
    sequences = [[random_.randrange(2) for _ in range(random_.randint(1, 12))] for _ in range(30)]
    for least in (1, 3):
        forest = Forest.grow(sequences, min_shared=least)
        for number, sequence in enumerate(sequences):
            assert forest.ids[forest.places(number)].tolist() == list(sequence)
        depths = [len(forest.path(segment)) for segment in range(len(forest.parents))]
        assert depths == sorted(depths)


def test_rows_hold_at_most_their_tokens_and_every_sequence_once():
    sequences = [sequence for seed in range(6) for sequence in families(seed)]
    for grow in (Forest.grow, Forest.apart):
        rows = list(grow(sequences).cut(300))
        assert sorted(number for row in rows for number in row) == list(range(len(sequences)))
        assert all(grow([sequences[n] for n in row]).num_tokens <= 300 for row in rows)
    assert len(list(Forest.grow(sequences).cut(300))) < len(list(Forest.apart(sequences).cut(300)))


def losses(model, sequences, forest):
    """Return the loss of each sequence, read together or, without a forest, alone."""
    weights = torch.randn(max(map(len, sequences)), VOCAB, generator=torch.Generator().manual_seed(3))
    if forest is None:
        logits = [model(torch.tensor([sequence]), use_cache=False).logits[0] for sequence in sequences]
    else:
        together = model(
            forest.ids[None], cu_seqlens=forest.cu_seqlens, parents=forest.parents, use_cache=False
        ).logits[0]
        logits = [together[forest.places(number)] for number in range(len(sequences))]
    return torch.stack([(rows.float() * weights[: len(rows)]).sum() / len(rows) for rows in logits])


@pytest.mark.parametrize("kind", ["dense", "moe", "grouped"])
@pytest.mark.parametrize("least", [1, 16])
def test_losses_and_gradients_of_a_forest_equal_those_of_each_sequence_alone(kind, least, model_of):
    model = model_of(kind).train()
    sequences = families(1)
    forest = Forest.grow(sequences, min_shared=least)
    assert max(forest.parents) > 0
    together = losses(model, sequences, forest)
    together.sum().backward()
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    alone = losses(model, sequences, None)
    alone.sum().backward()
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)
    for name, p in model.named_parameters():
        if p.grad is not None:
            assert (p.grad - found[name]).norm() <= 1e-5 * p.grad.norm() + 1e-6, name


def test_bf16_matrices_agree_as_well_as_bf16_can(model_of):
    """Both ways in bf16 are compared with fp32: the shared one must be no worse."""
    exact = model_of().train()
    rounded = KimiLinearForCausalLM(make_config()).train()
    rounded.load_state_dict(exact.state_dict())
    MasterWeights(rounded)
    sequences = families(2, ((200, (40, 50, 140)), (3, (2,)), (300, (64, 65))))
    forest = Forest.grow(sequences)
    distances = []
    truth = gradient(exact, sequences, None)
    for way in (None, forest):
        distances.append(float((gradient(rounded, sequences, way) - truth).norm() / truth.norm()))
    assert distances[1] < 1.2 * distances[0] < 0.1


def gradient(model, sequences, forest):
    model.zero_grad()
    losses(model, sequences, forest).sum().backward()
    return torch.cat([p.grad.float().flatten() for p in model.parameters()])


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ((-1, 0), "2 given for 3"),
        ((-1, 1, 0), "goes on from 1"),
        ((-1, 0, -1), "by depth"),
        ((-1, -2, 0), "goes on from -2"),
    ],
)
def test_parents_that_are_no_tree_are_refused(parents, message, model_of, tokens):
    with pytest.raises(InputError, match=message):
        model_of()(tokens(1, 9), cu_seqlens=torch.tensor([0, 3, 5, 9]), parents=parents, use_cache=False)


def test_parents_without_bounds_are_refused(model_of, tokens):
    with pytest.raises(InputError, match="cu_seqlens"):
        model_of()(tokens(1, 9), parents=(-1, 0), use_cache=False)
