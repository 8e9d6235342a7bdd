"""Commands from a folder of writing to a voice that writes on: toy-test, prepare-data, train-lm, evaluate, sample-lm."""

import argparse
import sys
from pathlib import Path

from vibejam.commands import given, say, say_event, stop_on_signals
from vibejam.config import DataConfig, SampleConfig


def toy_test(args: argparse.Namespace) -> dict[str, object]:
    import torch

    from vibejam.model import build_model

    torch.manual_seed(0)
    model = build_model(vocab_size=65, block_size=32, n_layer=2, n_head=2, n_embd=32)
    idx = torch.randint(65, (2, 33))
    logits, loss = model(idx[:, :-1], idx[:, 1:])
    return {"logits_shape": list(logits.shape), "loss": loss.item(), "parameters": model.parameter_count()}


def prepare_data(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.corpus import load_corpus, save_corpus

    corpus = load_corpus(args.raw)
    save_corpus(corpus, args.out)
    for skipped in corpus.skipped:
        say(f"skipped {skipped.source}: {skipped.reason}")
    for document in corpus.documents:
        for warning in document.warnings:
            say(f"{document.source}: {warning}")
    return {
        "documents": len(corpus.documents),
        "skipped": [{"file": s.source, "reason": s.reason} for s in corpus.skipped],
        "duplicates": len(corpus.duplicates),
        "characters": corpus.characters,
        "words": corpus.words,
    }


def train_lm(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.checkpoint import read_json
    from vibejam.corpus import load_corpus
    from vibejam.learn import learn, resumed_recipe
    from vibejam.parallel import is_first
    from vibejam.recipe import foretell, plan_run

    corpus = load_corpus(args.text_path)
    held = load_corpus(args.val_path) if args.val_path else None
    folder = Path(args.ckpt_path)
    if args.resume and (folder / "run.json").is_file():
        recipe = resumed_recipe(folder, given(args, "minutes", "max_iters"), given(args, "batch_size", "lr", "compile"))
    else:
        recipe = plan_run(
            corpus.characters,
            args.minutes or 0.0,
            args.max_iters or 0,
            shape=given(args, "arch", "n_layer", "n_head", "n_embd", "block_size", "dropout"),
            train=given(args, "batch_size", "lr", "lora_rank", "seed", "compile"),
            base=args.base,
            data=DataConfig(**given(args, "tokenizer", "vocab_size")),
        )
        if recipe.base == "none" and is_first():
            say(foretell(recipe, corpus.characters, args.device).sentence)
    stop, told = stop_on_signals(), None
    events = learn(corpus, folder, recipe, held=held, device=args.device, resume=args.resume)
    if not is_first():  # one of several processes that learn together: the first one speaks for all
        for _ in events:
            if stop:
                events.close()
        sys.exit(0)
    for event in events:
        if told is None:
            told = read_json(folder / "run.json")["notes"]
            say("\n".join(told))
        if event.sample is not None or event.note:
            say_event(event)
        if stop:
            say("Stopping; what is done is kept, and --resume goes on from here.")
            events.close()
            break
    run = read_json(folder / "run.json")
    return {**run["figures"], "parameters": run["parameters"], "ckpt_path": str(folder)}


def evaluate(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.checkpoint import load_model
    from vibejam.corpus import load_corpus
    from vibejam.evaluate import score_texts
    from vibejam.runtime import pick_device

    model, tokenizer = load_model(args.ckpt_path, pick_device(args.device))
    score = score_texts(model, tokenizer, [d.text for d in load_corpus(args.text_path).documents])
    return {"loss": score.loss, "bits_per_byte": score.bits_per_byte, "bytes": score.bytes, "tokens": score.tokens}


def sample_lm(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.engine import StyleEngine

    config = SampleConfig(**given(args, "max_new_tokens", "temperature", "top_k", "top_p", "min_p", "seed"))
    sampled = StyleEngine(args.ckpt_path, device=args.device).sample(args.prompt, config)
    return vars(sampled)
