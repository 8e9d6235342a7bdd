"""The laboratory's commands: labs."""

import argparse
from pathlib import Path

from vibejam.commands import say, stop_on_signals
from vibejam.errors import UserError


def labs(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.corpus import load_corpus
    from vibejam.labs.harness import compare
    from vibejam.labs.report import save, table

    archs = [name.strip() for name in args.archs.split(",") if name.strip()]
    folder, stop = Path(args.out), stop_on_signals()
    if (folder / "results.json").exists():
        raise UserError(f"{folder} already holds a comparison; delete it, or choose another folder.")
    corpus = load_corpus(args.text_path)
    for known in compare(corpus, archs, args.minutes, args.seeds, device=args.device, say=say, stop=lambda: bool(stop)):
        save(known, folder)
    if stop:
        say("Stopped; what was finished is kept.")
    return {"out": str(folder), **known.plain()} if args.json else {"text": table(known)}
