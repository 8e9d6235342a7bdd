"""The numbers behind a rewrite: is it still the draft's meaning, and is it nearer to the person's manner?

For now two plain ones.  Meaning: the share of the draft's content words that the rewrite still holds, 0 to 1; it sees what is lost,
not what is turned round, so it is a floor and no proof.  Style: bits per byte that the person's model needs for a text; the lower,
the more it reads like them.  The same model wrote the rewrite, so this says that it followed the voice, not that a stranger would.
"""

import re
import time

from vibejam.config import SampleConfig
from vibejam.engine import Comparison, StyleEngine

_WORD = re.compile(r"\w+(?:['’]\w+)*")
# words that carry grammar, not matter: articles, pronouns, prepositions, auxiliaries, conjunctions
FUNCTION_WORDS = frozenset(
    "a an the this that these those i you he she it we they me him her us them my your his its our their mine yours "
    "and or but if then so as at by for from in into of off on onto out over to up with about after before under "
    "is am are was were be been being do does did has have had will would can could shall should may might must "
    "there here what which who whom whose when where why how than too very just also".split()
)


def kept_meaning(draft: str, rewrite: str) -> float:
    """Share of the draft's different content words that the rewrite holds; 1.0 for a draft without any."""
    wanted = _content_words(draft)
    return len(wanted & _content_words(rewrite)) / len(wanted) if wanted else 1.0


def measured_rewrite(engine: StyleEngine, draft: str, config: SampleConfig) -> dict[str, object]:
    """The draft, its rewrite and what is measured of it, as `rewrite-demo` prints them."""
    began = time.perf_counter()
    rewrite = engine.rewrite(draft, config)
    return {
        "draft": draft,
        "rewrite": rewrite.text,
        "meaning": round(kept_meaning(draft, rewrite.text), 4),
        "style_draft": round(engine.strangeness(draft), 4),
        "style_rewrite": round(engine.strangeness(rewrite.text), 4),
        "kept_as_is": rewrite.kept_as_is,
        "seconds": round(time.perf_counter() - began, 3),
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


def _content_words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - FUNCTION_WORDS
