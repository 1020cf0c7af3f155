"""The model: a forward pass and a training step beside transformers' GPT-2 of the same
size and weights, which must first give the same numbers; and how good the shipped one is.
"""

import warnings
from collections.abc import Callable
from importlib.metadata import version

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from bench.measure import Row, seconds
from gpt import world
from gpt.model import GPT, Config, initial, small
from gpt.train import grammatical_share, held_out_loss

# name -> the size, and the batch that goes through it
SIZES = {
    "": (small()[0].config, (32, 60)),  # a step of the course's own training
    "_nanogpt": (
        Config(50_304, 256, 4, 4, 128),
        (12, 64),
    ),  # its CPU recipe, larger vocabulary
    "_gpt2": (Config(50_257, 1024, 12, 12, 768), (1, 128)),
}


def run() -> list[Row]:
    rows = []
    for name, (config, shape) in SIZES.items():
        rows += measure(config, shape, name)
    return rows + shipped()


def measure(config: Config, shape: tuple[int, int], name: str) -> list[Row]:
    """Forward and training step of both, on random ids (B, T)."""
    weights = initial(config)
    theirs = peer(config, weights)
    ours = GPT(config, {name: weight.clone() for name, weight in weights.items()})
    ids = torch.randint(config.n_vocab, shape)
    with torch.no_grad():
        torch.testing.assert_close(ours(ids), theirs(ids).logits, rtol=1e-4, atol=1e-4)

    def forward(model: Callable) -> Callable[[], None]:
        def once():
            with torch.no_grad():
                model(ids)

        return once

    what = (
        f"transformers {version('transformers')}; {config.n_layer} layers, "
        f"{config.n_head} heads, {config.d_model} wide, {shape[0]} × {shape[1]} tokens"
    )
    rounds = 5 if config.d_model > 500 else 25
    steps = (
        step(ours.parameters(), lambda: ours.loss(ids[:, :-1], ids[:, 1:])),
        step([*theirs.parameters()], lambda: theirs(ids, labels=ids).loss),
    )
    for warm_up in (forward(ours), forward(theirs), *steps):
        warm_up()
    mine, peer_ = seconds(rounds, forward(ours), forward(theirs))
    my_step, peer_step = seconds(rounds, *steps)
    return [
        Row(f"forward_over_transformers{name}", mine / peer_, f"forward, {what}", 1),
        Row(f"step_over_transformers{name}", my_step / peer_step, f"step, {what}", 1),
    ]


def peer(config: Config, weights: dict[str, torch.Tensor]) -> GPT2LMHeadModel:
    """transformers' GPT-2 with the same weights, its own attention, and no dropout."""
    warnings.filterwarnings("ignore", message=".*loss_type.*")
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.n_vocab,
            n_positions=config.n_ctx,
            n_embd=config.d_model,
            n_layer=config.n_layer,
            n_head=config.n_head,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
    )
    model.transformer.load_state_dict(weights)
    return model


def step(parameters: list, loss: Callable[[], torch.Tensor]) -> Callable[[], None]:
    """A training step: loss, gradients, clipping, AdamW; the same for both."""
    optimizer = torch.optim.AdamW(parameters, lr=1e-5)

    def once():
        optimizer.zero_grad()
        loss().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return once


def shipped() -> list[Row]:
    """How far the shipped model is from the floor, and what its stories are worth."""
    model, tokenizer = small()
    floor = world.entropy(tokenizer).nats_per_token
    gap = held_out_loss(model, tokenizer, 4000) / floor - 1
    share = grammatical_share(model, tokenizer, 0.8, 200)
    return [
        Row("world_gap", gap, "the exact floor, on 4,000 held-out stories", 0.02),
        Row(
            "grammatical_share",
            share,
            "200 stories at temperature 0.8, judged by the world",
            at_least=0.95,
        ),
    ]
