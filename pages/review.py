"""Side by side: draft and rewrite sentence by sentence, and for the sentence in hand what may be done with it.

A sentence is a <details>: closed it is two columns of a text to read; opened it shows what stayed and why, and the buttons.  Only
one is open at a time.  assets/review.js sends what is pressed; here it is checked, done and kept.
"""

from collections import Counter
from dataclasses import replace

import gradio as gr

from pages import look, state
from pages.words import count, esc
from vibejam.diff import Change, word_diff
from vibejam.errors import UserError
from vibejam.open_review import Sides, keep_review
from vibejam.plain import plain_text
from vibejam.rewrite import HABITS, SPELLING
from vibejam.rewrite.decisions import keep_decision
from vibejam.rewrite.guards import protected
from vibejam.rewrite.review import DRAFT, EDITED, OPEN, TAKEN, Review, Sentence
from vibejam.runtime import is_space

LONGEST_REVIEW = 400  # sentences that can be opened; what follows is shown as text
MOST_PROTECTED = 12  # of a sentence
MOST_OF_ALL = 60  # of the document
STATES = {OPEN: "", TAKEN: "taken", DRAFT: "draft kept", EDITED: "your words"}
# a proposer's name, in words
FROM = {"edits": "your habits of wording", HABITS: "what you always change", SPELLING: "your spelling"}
NOTHING_YET = '<p class="quiet">The rewrite appears here, beside the draft.</p>'
HOW = "Choose a sentence to take its rewrite, keep the draft, see another version, or write it yourself."


def component() -> gr.HTML:
    """The place of the review; it sends "act" with {unit, what, text}, and "put_away"."""
    return gr.HTML(NOTHING_YET, js_on_load=look.script("copy.js", "review.js"), apply_default_css=False, elem_id="review")


def act(owner: str, sides: Sides | None, event: gr.EventData = None) -> tuple[Sides | None, str]:
    """Do what was pressed and keep what was decided: the sides as they are then, and what went wrong."""
    try:
        if not isinstance(sides, Sides):
            raise UserError("There is no rewrite here any more; rewrite the draft again.")
        review = sides.review
        what, number, text = _asked(event)
        after = {
            "take": lambda: review.take(number),
            "draft": lambda: review.keep_draft(number),
            "another": lambda: review.another(number),
            "edit": lambda: review.edit(number, text),
        }[what]()
        pair = after.sentences[number].pair
        if pair is not None:
            keep_decision(state.workspace(owner).decisions_file, pair)
        decided = replace(sides, review=after)
        keep(owner, decided)
    except UserError as error:
        return sides, str(error)
    return decided, ""


def keep(owner: str, sides: Sides) -> None:
    """Let it outlive a reload; a visitor of a Space is another one after it, so there nothing is kept."""
    if sides.review.sentences and not is_space():
        keep_review(state.workspace(owner).review_file, sides)


def _asked(event: gr.EventData | None) -> tuple[str, int, str]:
    """What the browser says was pressed.  Raises UserError for anything else: a handler can be called without the page."""
    what, number, text = (state.sent(event, name) for name in ("what", "unit", "text"))
    text = "" if text is None else text
    if what not in ("take", "draft", "another", "edit") or type(number) is not int or not isinstance(text, str):
        raise UserError("Choose a sentence first.")
    return what, number, text


def review_html(sides: Sides, done: bool = True) -> str:
    """The whole document in two columns.  Until it is `done`, what is not rewritten yet stands on the left alone."""
    review = sides.review
    rows, last = [], len(review.sentences)
    for text, number in review.parts():
        if number is None:
            rows.append(_between(text))
        elif number >= last:  # not yet, or not any more after a stop: then the draft stands
            rows.append(f'<div class="unit pending"><p>{esc(text)}</p><p class="stands">{esc(text) if done else ""}</p></div>')
        elif number >= LONGEST_REVIEW:
            rows.append(f'<div class="unit"><p>{esc(text)}</p><p>{esc(review.sentences[number].shown)}</p></div>')
        else:
            rows.append(_unit(number, review.sentences[number]))
    heads = (
        f'<div class="heads"><h3 class="draft">Draft<span class="by">{esc(sides.draft_by)}</span></h3>'
        f'<h3 class="voice">Rewrite<span class="by">{esc(sides.rewrite_by)}</span></h3></div>'
    )
    notes = look.notice(review.note or "", _stopped(review) if done and not sides.ended else "")
    foot = _alone(review) + _foot(review) if done else ""
    progress = "" if done else _progress(review)
    inside = f"{notes}{progress}{heads}{''.join(rows)}{foot}"
    return f'<section class="review" aria-label="Draft and rewrite">{inside}</section>'


def _progress(review: Review) -> str:
    done, of = len(review.sentences), max(1, len(review.units))
    said = look.quiet(f"{done} of {count(of, 'sentence')}")
    return f'<div class="progress">{look.bar(done / of, "Sentences rewritten")}{said}</div>'


def _stopped(review: Review) -> str:
    left = len(review.units) - len(review.sentences)
    return f"Stopped with {count(left, 'sentence')} to go; they stand as in the draft." if left > 0 else ""


def _between(text: str) -> str:
    """What stands between sentences: a new paragraph, or something that passes as it is."""
    if not text.strip():
        return '<div class="gap"></div>' if text.count("\n") > 1 else ""
    return f'<pre class="asis" title="Left as it is">{esc(text.strip(chr(10)))}</pre>'


def _unit(number: int, sentence: Sentence) -> str:
    left, right = columns(sentence.choice.draft, sentence.shown)
    mark = STATES[sentence.state]
    said = f'<span class="mark">{esc(mark)}</span>' if mark else ""
    return (
        f'<details class="unit {sentence.state}" name="sentence-in-hand" data-unit="{number}"><summary>'
        f"<p>{left}</p><p>{right}{said}</p></summary>{_hand(sentence)}</details>"
    )


def columns(draft: str, rewrite: str) -> tuple[str, str]:
    """Both sides of a sentence, with what went marked on the left and what is new on the right."""
    changes = word_diff(draft, rewrite)
    return _marked(changes, "draft", "del"), _marked(changes, "rewrite", "ins")


def _marked(changes: list[Change], side: str, tag: str) -> str:
    shown = [change for change in changes if change.kind in ("same", side)]
    return "".join(f"<{tag}>{esc(c.text)}</{tag}>" if c.kind == side and c.text.strip() else esc(c.text) for c in shown)


def _hand(sentence: Sentence) -> str:
    """What is known of the sentence, and what may be done with it."""
    kept = protected(sentence.choice.draft)[:MOST_PROTECTED]
    facts = f"<p>Stays word for word: {esc(', '.join(kept))}.</p>" if kept else ""
    versions = sentence.versions
    others = [text for text in versions if text != sentence.shown]
    place = f" ({versions.index(sentence.shown) + 1} of {len(versions)})" if sentence.shown in versions else ""
    another = f'<button type="button" data-act="another">Try another{place}</button>' if others else ""
    alone = "" if others else "<span>There is no other version that says the same.</span>"
    take = '<button type="button" data-act="take">Take it</button>' if sentence.changed else ""
    return (
        f'<div class="hand"><div class="acts">{take}<button type="button" data-act="draft">Keep the draft</button>{another}'
        f'<button type="button" data-open-edit="" aria-expanded="false">Edit</button>{alone}</div>'
        f'<div class="edit" hidden><textarea aria-label="This sentence in your own words" rows="3" maxlength="8000">'
        f'{esc(sentence.shown)}</textarea><div class="acts"><button type="button" data-act="edit">Use my words</button>'
        f'<button type="button" data-close-edit="">Cancel</button></div></div>'
        f"<p>{esc(why(sentence))}</p>{facts}</div>"
    )


def why(sentence: Sentence) -> str:
    """Where the version that stands is from, and where the draft was left alone, why."""
    choice = sentence.choice
    others = [found for found in choice.considered if found.text != choice.draft]
    refused = [found for found in others if found.refused]
    if sentence.state == EDITED:
        return "These are your own words, and nothing was checked in them."
    if sentence.changed:
        by = next((found.by for found in others if found.text == sentence.shown), choice.by)
        of = f"One of {count(len(others), 'version')}" if len(others) > 1 else "The only version"
        also = f"; {count(len(refused), 'other')} would have changed what it says" if refused else ""
        return f"{of}, from {FROM.get(by, by)}{also}."
    if choice.text != choice.draft:
        return "You kept the draft."
    if not others:
        return "Left as it was: nothing here that you are known to say otherwise."
    if len(refused) == len(others):
        what = "the only other version" if len(others) == 1 else f"each of {len(others)} other versions"
        return f"Left as it was: {what} would have changed what it says ({refused[0].refused[0].reason})."
    return f"Left as it was: {_none_of(len(others))} nearer to how you write."


def _none_of(others: int) -> str:
    return "the only other version was not" if others == 1 else f"none of {others} other versions was"


def _alone(review: Review) -> str:
    """What was left alone and why, and what could not have been changed anyway."""
    reasons = Counter(
        why(sentence).removeprefix("Left as it was: ").rstrip(".") for sentence in review.sentences
        if not sentence.changed and sentence.choice.text == sentence.choice.draft
    )  # fmt: skip
    passed = sum(1 for text, number in review.parts() if number is None and text.strip())
    kept = list(dict.fromkeys(thing for sentence in review.sentences for thing in protected(sentence.choice.draft)))
    lines = [f"{count(times, 'sentence')}: {reason}." for reason, times in reasons.most_common()]
    if passed:
        lines.append(f"{count(passed, 'part')} passed over: headings, quotations, code and the like.")
    items = "".join(f"<li>{esc(line)}</li>" for line in lines)
    more = f" and {len(kept) - MOST_OF_ALL} more" if len(kept) > MOST_OF_ALL else ""
    facts = f"<p>Word for word on both sides: {esc(', '.join(kept[:MOST_OF_ALL]))}{more}.</p>" if kept else ""
    if not items and not facts:
        return ""
    what = f"{count(reasons.total(), 'sentence')} left alone, and what is protected" if reasons else "What is protected"
    return f'<details class="more alone"><summary>{what}</summary><ul class="notes">{items}</ul>{facts}</details>'


def _foot(review: Review) -> str:
    changed = sum(sentence.changed for sentence in review.sentences)
    text, said = review.text, ""
    if review.sentences:
        said = f"{changed} of {count(len(review.sentences), 'sentence')} changed, {review.decided} decided. {HOW}"
    return (
        f'<footer><span>{esc(said)}</span><span class="copies">'
        f'<button type="button" class="link" data-clear="">Clear</button>'
        f'<button type="button" class="link" data-copy="text">Copy as text</button>'
        f'<button type="button" class="link" data-copy="markdown">Copy as Markdown</button></span></footer>'
        f'<div hidden><div data-text="text">{esc(plain_text(text))}</div><div data-text="markdown">{esc(text)}</div></div>'
    )
