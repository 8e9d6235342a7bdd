"""Some rewrites beside their drafts and the person's own words, picked by a seed, as Markdown.

    python tests/examples.py --drafts F.jsonl --rewrites F.jsonl [--count 12 --seed 1]

The files are those of `rewrite-demo` and `judge`.  What the rewrite has and the draft has not is in bold.  EXAMPLES.md was made so.
Left out: choosing what looks well.
"""

import argparse
import json
import random
import re
from pathlib import Path

from vibejam.diff import word_diff


def rows(path: Path) -> dict[str, dict]:
    return {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def shown(draft: str, rewrite: str) -> str:
    """The rewrite with its own words in bold."""
    kept = [part for part in word_diff(draft, rewrite) if part.kind != "draft"]
    return "".join(re.sub(r"\S(?:.*\S)?", r"**\g<0>**", part.text) if part.kind == "rewrite" else part.text for part in kept)


def examples(drafts: Path, rewrites: Path, count: int, seed: int) -> str:
    given, made = rows(drafts), rows(rewrites)
    names = random.Random(seed).sample(sorted(given.keys() & made.keys()), count)
    lines = []
    for name in sorted(names):
        draft, rewrite = given[name]["draft"], made[name]["rewrite"]
        told = shown(draft, rewrite) if draft != rewrite else "*stays as it is*"
        lines += [f"**{name}**", "", f"> {draft}", "", told, ""]
        lines += [f"*In their own words:* {given[name]['original']}", ""] if "original" in given[name] else []
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Some rewrites beside their drafts, picked by a seed.")
    parser.add_argument("--drafts", type=Path, required=True)
    parser.add_argument("--rewrites", type=Path, required=True)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(examples(args.drafts, args.rewrites, args.count, args.seed))
