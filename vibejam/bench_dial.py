"""`vibejam bench --what dial`: whether a run that nobody set is as good as one set by hand, and lasts as long as foretold.

On one text, in the same seconds of one thread, each kind of model learns as planned and then with one setting changed.  The best of
those set by hand is chosen by the held-out text itself, which is in its favour.  Left out: two changes at once.
"""

import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vibejam.bench_training import SAMPLE, Figure, Texts, learn, plan, read
from vibejam.config import DataConfig
from vibejam.decoder import one_thread
from vibejam.recipe import FIRST_TURN, Recipe, foretell
from vibejam.tokenizer import vocab_size_for

KINDS = "transformer", "tuned"  # the first is what is planned without a knob


def dial(
    text_path: Path | str = SAMPLE,
    val_path: Path | str | None = None,
    minutes: float = 0.5,
    seeds: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> Figure:
    """For each kind of model the bits per byte as planned and by hand, the best of either, and how long it took beside what was
    foretold.  Raises UserError where there is too little text."""
    texts = read(Path(text_path), Path(val_path) if val_path else None)
    found: dict[str, dict[str, float]] = {}
    with one_thread():
        for arch in KINDS:
            found[arch] = {}
            for name, by_hand in _by_hand(texts, minutes * 60, arch):
                bits = [learn(texts, by_hand(seed))["bits_per_byte"] for seed in range(1, seeds + 1)]
                found[arch][name] = round(statistics.mean(bits), 4)
                say(f"{arch}, {name}: {found[arch][name]:.3f} bits per byte")
        took = _foretold(texts, plan(texts, minutes * 60, 1, {"arch": KINDS[0]}))
    best = {arch: min(runs.values()) for arch, runs in found.items()}
    return {
        "text": {"learnt": sum(map(len, texts.learnt)), "held_out": texts.held_characters},
        "minutes": minutes,
        "seeds": seeds,
        "bits_per_byte": found,
        "planned_beside_the_best_of_its_kind": {arch: round(runs["as planned"] / best[arch], 3) for arch, runs in found.items()},
        "planned_without_a_knob_beside_the_best": round(found[KINDS[0]]["as planned"] / min(best.values()), 3),
        "seconds": took,
    }


def _by_hand(texts: Texts, seconds: float, arch: str) -> list[tuple[str, Callable[[int], Recipe]]]:
    """What is planned, and what somebody might set in its place: a name, and the recipe with a seed."""
    planned = plan(texts, seconds, 1, {"arch": arch})
    shape = planned.shape
    passages = 24 - planned.train.batch_size  # 8 for 16, 16 for 8
    vocabulary = vocab_size_for(sum(map(len, texts.learnt)))
    changes: dict[str, tuple[dict, dict, DataConfig]] = {
        "as planned": ({}, {}, DataConfig()),
        f"{6 - shape['n_layer']} blocks": ({"n_layer": 6 - shape["n_layer"]}, {}, DataConfig()),  # 2 for 4, 4 for 2
        "width 192": ({"n_embd": 192, "n_head": 3}, {}, DataConfig()),
        f"{passages} passages a step": ({}, {"batch_size": passages}, DataConfig()),
        "half the rate": ({}, {"lr": planned.train.lr / 2, "muon_lr": planned.train.muon_lr / 2}, DataConfig()),
        "more dropped": ({"dropout": shape["dropout"] + 0.1}, {}, DataConfig()),
        "half the vocabulary": ({}, {}, DataConfig(tokenizer="bpe", vocab_size=max(300, vocabulary // 2))),
        "characters": ({}, {}, DataConfig(tokenizer="char")),
    }
    if planned.train.first_turn:
        changes["in one turn"] = ({}, {"first_turn": 0.0}, DataConfig())
    else:
        changes["in two turns"] = ({}, {"first_turn": FIRST_TURN}, DataConfig())
    if arch == "tuned":
        more = {"gram_dropout": 1 - (1 - shape["gram_dropout"]) / 2}
        changes["more n-grams passed over"] = (more, {}, DataConfig())

    def with_seed(change: tuple[dict, dict, DataConfig]) -> Callable[[int], Recipe]:
        shape, train, data = change
        return lambda seed: plan(texts, seconds, seed, {"arch": arch} | shape, train, data)

    return [(name, with_seed(change)) for name, change in changes.items()]


def _foretold(texts: Texts, planned: Recipe) -> Figure:
    """How long a number of steps takes, beside what is said before it begins."""
    steps = learn(texts, planned)["steps"]
    recipe = replace(planned, train=replace(planned.train, minutes=0.0, max_iters=steps))
    told = foretell(recipe, sum(map(len, texts.learnt)), "cpu").seconds
    took = learn(texts, recipe)["seconds"]
    return {"foretold": round(told, 1), "took": round(took, 1), "ratio": round(told / took, 2)}
