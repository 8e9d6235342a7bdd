"""The last sample: what a voice wrote, kept so that a reload or a restart loses nothing of it.

It is kept as the voice's own token ids, and comes back only while the voice is still the one that wrote it.
Left out: earlier samples, and what was typed into the boxes, which pages/state.py remembers.
"""

from pages import state
from pages.tokens import Written
from vibejam.checkpoint import read_json
from vibejam.errors import UserError
from vibejam.files import write_json
from vibejam.runtime import is_space

FORMAT = 1


def keep(owner: str, written: Written) -> None:
    """Let it outlive a reload; a visitor of a Space is another one after it, so there nothing is kept."""
    if is_space() or len(written.ids) == written.given:
        return
    about = {"voice": written.voice, "by": state.engine(state.find_run(owner, written.voice)).name, "prompt": written.prompt}
    write_json(state.workspace(owner).sample_file, {"format": FORMAT, **about, "ids": list(written.ids), "given": written.given})


def kept(owner: str, voice: str | None) -> Written | None:
    """What `voice` wrote last; None where that was another, or the voice has learnt since, or nothing can be read."""
    path = state.workspace(owner).sample_file
    if is_space() or not path.is_file():
        return None
    try:
        found = read_json(path)
        if found["format"] != FORMAT or found["voice"] != voice:
            return None
        engine = state.engine(state.find_run(owner, voice))
        ids, given, prompt = found["ids"], found["given"], found["prompt"]
        sound = isinstance(prompt, str) and isinstance(ids, list) and type(given) is int and 0 < given < len(ids)
        known = sound and all(type(token) is int and 0 <= token < engine.tokenizer.vocab_size for token in ids)
        return Written(voice, prompt, tuple(ids), given) if known and found["by"] == engine.name else None
    except (UserError, KeyError, TypeError):
        return None
