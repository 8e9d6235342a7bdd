"""`vibejam ...`: the engine from a shell.

Every command prints progress to stderr and its result to stdout; with --json the last line of stdout is one JSON object.  Exit
status 0 is success, 2 bad input, told in one line on stderr.  Nothing here computes: each command reads its arguments, calls the
engine and prints what comes back.
"""

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import NoReturn

from vibejam import __version__
from vibejam.config import DataConfig, ModelConfig, RewriteConfig, SampleConfig, TrainConfig, help_for
from vibejam.errors import UserError


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"vibejam: {message}; see `{self.prog} --help`.\n")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = build_parser().parse_args(argv)
    try:
        result = args.run(args)
    except UserError as error:
        print(f"vibejam: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone
        return 0
    print(json.dumps(result, ensure_ascii=False) if args.json else _readable(result), flush=True)
    return 0


def build_parser() -> Parser:
    parser = Parser(prog="vibejam", description="Learns how you write, and rewrites a machine's draft in your voice.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run, sentence: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=sentence, description=sentence)
        sub.set_defaults(run=run)
        sub.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")
        return sub

    command("toy-test", toy_test, "One forward pass of a tiny model: the shape of its logits, and its loss.")

    sub = command("prepare-data", prepare_data, "Read a folder of writing into one clean text file.")
    sub.add_argument("--raw", required=True, metavar="DIR", help="The folder or file to read.")
    sub.add_argument("--out", required=True, metavar="FILE", help="Where the clean text goes.")

    sub = command("train-lm", train_lm, "Learn a voice from writing.")
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="The writing to learn from.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder that will hold the run.")
    sub.add_argument("--val-path", metavar="FILE|DIR", help="Writing to measure on; else some documents are held out.")
    sub.add_argument("--base", choices=["none", "smollm2-135m"], default="none", help="The pretrained model to stand on.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    sub.add_argument("--resume", action="store_true", help="Go on with the run in --ckpt-path.")
    _settings(sub, DataConfig, ["tokenizer", "vocab_size"])
    _settings(sub, TrainConfig, ["minutes", "max_iters", "batch_size", "lr", "lora_rank", "seed"])
    _settings(sub, ModelConfig, ["arch", "n_layer", "n_head", "n_embd", "block_size", "dropout"])

    sub = command("evaluate", evaluate, "How well a voice predicts a text, in bits per byte over the whole of it.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="The text to measure on.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")

    sub = command("sample-lm", sample_lm, "Let a voice write on from a prompt.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--prompt", required=True, metavar="S", help="The words to go on from; may be empty.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, SampleConfig, ["max_new_tokens", "temperature", "top_k", "top_p", "min_p", "seed"])

    sub = command("make-pairs", make_pairs, "Write neutral drafts of passages of your writing, for a model to learn to undo.")
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="Your writing.")
    sub.add_argument("--out", required=True, metavar="FILE.jsonl", help="Where the pairs go; what is there already is kept.")
    sub.add_argument(
        "--method",
        required=True,
        choices=["corrupt", "local", "llm"],
        help="Who drafts: rules, the small model on this machine, or the endpoint that is set.",
    )
    sub.add_argument("--limit", type=int, metavar="N", help="Passages to draft; unless said, all by rules, 400 local, 170 llm.")
    _settings(sub, TrainConfig, ["seed"])

    sub = command("train-rewrite-finetune", train_rewrite_finetune, "Teach a voice to rewrite, from pairs of draft and rewrite.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR|smollm2-135m", help="The run, or the base, to go on from.")
    sub.add_argument("--pairs", required=True, metavar="FILE.jsonl", help='One {"draft": ..., "rewrite": ...} a line.')
    sub.add_argument("--out", required=True, metavar="DIR", help="The folder that will hold the new run.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, TrainConfig, ["minutes", "max_iters", "seed"])

    sub = command("rewrite-demo", rewrite_demo, "Rewrite one draft, or a file of them.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    which = sub.add_mutually_exclusive_group(required=True)
    which.add_argument("--draft", metavar="S", help="The draft.")
    which.add_argument("--drafts", metavar="FILE.jsonl", help='One {"id": ..., "draft": ...} a line.')
    sub.add_argument("--out", metavar="FILE.jsonl", help="Where the rewrites go; required with --drafts.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, RewriteConfig, ["candidates", "strength", "seed"])

    sub = command("judge", judge, "What rewrites did: meaning, facts, voice, fluency and change, beside draft and own words.")
    sub.add_argument("--drafts", required=True, metavar="FILE.jsonl", help='One {"id": ..., "draft": ..., "original": ...} a line.')
    sub.add_argument("--rewrites", required=True, metavar="FILE.jsonl", help='One {"id": ..., "rewrite": ...} a line.')
    sub.add_argument("--author", required=True, metavar="DIR", help="The person's writing; half of it stays unseen.")

    sub = command("compare", compare, "Have a draft written and rewritten, and put both on one page.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--instruction", required=True, metavar="S", help="What the draft should be about.")
    sub.add_argument(
        "--llm", choices=["local", "openai"], help="Who writes the draft; unless said, an endpoint if one is set, else local."
    )
    sub.add_argument("--out", required=True, metavar="FILE.html", help="Where the page goes.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, RewriteConfig, ["strength", "seed"])

    sub = command("fetch-base", fetch, "Get a pretrained model to stand on; the one command that downloads.")
    sub.add_argument("name", metavar="smollm2-135m|minilm", help="Which one.")

    sub = command("export", export, "Write a voice in a form that other programs load.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--format", required=True, choices=["hf", "gguf"], help="A Hugging Face folder, or one GGUF file.")
    sub.add_argument("--out", required=True, metavar="PATH", help="Where it goes.")

    sub = command("serve", serve, "Answer other programs in the OpenAI chat protocol, until Ctrl-C.")
    sub.add_argument("--ckpt-path", metavar="DIR", help="The folder of the run; unless said, the newest one.")
    sub.add_argument("--host", default="127.0.0.1", help="The address to listen on; others can reach it if it is not this one.")
    sub.add_argument("--port", type=int, default=8000, help="The port to listen on.")

    sub = command("bench", bench, "Measure how fast this machine writes, as ratios against others in the same run.")
    sub.add_argument("--what", choices=["decode", "candidates", "rounding", "from-scratch", "load"], help="One figure; else all.")
    return parser


def _settings(parser: argparse.ArgumentParser, config: type, names: list[str]) -> None:
    """One flag a field, with the field's own sentence; what is not given stays None."""
    kinds = {"tokenizer": str, "arch": str, "minutes": float, "lr": float, "dropout": float, "temperature": float,
             "top_p": float, "min_p": float, "strength": float}  # fmt: skip
    choices = {"tokenizer": ["auto", "char", "bpe"]}
    for name in names:
        parser.add_argument(
            "--" + name.replace("_", "-"),
            type=kinds.get(name, int),
            choices=choices.get(name),
            metavar=None if name in choices else "N" if kinds.get(name, int) is int else "F",
            help=help_for(config, name).replace("%", "%%"),
        )


def _given(args: argparse.Namespace, *names: str) -> dict[str, object]:
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


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
        _say(f"skipped {skipped.source}: {skipped.reason}")
    for document in corpus.documents:
        for warning in document.warnings:
            _say(f"{document.source}: {warning}")
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
    from vibejam.learn import learn
    from vibejam.recipe import plan_run

    corpus = load_corpus(args.text_path)
    held = load_corpus(args.val_path) if args.val_path else None
    recipe = plan_run(
        corpus.characters,
        args.minutes or 0.0,
        args.max_iters or 0,
        shape=_given(args, "arch", "n_layer", "n_head", "n_embd", "block_size", "dropout"),
        train=_given(args, "batch_size", "lr", "lora_rank", "seed"),
        base=args.base,
        data=DataConfig(**_given(args, "tokenizer", "vocab_size")),
    )
    folder = Path(args.ckpt_path)
    stop, told = _stop_on_signals(), None
    events = learn(corpus, folder, recipe, held=held, device=args.device, resume=args.resume)
    for event in events:
        if told is None:
            told = read_json(folder / "run.json")["notes"]
            _say("\n".join(told))
        if event.sample is not None or event.note:
            _say_event(event)
        if stop:
            _say("Stopping; what is done is kept, and --resume goes on from here.")
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

    config = SampleConfig(**_given(args, "max_new_tokens", "temperature", "top_k", "top_p", "min_p", "seed"))
    sampled = StyleEngine(args.ckpt_path, device=args.device).sample(args.prompt, config)
    return vars(sampled)


def make_pairs(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.corpus import load_corpus
    from vibejam.drafts import endpoint_from_environment
    from vibejam.rewrite import making

    seed, stop = 1 if args.seed is None else args.seed, _stop_on_signals()
    if args.method == "corrupt":
        drafter, limit, batch = making.by_rules(seed), None, 500
    elif args.method == "local":
        drafter, limit, batch = making.by_neutraliser(seed), 400, 32
    else:
        writer = endpoint_from_environment()
        if writer is None:
            raise UserError("No endpoint to write drafts; set VIBEJAM_LLM_MODEL with OPENAI_API_KEY or OPENAI_BASE_URL.")
        drafter, limit, batch = making.by_writer(writer, lambda: bool(stop)), 170, making.AT_ONCE
    passages = making.passages_of([document.text for document in load_corpus(args.text_path).documents], seed)
    passages = passages[: limit if args.limit is None else args.limit]
    if args.method == "llm":
        words = sum(len(passage.split()) for passage in passages)
        _say(f"Sending {len(passages)} passages of your writing, {words:,} words, to {writer.destination}; Ctrl-C stops.")
    for made in making.make_pairs(passages, args.method, drafter, Path(args.out), batch):
        _say(f"{made.done} of {made.of} passages, {made.pairs} pairs, {made.rejected} rejected")
        if stop:
            _say("Stopping; what is done is kept, and the same command goes on from here.")
            break
    return {"pairs": made.pairs, "rejected": made.rejected}


def train_rewrite_finetune(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.checkpoint import read_json
    from vibejam.rewrite.finetune import finetune
    from vibejam.rewrite.pairs import read_pairs

    folder, stop = Path(args.out), _stop_on_signals()
    given = _given(args, "minutes", "max_iters", "seed", "device")
    events = finetune(args.ckpt_path, read_pairs(args.pairs), folder, **given)
    for event in events:
        if event.val_loss is not None or event.note:
            _say_event(event)
        if stop:
            _say("Stopping; the best so far is kept.")
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

    if args.drafts and not args.out:
        raise UserError("Say where the rewrites go: add --out FILE.jsonl.")
    drafts = _read_drafts(Path(args.drafts)) if args.drafts else [{"id": "1", "draft": args.draft}]
    if not args.drafts and not args.draft.strip():
        raise UserError("There is nothing to rewrite; give a draft of at least one sentence.")
    engine = StyleEngine(args.ckpt_path, device=args.device)
    config = RewriteConfig(**_given(args, "candidates", "strength", "seed"))
    lines = []
    for number, row in enumerate(drafts, 1):
        lines.append({"id": row["id"], **measured_rewrite(engine, row["draft"], config)})
        _say(f"{number} of {len(drafts)}")
        if args.out:
            write_text(args.out, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    if not args.drafts:
        return lines[0]
    return {
        "drafts": len(lines),
        "kept_as_is": sum(line["kept_as_is"] for line in lines),
        "seconds": round(sum(line["seconds"] for line in lines), 3),
        "out": args.out,
    }


def judge(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.judge import as_table, judge_files

    report = judge_files(Path(args.drafts), Path(args.rewrites), Path(args.author), _say)
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
        _say(f"Sending the instruction to {writer.destination}.")
    pair = engine.compare(args.instruction, RewriteConfig(**_given(args, "strength", "seed")))
    write_text(args.out, render(pair, figures_in_words(engine, pair)))
    return {
        "draft": pair.draft.text,
        "rewrite": pair.rewrite.text,
        "draft_model": pair.draft_model,
        "rewrite_model": pair.rewrite_model,
        "out": args.out,
    }


def fetch(args: argparse.Namespace) -> dict[str, object]:
    from vibejam.fetch import fetch_base

    return dict(fetch_base(args.name, lambda what, share: _say(f"{share:4.0%}  {what}")))


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

    return run(args.what, _say)


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


def _stop_on_signals() -> list[bool]:
    """A list that fills at Ctrl-C or a request to end: the step at work is finished and saved, not torn."""
    stop: list[bool] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.append(True))
    return stop


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say_event(event) -> None:
    held = f", held-out {event.val_bits_per_byte:.3f} bits per byte" if event.val_bits_per_byte is not None else ""
    star = " *" if event.best else ""
    _say(
        f"{event.progress:4.0%}  step {event.iteration}: loss {event.train_loss:.3f}{held}{star}  "
        f"({event.tokens_per_second:,.0f} tokens/s)"
    )
    if event.note:
        _say(event.note)


def _readable(result: dict[str, object]) -> str:
    def show(value: object) -> str:
        return f"{value:.4f}" if isinstance(value, float) else str(value)

    if isinstance(result.get("text"), str):
        return result["text"]
    return "\n".join(f"{name}: {show(value)}" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main())
