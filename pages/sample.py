"""Sample: what a voice writes on from a few words, as it comes, with the dice in the person's hand."""

import time
from collections.abc import Iterator
from contextlib import closing

import gradio as gr

from pages import look, state
from pages.look import fragment, told
from pages.words import count, esc
from vibejam.config import SampleConfig, default_of, help_for
from vibejam.errors import UserError
from vibejam.learn import SAMPLE_PROMPT

REDRAW_SECONDS = 0.1  # a page redraws no faster than that, however fast the model is
NOTHING_YET = '<div class="sheet"><p class="quiet">What the voice writes appears here.</p></div>'


def build(owner: gr.State) -> state.Page:
    """The page inside the tab that is open now."""
    fragment(
        look.heading("Hear it", "The voice goes on from your first words. It knows how you write, not what is true.")
    )
    with gr.Column(visible=False, elem_classes="empty") as missing:
        fragment("<p>There is no voice yet: let a run learn from your writing first.</p>")
        to_train = gr.Button("Learn my voice", variant="primary", size="md", elem_id="sample-to-train")
    with gr.Column(visible=False) as body:
        voice = gr.Dropdown([], label="Voice", filterable=False, elem_id="sample-voice")
        prompt = gr.Textbox(
            SAMPLE_PROMPT, label="Begin with", lines=2, max_lines=8, elem_classes="read", elem_id="prompt"
        )
        with gr.Row(elem_classes="actions"):
            write = gr.Button("Write on", variant="primary", size="md", elem_id="write-on")
            stop = gr.Button("Stop", variant="secondary", size="md", visible=False, elem_id="stop-writing")
        told_line = fragment(visible=False, elem_id="sample-notice")
        written = gr.HTML(NOTHING_YET, js_on_load=look.script("copy.js"), apply_default_css=False, elem_id="written")
        dice = sliders()

    quiet = dict(show_progress="hidden", api_visibility="private")
    outputs = [written, told_line, write, stop]
    writing = gr.on(
        [write.click, prompt.submit], stream, [owner, voice, prompt, *dice], outputs, concurrency_limit=4, **quiet
    )
    stop.click(
        lambda: [gr.update(visible=True), gr.update(visible=False)], None, [write, stop], cancels=[writing], **quiet
    )
    return state.Page(show, [owner, voice], [missing, body, voice], {to_train: "train"})


def sliders() -> list:
    """Temperature, top-k, top-p, the length and the seed, in the order `dice` takes them."""
    with gr.Row(elem_classes="knobs"):
        made = [
            gr.Slider(0, 1.5, default_of(SampleConfig, "temperature"), step=0.05, label="Temperature",
                      info=help_for(SampleConfig, "temperature"), min_width=220),
            gr.Slider(0, 200, default_of(SampleConfig, "top_k"), step=1, label="Top-k",
                      info=help_for(SampleConfig, "top_k"), min_width=220),
            gr.Slider(0.05, 1, default_of(SampleConfig, "top_p"), step=0.05, label="Top-p",
                      info=help_for(SampleConfig, "top_p"), min_width=220),
            gr.Slider(20, 1000, default_of(SampleConfig, "max_new_tokens"), step=10, label="Length",
                      info=help_for(SampleConfig, "max_new_tokens"), min_width=220),
            gr.Textbox("", label="Seed", info=help_for(SampleConfig, "seed"), max_length=20, min_width=220, placeholder="none"),
        ]  # fmt: skip
    return made


def dice(temperature: float, top_k: float, top_p: float, length: float, seed: str | int | None) -> SampleConfig:
    """What the sliders say.  Raises UserError for what no slider can say, for a handler can be called without them."""
    try:
        return SampleConfig(
            max_new_tokens=min(int(length), 1000),
            temperature=float(temperature),
            top_k=int(top_k),
            top_p=float(top_p),
            seed=int(seed) % 2**63 if str(seed or "").strip() else None,
        )
    except UserError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError("A seed is a whole number, or empty; change it and try again.") from error


def show(owner: str, chosen: str | None) -> list:
    """Updates for the page: the voices there are, or the way to the first one."""
    choices = state.voice_choices(owner) if owner else []
    return [gr.update(visible=not choices), gr.update(visible=bool(choices)), voices(choices, chosen)]


def voices(choices: list[tuple[str, str]], chosen: str | None) -> dict:
    """The update of a dropdown of voices; it hides where there is nothing to choose."""
    names = [name for _, name in choices]
    value = chosen if chosen in names else (names[0] if names else None)
    return gr.update(choices=choices, value=value, visible=len(names) > 1)


def stream(owner: str, voice: str, prompt: str, *settings: float | str) -> Iterator[list]:
    """The text as it is written: (text, line for notices, Write, Stop)."""
    busy = [gr.update(visible=False), gr.update(visible=True)]
    free = [gr.update(visible=True), gr.update(visible=False)]
    prompt, text = prompt or "", ""
    try:
        config = dice(*settings)
        yield [page_html(prompt, ""), told(""), *busy]
        engine = state.engine(state.find_run(owner, voice))
        began, drawn = time.monotonic(), 0.0
        with closing(engine.stream(prompt, config)) as pieces:
            for piece in pieces:
                text += piece
                if time.monotonic() - drawn > REDRAW_SECONDS:
                    drawn = time.monotonic()
                    yield [page_html(prompt, text), *[gr.skip()] * 3]  # no buttons: Stop may be pressed by now
        seconds = time.monotonic() - began
        tokens = len(engine.tokenizer.encode(text))
        facts = [
            f"{count(tokens, 'token')}, {tokens / max(seconds, 1e-9):,.0f} a second",
            copied_words(engine.copied(text)),
        ]
        if not text.strip():
            facts = ["The voice ended at once; write on again, or begin with other words."]
        yield [page_html(prompt, text, facts), told(""), *free]
    except UserError as error:
        yield [page_html(prompt, text) if text else NOTHING_YET, told(str(error)), *free]


def copied_words(longest: int | None) -> str:
    """How much of a text stands word for word in the writing it was learnt from."""
    if longest is None:
        return ""
    if not longest:
        return "no four words in a row are copied from your writing"
    return f"at most {longest} words in a row are copied from your writing"


def page_html(prompt: str, text: str, facts: list[str] = []) -> str:
    """The prompt and what the voice made of it; `facts` come when it is finished."""
    figures = (
        f'<span class="figures">{esc(" · ".join(fact for fact in facts if fact))}</span>' if facts else "<span></span>"
    )
    caret = "" if facts else look.CARET
    return (
        f'<div class="sheet"><p class="read" data-text=""><span class="given">{esc(prompt)}</span>'
        f'<span class="voice">{esc(text)}</span>{caret}</p><footer>{figures}{look.COPY}</footer></div>'
    )
