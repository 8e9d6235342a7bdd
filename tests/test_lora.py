"""LoRA: starts as the model it corrects, moves nothing else, and comes out as a plain model that computes the same."""

import copy

import torch

from vibejam.lora import LowRank, add_low_rank, merged_weights
from vibejam.model import build_model
from vibejam.optim import Masters

SHAPE = dict(vocab_size=50, block_size=16, n_layer=2, n_head=2, n_embd=32)


def tuned():
    torch.manual_seed(0)
    plain = build_model(**SHAPE)
    model = copy.deepcopy(plain)
    add_low_rank(model, 4)
    return plain, model


def logits(model, idx):
    return model.eval()(idx)[0]


def learn_a_little(model, steps=20):
    idx = torch.arange(16)[None]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(idx, idx.roll(-1, 1)).backward()
        optimizer.step()
    return model


def test_a_fresh_correction_changes_nothing():
    plain, model = tuned()
    idx = torch.randint(50, (2, 16))
    assert torch.equal(logits(plain, idx), logits(model, idx))


def test_every_matrix_of_the_blocks_is_corrected_and_only_corrections_learn():
    _, model = tuned()
    assert sum(isinstance(m, LowRank) for m in model.modules()) == 2 * 7
    learning = {name.rpartition(".")[2] for name, p in model.named_parameters() if p.requires_grad}
    assert learning == {"down", "up"}


def test_learning_leaves_the_pretrained_weights_alone():
    plain, model = tuned()
    learn_a_little(model)
    for name, parameter in plain.named_parameters():
        inside = dict(model.named_parameters())
        kept = inside.get(name)
        if kept is None:
            kept = inside[name.removesuffix("weight") + "linear.weight"]
        assert torch.equal(kept, parameter), name


def test_merged_it_is_a_plain_model_that_computes_the_same():
    plain, model = tuned()
    before = logits(plain, torch.arange(16)[None])
    learn_a_little(model)
    idx = torch.randint(50, (2, 16))
    assert not torch.allclose(logits(model, torch.arange(16)[None]), before)
    merged = merged_weights(model)
    assert set(merged) == {name for name, _ in plain.named_parameters()}
    plain.load_state_dict(merged, strict=False)  # strict would ask for the tied table's second name
    torch.testing.assert_close(logits(plain, idx), logits(model, idx), atol=1e-5, rtol=1e-5)


def test_a_model_without_corrections_merges_to_itself():
    plain, _ = tuned()
    merged = merged_weights(plain)
    assert all(torch.equal(merged[name], p) for name, p in plain.named_parameters())


def test_small_steps_survive_bfloat16_compute():
    """A step of 1e-5 on weights near 1 is lost in bf16 and kept by the fp32 masters."""
    model = build_model(**SHAPE)
    masters = Masters(model, torch.bfloat16)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
    gain = model.blocks[0].attention_norm.weight
    assert bool((gain == 1).all())
    for _ in range(500):
        masters.backward(masters.worker.blocks[0].attention_norm.weight.sum())  # a gradient of 1 each
        optimizer.step()
        optimizer.zero_grad()
        masters.distribute()
    torch.testing.assert_close(gain, torch.full((32,), 1 - 5e-3), atol=1e-5, rtol=0)
    assert masters.worker.blocks[0].attention_norm.weight[0].item() < 1
