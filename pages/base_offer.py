"""The offer to fetch a base model, the same on every page that needs one: what would be fetched and from where, one button, and
how far it is.

The download belongs to the process (vibejam.fetching); this only looks at it.  On a Space visitors cannot start one.
"""

from dataclasses import dataclass

import gradio as gr

from pages import look
from pages.words import esc
from vibejam.errors import UserError
from vibejam.fetch import BASES, base_path
from vibejam.fetching import FAILED, FETCHES, Fetch
from vibejam.runtime import is_space

GET, AGAIN = "Get the small model", "Try again"
GOES_ON = "It goes on if you close this page."


@dataclass(frozen=True)
class Offer:
    """A page's offer of the base called `name`; `need` is the page's own sentence, what it is wanted for."""

    name: str
    need: str
    get: str = GET

    def build(self, clock: gr.Timer, elem_id: str, variant: str = "secondary") -> list:
        """The components that `show` updates, here and now.  `clock` has to stand where nothing hides it, or it stops."""
        with gr.Column(visible=False, elem_classes="offer", elem_id=elem_id) as box:
            said = look.fragment()
            button = gr.Button(self.get, variant=variant, size="md")
        outputs = [box, said, button, clock]
        button.click(self.press, None, outputs, show_progress="hidden", api_visibility="private", concurrency_limit=None)
        return outputs

    def show(self, wanted: bool = True, sentence: str = "") -> list:
        """Updates for the whole offer: it is there while it is `wanted` and the base is not here.  `sentence` went wrong."""
        fetch = FETCHES.get(self.name)
        fetching = fetch is not None and fetch.alive
        here = base_path(self.name) is not None  # looked up last: what has ended by now is seen, for no tick follows
        failed = fetch is not None and fetch.status == FAILED
        if failed and not sentence:
            sentence = fetch.error
        return [
            gr.update(visible=wanted and not here),
            "" if here else progress_html(fetch) if fetching else self.terms_html(sentence),
            gr.update(value=AGAIN if failed else self.get, visible=not (here or fetching or is_space())),
            gr.Timer(active=fetching),
        ]

    def press(self) -> list:
        """Start the download, or show the one that another page has started."""
        try:
            if is_space():
                raise UserError("Visitors cannot fetch a model onto this server.")
            FETCHES.start(self.name)
        except UserError as error:
            fetch = FETCHES.get(self.name)
            return self.show(sentence="" if fetch is not None and fetch.alive else str(error))
        return self.show()

    def tick(self) -> list:
        """What is new; whether the offer is there changes only when the base is."""
        box, *rest = self.show()
        return [box if not box["visible"] else gr.skip(), *rest]

    def terms_html(self, sentence: str = "") -> str:
        """What would be fetched, from where, and that nothing else leaves; or who could do it."""
        base = BASES[self.name]
        if is_space():
            who = f"Whoever put this Space up can add it with vibejam fetch-base {self.name}; visitors cannot."
            terms = f"{base.title} is not on this server. {who}"
        else:
            terms = (
                f"{base.title} is free ({base.licence}) and comes once: {_size(base.hub_bytes)} from the Hugging Face hub or, "
                f"where that does not answer, {_size(base.package_bytes)} from the Python package index. Only the request for it "
                "leaves this machine, and none of your writing."
            )
        return f'<p class="need">{esc(self.need)}</p>{look.quiet(terms)}{look.notice(sentence)}'


def progress_html(fetch: Fetch) -> str:
    """What is being done, and how much of it is."""
    return (
        f'<div class="status" data-fetch="{esc(fetch.status)}"><p class="phase"><b>{esc(fetch.what or "Beginning")}</b>'
        f"<span>{fetch.share:.0%}</span></p>{look.bar(fetch.share, 'Progress of the download')}{look.quiet(GOES_ON)}</div>"
    )


def _size(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
