"""Documents → one person's corpus: each text once, counted, split by whole documents, saved as one readable file.

Knows nothing of file formats (readers.py) or of tokens (tokenizer.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from vibejam.errors import UserError
from vibejam.files import write_text
from vibejam.readers import Document, Skipped, read_path
from vibejam.reading.cautions import says_little
from vibejam.reading.cleaning import clean
from vibejam.reading.duplicates import find_duplicates, find_overlap
from vibejam.reading.formats import RECORD_SEPARATOR

MIN_CHARACTERS = 200
_SPLITTABLE = 1_000  # characters; a tenth of less measures nothing
_DOMINATES = 0.8  # share of the corpus above which a document is split instead of taken whole
_WORD = 5.7  # characters, the blank included
_SENTENCE_END = re.compile(r"""[.!?…]["'”’)\]]*\s+""")


@dataclass(frozen=True)
class Duplicate:
    """A text that was left out because it is, word for word or nearly, the one called `of`."""

    source: str
    of: str
    kind: Literal["exact", "near"]


@dataclass(frozen=True)
class Corpus:
    """Clean texts, each once, and what was left out on the way."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def characters(self) -> int:
        return sum(len(document.text) for document in self.documents)

    @property
    def words(self) -> int:
        return sum(len(document.text.split()) for document in self.documents)

    @property
    def bytes(self) -> int:
        """Size as UTF-8, the measure behind bits per byte."""
        return sum(len(document.text.encode("utf-8")) for document in self.documents)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Each document's warnings with its source before them."""
        return tuple(f"{document.source}: {warning}" for document in self.documents for warning in document.warnings)


def build_corpus(results: Iterable[Document | Skipped]) -> Corpus:
    """What the readers gave, in any mixture → a Corpus; texts are cleaned again, which changes nothing they cleaned."""
    documents: list[Document] = []
    skipped: list[Skipped] = []
    for result in results:
        if isinstance(result, Skipped):
            skipped.append(result)
            continue
        text, warnings = clean(result.text)
        if text:
            more = tuple(warning for warning in warnings if warning not in result.warnings)
            documents.append(replace(result, text=text, warnings=result.warnings + more))
        else:
            skipped.append(Skipped(result.source, "empty"))
    copies = find_duplicates([document.text for document in documents])
    return Corpus(
        documents=tuple(document for number, document in enumerate(documents) if number not in copies),
        skipped=tuple(skipped),
        duplicates=tuple(
            Duplicate(documents[number].source, documents[of].source, kind)
            for number, (of, kind) in sorted(copies.items())
        ),
    )


def load_corpus(path: Path | str) -> Corpus:
    """A file or folder → its Corpus.  Raises UserError where it does not exist or nothing in it was readable text."""
    corpus = build_corpus(read_path(path))
    if not corpus.documents:
        first = corpus.skipped[0] if corpus.skipped else None
        others = f" and {len(corpus.skipped) - 1:,} more" if len(corpus.skipped) > 1 else ""
        why = f" (skipped {first.source}: {first.reason}{others})" if first else " (it is empty)"
        raise UserError(
            f"No text found in {Path(path).name or path}{why}; add .txt, .md, .docx, .pdf or e-mail that you wrote."
        )
    return corpus


def save_corpus(corpus: Corpus, path: Path | str) -> None:
    """All documents as one UTF-8 text file, parted by lines of U+001E alone; `load_corpus` gives the same texts."""
    write_text(path, f"\n{RECORD_SEPARATOR}\n".join(document.text for document in corpus.documents) + "\n")


def split_corpus(corpus: Corpus, val_fraction: float = 0.1, seed: int = 1) -> tuple[list[str], list[str]]:
    """Corpus → (training texts, validation texts): whole documents, about `val_fraction` of the characters held out.

    A document's side is drawn from its own text and the seed, so among many documents a new one moves no other.  A
    single document, or one that is most of the corpus, is split near its end where a paragraph or sentence ends.  From
    less than 1,000 characters nothing is held out.
    """
    texts = [document.text for document in corpus.documents]
    total = sum(map(len, texts))
    if not texts or val_fraction <= 0 or total < _SPLITTABLE:
        return texts, []
    largest = max(range(len(texts)), key=lambda number: len(texts[number]))
    if len(texts[largest]) > _DOMINATES * total:
        head, tail = _split_tail(texts[largest], round(total * val_fraction))
        return [*texts[:largest], head, *texts[largest + 1 :]], [tail] if tail else []
    held = _held_out(texts, val_fraction, seed)
    return (
        [text for number, text in enumerate(texts) if number not in held],
        [text for number, text in enumerate(texts) if number in held],
    )


def without_overlap(train: Corpus, held: Corpus) -> tuple[Corpus, tuple[Duplicate, ...]]:
    """(`train` less the documents that are copies, exact or near, of held ones or hold one; what was dropped)."""
    copies = find_overlap(
        [document.text for document in train.documents], [document.text for document in held.documents]
    )
    dropped = tuple(
        Duplicate(train.documents[number].source, held.documents[of].source, kind)
        for number, (of, kind) in sorted(copies.items())
    )
    kept = tuple(document for number, document in enumerate(train.documents) if number not in copies)
    return replace(train, documents=kept), dropped


def enough(characters: int, words: int | None = None) -> tuple[str, str]:
    """(level, sentence) for the "enough?" meter: what so much writing will do, and what to add.

    `words` as they were counted; estimated from the characters where they were not.
    Levels: "too little" (cannot be trained), "thin", "fair", "good", "plenty".
    """
    amount = f"{words:,} words" if words else f"About {_round(characters / _WORD):,} words"
    if characters < MIN_CHARACTERS:
        return (
            "too little",
            f"{characters:,} characters; {MIN_CHARACTERS} are needed to begin: {_what_to_add(characters)}.",
        )
    if characters < 20_000:
        return (
            "thin",
            f"{amount}: enough to begin, but it will mostly repeat you; add e-mails, posts or essays, to 3,500 words.",
        )
    if characters < 200_000:
        return (
            "fair",
            f"{amount}: your turns of phrase will show, some of them word for word; about 35,000 words would be better.",
        )
    if characters < 1_000_000:
        return "good", f"{amount}: enough for your voice to come through; more still helps, up to about 175,000 words."
    return "plenty", f"{amount}: as much as a model of this size can use; more is welcome and not needed."


def check_trainable(corpus: Corpus) -> None:
    """Raises UserError with what is there, what is needed and what to add, where `corpus` cannot be trained on."""
    if not corpus.documents:
        raise UserError("There is no text to train on; add a page or two that you wrote.")
    if corpus.characters < MIN_CHARACTERS:
        repeated = any("repeated lines" in warning for warning in corpus.warnings)
        why = ", once repeated lines are counted once," if repeated else ""
        raise UserError(
            f"There are {corpus.characters:,} characters of your writing{why} and at least {MIN_CHARACTERS} are needed "
            f"to train: {_what_to_add(corpus.characters)}."
        )
    if says_little("\n\n".join(document.text for document in corpus.documents)):
        raise UserError(
            f"There are {corpus.characters:,} characters, but they are the same few over and over and there is nothing "
            "to learn from them; add a page or two that you wrote."
        )


def _what_to_add(characters: int) -> str:
    missing = _round(max(MIN_CHARACTERS - characters, 0) / _WORD) or 1
    return f"add {missing} {'word' if missing == 1 else 'words'} or more; an e-mail will do, a few pages do better"


def _round(number: float) -> int:
    """To two digits, as one says such things."""
    digits = max(0, len(str(int(number))) - 2)
    return round(number / 10**digits) * 10**digits


def _held_out(texts: list[str], fraction: float, seed: int) -> set[int]:
    total = sum(map(len, texts))
    draws = {number: _draw(text, seed) for number, text in enumerate(texts)}
    held: set[int] = set()
    size = 0
    for number in sorted(draws, key=draws.__getitem__):
        # The draw alone decides where there are many documents; among few it would hold out none, or half of them.
        wanted = draws[number] < fraction or size < total * fraction / 2
        if wanted and size + len(texts[number]) <= 2 * fraction * total:
            held.add(number)
            size += len(texts[number])
    return held or {min(draws, key=lambda number: (len(texts[number]), draws[number]))}


def _draw(text: str, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the text and the seed."""
    return int.from_bytes(sha256(f"{seed}:{text}".encode()).digest()[:8], "big") / 2**64


def _split_tail(text: str, size: int) -> tuple[str, str]:
    """(head, tail of about `size` characters), cut at the paragraph or sentence end that is nearest."""
    wanted = len(text) - size
    start, stop = max(0, wanted - size // 2), min(len(text), wanted + size // 2)
    for ends in (re.compile(r"\n\n+"), re.compile(r"\n"), _SENTENCE_END, re.compile(r"\s+")):
        cuts = [match.end() for match in ends.finditer(text, start, stop)]
        if cuts:
            cut = min(cuts, key=lambda place: abs(place - wanted))
            return text[:cut].rstrip(), text[cut:].lstrip()
    return text[:wanted], text[wanted:]
