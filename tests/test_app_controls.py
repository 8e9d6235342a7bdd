"""Every control of the app says in a plain sentence what it is for, and those of the settings say what config.py says."""

import gradio as gr
import pytest

import app
from pages import settings
from vibejam.config import RewriteConfig, SampleConfig, help_for

KINDS = (gr.Textbox, gr.Slider, gr.Radio, gr.Dropdown, gr.Checkbox, gr.CheckboxGroup, gr.Number, gr.File)
JARGON = ("logit", "softmax", "hyperparameter", "epoch", "kwarg")
AT_ONCE = 5  # controls that a tab may greet anybody with, before a fold is opened


@pytest.fixture(scope="module")
def blocks() -> list:
    return list(app.build_app().blocks.values())


def sentence_of(control) -> str:
    """What stands beside a control; a box that shows no label speaks from inside, a place for files from its own name."""
    inside = control.label if isinstance(control, gr.File) else getattr(control, "placeholder", None)
    return getattr(control, "info", None) or inside or ""


def test_every_control_has_a_plain_sentence(blocks):
    controls = [block for block in blocks if isinstance(block, KINDS)]
    assert len(controls) > 30
    for control in controls:
        said = sentence_of(control)
        assert len(said.split()) >= 4 and said.endswith("."), (control.label, said)
        assert control.label and not any(word in said.lower() for word in JARGON), (control.label, said)


def test_the_settings_say_what_the_config_says(blocks):
    said = {block.elem_id: block.info for block in blocks if isinstance(block, KINDS[:4])}
    for config, name in settings.FIELDS:
        assert said[settings.name_of(config, name)] == help_for(config, name)
    by_label = {block.label: block.info for block in blocks if isinstance(block, gr.Slider)}
    for label, name in (("Temperature", "temperature"), ("Top-k", "top_k"), ("Top-p", "top_p"), ("Length", "max_new_tokens")):
        assert by_label[label] == help_for(SampleConfig, name)
    assert by_label["Strength"] == help_for(RewriteConfig, "strength")


def test_no_tab_greets_anyone_with_a_wall_of_controls(blocks):
    def folded(block) -> bool:
        while block is not None:
            if not getattr(block, "visible", True) or (isinstance(block, gr.Accordion) and not block.open):
                return True
            block = block.parent
        return False

    for tab in (block for block in blocks if isinstance(block, gr.Tab)):
        seen = [block.label for block in blocks if isinstance(block, KINDS) and within(block, tab) and not folded(block)]
        assert len(seen) <= AT_ONCE, (tab.label, seen)


def within(block, tab) -> bool:
    while block is not None:
        if block is tab:
            return True
        block = block.parent
    return False
