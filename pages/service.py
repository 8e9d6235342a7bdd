"""The service that may be asked: who it is, where words would go, and whether it may propose sentences of a rewrite too.

Nothing is sent from here, and nothing is sent anywhere before the host stands on the page.  The host that a person agreed to
travels as the value of what they ticked, so that words go there and nowhere else, whatever was typed since.
"""

import os

import gradio as gr

from pages import state
from pages.words import esc
from vibejam.drafts import DraftWriter, endpoint_for, endpoint_from_environment
from vibejam.errors import UserError
from vibejam.local_writer import local_writer
from vibejam.rewrite.asking import SHOWN, VERSIONS, LLMProposer, passages_to_show
from vibejam.runtime import is_space

PROPOSE_SENTENCE = (
    "With this ticked, the draft goes to {host}, some paragraphs at a time, each time with up to {shown} passages of your "
    "writing that are nearest to it; {model} answers in {versions} versions and is asked which of them say something else, at "
    "that service’s prices. What is left passes the guards, and stands only where it is nearer to how you write."
)


def is_set_up() -> bool:
    """Whether the environment names a model to write drafts, so that nothing needs to be typed."""
    try:
        return not is_space() and endpoint_from_environment() is not None
    except UserError:
        return False


def service(address: str, model: str, key: str) -> DraftWriter | None:
    """The service that is typed, or the environment's; None where there is none.  Raises UserError for one that can't be used.

    On a Space nobody is asked at the expense of whoever put it there.
    """
    if any((text or "").strip() for text in (address, model, key)):
        if is_space() and not (key or "").strip():
            return None
        return endpoint_for(address or "", model or "", key or "", public=is_space())
    return None if is_space() else endpoint_from_environment()


def writer_for(address: str, model: str, key: str) -> DraftWriter:
    """Who writes the draft: the service that is typed, the one in the environment, or the small model on this machine.

    On a Space nobody writes at the expense of whoever put it there.
    """
    typed = any((text or "").strip() for text in (address, model, key))
    if not typed and not is_set_up() and (local := local_writer()) is not None:
        return local
    if is_space() and not (key or "").strip():
        raise UserError("Open “A service to ask” and type the address, the model and your own key.")
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


def proposing(address: str, model: str, key: str) -> dict:
    """The update of the box that lets the service propose: its name, its host and what it is sent; never ticked by itself."""
    try:
        writer = service(address, model, key)
    except UserError:
        writer = None
    if writer is None or writer.destination is None:
        return gr.update(choices=[], value=[], visible=False)
    host, named = writer.destination, writer.model
    said = PROPOSE_SENTENCE.format(host=host, model=named, shown=SHOWN, versions=_number(len(VERSIONS)))
    return gr.update(choices=[(f"Let {named} at {host} propose sentences too", host)], value=[], visible=True, info=said)


def _number(n: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(n, str(n))


def proposers(owner: str, agreed: object, address: str, model: str, key: str) -> list[LLMProposer]:
    """The service as a proposer where the person agreed to its host; else nobody.

    Raises UserError where the host is another one by now, or there is nothing of the person's to show it.
    """
    if not agreed:
        return []
    writer = service(address, model, key)
    if writer is None or writer.destination is None:
        raise UserError("There is no service to ask any more; name one under “A service to ask”, or untick it.")
    if not isinstance(agreed, list) or agreed != [writer.destination]:
        raise UserError(f"The service is {writer.destination} now; read what would be sent there, and tick it again.")
    return [LLMProposer(writer, passages_to_show([document.text for document in state.corpus(owner).documents]))]
