"""Commands that face other programs and machines: fetch-base, export, serve, bench."""

import argparse
from pathlib import Path

from vibejam.commands import say
from vibejam.errors import UserError


def fetch(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.fetch import fetch_base

    return dict(fetch_base(args.name, lambda what, share: say(f"{share:4.0%}  {what}")))


def export(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.export import export_gguf, export_hf

    write = {"hf": export_hf, "gguf": export_gguf}[args.format]
    write(Path(args.ckpt_path), Path(args.out))
    return {"format": args.format, "out": args.out}


def serve(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.local_writer import local_writer
    from vibejam.server import run_server
    from vibejam.workspace import Workspace

    folder = Path(args.ckpt_path) if args.ckpt_path else next(iter(Workspace().runs()), None)
    if folder is None:
        raise UserError("There is no trained voice yet; train one with `vibejam train-lm`, or name it with --ckpt-path.")
    writer = local_writer()
    run_server(folder, args.host, args.port, {writer.model: writer} if writer else {})
    return {"served": str(folder)}


def bench(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.bench import run

    return run(args.what, say)
