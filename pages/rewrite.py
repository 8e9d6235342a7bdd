"""Rewrite: a draft, pasted or asked of a model, and beside it the same in the person's manner, to be decided sentence by sentence.

The two columns are pages/review.py, what was decided pages/decided.py, and teaching the voice pages/teach.py.  Before anything is
sent, the page names the host it goes to.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing

import gradio as gr

from pages import decided, look, review, sample, state, teach
from pages.base_offer import Offer
from pages.look import fragment, told
from pages.sample import REDRAW_SECONDS
from pages.words import esc
from vibejam.config import RewriteConfig, default_of, help_for
from vibejam.drafts import DraftWriter, endpoint_for, endpoint_from_environment
from vibejam.errors import UserError
from vibejam.local_writer import BASE, local_writer
from vibejam.rewrite.review import review as reviewed
from vibejam.runtime import is_space

PASTE, ASK = "paste", "ask"
HONEST = (
    "Numbers, names, negations, quotations, links and code stay as they are, and a sentence that could not be said your way "
    "without changing them is left alone. Read it once all the same: the guards know words, not what you mean."
)
OFFER = Offer(BASE, "A small model can write it on this machine, with no key and no network.")
GO = {PASTE: "Rewrite", ASK: "Write a draft and rewrite it"}


def build(owner: gr.State) -> state.Page:
    """The page inside the tab that is open now."""
    fragment(look.heading("Rewrite a draft", "A machine's draft beside your voice."))
    with gr.Column(visible=False, elem_classes="empty") as missing:
        fragment("<p>There is no voice yet to rewrite in: let a run learn from your writing first.</p>")
        to_train = gr.Button("Learn my voice", variant="primary", size="md", elem_id="rewrite-to-train")
    with gr.Column(visible=False) as body:
        voice = gr.Dropdown([], label="Voice", filterable=False, elem_id="rewrite-voice")
        source = gr.Radio(
            [("I have a draft", PASTE), ("Have one written", ASK)], value=PASTE, label="Draft", show_label=False,
            elem_id="source", elem_classes="switch",
        )  # fmt: skip
        with gr.Column(visible=False, elem_id="ask") as asking:
            instruction = gr.Textbox(
                label="What should it be about?", lines=2, max_lines=8, elem_id="instruction", max_length=8000,
                placeholder="Tell my landlord that the boiler is broken again.",
            )  # fmt: skip
            goes_to = fragment(destination_html("", "", ""), elem_id="destination")
            fetching = gr.Timer(1.0, active=False)
            offer = OFFER.build(fetching, "rewrite-offer")
            with gr.Accordion("The model that writes it", open=not is_set_up() and local_writer() is None, elem_id="endpoint"):
                with gr.Row(elem_classes="knobs"):
                    address = gr.Textbox(
                        label="Address",
                        placeholder="https://api.openai.com/v1",
                        max_length=500,
                        info="Of any service that speaks OpenAI's protocol, also one on this machine.",
                    )
                    model = gr.Textbox(
                        label="Model",
                        placeholder="gpt-5-mini",
                        max_length=200,
                        info="The name that service knows it by.",
                    )
                    key = gr.Textbox(label="Key", type="password", max_length=500,
                                     info="For this session only; it is never saved.")  # fmt: skip
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
        told_line = fragment(visible=False, elem_id="rewrite-notice")
        sides = gr.State(None)  # what the columns show, on the server
        columns = review.component()
        fragment(f'<p class="quiet">{HONEST}</p>')
        section = teach.build(owner, voice, [address, model, key])
        with gr.Accordion("What you decided", open=False, elem_id="decisions") as fold:
            kept = decided.component()

    quiet = dict(show_progress="hidden", api_visibility="private")
    source.input(turn, source, [asking, go, draft], concurrency_limit=None, **quiet)
    gr.on(  # change, not input: inside a tab Gradio misses the first input, and a pasted address is only one
        [address.change, model.change, key.change], destination_html, [address, model, key], goes_to,
        trigger_mode="always_last", concurrency_limit=None, **quiet,
    )  # fmt: skip
    inputs = [owner, voice, source, instruction, address, model, key, draft, strength]
    writing = go.click(stream, inputs, [draft, sides, columns, told_line, go, stop], concurrency_limit=4, **quiet)
    stop.click(halted, sides, [columns, go, stop], cancels=[writing], **quiet)
    acted = columns.act(decide, [owner, sides], [sides, columns, told_line, fold, kept], trigger_mode="multiple", **quiet)
    removed = [
        kept.remove(decided.remove, owner, [fold, kept, told_line], concurrency_limit=None, **quiet),
        kept.remove_all(decided.remove_all, owner, [fold, kept, told_line], concurrency_limit=None, **quiet),
    ]
    for event in (acted, *removed):
        event.then(teach.show, section.inputs, section.outputs, concurrency_limit=None, **quiet)
    told_where = dict(fn=destination_html, inputs=[address, model, key], outputs=goes_to, concurrency_limit=None, **quiet)
    fetching.tick(OFFER.tick, None, offer, concurrency_limit=None, **quiet).then(**told_where)
    taught = dict(fn=teach.show, inputs=section.inputs, outputs=section.outputs, concurrency_limit=None, **quiet)
    page = [missing, body, voice, *offer, fold, kept]
    return state.Page(arrived, [owner, voice], page, {to_train: "train"}, (told_where, taught))


show = sample.show


def arrived(owner: str, chosen: str | None) -> list:
    """The page as someone arrives: the voices, the offer of a writer where there is none, and what was decided."""
    return [*show(owner, chosen), *OFFER.show(wanted=not is_set_up()), *decided.show(owner)]


def turn(source: str) -> list:
    """Between a draft of one's own and one that is asked for."""
    ask = source == ASK
    return [
        gr.update(visible=ask),
        gr.update(value=GO[ASK if ask else PASTE]),
        gr.update(placeholder="The draft appears here." if ask else "Paste a draft here."),
    ]


def is_set_up() -> bool:
    """Whether the environment names a model to write drafts, so that nothing needs to be typed."""
    try:
        return not is_space() and endpoint_from_environment() is not None
    except UserError:
        return False


def writer_for(address: str, model: str, key: str) -> DraftWriter:
    """Who writes the draft: the service that is typed, the one in the environment, or the small model on this machine.

    On a Space nobody writes at the expense of whoever put it there.
    """
    typed = any((text or "").strip() for text in (address, model, key))
    if not typed and not is_set_up() and (local := local_writer()) is not None:
        return local
    if is_space() and not (key or "").strip():
        raise UserError("Open “The model that writes it” and type the address, the model and your own key.")
    return endpoint_for(address or "", model or "", key or "", public=is_space())


def destination_html(address: str, model: str, key: str) -> str:
    """Where the instruction would go, before it goes; or what is missing for it to go anywhere."""
    try:
        writer = writer_for(address, model, key)
    except UserError as error:
        return f'<p class="quiet">{esc(error)}</p>'
    if writer.destination is None:
        return f'<p class="quiet">It will be written by <b>{esc(writer.model)}</b>, on this machine; nothing leaves it.</p>'
    where = f"It will be sent to <b>{esc(writer.destination)}</b> and written by <b>{esc(writer.model)}</b>."
    return f'<p class="quiet">{where} Nothing else leaves this machine.{_key_words(writer, key)}</p>'


def _key_words(writer: DraftWriter, key: str) -> str:
    if (key or "").strip():
        return " With the key typed below, for this session only."
    if os.environ.get("OPENAI_API_KEY", "").strip() and writer.base_url == endpoint_for("", writer.model, "").base_url:
        return " Key from the environment ✓"
    return ""


def stream(
    owner: str, voice: str, source: str, instruction: str, address: str, model: str, key: str, draft: str,
    strength: float,
) -> Iterator[list]:  # fmt: skip
    """The draft if it is asked for, then the rewrite, as they are written: (draft, sides, columns, notice, Rewrite, Stop)."""
    busy = [gr.update(visible=False), gr.update(visible=True)]
    free = [gr.update(visible=True), gr.update(visible=False)]
    same = gr.skip()
    draft, sides, by = draft or "", None, "pasted by you"
    try:
        config = dial(strength)
        engine = state.engine(state.find_run(owner, voice))  # before anything is sent
        if source == ASK:
            writer = writer_for(address, model, key)
            by = f"{writer.model} at {writer.destination}" if writer.destination else f"{writer.model}, on this machine"
            yield [same, None, look.quiet(f"Asking {by}…"), told(""), *busy]
            draft, drawn = "", 0.0  # what stood there stays until the first piece is here, which is shown at once
            with closing(writer.stream(instruction or "")) as pieces:
                for piece in pieces:
                    draft += piece
                    if time.monotonic() - drawn > REDRAW_SECONDS:
                        drawn = time.monotonic()
                        yield [draft, *[same] * 5]  # no buttons: Stop may be pressed by now
            draft = draft.strip()
            yield [draft, *[same] * 5]
        else:
            yield [same, None, look.quiet("Rewriting…"), told(""), *busy]
        with closing(engine.stream_rewrite(draft, config)) as steps:
            for rewrite in steps:
                sides = review.Sides(reviewed(rewrite), by, engine.name)
                yield [same, sides, review.review_html(sides, done=False), *[same] * 3]
        yield [same, sides, review.review_html(sides), told(""), *free]
    except UserError as error:
        yield [same, sides, review.review_html(sides) if sides else review.NOTHING_YET, told(str(error)), *free]


def halted(sides: review.Sides | None) -> list:
    """After a stop: what is done stays, and can be decided."""
    done = review.review_html(sides) if isinstance(sides, review.Sides) else review.NOTHING_YET
    return [done, gr.update(visible=True), gr.update(visible=False)]


def decide(owner: str, sides: review.Sides | None, event: gr.EventData) -> list:
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
