"""Write: the person's own writing.  Drop files or paste; see what was read, what was not, and whether it is enough."""

from collections.abc import Callable
from pathlib import Path

import gradio as gr

from pages import look, state, voice
from pages.look import ASSETS, fragment, notice, told
from pages.words import count, esc
from vibejam.corpus import Corpus, enough
from vibejam.errors import UserError
from vibejam.readers import Document, Skipped, read_bytes, read_pasted
from vibejam.reading.cautions import is_about_secrets
from vibejam.runtime import is_space
from vibejam.workspace import Writing

HINT = (
    "No writing at hand? The sample is a shopkeeper's whom we made up: short pieces in one voice, to try it all with."
)
SHOWN = 8  # pieces listed before the rest is folded away
LISTED = 300  # and no more than these, or a mailbox would make the page heavy
OPENING = 700  # characters of a piece that its preview shows
SCALE = ((0, 0), (20_000, 30), (100_000, 60), (300_000, 80), (1_000_000, 100))  # characters → how full the meter is


def build(owner: gr.State) -> state.Page:
    """The page inside the tab that is open now."""
    fragment(
        look.heading(
            "Your writing",
            "Letters, posts, essays, mail: whatever you wrote yourself. The more of it, the more the voice is yours.",
        )
    )
    summary = fragment(elem_id="summary")
    onward = gr.Button("Learn my voice", variant="primary", size="md", visible=False, elem_id="to-train")
    files = gr.File(
        label="Drop files here: text, Markdown, Word, PDF, mail, chats or web pages.", show_label=False,
        file_count="multiple", elem_id="drop", height=132,
    )  # fmt: skip
    pasted = gr.Textbox(
        label="Or paste some writing",
        lines=3,
        max_lines=14,
        info="Anything you wrote; a button adds it to your pieces.",
        placeholder="Paste here, then add it.",
        elem_classes="read",
        elem_id="paste",
    )
    with gr.Row(elem_classes="actions"):
        add = gr.Button("Add what I pasted", variant="secondary", size="md", elem_id="add-pasted")
        sample = gr.Button("Try with the sample writing", variant="primary", size="md", visible=False, elem_id="use-sample")
    hint = fragment(look.quiet(HINT), visible=False)
    told_line = fragment(visible=False, elem_id="write-notice")
    figures = voice.component()
    listing = gr.HTML("", js_on_load=look.script("pieces.js"), apply_default_css=False, elem_id="pieces")

    page = [files, pasted, sample, hint, onward, told_line, summary, listing]
    quiet = dict(show_progress="hidden", api_visibility="private", concurrency_limit=None)
    seen = dict(fn=voice.show, inputs=owner, outputs=figures, **quiet | state.BY_TURNS)  # takes seconds, so the page is there first
    # also what is dropped while the files before it are read
    uploading = dict(show_progress="minimal", api_visibility="private", concurrency_limit=None, trigger_mode="multiple")
    for event, act, inputs, how in (
        (files.upload, take_files, [owner, files], uploading),
        (add.click, take_pasted, [owner, pasted], quiet),
        (sample.click, take_sample, owner, quiet),
        (listing.remove, remove_piece, owner, quiet | state.IN_ORDER),
        (listing.remove_all, remove_everything, owner, quiet),
        (listing.mask, mask_all, owner, quiet),
    ):
        event(act, inputs, page, **how).then(**seen)
    listing.remove_runs(remove_runs, owner, page, **quiet)
    return state.Page(show, [owner], page, {onward: "train"}, (seen,))


def show(owner: str, sentence: str = "", report: str = "", clear: str = "") -> list:
    """Updates for the whole page.  `report` is HTML about what was just read, `sentence` what went wrong;
    `clear` names the input whose content is in the workspace now: "files" or "paste"."""
    try:
        writing = state.workspace(owner).writing()
    except UserError as error:
        return [gr.skip()] * 5 + [told(str(error)), gr.skip(), gr.skip()]
    corpus = state.corpus(owner)
    if clear == "paste":
        state.remember(owner, "", "paste")
    return [
        gr.update(value=None) if clear == "files" else gr.skip(),
        gr.update(value="") if clear == "paste" else gr.skip(),
        gr.update(visible=not writing),
        gr.update(visible=not writing),
        gr.update(visible=bool(writing)),
        gr.update(value=report or notice(sentence), visible=bool(report or sentence)),
        summary_html(corpus) if writing else "",
        listing_html(writing, corpus) if writing else left_html(len(state.run_folders(owner))),
    ]


def take_files(owner: str, paths: list[str] | None) -> list:
    """Read each uploaded file into the workspace at once, and delete the copy that the upload left behind."""
    results = []
    for path in map(Path, paths or []):
        try:
            results += read_bytes(path.name, path.read_bytes())
        except OSError:
            results.append(Skipped(path.name, "the upload broke off; drop it again"))
        finally:
            path.unlink(missing_ok=True)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
    return _take(owner, results, clear="files")


def take_pasted(owner: str, text: str) -> list:
    if not (text or "").strip():
        return show(owner, "There is nothing pasted yet; paste some of your writing first.")
    results = read_pasted(text)
    kept = any(isinstance(result, Document) for result in results)
    return _take(
        owner, results, clear="paste" if kept else ""
    )  # what could not be used stays where the person can mend it


def take_sample(owner: str) -> list:
    paths = sorted((ASSETS / "sample").glob("*.txt"))
    return _take(owner, [result for path in paths for result in read_bytes(path.name, path.read_bytes())])


def remove_piece(owner: str, event: gr.EventData = None) -> list:
    try:
        state.workspace(owner).remove(str(state.sent(event, "id")))
    except UserError as error:
        return show(owner, str(error))
    return show(owner)


def remove_everything(owner: str) -> list:
    return _told(owner, state.forget_writing)


def remove_runs(owner: str) -> list:
    return _told(owner, state.forget_runs)


def mask_all(owner: str) -> list:
    """Mask what looks private, in every piece that may hold some."""

    def mask(owner: str) -> None:
        workspace = state.workspace(owner)
        for entry in workspace.writing():
            if any(map(is_about_secrets, entry.document.warnings)):
                workspace.mask(entry.id)

    return _told(owner, mask)


def _told(owner: str, act: Callable[[str], None]) -> list:
    try:
        act(owner)
    except UserError as error:
        return show(owner, str(error))
    return show(owner)


def _take(owner: str, results: list[Document | Skipped], clear: str = "") -> list:
    try:
        workspace = state.workspace(owner)
        before = {entry.id for entry in workspace.writing()}
        ids = [workspace.add(result) for result in results if isinstance(result, Document)]
    except UserError as error:  # the disk is full, say; what was kept so far stays
        return show(owner, str(error), clear=clear)
    skipped = [result for result in results if isinstance(result, Skipped)]
    return show(owner, report=report_html(len(set(ids) - before), len(set(ids) & before), skipped), clear=clear)


def report_html(read: int, known: int, skipped: list[Skipped]) -> str:
    """What became of what was just dropped or pasted."""
    parts = []
    if read:
        parts.append(f"Read {count(read, 'piece')}.")
    if known:
        parts.append(f"{count(known, 'piece')} {'was' if known == 1 else 'were'} here already.")
    if skipped:
        parts.append(f"Left out {count(len(skipped), 'piece')}:")
    head = f"<p>{esc(' '.join(parts))}</p>" if parts else ""
    rows = "".join(f"<li><b>{esc(result.source)}</b>: {esc(result.reason)}</li>" for result in skipped[:20])
    if len(skipped) > 20:
        rows += f"<li>and {len(skipped) - 20} more</li>"
    kind = "notice" if skipped else "quiet"
    return f'<div class="{kind}" role="status">{head}{f"<ul>{rows}</ul>" if rows else ""}</div>' if head else ""


def summary_html(corpus: Corpus) -> str:
    """Counts, and the meter that says whether it is enough."""
    _, sentence = enough(corpus.characters, corpus.words)
    full = fullness(corpus.characters)
    counts = [
        count(len(corpus.documents), "piece"),
        count(corpus.words, "word"),
        count(corpus.characters, "character"),
    ]
    cells = "".join(f"<span>{esc(cell)}</span>" for cell in counts)
    return (
        f'<p class="counts">{cells}</p>'
        f'<div class="meter" role="meter" aria-label="Enough writing?" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{full:.0f}"><i style="width:{full:.1f}%"></i></div><p class="quiet">{esc(sentence)}</p>'
    )


def fullness(characters: int) -> float:
    """How full the meter is, 0 to 100: quickly at first, for the first pages teach the most."""
    for (low, from_), (high, to) in zip(SCALE, SCALE[1:], strict=False):
        if characters < high:
            return from_ + (to - from_) * (characters - low) / (high - low)
    return 100.0


def listing_html(writing: list[Writing], corpus: Corpus) -> str:
    """Every piece, newest first, with its opening and what was remarked about it."""
    if not writing:
        return ""
    repeats = {duplicate.source: duplicate for duplicate in corpus.duplicates}
    rows = [_piece(entry, repeats) for entry in writing[: -LISTED - 1 : -1]]
    more = ""
    if len(rows) > SHOWN:
        rest = "".join(rows[SHOWN:])
        if len(writing) > LISTED:
            rest += f"<p>and {len(writing) - LISTED:,} older ones</p>"
        more = f'<details class="more"><summary>{len(writing) - SHOWN:,} more</summary>{rest}</details>'
    private = sum(any(map(is_about_secrets, entry.document.warnings)) for entry in writing)
    where = " on this server until you leave" if is_space() else " in a folder on this machine"
    return (
        f'<section class="pieces" aria-label="Your pieces of writing">{private_html(private)}{"".join(rows[:SHOWN])}{more}'
        f'<footer><span>Kept{where}.</span><button type="button" class="link" data-remove-all="">'
        f"Remove all of it</button></footer></section>"
    )


def private_html(pieces: int) -> str:
    """What can be done about pieces that may hold something private."""
    if not pieces:
        return ""
    said = f"{count(pieces, 'piece')} may hold something private, named below. A model can say it again."
    return (
        f'<footer><span class="remark">{said}</span><button type="button" class="link" data-mask="">'
        f"Put • in its place</button></footer>"
    )


def left_html(runs: int) -> str:
    """What still knows the writing once it has been removed."""
    if not runs:
        return ""
    said = f"{count(runs, 'run')} of yours {'is' if runs == 1 else 'are'} still here, and a model can repeat what it learnt."
    return (
        f'<section class="pieces"><footer><span>{said}</span><button type="button" class="link" data-remove-runs="">'
        f"Delete every run too</button></footer></section>"
    )


def _piece(entry: Writing, repeats: dict) -> str:
    document = entry.document
    remarks = list(document.warnings)
    if document.source in repeats:
        duplicate = repeats[document.source]
        same = "the same as" if duplicate.kind == "exact" else "nearly the same as"
        remarks.append(f"{same} {duplicate.of}, so it counts once")
    opening = document.text[:OPENING].rstrip() + ("…" if len(document.text) > OPENING else "")
    remarked = f'<p class="remark">{esc("; ".join(remarks))}</p>' if remarks else ""
    return (
        f'<div class="piece"><details><summary><span class="name">{esc(document.source)}</span>'
        f'<span class="size">{count(len(document.text.split()), "word")}</span></summary>'
        f'<p class="read">{esc(opening)}</p></details>{remarked}'
        f'<button type="button" class="link" data-remove="{esc(entry.id)}" '
        f'aria-label="Remove {esc(document.source)}">Remove</button></div>'
    )
