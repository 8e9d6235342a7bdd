"""What you decided: every sentence that was taken, edited or turned down, kept to learn from, and deleted one by one or all."""

import gradio as gr

from pages import look, state
from pages.look import told
from pages.review import columns
from pages.words import count, esc
from vibejam.errors import UserError
from vibejam.rewrite.decisions import EDIT, decisions, forget_all_decisions, forget_decision
from vibejam.rewrite.habits import habits_of
from vibejam.rewrite.pairs import Pair
from vibejam.runtime import is_space

SHOWN = 200  # the newest; a longer list would make the page heavy
SENTENCE = (
    "Each sentence you take or write yourself is kept {where}, so that your voice can learn from it. What you turned down is "
    "kept beside it."
)
NAMED = 12  # habits
ALWAYS = "What you have always changed is changed from the start now:"
UNDONE = "Keep the draft's words a few times, and that ends."
NONE = "Nothing yet. Take a sentence of a rewrite, or write one yourself, and it is kept here."


def component() -> gr.HTML:
    """The list; it sends "remove" with {id}, and "remove_all"."""
    return gr.HTML("", js_on_load=look.script("decided.js"), apply_default_css=False, elem_id="decided")


def show(owner: str) -> list:
    """The accordion's label and the list."""
    try:
        kept = decisions(state.workspace(owner).decisions_file)
    except UserError as error:
        return [gr.skip(), look.notice(str(error))]
    return [gr.update(label=f"What you decided ({len(kept)})" if kept else "What you decided"), list_html(kept)]


def edits(owner: str) -> list[Pair]:
    """What the person made of drafts so far, for the next one; nothing where that can't be read, which `show` tells of."""
    try:
        return decisions(state.workspace(owner).decisions_file)
    except UserError:
        return []


def remove(owner: str, event: gr.EventData = None) -> list:
    """Delete one: the label, the list, the line for notices."""
    try:
        forget_decision(state.workspace(owner).decisions_file, str(state.sent(event, "id")))
    except UserError as error:
        return [*show(owner), told(str(error))]
    return [*show(owner), told("")]


def remove_all(owner: str) -> list:
    """Delete them all."""
    try:
        forget_all_decisions(state.workspace(owner).decisions_file)
    except UserError as error:
        return [*show(owner), told(str(error))]
    return [*show(owner), told("")]


def list_html(kept: list[Pair]) -> str:
    """Newest first: the draft, what stands for it, and a button that deletes it."""
    if not kept:
        return look.quiet(NONE)
    rows = "".join(map(_row, kept[: -SHOWN - 1 : -1]))
    older = f"<p class='quiet'>and {len(kept) - SHOWN:,} older ones</p>" if len(kept) > SHOWN else ""
    where = "on this server until you leave" if is_space() else "in a folder on this machine"
    edits = sum(pair.kind == EDIT for pair in kept)
    return (
        f'{look.quiet(SENTENCE.format(where=where))}{_habits(kept)}'
        f'<section class="decided" aria-label="What you decided">{rows}{older}'
        f"<footer><span>{count(edits, 'sentence')} to learn from, {count(len(kept) - edits, 'draft')} kept.</span>"
        f'<button type="button" class="link" data-remove-all="">Delete all of it</button></footer></section>'
    )


def _habits(kept: list[Pair]) -> str:
    """What the person always changes, in a sentence."""
    found = sorted(habits_of(kept), key=lambda habit: -habit.times)
    if not found:
        return ""
    said = ", ".join(
        f"<del>{esc(habit.before.replace(' ,', ','))}</del>"
        + (f" <ins>{esc(habit.after)}</ins>" if habit.after else "")
        + f" ({habit.times} of {count(habit.chances, 'time')})"
        for habit in found[:NAMED]
    )
    more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f'<p class="always">{ALWAYS} {said}{more}. {UNDONE}</p>'


def _row(pair: Pair) -> str:
    left, right = columns(pair.draft, pair.rewrite)
    turned = f'<p class="quiet">{count(len(pair.rejected), "version")} turned down</p>' if pair.rejected else ""
    right = right if pair.kind == EDIT else '<span class="quiet">You kept the draft.</span>'
    return (
        f'<div class="row"><p>{left}</p><div><p>{right}</p>{turned}</div><button type="button" class="link" '
        f'data-remove="{esc(pair.id)}" aria-label="Delete this: {esc(pair.rewrite[:60])}">Delete</button></div>'
    )
