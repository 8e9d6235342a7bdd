"""Commands that face other programs and machines: fetch-base, export, serve, mcp, bench."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vibejam.commands import given, say
from vibejam.errors import UserError

if TYPE_CHECKING:
    from vibejam.rewrite.pairs import Pair


def fetch(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.fetch import fetch_base

    return dict(fetch_base(args.name, lambda what, share: say(f"{share:4.0%}  {what}")))


def export(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.export import export_gguf, export_hf, left_behind

    write = {"hf": export_hf, "gguf": export_gguf}[args.format]
    write(Path(args.ckpt_path), Path(args.out))
    if behind := left_behind(args.ckpt_path):
        say(behind)
    return {"format": args.format, "out": args.out}


def serve(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.local_writer import local_writer
    from vibejam.server import run_server

    folder = _voice(args)
    writer = local_writer()
    run_server(folder, args.host, args.port, {writer.model: writer} if writer else {}, _decided)
    return {"served": str(folder)}


def mcp(args: argparse.Namespace) -> None:
    from vibejam.engine import StyleEngine
    from vibejam.mcp_server import build_server

    build_server(StyleEngine(_voice(args)), _decided).run("stdio")  # stdout is the client's: nothing else is printed there


def _voice(args: argparse.Namespace) -> Path:
    """The run that was named, or the newest one."""
    from vibejam.workspace import Workspace

    folder = Path(args.ckpt_path) if args.ckpt_path else next(iter(Workspace().runs()), None)
    if folder is None:
        raise UserError("There is no trained voice yet; train one with `vibejam train-lm`, or name it with --ckpt-path.")
    return folder


def _decided() -> "list[Pair]":
    """What was decided in the app about earlier rewrites, as of now."""
    from vibejam.rewrite.decisions import decisions
    from vibejam.workspace import Workspace

    return decisions(Workspace().decisions_file)


def bench(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.bench import run

    if (args.seeds is not None and args.seeds < 1) or (args.minutes is not None and not 0 < args.minutes < float("inf")):
        raise UserError("Learning is measured with at least one seed, and minutes above 0.")
    return run(args.what, say, given(args, "text_path", "val_path", "minutes", "seeds") if args.text_path else None)
