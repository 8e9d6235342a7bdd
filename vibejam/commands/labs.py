"""The laboratory's commands: labs, continual."""

import argparse
from pathlib import Path

from vibejam.commands import say, stop_on_signals
from vibejam.config import TrainConfig
from vibejam.errors import UserError

CONTINUAL_SHAPE = {"n_layer": 3, "n_head": 2, "n_embd": 96, "block_size": 64}  # small: there are many models to train


def labs(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.corpus import load_corpus
    from vibejam.labs.harness import compare
    from vibejam.labs.report import save, table
    from vibejam.labs.watched import RESULTS, read_comparison

    archs = [name.strip() for name in args.archs.split(",") if name.strip()]
    folder, stop = Path(args.out), stop_on_signals()
    known = read_comparison(folder) if (folder / RESULTS).exists() else None
    corpus = load_corpus(args.text_path)
    going = dict(device=args.device, known=known, say=say, stop=lambda: bool(stop))
    for known in compare(corpus, archs, args.minutes, args.seeds, **going):
        save(known, folder)
    if stop:
        say("Stopped; what was finished is kept, and the same command goes on from there.")
    return {"out": str(folder), **known.plain()} if args.json else {"text": table(known)}


def continual(args: argparse.Namespace) -> dict[str, object]:
    from dataclasses import asdict

    from vibejam.files import write_json, write_text
    from vibejam.labs.continual import METHODS, compare_methods, in_periods, table

    folder, stop, courses = Path(args.out), stop_on_signals(), []
    if (folder / "continual.json").exists():
        raise UserError(f"{folder} already holds a comparison; delete it, or choose another folder.")
    periods = in_periods(args.text_path, args.periods)
    config = TrainConfig(max_iters=args.max_iters)
    for courses in compare_methods(periods, METHODS, CONTINUAL_SHAPE, config, args.seeds, say):
        spans = [[period.first, period.last] for period in periods]
        write_json(folder / "continual.json", {"periods": spans, "courses": [asdict(course) for course in courses]})
        write_text(folder / "continual.md", table(courses, periods))
        if stop:
            say("Stopped; what was finished is kept.")
            break
    if args.json:
        return {"out": str(folder), "courses": [asdict(course) for course in courses]}
    return {"text": table(courses, periods)}
