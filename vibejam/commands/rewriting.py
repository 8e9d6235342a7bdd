"""Commands around a rewrite: make-pairs, train-rewrite-finetune, rewrite-demo, judge, compare."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from vibejam.commands import given, say, say_event, stop_on_signals
from vibejam.config import RewriteConfig
from vibejam.errors import UserError

if TYPE_CHECKING:
    from vibejam.rewrite.asking import LLMProposer


def make_pairs(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.corpus import load_corpus
    from vibejam.drafts import endpoint_from_environment
    from vibejam.rewrite import making

    seed, stop = 1 if args.seed is None else args.seed, stop_on_signals()
    if args.method == "corrupt":
        drafter, limit, batch = making.by_rules(seed), None, 500
    elif args.method == "local":
        drafter, limit, batch = making.by_neutraliser(seed), 800, 32
    else:
        writer = endpoint_from_environment()
        if writer is None:
            raise UserError("No endpoint to write drafts; set VIBEJAM_LLM_MODEL with OPENAI_API_KEY or OPENAI_BASE_URL.")
        drafter, limit, batch = making.by_writer(writer, lambda: bool(stop)), 170, making.AT_ONCE
    passages = making.passages_of([document.text for document in load_corpus(args.text_path).documents], seed)
    passages = passages[: limit if args.limit is None else args.limit]
    if args.method == "llm":
        words = sum(len(passage.split()) for passage in passages)
        say(f"Sending {len(passages)} passages of your writing, {words:,} words, to {writer.destination}; Ctrl-C stops.")
    for made in making.make_pairs(passages, args.method, drafter, Path(args.out), batch):
        say(f"{made.done} of {made.of} passages, {made.pairs} pairs, {made.rejected} rejected")
        if stop:
            say("Stopping; what is done is kept, and the same command goes on from here.")
            break
    return {"pairs": made.pairs, "rejected": made.rejected}


def train_rewrite_finetune(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.checkpoint import read_json
    from vibejam.rewrite.finetune import finetune
    from vibejam.rewrite.pairs import read_pairs

    folder, stop = Path(args.out), stop_on_signals()
    settings = given(args, "minutes", "max_iters", "seed", "device")
    events = finetune(args.ckpt_path, read_pairs(args.pairs), folder, **settings)
    for event in events:
        if event.val_loss is not None or event.note:
            say_event(event)
        if stop:
            say("Stopping; the best so far is kept.")
            events.close()
            break
    run = read_json(folder / "run.json")
    return {
        "pairs": run["pairs"]["pairs"],
        "loss": run["pairs"]["loss_after"],
        "loss_before": run["pairs"]["loss_before"],
        "seconds": run["figures"]["seconds"],
        "ckpt_path": str(folder),
    }


def rewrite_demo(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.engine import StyleEngine
    from vibejam.figures import measured_rewrite
    from vibejam.files import write_text
    from vibejam.rewrite.pairs import read_pairs

    if args.drafts and not args.out:
        raise UserError("Say where the rewrites go: add --out FILE.jsonl.")
    drafts = _read_drafts(Path(args.drafts)) if args.drafts else [{"id": "1", "draft": args.draft}]
    if not args.drafts and not args.draft.strip():
        raise UserError("There is nothing to rewrite; give a draft of at least one sentence.")
    engine = StyleEngine(args.ckpt_path, device=args.device)
    config = RewriteConfig(**given(args, "candidates", "strength", "seed"))
    also = _llm_proposers(args)
    edits = read_pairs(args.edits) if args.edits else ()
    lines, stop = [], stop_on_signals()
    for number, row in enumerate(drafts, 1):
        line = measured_rewrite(engine, row["draft"], config, lambda: bool(stop), also, edits)
        if stop:
            say("Stopping; the rewrites that are done are kept.")
            break
        lines.append({"id": row["id"], **line})
        say(f"{number} of {len(drafts)}")
        if "note" in line:
            say(line["note"])
        if args.out:
            write_text(args.out, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    if not args.drafts:
        return lines[0] if lines else {}
    return {
        "drafts": len(lines),
        "kept_as_is": sum(line["kept_as_is"] for line in lines),
        "seconds": round(sum(line["seconds"] for line in lines), 3),
        "out": args.out,
    }


def judge(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.judge import as_table, judge_files

    report = judge_files(Path(args.drafts), Path(args.rewrites), Path(args.author), say)
    return report if args.json else {"text": as_table(report)}


def compare(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.compare_page import render
    from vibejam.drafts import endpoint_from_environment
    from vibejam.engine import StyleEngine
    from vibejam.figures import figures_in_words
    from vibejam.files import write_text
    from vibejam.local_writer import LocalWriter

    writer = endpoint_from_environment() if args.llm != "local" else None
    if writer is None and args.llm == "openai":
        raise UserError("No endpoint to write the draft; set VIBEJAM_LLM_MODEL with OPENAI_API_KEY or OPENAI_BASE_URL.")
    writer = writer or LocalWriter(args.device, args.seed)
    engine = StyleEngine(args.ckpt_path, writer, args.device)
    if writer.destination:
        say(f"Sending the instruction to {writer.destination}.")
    pair = engine.compare(args.instruction, RewriteConfig(**given(args, "strength", "seed")))
    write_text(args.out, render(pair, figures_in_words(engine, pair)))
    return {
        "draft": pair.draft.text,
        "rewrite": pair.rewrite.text,
        "draft_model": pair.draft_model,
        "rewrite_model": pair.rewrite_model,
        "out": args.out,
    }


def _llm_proposers(args: argparse.Namespace) -> list["LLMProposer"]:
    """The endpoint as a proposer where --llm asks for it, after saying what goes where; else nobody."""
    if not args.llm:
        if args.text_path:
            raise UserError("Passages of your writing are shown to an LLM alone; add --llm openai, or leave --text-path out.")
        return []
    from vibejam.corpus import load_corpus
    from vibejam.drafts import endpoint_from_environment
    from vibejam.rewrite.asking import SHOWN, LLMProposer, passages_to_show

    if not args.text_path:
        raise UserError("Say where your writing is, of which the LLM is shown some passages: add --text-path DIR.")
    writer = endpoint_from_environment()
    if writer is None:
        raise UserError("No endpoint to ask; set VIBEJAM_LLM_MODEL with OPENAI_API_KEY or OPENAI_BASE_URL.")
    passages = passages_to_show([document.text for document in load_corpus(args.text_path).documents])
    what = f"each draft, with up to {SHOWN} passages of your writing,"
    say(f"Sending {what} to {writer.destination}, where {writer.model} answers; Ctrl-C stops.")
    return [LLMProposer(writer, passages)]


def _read_drafts(path: Path) -> list[dict[str, str]]:
    """Rows with an id and a draft.  Raises UserError naming the first line that is neither."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read; give a UTF-8 file with one JSON object a line.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.append({"id": str(row.get("id", number)), "draft": row["draft"] + ""})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f'Line {number} of {path} is not an object with a "draft"; correct it and try again.') from error
    if not rows:
        raise UserError(f"There are no drafts in {path}; give one JSON object a line.")
    return rows
