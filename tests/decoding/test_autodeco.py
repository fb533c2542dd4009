"""The model with heads: what leaves forward, and that everything else is the base's own. Six architectures."""

from __future__ import annotations

import copy
import pickle
import threading

import pytest
import torch
import transformers

from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM, DecodingHeads, LossConfig, apply_strategy
from tamsa.errors import ConfigError, InputError
from tamsa.kernels import sampling
from tests.decoding.conftest import VOCAB

CUT = -500.0
"""Logits below this were cut: the raw ones are within ±100."""


def with_heads(model, **changes):
    torch.manual_seed(5)
    wrapped = AutoDecoForCausalLM.from_base(model, AutoDecoConfig(head_size=16, initial_top_p=0.6, **changes))
    with torch.no_grad():  # make T and P differ from token to token
        for head in (wrapped.decoding_heads.temp_head, wrapped.decoding_heads.top_p_head):
            head.mlp[2].weight.mul_(30.0)
    return wrapped


def ids(B=2, T=9, seed=0):
    return torch.randint(3, VOCAB, (B, T), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_logits_leave_divided_and_cut(base):
    model, x = with_heads(base), ids()
    out, raw = model(x, output_decoding=True), base(x).logits
    T, P = out.temperature, out.top_p
    assert T.shape == P.shape == x.shape and out.logits.dtype == torch.float32
    assert T.std() > 0.01 and P.std() > 0.01
    flat = raw.reshape(-1, VOCAB)
    kept = sampling.kept(flat, sampling.nucleus(flat, T.reshape(-1), P.reshape(-1), backend="reference"))
    expected = (flat / T.reshape(-1, 1)).masked_fill(~kept, float("-inf")).view_as(raw)
    assert int((~kept).sum()) > 0
    assert torch.equal(out.logits > CUT, kept.view_as(raw))
    torch.testing.assert_close(torch.softmax(out.logits, -1), torch.softmax(expected, -1))
    assert (torch.softmax(out.logits, -1)[~kept.view_as(raw)] == 0).all()


@torch.no_grad()
def test_a_switch_gives_the_raw_logits(base):
    model, x = with_heads(base), ids()
    raw = base(x).logits
    assert torch.equal(model(x, decode=False).logits, raw)
    both = model(x, decode=False, output_decoding=True)
    assert torch.equal(both.logits, raw) and both.temperature.shape == x.shape
    model.train()
    assert torch.equal(model(x).logits.argmax(-1), raw.argmax(-1))
    assert (model(x).logits > CUT).all()


def test_greedy_is_the_base_s_greedy(base):
    model, x = with_heads(base), ids()
    expected = base.generate(x, max_new_tokens=8, do_sample=False)
    assert torch.equal(model.generate(x, max_new_tokens=8, do_sample=False), expected)
    assert torch.equal(model.generate(x, max_new_tokens=8, do_sample=True, temperature_scale=0.0), expected)
    assert torch.equal(model.generate(x, max_new_tokens=8, do_sample=True, top_p_scale=0.0), expected)


@pytest.mark.parametrize("fused", [True, False])
def test_sampled_tokens_come_with_their_strategy(base, fused):
    """Every drawn token lies in its own nucleus, and T and P are those of a fresh forward pass over the text."""
    model, x = with_heads(base), ids()
    model.generation_config.eos_token_id = None
    torch.manual_seed(0)
    out = model.generate(
        x, max_new_tokens=7, do_sample=True, temperature=1.0, top_p=1.0, output_decoding=True, fused=fused
    )
    assert out.temperature.shape == out.top_p.shape == (2, 7)
    with torch.no_grad():
        again = model(out.sequences[:, :-1], output_decoding=True)
    torch.testing.assert_close(out.temperature, again.temperature[:, 8:], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(out.top_p, again.top_p[:, 8:], rtol=1e-3, atol=1e-3)
    drawn = again.logits[:, 8:].gather(2, out.sequences[:, 9:, None])
    assert (drawn > CUT).all()


def test_hidden_states_and_projection_give_the_logits(base):
    model, x = with_heads(base), ids()
    hidden = model.hidden_states(x)
    with torch.no_grad():
        torch.testing.assert_close(model.project(hidden), base(x).logits, rtol=1e-4, atol=1e-4)


def test_training_moves_the_heads_and_nothing_else(base):
    model, x = with_heads(base), ids(4, 12)
    model.loss_config = LossConfig(easy_mask=0.0)
    before = {name: value.clone() for name, value in base.state_dict().items()}
    optimizer = torch.optim.AdamW(model.freeze_base().decoding_heads.parameters(), lr=1e-2, weight_decay=0.0)
    model.train()
    losses = []
    for _ in range(12):
        out = model(x, labels=x)
        optimizer.zero_grad()
        out.loss.backward()
        optimizer.step()
        losses.append(float(out.loss.detach()))
    assert losses[-1] < losses[0]
    assert all(torch.equal(before[name], value) for name, value in base.state_dict().items())
    hidden = model.eval().hidden_states(x)
    cached = model.heads_loss(hidden[:, :-1].reshape(-1, 32), x[:, 1:].reshape(-1))
    torch.testing.assert_close(cached.loss, model(x, labels=x).loss, rtol=1e-4, atol=1e-6)


def test_the_base_stays_usable_and_shares_its_weights(llama):
    x = ids()
    with torch.no_grad():
        before = llama(x).logits
        model = with_heads(llama)
        assert torch.equal(llama(x).logits, before)
    assert model.base is llama and model.lm_head is llama.lm_head
    assert isinstance(model, AutoDecoForCausalLM) and isinstance(model, transformers.LlamaForCausalLM)
    assert not isinstance(llama, AutoDecoForCausalLM)
    extra = set(model.state_dict()) - set(llama.state_dict())
    assert extra == {f"decoding_heads.{name}" for name in model.decoding_heads.state_dict()}


def test_left_padding_does_not_change_a_row(llama):
    model, x = with_heads(llama), ids(1, 6)
    padded = torch.cat([torch.zeros(1, 4, dtype=torch.long), x], dim=1)
    mask = (torch.arange(10) >= 4).long()[None]
    position = (mask.cumsum(-1) - 1).clamp_min(0)
    with torch.no_grad():
        plain = model(x, output_decoding=True)
        out = model(padded, attention_mask=mask, position_ids=position, output_decoding=True)
    torch.testing.assert_close(out.temperature[:, 4:], plain.temperature, rtol=1e-4, atol=1e-5)
    assert (out.temperature[:, :4] == 1).all() and (out.top_p[:, :4] == 1).all()


def test_multipliers_scale_what_the_heads_say(llama):
    model, x = with_heads(llama), ids()
    with torch.no_grad():
        plain = model(x, output_decoding=True)
        scaled = model(x, output_decoding=True, temperature_scale=0.5, top_p_scale=1.2)
    torch.testing.assert_close(scaled.temperature, plain.temperature * 0.5)
    torch.testing.assert_close(scaled.top_p, (plain.top_p * 1.2).clamp_max(1.0))
    fixed = with_heads(llama, temperature_scale=0.5, top_p_scale=1.2)
    with torch.no_grad():
        torch.testing.assert_close(fixed(x).logits, scaled.logits)
    torch.manual_seed(0)
    drawn = model.generate(x, max_new_tokens=2, do_sample=True, output_decoding=True, temperature_scale=0.5)
    torch.testing.assert_close(drawn.temperature[:, 0], scaled.temperature[:, -1])


def test_switched_off_heads_predict_one(llama):
    model, x = with_heads(llama, use_temperature=False, use_top_p=False), ids()
    with torch.no_grad():
        out = model(x, output_decoding=True)
        torch.testing.assert_close(out.logits, llama(x).logits)
    assert (out.temperature == 1).all() and (out.top_p == 1).all()
    drawn = model.generate(x, max_new_tokens=3, do_sample=True, output_decoding=True)
    assert (drawn.temperature == 1).all() and (drawn.top_p == 1).all()


def test_a_checkpoint_s_static_defaults_do_not_apply_twice(llama):
    llama.generation_config.update(temperature=0.3, top_p=0.2, top_k=3, do_sample=True)
    model = with_heads(llama)
    x = ids(1, 5).expand(600, -1)
    with torch.no_grad():
        p = torch.softmax(model(x[:1]).logits[0, -1], -1)
    for fused in (True, False):
        torch.manual_seed(1)
        tokens = model.generate(x, max_new_tokens=1, fused=fused)[:, -1]
        frequency = torch.bincount(tokens, minlength=VOCAB) / 600
        assert (frequency - p).abs().max() < 0.07
        assert (frequency[p == 0] == 0).all()
    assert llama.generation_config.top_k == 3


def test_every_sampling_path_follows_the_learned_distribution(llama):
    from scipy.stats import chisquare

    model = with_heads(llama)
    n = 8000
    x = ids(1, 5, seed=4).expand(n, -1)
    with torch.no_grad():
        p = torch.softmax(model(x[:1]).logits[0, -1].double(), -1)
    likely = p > 0
    seen = []

    class Untouched(transformers.LogitsProcessor):
        def __call__(self, input_ids, scores):
            seen.append(torch.softmax(scores[0].double(), -1))
            return scores

    between = {"logits_processor": transformers.LogitsProcessorList([Untouched()])}
    for settings in ({}, {"fused": False}, between, {"fused": False, **between}):
        torch.manual_seed(2)
        tokens = model.generate(x, max_new_tokens=1, do_sample=True, **settings)[:, -1]
        counts = torch.bincount(tokens, minlength=VOCAB)
        assert counts[~likely].sum() == 0
        expected = p[likely] / p[likely].sum() * n
        assert chisquare(counts[likely].numpy(), expected.numpy()).pvalue > 0.005
    assert len(seen) == 2
    for told in seen:  # processors see the learned distribution, whoever runs the loop
        torch.testing.assert_close(told, p, rtol=1e-4, atol=1e-9)


def test_a_mask_that_forbids_every_kept_token_leaves_the_base_distribution(llama):
    model, x = with_heads(llama), ids(1, 5)
    with torch.no_grad():
        out = model(x, output_decoding=True)
        cut = (out.logits[0, -1] < CUT).nonzero().flatten()[:7]
        allowed = torch.softmax(out.logits[0, -1, cut], -1)
        expected = torch.softmax(llama(x).logits[0, -1, cut] / out.temperature[0, -1], -1)
    torch.testing.assert_close(allowed, expected, rtol=1e-3, atol=1e-5)
    tokens = model.generate(x, max_new_tokens=3, do_sample=True, prefix_allowed_tokens_fn=lambda _b, _i: cut.tolist())
    assert torch.isin(tokens[0, 5:], cut).all()


def test_seeds_stopping_streaming_and_beams_work_as_before(llama):
    model, x = with_heads(llama), ids()
    draws = []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append(model.generate(x, max_new_tokens=6, do_sample=True))
    assert torch.equal(*draws)
    beams = model.generate(x, max_new_tokens=4, num_beams=2, do_sample=False)
    assert beams.shape[0] == 2
    stop = int(draws[0][0, 10])
    torch.manual_seed(3)
    out = model.generate(x, max_new_tokens=6, do_sample=True, eos_token_id=stop, output_decoding=True)
    first = (out.sequences[0, 9:] == stop).nonzero()[0].item()
    assert torch.isfinite(out.temperature[0, : first + 1]).all()
    assert torch.isnan(out.temperature[0, first + 1 :]).all()
    assert (out.sequences[0, 10 + first :] == 0).all()

    class Collect:
        def __init__(self):
            self.tokens, self.ended = [], False

        def put(self, value):
            self.tokens.extend(value.flatten().tolist())

        def end(self):
            self.ended = True

    streamer = Collect()
    text = model.generate(x[:1], max_new_tokens=4, do_sample=True, streamer=streamer)
    assert streamer.tokens == text[0].tolist() and streamer.ended


def test_threads_do_not_mix_their_calls(llama):
    """One model object, callers with different wishes at the same time."""
    model, x = with_heads(llama), ids()
    expected = llama.generate(x, max_new_tokens=6, do_sample=False)
    wrong: list[str] = []

    def greedy() -> None:
        for _ in range(6):
            tokens = model.generate(x, max_new_tokens=6, do_sample=True, temperature_scale=0.0)
            if not torch.equal(tokens, expected):
                wrong.append("greedy")

    def recorded() -> None:
        for _ in range(6):
            out = model.generate(x, max_new_tokens=6, do_sample=True, output_decoding=True, eos_token_id=96)
            if out.temperature.shape != out.sequences[:, 9:].shape or (out.temperature == 0).any():
                wrong.append("recorded")

    def raw() -> None:
        for _ in range(6):
            with torch.no_grad():
                if not torch.equal(model(x, decode=False).logits.argmax(-1), model(x).logits.argmax(-1)):
                    wrong.append("raw")

    threads = [threading.Thread(target=work) for work in (greedy, recorded, raw, greedy)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_loss_reaches_the_temperature_through_the_logits(llama):
    """What policy-gradient training of the heads needs."""
    model, x = with_heads(llama).freeze_base(), ids()
    out = model(x, decode=True)
    torch.log_softmax(out.logits[:, :-1], -1).amax(-1).sum().backward()
    assert model.decoding_heads.temp_head.mlp[0].weight.grad.abs().sum() > 0


def test_tuples_copies_and_pickles(llama):
    model, x = with_heads(llama), ids()
    with torch.no_grad():
        expected = model(x).logits
        assert torch.equal(model(x, return_dict=False)[0], expected)
        for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert torch.equal(twin(x).logits, expected)
            assert twin.lm_head.weight is twin.base.lm_head.weight is not llama.lm_head.weight


def test_changed_parameters_reach_the_fused_sampler(llama):
    model, x = with_heads(llama), ids()
    model.generate(x, max_new_tokens=1, do_sample=True)
    with torch.no_grad():
        model.decoding_heads.temp_head.mlp[2].weight.zero_()
        model.decoding_heads.temp_head.mlp[2].bias.fill_(1.0)
    out = model.generate(x, max_new_tokens=1, do_sample=True, output_decoding=True)
    torch.testing.assert_close(out.temperature, torch.full((2, 1), 2 * torch.sigmoid(torch.tensor(1.0)).item()))


def test_initial_temperature_and_top_p_are_the_configured_ones():
    torch.manual_seed(0)
    heads = DecodingHeads(AutoDecoConfig(hidden_size=64, vocab_size=50, initial_temperature=0.7, initial_top_p=0.95))
    hidden = torch.randn(200, 64)
    T = heads.temperature(hidden)
    P = heads.top_p(hidden, T, sampling.statistics(torch.randn(200, 50), T.detach()))
    torch.testing.assert_close(T.mean(), torch.tensor(0.7), atol=0.05, rtol=0)
    torch.testing.assert_close(P.mean(), torch.tensor(0.95), atol=0.02, rtol=0)


def test_bad_use_is_named(llama):
    model, x = with_heads(llama), ids()
    with pytest.raises(ConfigError, match="from_base"):
        AutoDecoForCausalLM()
    with pytest.raises(InputError, match="decoding heads already"):
        AutoDecoForCausalLM.from_base(model)
    with pytest.raises(InputError, match="hidden_size: 48 in the configuration, but 32"):
        AutoDecoForCausalLM.from_base(llama, AutoDecoConfig(hidden_size=48))
    with pytest.raises(InputError, match=f"vocab_size: 5 in the configuration, but {VOCAB}"):
        AutoDecoForCausalLM.from_base(llama, AutoDecoConfig(vocab_size=5))
    with pytest.raises(InputError, match="no output embeddings"):
        AutoDecoForCausalLM.from_base(llama.model)
    with pytest.raises(InputError, match="labels: shape"):
        model(x, labels=x[:, :4])
    with pytest.raises(ConfigError, match="output_decoding: True with num_beams"):
        model.generate(x, num_beams=2, output_decoding=True)
    with pytest.raises(ConfigError, match="temperature_scale: -1"):
        model.generate(x, temperature_scale=-1.0)
    with pytest.raises(InputError, match="N >= 1"):
        apply_strategy(model.decoding_heads, torch.zeros(0, 32), torch.zeros(0, VOCAB))
    with pytest.raises(InputError, match=f"logits: 5 entries, the heads were made for {VOCAB}"):
        apply_strategy(model.decoding_heads, torch.zeros(1, 32), torch.zeros(1, 5))
    with pytest.raises(InputError, match="row 0 holds NaN"):
        apply_strategy(model.decoding_heads, torch.zeros(1, 32), torch.full((1, VOCAB), float("nan")))


@pytest.mark.parametrize(
    "values",
    [{"initial_top_p": 1.0}, {"initial_temperature": 2.0}, {"head_size": 0}, {"top_p_scale": -1}, {"cut_shift": 3}],
)
def test_bad_configuration_is_named(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        AutoDecoConfig(**values)


def test_pipelines_decode_with_the_learned_strategy(llama, caplog):
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({f"w{i}": i for i in range(VOCAB)}, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="w0", eos_token="w2")
    model = with_heads(llama)
    pipe = transformers.pipeline("text-generation", model=model, tokenizer=fast)
    torch.manual_seed(4)
    ids = pipe("w5 w6 w7", max_new_tokens=5, do_sample=True, return_tensors=True)[0]["generated_token_ids"]
    torch.manual_seed(4)
    assert ids == model.generate(torch.tensor([[5, 6, 7]]), max_new_tokens=5, do_sample=True)[0].tolist()
    assert "not supported" not in caplog.text
