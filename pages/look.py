"""How the app looks: the theme that hands Gradio our colours, and the few fragments of HTML that every page uses.

The colours themselves stand in assets/style.css, once for light and once for dark; here they are only named.  Text of
a person goes into HTML through `esc` and into gr.HTML through the plain "${value}" template: a `{{...}}` template
would run it as code.
"""

from inspect import signature
from pathlib import Path

import gradio as gr
from gradio.routes import templates
from gradio.themes import Base
from gradio.themes.utils.fonts import LocalFont
from jinja2 import ChoiceLoader, DictLoader, TemplateNotFound

from pages.words import esc
from vibejam.runtime import is_space

ASSETS = Path(__file__).resolve().parents[1] / "assets"
STYLE = ASSETS / "style.css"
LOGO = ASSETS / "logo.svg"

COPY = '<button type="button" class="link" data-copy="">Copy</button>'
CARET = '<span class="caret" aria-hidden="true"></span>'  # style.css shows it only while there is something to stop
# Refusing is left to the handlers, which say what may be chosen: Gradio's own refusal prints a traceback besides.  Of the class,
# for Gradio builds a component anew for each page that updates it.
gr.Slider.preprocess = lambda self, sent: sent
_PLAIN = {  # Gradio's name → ours, the same word in light and dark because style.css changes what it means
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--text)",
    "body_text_color_subdued": "var(--quiet)",
    "background_fill_primary": "var(--paper)",
    "background_fill_secondary": "var(--sheet)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--quiet)",
    "border_color_accent_subdued": "var(--line)",
    "color_accent": "var(--text)",
    "color_accent_soft": "var(--sheet)",
    "link_text_color": "var(--text)",
    "link_text_color_hover": "var(--text)",
    "link_text_color_visited": "var(--text)",
    "link_text_color_active": "var(--text)",
    "block_background_fill": "transparent",
    "block_border_color": "transparent",
    "block_info_text_color": "var(--quiet)",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "var(--quiet)",
    "block_title_background_fill": "transparent",
    "block_title_text_color": "var(--text)",
    "panel_background_fill": "transparent",
    "panel_border_color": "transparent",
    "accordion_text_color": "var(--text)",
    "input_background_fill": "var(--sheet)",
    "input_background_fill_focus": "var(--sheet)",
    "input_background_fill_hover": "var(--sheet)",
    "input_border_color": "var(--edge)",
    "input_border_color_focus": "var(--text)",
    "input_border_color_hover": "var(--quiet)",
    "input_placeholder_color": "var(--quiet)",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "checkbox_background_color": "var(--sheet)",
    "checkbox_background_color_selected": "var(--text)",
    "checkbox_border_color": "var(--edge)",
    "checkbox_border_color_focus": "var(--text)",
    "checkbox_border_color_hover": "var(--quiet)",
    "checkbox_border_color_selected": "var(--text)",
    "checkbox_label_background_fill": "transparent",
    "checkbox_label_background_fill_hover": "var(--sheet)",
    "checkbox_label_background_fill_selected": "var(--sheet)",
    "checkbox_label_border_color": "var(--edge)",
    "checkbox_label_border_color_hover": "var(--quiet)",
    "checkbox_label_border_color_selected": "var(--text)",
    "checkbox_label_text_color": "var(--text)",
    "checkbox_label_text_color_selected": "var(--text)",
    "loader_color": "var(--quiet)",
    "slider_color": "var(--text)",
    "error_background_fill": "var(--sheet)",
    "error_border_color": "var(--warning)",
    "error_text_color": "var(--warning)",
    "error_icon_color": "var(--warning)",
    "shadow_drop": "none",
    "shadow_inset": "none",
    "button_primary_background_fill": "var(--text)",
    "button_primary_background_fill_hover": "var(--text-strong)",
    "button_primary_border_color": "var(--text)",
    "button_primary_border_color_hover": "var(--text-strong)",
    "button_primary_text_color": "var(--paper)",
    "button_primary_text_color_hover": "var(--paper)",
    "button_primary_shadow": "none",
    "button_secondary_background_fill": "transparent",
    "button_secondary_background_fill_hover": "var(--sheet)",
    "button_secondary_border_color": "var(--edge)",
    "button_secondary_border_color_hover": "var(--quiet)",
    "button_secondary_text_color": "var(--text)",
    "button_secondary_text_color_hover": "var(--text)",
    "button_secondary_shadow": "none",
}


def theme() -> Base:
    """Gradio's plainest theme in our colours, in the one family it brings along whole: others lack most letters."""
    base = Base(
        font=[LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        spacing_size="lg",
        radius_size="sm",
    )
    dark = {f"{name}_dark": value for name, value in _PLAIN.items()}
    known = signature(base.set).parameters  # a few names have no dark twin
    return base.set(
        **_PLAIN,
        **{name: value for name, value in dark.items() if name in known},
        block_border_width="0px",
        block_label_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        checkbox_label_shadow="none",
        layout_gap="20px",
        form_gap_width="0px",
        button_large_text_weight="700",
        button_medium_text_weight="700",
    )


def fragment(value: str = "", **settings) -> gr.HTML:
    """A place for HTML of ours that nobody clicks."""
    return gr.HTML(value, js_on_load=None, apply_default_css=False, **settings)


def progress() -> dict:
    """How events that compute show that they wait: not at all, or on a Space by a visitor's place in line, which stands here."""
    if not is_space():
        return dict(show_progress="hidden")
    place = '<p class="quiet place-in-line" role="status"></p>'
    here = gr.HTML(place, js_on_load=script("line.js"), apply_default_css=False, elem_classes="in-line")
    return dict(show_progress="minimal", show_progress_on=here)


def script(*names: str) -> str:
    """Our own scripts, one after another, to stand inside a component."""
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


def begin_with(script: str) -> None:
    """Let every page begin with a script of ours; what Gradio calls a page's head comes after its own scripts have begun."""
    loader, page = templates.env.loader, "frontend/index.html"
    try:
        source = loader.get_source(templates.env, page)[0]
    except TemplateNotFound:  # a Gradio that keeps its page elsewhere: the app works without the script too
        return
    begun = source.replace("<head>", f"<head><script>{{% raw %}}{script}{{% endraw %}}</script>", 1)
    templates.env.loader = ChoiceLoader([DictLoader({page: begun}), loader])


begin_with(script("frames.js"))


def masthead(where: str) -> str:
    """The top of every page; `where` says where the writing stays."""
    mark = LOGO.read_text(encoding="utf-8").replace("<svg ", '<svg aria-hidden="true" ', 1)
    return (
        f'<header class="masthead">{mark}<h1>vibejam</h1><p>Learns how you write, and says things your way.</p>'
        f'<p class="where">{esc(where)}</p></header>'
    )


def heading(title: str, sentence: str = "") -> str:
    return f"<h2>{esc(title)}</h2>" + (f'<p class="lead">{esc(sentence)}</p>' if sentence else "")


def notice(*sentences: str) -> str:
    """Quiet lines in place about what went wrong or deserves a look; nothing for no sentence."""
    lines = "".join(f"<p>{esc(sentence)}</p>" for sentence in sentences if sentence)
    return f'<div class="notice" role="status">{lines}</div>' if lines else ""


def bar(share: float, label: str) -> str:
    """How much is done, 0 to 1, as a line that fills."""
    return (
        f'<div class="bar" role="progressbar" aria-label="{esc(label)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{share * 100:.0f}"><i style="width:{share * 100:.1f}%"></i></div>'
    )


def quiet(sentence: str) -> str:
    return f'<p class="quiet">{esc(sentence)}</p>' if sentence else ""


def told(sentence: str) -> dict:
    """The update that shows `sentence` in a page's line for notices, or empties it."""
    return gr.update(value=notice(sentence), visible=bool(sentence))
