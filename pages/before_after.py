"""Before and after: what teaching brought, in figures and on pairs that neither voice ever learnt from."""

from collections.abc import Iterator
from html import escape

import gradio as gr

from pages import look, state
from pages.look import fragment
from pages.review import columns
from vibejam.errors import UserError
from vibejam.rewrite.decisions import decisions
from vibejam.teach import MOST_PASSAGES, Seen, before_and_after, held_out, passages_for

SHOWN = 3  # pairs; each is rewritten twice
NONE = "The drafts that were held out are no longer here, so there is nothing to compare on."
HOW = "Drafts that this voice never learnt from, as it rewrote them before it was taught, as it does now, and as you had put it."


def build(owner: gr.State, voice: gr.Dropdown) -> gr.Column:
    """The button and what it brings; hidden until a voice was taught whose earlier self is still here."""
    with gr.Column(visible=False, elem_id="before-after") as box:
        show = gr.Button("Show before and after", variant="secondary", size="md", elem_id="show-before-after")
        table = fragment()
    show.click(compare, [owner, voice], table, show_progress="hidden", api_visibility="private", **state.BY_TURNS)
    voice.change(lambda: "", None, table, show_progress="hidden", api_visibility="private", concurrency_limit=None)
    return box


def can_be_seen(owner: str, run: state.Run) -> bool:
    """Whether the run was taught and what it was taught from is still here."""
    source = run.about.get("taught_from")
    return isinstance(source, str) and any(f.name == source and state.is_voice(f) for f in state.run_folders(owner))


def compare(owner: str, voice: str) -> Iterator[str]:
    """A table that grows by a pair at a time."""
    try:
        folder = state.find_run(owner, voice)
        run = state.read_run(folder)
        if not can_be_seen(owner, run):
            raise UserError("What this voice was taught from is no longer here, so there is nothing to compare it with.")
        workspace, rows = state.workspace(owner), []
        passages = passages_for(state.corpus(owner), run.about, MOST_PASSAGES)
        pairs = held_out(passages, workspace.drafts_file, decisions(workspace.decisions_file))[:SHOWN]
        if not pairs:
            yield look.quiet(NONE)
            return
        yield look.quiet("Rewriting the first one twice…")
        before, after = state.engine(state.find_run(owner, run.about["taught_from"])), state.engine(folder)
        for seen in before_and_after(before, after, pairs):
            rows.append(seen)
            yield table_html(rows, len(pairs))
    except UserError as error:
        yield look.quiet(str(error))


def table_html(rows: list[Seen], of: int) -> str:
    """Each pair as four lines, with what changed of the draft marked."""
    more = look.quiet(f"{len(rows)} of {of} pairs…") if len(rows) < of else ""
    return f'<section class="seen" aria-label="Before and after">{look.quiet(HOW)}{"".join(map(_pair, rows))}{more}</section>'


def _pair(seen: Seen) -> str:
    lines = [("Draft", escape(seen.draft)), ("Before", columns(seen.draft, seen.before)[1]),
             ("After", columns(seen.draft, seen.after)[1]), ("You", escape(seen.own))]  # fmt: skip
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines) + "</dl>"
