"""Sample: what a voice writes on from a few words, as it comes, with the dice in the person's hand.

How a text looks, as text and token by token, and what else could stand at a place, is pages/tokens.py.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

import gradio as gr

from pages import last_sample, look, state, tokens
from pages.look import fragment, told
from pages.tokens import InHand, Written
from pages.words import count
from vibejam.config import SampleConfig, default_of, help_for
from vibejam.engine import StyleEngine
from vibejam.errors import UserError
from vibejam.learn import SAMPLE_PROMPT
from vibejam.sample import prompt_ids, stream_tokens

REDRAW_SECONDS = 0.1  # a page redraws no faster than that, however fast the model is
BUSY = [gr.update(visible=False), gr.update(visible=True)]  # Write, Stop
FREE = [gr.update(visible=True), gr.update(visible=False)]
PROMPT = "prompt"  # the box's id, by which what was typed into it is remembered
VOICE = "voice"  # by what name the voice that was chosen is remembered, for Rewrite too
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
        voice = gr.Dropdown([], label="Voice", info="Which of your runs writes.", filterable=False, elem_id="sample-voice")
        prompt = gr.Textbox(
            SAMPLE_PROMPT, label="Begin with", info="The voice goes on from these words.", lines=2, max_lines=8,
            elem_classes="read", elem_id=PROMPT,
        )  # fmt: skip
        with gr.Row(elem_classes="actions"):
            write = gr.Button("Write on", variant="primary", size="md", elem_id="write-on")
            stop = gr.Button("Stop", variant="secondary", size="md", visible=False, elem_id="stop-writing")
        quiet = look.progress() | dict(api_visibility="private")
        told_line = fragment(visible=False, elem_id="sample-notice")
        how = gr.Radio(
            [("As text", tokens.TEXT), ("Token by token", tokens.TOKENS)], value=tokens.TEXT, label="How to show it",
            info="As it reads, or with how sure the voice was of each token.", show_label=False,
            visible=False, elem_id="how-shown", elem_classes="switch",
        )  # fmt: skip
        written = gr.HTML(NOTHING_YET, js_on_load=look.script("copy.js", "tokens.js"), apply_default_css=False, elem_id="written")
        with gr.Accordion("The dice, and what they leave", open=False, elem_id="dice") as fold:
            place = gr.HTML("", js_on_load=look.script("copy.js", "tokens.js"), apply_default_css=False, elem_id="place")
            dice = sliders()
        text, hand = gr.State(None), gr.State(None)  # Written and InHand, on the server

    outputs = [written, told_line, write, stop, text, how]
    seen = dict(fn=seen_as, inputs=[owner, how, text], outputs=[written, told_line], **state.BY_TURNS, **quiet)
    left = dict(fn=left_by, inputs=[owner, voice, prompt, text, hand, *dice], outputs=[hand, place], **state.BY_TURNS, **quiet)
    writing = gr.on(
        [write.click, prompt.submit], stream, [owner, voice, prompt, *dice], outputs, **state.BY_TURNS, **quiet
    )
    onward = place.go_on(go_on, [owner, hand, *dice], outputs, **state.BY_TURNS, **quiet)
    stopped = stop.click(
        lambda: [gr.update(visible=True), gr.update(visible=False)], None, [write, stop], cancels=[writing, onward], **quiet
    )
    for ended in (writing, onward, stopped):
        ended.then(**seen).then(**left)
    how.input(**seen)
    written.look(take_in_hand, [owner, text, *dice], [hand, place, fold, told_line], **state.BY_TURNS, **quiet)
    voice.input(partial(state.remember, name=VOICE), [owner, voice], None, **quiet | state.IN_ORDER)
    again = dict(fn=come_back, inputs=[owner, voice, prompt, text], outputs=[written, text, how, prompt], **state.BY_TURNS, **quiet)
    gr.on([fold.expand, voice.input, *(slider.change for slider in dice[:3])], trigger_mode="always_last", **left)
    # what was typed is remembered then, too, of which the last counts (state.IN_ORDER)
    prompt.blur(trigger_mode="multiple", **left)
    return state.Page(show, [owner, voice], [missing, body, voice], {to_train: "train"}, (again,))


def sliders() -> list:
    """Temperature, top-k, top-p, the length and the seed, in the order `dice` takes them."""
    with gr.Row(elem_classes="knobs"):
        made = [
            gr.Slider(0, 1.5, default_of(SampleConfig, "temperature"), step=0.05, label="Temperature",
                      info=help_for(SampleConfig, "temperature"), min_width=220, elem_id="dice-temperature"),
            gr.Slider(0, 200, default_of(SampleConfig, "top_k"), step=1, label="Top-k",
                      info=help_for(SampleConfig, "top_k"), min_width=220, elem_id="dice-top-k"),
            gr.Slider(0.05, 1, default_of(SampleConfig, "top_p"), step=0.05, label="Top-p",
                      info=help_for(SampleConfig, "top_p"), min_width=220, elem_id="dice-top-p"),
            gr.Slider(20, 1000, default_of(SampleConfig, "max_new_tokens"), step=10, label="Length",
                      info=help_for(SampleConfig, "max_new_tokens"), min_width=220, elem_id="dice-length"),
            gr.Textbox("", label="Seed", info=help_for(SampleConfig, "seed"), max_length=20, min_width=220, placeholder="none",
                       elem_id="dice-seed"),
        ]  # fmt: skip
    return made


def dice(*settings: float | str | None) -> SampleConfig:
    """What the sliders say, in their order.  Raises UserError for what none can say, for a handler can be called without them."""
    try:
        temperature, top_k, top_p, length, seed = settings
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
    chosen = chosen or state.recall(owner, VOICE)
    return [gr.update(visible=not choices), gr.update(visible=bool(choices)), voices(choices, chosen)]


def voices(choices: list[tuple[str, str]], chosen: str | None) -> dict:
    """The update of a dropdown of voices; it hides where there is nothing to choose."""
    names = [name for _, name in choices]
    value = chosen if chosen in names else (names[0] if names else None)
    return gr.update(choices=choices, value=value, visible=len(names) > 1)


def come_back(owner: str, voice: str | None, prompt: str, written: Written | None) -> list:
    """What this voice wrote before the page was left: (text, what is written, how to show it, prompt)."""
    try:
        if not owner or not voice or isinstance(written, Written) or (found := last_sample.kept(owner, voice)) is None:
            return [gr.skip()] * 4
        # what was typed comes back by app.py, perhaps after this: the page may not show it yet
        typed = state.recall(owner, PROMPT) is not None or (prompt or "") != SAMPLE_PROMPT
        begun = gr.skip() if typed else found.prompt
        return [_as_text(state.engine(state.find_run(owner, voice)), found), found, gr.update(visible=True), begun]
    except UserError:
        return [gr.skip()] * 4


def stream(owner: str, voice: str, prompt: str, *settings: float | str) -> Iterator[list]:
    """The text as it is written: (text, line for notices, Write, Stop, what is written, how to show it)."""
    prompt = prompt or ""
    try:
        config = dice(*settings)
        yield _redrawn(tokens.text_html(prompt, ""), BUSY)
        engine = state.engine(state.find_run(owner, voice))
        ids = tuple(prompt_ids(engine.tokenizer, prompt))
        yield from _written_on(engine, Written(voice, prompt, ids, len(ids)), config)
    except UserError as error:
        yield [NOTHING_YET, told(str(error)), *FREE, None, gr.update(visible=False)]


def go_on(owner: str, hand: InHand | None, event: gr.EventData, *settings: float | str) -> Iterator[list]:
    """Go on from the place in hand with another token; else as `stream`."""
    same = gr.skip()
    try:
        config, token = dice(*settings), tokens.pressed(event, "id")
        if not isinstance(hand, InHand):
            raise UserError("There is no text here any more; write on again.")
        engine = state.engine(state.find_run(owner, hand.voice))
        if token is None or not 0 <= token < len(hand.logits) or hand.logits[token] == -float("inf"):
            raise UserError("Choose one of the tokens that are shown.")
        yield from _written_on(engine, Written(hand.voice, hand.prompt, (*hand.ids, token), hand.given), config)
    except UserError as error:
        yield [same, told(str(error)), *FREE, same, same]


def _written_on(engine: StyleEngine, written: Written, config: SampleConfig) -> Iterator[list]:
    """What stands in `written` and all that comes after it, as it comes."""
    ids, given = list(written.ids), written.given
    first, began, drawn = len(ids), time.monotonic(), 0.0
    config = replace(config, max_new_tokens=max(1, config.max_new_tokens - (first - given)))
    yield _redrawn(tokens.text_html(written.prompt, engine.tokenizer.decode(ids[given:])), BUSY, written)
    with closing(stream_tokens(engine.model, engine.tokenizer, ids[:], config)) as further:
        for token in further:
            ids.append(token)
            if time.monotonic() - drawn > REDRAW_SECONDS:
                drawn = time.monotonic()
                now = replace(written, ids=tuple(ids), seconds=drawn - began, new=len(ids) - first)
                yield _redrawn(tokens.text_html(written.prompt, engine.tokenizer.decode(ids[given:])), None, now)
    seconds = time.monotonic() - began
    done = replace(written, ids=tuple(ids), seconds=seconds, new=len(ids) - first)
    yield [_as_text(engine, done), told(""), *FREE, done, gr.update(visible=True)]


def _redrawn(html: str, buttons: list | None, written: Written | None = None) -> list:
    """No buttons while it writes: Stop may be pressed by now."""
    some = [gr.skip()] * 2 if buttons is None else buttons
    return [html, gr.skip() if buttons is None else told(""), *some, gr.skip() if written is None else written, gr.skip()]


def _as_text(engine: StyleEngine, written: Written) -> str:
    """The text with its figures."""
    text = engine.tokenizer.decode(written.ids[written.given :])
    runs = engine.copied_runs(text)
    return tokens.text_html(written.prompt, text, runs or (), facts(written, text, runs))


def facts(written: Written, text: str, runs: list | None) -> list[str]:
    """How long it is, how fast it came and how much of it is copied."""
    if not text.strip():
        return ["The voice ended at once; write on again, or begin with other words."]
    speed = f", {written.new / written.seconds:,.0f} a second" if written.seconds and written.new else ""
    return [count(len(written.ids) - written.given, "token") + speed, tokens.copied_words(runs, text)]


def seen_as(owner: str, how: str, written: Written | None) -> list:
    """What was written, in the way that was chosen, and kept for whoever comes back: (text, line for notices)."""
    if not isinstance(written, Written):
        return [gr.skip(), gr.skip()]
    try:
        engine = state.engine(state.find_run(owner, written.voice))
        last_sample.keep(owner, written)
        if how != tokens.TOKENS or len(written.ids) == written.given:
            return [_as_text(engine, written), gr.skip()]
        found, text, runs = tokens.tokens_of_written(owner, written)
        html = tokens.tokens_html(written.prompt, found, written.given, runs or (), facts(written, text, runs))
        return [html, gr.skip()]
    except UserError as error:
        return [gr.skip(), told(str(error))]


def take_in_hand(owner: str, written: Written | None, event: gr.EventData, *settings: float | str) -> list:
    """One token is looked at: (the place, its drawing, the fold around it, line for notices)."""
    try:
        hand = tokens.in_hand(owner, written, tokens.pressed(event, "at"))
        return [hand, tokens.place_html(owner, hand, dice(*settings)), gr.update(open=True), told("")]
    except UserError as error:
        return [gr.skip(), gr.skip(), gr.skip(), told(str(error))]


def left_by(owner: str, voice: str, prompt: str, written: Written | None, hand: InHand | None, *settings: float | str) -> list:
    """What the dice leave of the place in hand, or of the one where the voice would write next: (the place, its drawing)."""
    try:
        config = dice(*settings)
        here = isinstance(written, Written) and written.voice == voice and written.prompt == (prompt or "")
        if not here:
            tokenizer = state.engine(state.find_run(owner, voice)).tokenizer
            ids = tuple(prompt_ids(tokenizer, prompt or ""))
            written = Written(voice, prompt or "", ids, len(ids))
        kept = isinstance(hand, InHand) and hand.given == written.given and hand.voice == written.voice
        if not kept or hand.ids != written.ids[: len(hand.ids)]:
            hand = tokens.in_hand(owner, written, len(written.ids))
        return [hand, tokens.place_html(owner, hand, config)]
    except UserError as error:
        return [None, look.quiet(str(error))]
