"""What is said of teaching: the offer to learn from what was decided, what came of it, and how far it is."""

from pages import look, progress, state
from pages.words import count, esc
from vibejam.errors import UserError
from vibejam.jobs import DONE, FAILED, Job
from vibejam.rewrite.decisions import EDIT, ENOUGH, decisions
from vibejam.teach import outcome


def offer_sentence(owner: str, run: state.Run) -> str:
    """The sentence that offers to learn from what was decided; empty while there is too little that is new."""
    try:
        edits = sum(pair.kind == EDIT for pair in decisions(state.workspace(owner).decisions_file))
    except UserError:
        return ""
    known = run.about.get("pairs", {}).get("kinds", {}).get(EDIT, 0)
    if edits - known < ENOUGH:
        return ""
    new = f"{edits - known} of them since this voice learnt" if known else "enough to learn from"
    return f"You have taken or written {count(edits, 'sentence')}, {new}. Your voice can learn from them."


def taught_sentence(run: state.Run) -> str:
    """What teaching brought this voice already."""
    pairs = run.about.get("pairs")
    return f"This voice was taught. {outcome(pairs)}".strip() if isinstance(pairs, dict) else "This voice was not taught yet."


def status_html(job: Job) -> str:
    """How far the teaching is, or what came of it."""
    run = state.read_run(job.folder)
    if job.alive:
        return progress.status_html(run)
    if job.status == FAILED:
        return look.notice(f"The teaching broke off. {job.error} Drafts that were made are kept.")
    note = next((str(event["note"]) for event in reversed(job.events) if event.get("note")), "")
    if job.status == DONE:
        return f'<p class="outcome" role="status">{esc(note)}</p>'
    kept = f"What it learnt by then is kept. {outcome(run.about.get('pairs', {}))}" if run.has_voice else f"{note} They are kept."
    return f'<p class="outcome" role="status">Stopped. {esc(kept)}</p>'
