"""Rewrite: a draft, pasted or asked of a model, and beside it the same in the person's manner, to be decided sentence by sentence.

The two columns are pages/review.py, the service that may be asked pages/service.py, what is measured pages/scores.py, what was
decided pages/decided.py, and teaching the voice pages/teach.py.  Before anything is sent, the page names the host it goes to.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

import gradio as gr

from pages import decided, look, review, sample, scores, service, state, teach
from pages.base_offer import Offer
from pages.look import fragment, told
from pages.sample import REDRAW_SECONDS
from pages.service import destination_html, is_set_up, writer_for
from vibejam.config import RewriteConfig, default_of, help_for
from vibejam.errors import UserError
from vibejam.fetch import base_path
from vibejam.local_writer import BASE, local_writer
from vibejam.open_review import Sides, forget_review, kept_review
from vibejam.rewrite.review import review as reviewed
from vibejam.runtime import is_space

PASTE, ASK = "paste", "ask"
HONEST = (
    "Numbers, names, negations, quotations, links and code stay as they are, and a sentence that could not be said your way "
    "without changing them is left alone. Read it once all the same: the guards know words, not what you mean."
)
OFFER = Offer(BASE, "A small model can write it on this machine, with no key and no network.")
MEANING = Offer(
    "minilm", "A small model can compare what the sentences mean, not which words they share (or: vibejam fetch-base minilm).",
    "Get MiniLM",
)  # fmt: skip
SERVICE = "A big model can write the draft, draft your passages to learn from, and propose sentences; only if you name one."
REDRAW_COLUMNS_SECONDS = 0.5  # both columns of a long document take a while to draw
GO = {PASTE: "Rewrite", ASK: "Write a draft and rewrite it"}
_stops: dict[tuple[str, str], threading.Event] = {}  # of the rewrites under way, by owner and page


def build(owner: gr.State) -> state.Page:
    """The page inside the tab that is open now."""
    fragment(look.heading("Rewrite a draft", "A machine's draft beside your voice."))
    with gr.Column(visible=False, elem_classes="empty") as missing:
        fragment("<p>There is no voice yet to rewrite in: let a run learn from your writing first.</p>")
        to_train = gr.Button("Learn my voice", variant="primary", size="md", elem_id="rewrite-to-train")
    with gr.Column(visible=False) as body:
        voice = gr.Dropdown([], label="Voice", info="In whose manner it is said.", filterable=False, elem_id="rewrite-voice")
        source = gr.Radio(
            [("I have a draft", PASTE), ("Have one written", ASK)], value=PASTE, label="Draft",
            info="What you have, or what a model writes for you first.", show_label=False, elem_id="source", elem_classes="switch",
        )  # fmt: skip
        with gr.Column(visible=False, elem_id="ask") as asking:
            instruction = gr.Textbox(
                label="What should it be about?", lines=2, max_lines=8, elem_id="instruction", max_length=8000,
                placeholder="Tell my landlord that the boiler is broken again.",
            )  # fmt: skip
            goes_to = fragment(destination_html("", "", ""), elem_id="destination")
            fetching = gr.Timer(1.0, active=False)
            offer = OFFER.build(fetching, "rewrite-offer")
        draft = gr.Textbox(
            label="Draft", show_label=False, lines=10, max_lines=30, placeholder="Paste a draft here.",
            elem_id="draft", elem_classes="read", container=False,
        )  # fmt: skip
        strength = gr.Slider(
            0, 1, default_of(RewriteConfig, "strength"), step=0.05, label="Strength",
            info=help_for(RewriteConfig, "strength"), elem_id="strength",
        )  # fmt: skip
        with gr.Row(elem_classes="actions"):
            go = gr.Button(GO[PASTE], variant="primary", size="md", elem_id="rewrite")
            stop = gr.Button("Stop", variant="secondary", size="md", visible=False, elem_id="stop-rewriting")
        with gr.Accordion("A service to ask", open=False, elem_id="endpoint") as endpoint:
            fragment(look.quiet(SERVICE))
            address, model, key = fields()
            agreed = gr.CheckboxGroup(
                [], label="Sentences", show_label=True, info="Whether it may be asked for sentences too.",
                visible=False, elem_id="propose",
            )  # fmt: skip
        quiet = look.progress() | dict(api_visibility="private")
        told_line = fragment(visible=False, elem_id="rewrite-notice")
        sides, known = gr.State(None), gr.State({})  # what the columns show, and what was measured of it; on the server
        columns = review.component()
        measured = fragment(elem_id="scores")
        closer = MEANING.build(gr.Timer(1.0, active=False), "meaning-offer")
        fragment(f'<p class="quiet">{HONEST}</p>')
        section = teach.build(owner, voice, [address, model, key])
        with gr.Accordion("What you decided", open=False, elem_id="decisions") as fold:
            kept = decided.component()

    source.change(turn, [source, address, model, key], [asking, go, draft, endpoint], concurrency_limit=None, **quiet)
    asked_where = dict(
        fn=where_to, inputs=[address, model, key], outputs=[goes_to, agreed], concurrency_limit=None, **quiet
    )
    gr.on(  # change, not input: inside a tab Gradio misses the first input, and a pasted address is only one
        [address.change, model.change, key.change], trigger_mode="always_last", **asked_where
    )
    inputs = [owner, voice, source, instruction, address, model, key, draft, strength, agreed]
    measuring = dict(
        fn=measure, inputs=[owner, sides, known], outputs=[measured, known, *closer], **state.BY_TURNS, **quiet
    )
    writing = go.click(stream, inputs, [draft, sides, columns, told_line, go, stop], **state.BY_TURNS, **quiet)
    writing.then(**measuring)
    halting = stop.click(halted, [owner, sides], [sides, columns, go, stop], cancels=[writing], **quiet)
    halting.then(**measuring)
    columns.put_away(clear, owner, [draft, sides, columns, told_line], **quiet).then(**measuring)
    closer[-1].tick(wait_for_meaning, [owner, sides, known], [measured, known, *closer], concurrency_limit=None, **quiet)
    acted = columns.act(decide, [owner, sides], [sides, columns, told_line, fold, kept], trigger_mode="multiple", **quiet)
    removed = [
        kept.remove(decided.remove, owner, [fold, kept, told_line], concurrency_limit=None, **quiet),
        kept.remove_all(decided.remove_all, owner, [fold, kept, told_line], concurrency_limit=None, **quiet),
    ]
    for event in (acted, *removed):
        event.then(teach.show, section.inputs, section.outputs, concurrency_limit=None, **quiet)
    acted.then(**measuring)
    voice.input(partial(state.remember, name=sample.VOICE), [owner, voice], None, **quiet | state.IN_ORDER)
    fetching.tick(OFFER.tick, None, offer, concurrency_limit=None, **quiet).then(**asked_where)
    taught = dict(fn=teach.show, inputs=section.inputs, outputs=section.outputs, concurrency_limit=None, **quiet)
    page = [missing, body, voice, *offer, fold, kept, sides, columns, draft]
    return state.Page(
        arrived, [owner, voice, sides, draft], page, {to_train: "train"}, (asked_where, taught, measuring)
    )


def fields() -> list:
    """Address, model and key of a service."""
    with gr.Row(elem_classes="knobs"):
        return [
            gr.Textbox(label="Address", placeholder="https://api.openai.com/v1", max_length=500, elem_id="endpoint-address",
                       info="Of any service that speaks OpenAI's protocol, also one on this machine."),
            gr.Textbox(label="Model", placeholder="gpt-5-mini", max_length=200, elem_id="endpoint-model",
                       info="The name that service knows it by."),
            gr.Textbox(label="Key", type="password", max_length=500, info="For this session only; it is never saved."),
        ]  # fmt: skip


show = sample.show


def arrived(owner: str, chosen: str | None, sides: Sides | None = None, draft: str = "") -> list:
    """The page as someone arrives: the voices, the offer of a writer where there is none, what was decided, and what lies open."""
    page = [*show(owner, chosen), *OFFER.show(wanted=not is_set_up()), *decided.show(owner)]
    if not owner or is_space() or isinstance(sides, Sides):
        return [*page, *[gr.skip()] * 3]
    try:
        found = kept_review(state.workspace(owner).review_file)
    except UserError as error:
        return [*page, gr.skip(), look.notice(str(error)), gr.skip()]
    if found is None:
        return [*page, *[gr.skip()] * 3]
    return [*page, found, review.review_html(found), gr.skip() if (draft or "").strip() else found.draft]


def turn(source: str, address: str = "", model: str = "", key: str = "") -> list:
    """Between a draft of one's own and one that is asked for; where nobody can write it, the service's fields unfold."""
    ask = source == ASK
    nobody = ask and not is_set_up() and local_writer() is None and not any((address, model, key))
    return [
        gr.update(visible=ask),
        gr.update(value=GO[ASK if ask else PASTE]),
        gr.update(placeholder="The draft appears here." if ask else "Paste a draft here."),
        gr.update(open=True) if nobody else gr.skip(),
    ]


def where_to(address: str, model: str, key: str) -> list:
    """Who would write a draft, and who may propose sentences."""
    return [destination_html(address, model, key), service.proposing(address, model, key)]


@contextmanager
def _stoppable(owner: str, request: gr.Request | None) -> Iterator[threading.Event]:
    """A flag that `halted` raises from the same page; a name that a browser chose decides nothing else."""
    name, flag = (owner, str(getattr(request, "session_hash", ""))), threading.Event()
    _stops[name] = flag
    try:
        yield flag
    finally:
        if _stops.get(name) is flag:
            del _stops[name]


def stream(
    owner: str, voice: str, source: str, instruction: str, address: str, model: str, key: str, draft: str,
    strength: float, agreed: list[str] | None = None, request: gr.Request = None,
) -> Iterator[list]:  # fmt: skip
    """The draft if it is asked for, then the rewrite, as they are written: (draft, sides, columns, notice, Rewrite, Stop).

    `agreed`: the host that may propose sentences too, in a list, or nothing.
    """
    busy = [gr.update(visible=False), gr.update(visible=True)]
    free = [gr.update(visible=True), gr.update(visible=False)]
    same = gr.skip()
    draft, sides, by = draft or "", None, "pasted by you"
    with _stoppable(owner, request) as stop:
        try:
            config = dial(strength)
            engine = state.engine(state.find_run(owner, voice))  # before anything is sent
            also = service.proposers(owner, agreed, address, model, key)
            edits = decided.edits(owner)
            if source == ASK:
                writer = writer_for(address, model, key)
                by = f"{writer.model} at {writer.destination}" if writer.destination else f"{writer.model}, on this machine"
                yield [same, None, look.quiet(f"Asking {by}…"), told(""), *busy]
                draft, drawn = "", 0.0  # what stood there stays until the first piece is here, which is shown at once
                with closing(writer.stream(instruction or "", stop=stop.is_set)) as pieces:
                    for piece in pieces:
                        draft += piece
                        if time.monotonic() - drawn > REDRAW_SECONDS:
                            drawn = time.monotonic()
                            yield [draft, *[same] * 5]  # no buttons: Stop may be pressed by now
                draft = draft.strip()
                yield [draft, *[same] * 5]
            else:
                yield [same, None, look.quiet("Rewriting…"), told(""), *busy]
            rewriter = engine.name
            if also:
                rewriter += f", with {also[0].writer.model} at {also[0].writer.destination} proposing"
            drawn = 0.0
            with closing(engine.stream_rewrite(draft, config, stop.is_set, also, edits)) as steps:
                for rewrite in steps:
                    if stop.is_set():  # what was under way then was not looked at to the end
                        break
                    if rewrite.done < 1 and time.monotonic() - drawn < REDRAW_COLUMNS_SECONDS:
                        continue
                    drawn = time.monotonic()
                    sides = Sides(reviewed(rewrite), by, rewriter, str(voice), ended=rewrite.done >= 1)
                    review.keep(owner, sides)
                    yield [same, sides, review.review_html(sides, done=False), *[same] * 3]
            yield [same, sides, review.review_html(sides) if sides else review.NOTHING_YET, told(""), *free]
        except UserError as error:
            yield [same, sides, review.review_html(sides) if sides else review.NOTHING_YET, told(str(error)), *free]


def halted(owner: str, sides: Sides | None, request: gr.Request = None) -> list:
    """After a stop: what is done stays, and can be decided: (sides, columns, Rewrite, Stop)."""
    flag = _stops.get((owner, str(getattr(request, "session_hash", ""))))
    if flag is not None:
        flag.set()
    done = review.review_html(sides) if isinstance(sides, Sides) else review.NOTHING_YET
    return [gr.skip(), done, gr.update(visible=True), gr.update(visible=False)]


def clear(owner: str) -> list:
    """Clear the table: (draft, sides, columns, notice).  What was decided stays."""
    try:
        forget_review(state.workspace(owner).review_file)
    except UserError as error:
        return [gr.skip(), gr.skip(), gr.skip(), told(str(error))]
    return ["", None, review.NOTHING_YET, told("")]


def measure(owner: str, sides: Sides | None, known: dict | None) -> list:
    """What is measured of what stands now: (scores, what was measured, the offer of what would measure it better)."""
    found = scores.show(owner, sides, known)
    return [*found, *MEANING.show(wanted=bool(found[0]))]


def wait_for_meaning(owner: str, sides: Sides | None, known: dict | None) -> list:
    """How far MiniLM is, and once it is here, what it says: as `measure`."""
    return measure(owner, sides, known) if base_path("minilm") else [gr.skip(), gr.skip(), *MEANING.tick()]


def decide(owner: str, sides: Sides | None, event: gr.EventData = None) -> list:
    """One act upon a sentence: (sides, columns, line for notices, what was decided)."""
    after, said = review.act(owner, sides, event)
    if said:
        return [gr.skip(), gr.skip(), told(said), gr.skip(), gr.skip()]
    return [after, review.review_html(after), told(""), *decided.show(owner)]


def dial(strength: float) -> RewriteConfig:
    """What the slider says.  Raises UserError for what it cannot say, for a handler can be called without it."""
    try:
        return RewriteConfig(strength=float(strength))
    except (TypeError, ValueError) as error:
        raise UserError("The strength lies between 0 and 1; move the slider there.") from error
