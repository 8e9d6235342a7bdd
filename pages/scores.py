"""How near a rewrite came: meaning, facts and style in words, and the same habits of draft, rewrite and person on the same axes."""

from collections.abc import Sequence

from pages import look, state
from pages.voice import MARK_NAMES
from pages.words import count, esc
from vibejam.errors import UserError
from vibejam.open_review import Sides
from vibejam.scores import SHORT, Axis, Scores, scores
from vibejam.voice import Profile

MEASURED_BY_MINILM = "MiniLM, a small model that did not choose, compares each changed sentence with the draft’s: 1 says the same."
MEASURED_BY_WORDS = "The share of a changed sentence’s content words that is still there: words are compared here, not meaning."
STYLE = (
    "How far its common words and marks lie from how often you use them, in spreads of your own pages; lower is nearer."
)


def show(owner: str, sides: Sides | None, known: dict | None) -> list:
    """The section for what stands now, and the likenesses measured so far; empty while there is no rewrite."""
    known = known if isinstance(known, dict) else {}
    if not isinstance(sides, Sides) or not sides.review.sentences:
        return ["", {}]
    review = sides.review
    units = [(sentence.choice.draft, sentence.shown) for sentence in review.sentences]
    try:
        profile, own = _person(owner)
        found = scores(units, _prose(sides, rewritten=False), _prose(sides, rewritten=True), profile, own, known)
    except UserError as error:
        return [look.quiet(str(error)), known]
    return [scores_html(found), known]


def _prose(sides: Sides, rewritten: bool) -> str:
    """What may be rewritten, a sentence a line, of either side; the rest stays as it is and would only blur what changed."""
    return "\n".join(s.shown if rewritten else s.choice.draft for s in sides.review.sentences)


def _person(owner: str) -> tuple[Profile | None, list[str]]:
    corpus = state.corpus(owner)
    return (state.profile(owner) if corpus.words else None), [document.text for document in corpus.documents]


def scores_html(found: Scores) -> str:
    """The three scores with a sentence each, then the axes."""
    return (
        f'<section class="scores" aria-label="How near it came"><h3>How near it came</h3><dl>{_meaning(found)}{_facts(found)}'
        f"{_style(found)}</dl>{axes_html(found.axes)}</section>"
    )


def _row(name: str, value: str, sentence: str, warn: bool = False) -> str:
    strong = ' class="remark"' if warn else ""
    return f"<dt>{esc(name)}</dt><dd><b{strong}>{esc(value)}</b><p>{esc(sentence)}</p></dd>"


def _meaning(found: Scores) -> str:
    by = MEASURED_BY_MINILM if found.by_minilm else MEASURED_BY_WORDS
    if found.weakest is None:
        return _row("Meaning", "1.00", "Nothing has changed.")
    number, likeness = found.weakest
    return _row("Meaning", f"{found.meaning:.2f}", f"{by} The least is {likeness:.2f}, in sentence {number + 1}: read that one.")


def _facts(found: Scores) -> str:
    gone = [name for name in ("numbers", "names", "negations") if not getattr(found.facts, name)]
    sentence = "Numbers, names and negations, counted on both sides by rules that did not choose."
    if not gone:
        return _row("Facts", "all there", sentence)
    return _row("Facts", "look again", f"The {' and '.join(gone)} of the two sides do not count the same; compare them.", warn=True)


def _style(found: Scores) -> str:
    if found.draft_distance is None or found.rewrite_distance is None:
        return _row("Style", "not measured", "There is none of your writing here to compare with.")
    value = f"{found.draft_distance:.2f} → {found.rewrite_distance:.2f}"
    own = f" A passage of yours as long as this is {found.own_distance:.2f} away itself." if found.own_distance is not None else ""
    short = f" Of {count(found.words, 'word')} chance decides much of it." if found.words < SHORT else ""
    return _row("Style", value, f"{STYLE}{own}{short}")


def axes_html(axes: Sequence[Axis]) -> str:
    """One line a habit, with a mark for each side; the widest value of the line is its right end."""
    if not axes:
        return ""
    sides = [("draft", "the draft"), ("rewrite", "the rewrite")] + [("own", "you")] * (axes[0].own is not None)
    legend = "".join(f'<span class="{side}"><i></i>{esc(name)}</span>' for side, name in sides)
    return f'<figure class="axes"><figcaption>{legend}</figcaption>{"".join(map(_axis, axes))}</figure>'


def _axis(axis: Axis) -> str:
    sides = [("draft", "draft", axis.draft), ("rewrite", "rewrite", axis.rewrite), ("own", "you", axis.own)]
    values = [(side, name, value) for side, name, value in sides if value is not None]
    most = max(value for _, _, value in values) * 1.08
    marks = "".join(f'<i class="{side}" style="left:{100 * value / most:.1f}%"></i>' for side, _, value in values)
    said = ", ".join(f"{name} {_plain(value)}" for _, name, value in values)
    figures = "".join(f'<b class="{side}">{_plain(value)}</b>' for side, _, value in values)
    name, unit = esc(MARK_NAMES.get(axis.name, axis.name)), esc(axis.unit)
    return (
        f'<div class="axis" title="{esc(said)} {unit}"><span class="name">{name}<small> {unit}</small></span>'
        f'<span class="line" role="img" aria-label="{name} {unit}: {esc(said)}">{marks}</span>'
        f'<span class="values" aria-hidden="true">{figures}</span></div>'
    )


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
