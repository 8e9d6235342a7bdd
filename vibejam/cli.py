"""`vibejam ...`: the engine from a shell.

Every command prints progress to stderr and its result to stdout; with --json the last line of stdout is one JSON object.  Exit
status 0 is success, 2 bad input, told in one line on stderr.  Here are the flags; what each command does is in commands/.
"""

import argparse
import json
import sys
from typing import NoReturn

from vibejam import __version__
from vibejam.commands import labs, learning, outside, rewriting
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
    if result is not None:
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

    command("toy-test", learning.toy_test, "One forward pass of a tiny model: the shape of its logits, and its loss.")

    sub = command("prepare-data", learning.prepare_data, "Read a folder of writing into one clean text file.")
    sub.add_argument("--raw", required=True, metavar="DIR", help="The folder or file to read.")
    sub.add_argument("--out", required=True, metavar="FILE", help="Where the clean text goes.")

    sub = command("train-lm", learning.train_lm, "Learn a voice from writing.")
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="The writing to learn from.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder that will hold the run.")
    sub.add_argument("--val-path", metavar="FILE|DIR", help="Writing to measure on; else some documents are held out.")
    sub.add_argument("--base", choices=["none", "smollm2-135m"], default="none", help="The pretrained model to stand on.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    sub.add_argument("--resume", action="store_true", help="Go on with the run in --ckpt-path.")
    _settings(sub, DataConfig, ["tokenizer", "vocab_size"])
    _settings(sub, TrainConfig, ["minutes", "max_iters", "batch_size", "lr", "lora_rank", "seed"])
    sub.add_argument("--compile", action="store_const", const=True, help=help_for(TrainConfig, "compile"))
    _settings(sub, ModelConfig, ["arch", "n_layer", "n_head", "n_embd", "block_size", "dropout"])

    sub = command("evaluate", learning.evaluate, "How well a voice predicts a text, in bits per byte over the whole of it.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="The text to measure on.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")

    sub = command("sample-lm", learning.sample_lm, "Let a voice write on from a prompt.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--prompt", required=True, metavar="S", help="The words to go on from; may be empty.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, SampleConfig, ["max_new_tokens", "temperature", "top_k", "top_p", "min_p", "seed"])

    sub = command(
        "make-pairs", rewriting.make_pairs, "Write neutral drafts of passages of your writing, for a model to learn to undo."
    )
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="Your writing.")
    sub.add_argument("--out", required=True, metavar="FILE.jsonl", help="Where the pairs go; what is there already is kept.")
    sub.add_argument(
        "--method",
        required=True,
        choices=["corrupt", "local", "llm"],
        help="Who drafts: rules, the small model on this machine, or the endpoint that is set.",
    )
    sub.add_argument("--limit", type=int, metavar="N", help="Passages to draft; unless said, all by rules, 800 local, 170 llm.")
    _settings(sub, TrainConfig, ["seed"])

    sub = command(
        "train-rewrite-finetune", rewriting.train_rewrite_finetune, "Teach a voice to rewrite, from pairs of draft and rewrite."
    )
    sub.add_argument("--ckpt-path", required=True, metavar="DIR|smollm2-135m", help="The run, or the base, to go on from.")
    sub.add_argument("--pairs", required=True, metavar="FILE.jsonl", help='One {"draft": ..., "rewrite": ...} a line.')
    sub.add_argument("--out", required=True, metavar="DIR", help="The folder that will hold the new run.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, TrainConfig, ["minutes", "max_iters", "seed"])

    sub = command("rewrite-demo", rewriting.rewrite_demo, "Rewrite one draft, or a file of them.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    which = sub.add_mutually_exclusive_group(required=True)
    which.add_argument("--draft", metavar="S", help="The draft.")
    which.add_argument("--drafts", metavar="FILE.jsonl", help='One {"id": ..., "draft": ...} a line.')
    sub.add_argument("--out", metavar="FILE.jsonl", help="Where the rewrites go; required with --drafts.")
    sub.add_argument("--llm", choices=["openai"], help="Ask the endpoint that is set for versions too; drafts are sent to it.")
    sub.add_argument("--text-path", metavar="FILE|DIR", help="With --llm: your writing, of which it is shown a few passages.")
    sub.add_argument("--edits", metavar="FILE.jsonl", help="Drafts and what you made of them: what you always change is changed.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, RewriteConfig, ["candidates", "strength", "seed"])

    sub = command(
        "judge", rewriting.judge, "What rewrites did: meaning, facts, voice, fluency and change, beside draft and own words."
    )
    sub.add_argument("--drafts", required=True, metavar="FILE.jsonl", help='One {"id": ..., "draft": ..., "original": ...} a line.')
    sub.add_argument("--rewrites", required=True, metavar="FILE.jsonl", help='One {"id": ..., "rewrite": ...} a line.')
    sub.add_argument("--author", required=True, metavar="DIR", help="The person's writing; half of it stays unseen.")

    sub = command("compare", rewriting.compare, "Have a draft written and rewritten, and put both on one page.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--instruction", required=True, metavar="S", help="What the draft should be about.")
    sub.add_argument(
        "--llm", choices=["local", "openai"], help="Who writes the draft; unless said, an endpoint if one is set, else local."
    )
    sub.add_argument("--out", required=True, metavar="FILE.html", help="Where the page goes.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")
    _settings(sub, RewriteConfig, ["strength", "seed"])

    sub = command("fetch-base", outside.fetch, "Get a pretrained model to stand on; the one command that downloads.")
    sub.add_argument("name", metavar="smollm2-135m|minilm", help="Which one.")

    sub = command("export", outside.export, "Write a voice in a form that other programs load.")
    sub.add_argument("--ckpt-path", required=True, metavar="DIR", help="The folder of the run.")
    sub.add_argument("--format", required=True, choices=["hf", "gguf"], help="A Hugging Face folder, or one GGUF file.")
    sub.add_argument("--out", required=True, metavar="PATH", help="Where it goes.")

    sub = command("serve", outside.serve, "Answer other programs in the OpenAI chat protocol, until Ctrl-C.")
    sub.add_argument("--ckpt-path", metavar="DIR", help="The folder of the run; unless said, the newest one.")
    sub.add_argument("--host", default="127.0.0.1", help="The address to listen on; others can reach it if it is not this one.")
    sub.add_argument("--port", type=int, default=8000, help="The port to listen on.")

    sub = command("mcp", outside.mcp, "Offer rewriting as a tool to the MCP client that started this, over stdin and stdout.")
    sub.add_argument("--ckpt-path", metavar="DIR", help="The folder of the run; unless said, the newest one.")

    sub = command("labs", labs.labs, "Architectures side by side on one text, with equal parameters, tokens and minutes.")
    sub.add_argument("--text-path", required=True, metavar="FILE|DIR", help="The text they all learn.")
    sub.add_argument("--archs", default="transformer,gated-attention,mamba,xlstm", metavar="A,B", help="Which ones.")
    sub.add_argument("--minutes", type=float, default=3.0, metavar="F", help="Minutes of each run.")
    sub.add_argument("--seeds", type=int, default=3, metavar="N", help="How many times each run is done, for the spread.")
    sub.add_argument("--out", required=True, metavar="DIR", help="The folder for the table, the figures and every run's curve.")
    sub.add_argument("--device", help="cpu, cuda or mps; the best there is unless named.")

    sub = command("continual", labs.continual, "Ways to go on learning as dated writing arrives, and what each forgets.")
    sub.add_argument("--text-path", required=True, metavar="DIR", help="Writing with dates in its file names or front matter.")
    sub.add_argument("--periods", type=int, default=4, metavar="N", help="How many periods it is cut into.")
    sub.add_argument("--max-iters", type=int, default=300, metavar="N", help="Steps learnt a period.")
    sub.add_argument("--seeds", type=int, default=3, metavar="N", help="How many times all is done, for the spread.")
    sub.add_argument("--out", required=True, metavar="DIR", help="The folder for the table and every score.")

    sub = command("bench", outside.bench, "Measure how fast this machine writes and learns, against others in the same run.")
    figures = ["decode", "candidates", "rounding", "from-scratch", "load", "training", "dial"]
    sub.add_argument("--what", choices=figures, help="One figure; else all.")
    sub.add_argument("--text-path", metavar="FILE|DIR", help="What training and dial learn from; unless said, the sample writing.")
    sub.add_argument("--val-path", metavar="FILE|DIR", help="What is held out; unless said, the last tenth.")
    sub.add_argument("--minutes", type=float, metavar="F", help="Minutes that each learns; else nanoGPT's 2,000 steps, or 0.5.")
    sub.add_argument("--seeds", type=int, metavar="N", help="How often training's short runs are done (5), or the dial's (1).")
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


def _readable(result: dict[str, object]) -> str:
    def show(value: object) -> str:
        return f"{value:.4f}" if isinstance(value, float) else str(value)

    if isinstance(result.get("text"), str):
        return result["text"]
    return "\n".join(f"{name}: {show(value)}" for name, value in result.items())


if __name__ == "__main__":
    sys.exit(main())
