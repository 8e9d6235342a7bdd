"""What `rewrite-demo` and a page say of one rewrite: a few plain figures, made with the voice that wrote it.

The style here is the writer's own opinion (bits per byte that the person's model needs; the lower, the more it reads like them), so
it says that the rewrite followed the voice, not that a stranger would think so.  For that, judge.py.
"""

import time
from collections.abc import Callable, Sequence

from vibejam.config import RewriteConfig
from vibejam.engine import Comparison, StyleEngine
from vibejam.measures import kept_meaning
from vibejam.rewrite.pairs import Pair
from vibejam.rewrite.proposers import Proposer


def measured_rewrite(
    engine: StyleEngine,
    draft: str,
    config: RewriteConfig,
    stop: Callable[[], bool] = lambda: False,
    also: Sequence[Proposer] = (),
    edits: Sequence[Pair] = (),
) -> dict[str, object]:
    """The draft, its rewrite and what is measured of it, as `rewrite-demo` prints them; a "note" only where there is one."""
    began = time.perf_counter()
    rewrite = engine.rewrite(draft, config, stop, also, edits)
    seconds = time.perf_counter() - began
    return {
        "draft": draft,
        "rewrite": rewrite.text,
        "meaning": round(kept_meaning(draft, rewrite.text), 4),
        "style_draft": round(engine.strangeness(draft), 4),
        "style_rewrite": round(engine.strangeness(rewrite.text), 4),
        "kept_as_is": rewrite.kept_as_is,
        "seconds": round(seconds, 3),
        **({"note": rewrite.note} if rewrite.note else {}),
    }


def figures_in_words(engine: StyleEngine, pair: Comparison) -> dict[str, str]:
    """What a page says of a comparison: the measure in words, and its value."""
    draft, rewrite = pair.draft.text, pair.rewrite.text
    return {
        "Content words of the draft still there": f"{kept_meaning(draft, rewrite):.0%}",
        "Bits per byte your model needs for the draft (lower reads more like you)": f"{engine.strangeness(draft):.2f}",
        "… and for the rewrite": f"{engine.strangeness(rewrite):.2f}",
        "Words": f"{len(draft.split())} → {len(rewrite.split())}",
    }
