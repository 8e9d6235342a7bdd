"""How near a taught model's rewrites of whole lines come to another's, by BLEU: for parallel texts with published figures.

    python tests/by_beam.py --ckpt-path RUN --drafts dev.bbe.txt --rewrites dev.asv.txt [--beams 4] [--every 3]

Lines of the two files belong together.  Each draft is rewritten whole, with nothing refused, by beam search (1 beam: greedily) on
log probability a token.  BLEU is cased and untokenized, as in https://doi.org/10.1098/rsos.171920; `pip install sacrebleu` first.
Left out: the guards and the person's manner, which `vibejam rewrite-demo` has.
"""

import argparse
import random
import sys
from pathlib import Path

import torch
from sacrebleu.metrics import BLEU
from torch.nn.functional import log_softmax

from vibejam.checkpoint import load_model
from vibejam.decoder import Decoder, packed
from vibejam.rewrite.pairs import PROMPT
from vibejam.tokenizer import Tokenizer

RESAMPLINGS = 300
bleu = BLEU(lowercase=False, tokenize="none", smooth_method="none", force=True)


@torch.inference_mode()
def rewritten(decoder: Decoder, tokenizer: Tokenizer, draft: str, beams: int) -> str:
    """The likeliest rewrite, by log probability a token, of those that `beams` unfinished ones at a time come to."""
    prompt = [tokenizer.doc_end, *tokenizer.encode(PROMPT.format(draft=draft))]
    longest = 2 * len(tokenizer.encode(draft)) + 12
    memory, logits = decoder.read(prompt, longest)
    memory = memory.fork(1)
    open_: list[tuple[list[int], float]] = [([], 0.0)]  # ids, and their log probability
    ended: list[tuple[float, list[int]]] = []
    for length in range(1, longest + 1):
        scores = torch.tensor([score for _, score in open_])[:, None] + log_softmax(logits.float(), -1)  # (B, V)
        best, places = scores.flatten().topk(2 * beams)
        grown, rows = [], []
        for score, place in zip(best.tolist(), places.tolist(), strict=True):
            row, token = divmod(place, scores.shape[1])
            if len(grown) == beams:
                break
            if token == tokenizer.doc_end:
                ended.append((score / length, open_[row][0]))
                if beams == 1:
                    break
            else:
                grown.append(([*open_[row][0], token], score))
                rows.append(row)
        if not grown or len(ended) >= beams:
            break
        open_ = grown
        memory.keep(rows)
        logits = decoder.step(torch.tensor([ids[-1] for ids, _ in open_]), memory)  # (B, V)
    return tokenizer.decode(max(ended)[1] if ended else open_[0][0]).strip()


def measured(drafts: list[str], outputs: list[str], wanted: list[str]) -> tuple[float, float]:
    """BLEU of the drafts, and of the outputs."""
    return bleu.corpus_score(drafts, [wanted]).score, bleu.corpus_score(outputs, [wanted]).score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--ckpt-path", "--drafts", "--rewrites"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--every", type=int, default=1)
    args = parser.parse_args()
    drafts, wanted = (path.read_text(encoding="utf-8").splitlines()[:: args.every] for path in (args.drafts, args.rewrites))
    model, tokenizer = load_model(args.ckpt_path, "cpu")
    decoder, outputs = packed(model), []
    for draft in drafts:
        outputs.append(rewritten(decoder, tokenizer, draft, args.beams))
        if len(outputs) % 20 == 0:
            print(f"{len(outputs)} of {len(drafts)}: {outputs[-1]}", file=sys.stderr, flush=True)
    before, after = measured(drafts, outputs, wanted)
    dice, gains = random.Random(1), []
    for _ in range(RESAMPLINGS):
        chosen = dice.choices(list(zip(drafts, outputs, wanted, strict=True)), k=len(drafts))
        low, high = measured(*map(list, zip(*chosen, strict=True)))
        gains.append(high - low)
    gains.sort()
    low, high = gains[RESAMPLINGS // 40], gains[-1 - RESAMPLINGS // 40]
    print(
        f"{len(drafts)} lines: BLEU {before:.2f} of the drafts, {after:.2f} of the rewrites, "
        f"{after - before:+.2f} ({low:.1f} to {high:.1f})"
    )


if __name__ == "__main__":
    main()
