"""A big LLM as a proposer: shown passages of the person's own that are near the draft, it is asked for the draft in their manner.

It is asked for some paragraphs at once, because a voice lies between sentences too, in three versions from a light touch to the
full voice; its answers are cut into rewrites of the units (aligning.py), and those that it names wrong when asked once more
(checking.py) are taken back.  The others are only candidates: what they changed of the matter, the guards see.  The draft, its
versions and those few passages leave the machine, for the writer's `destination`, and nothing else.
Left out: talking to it (drafts.py), and telling the person beforehand where the words go, which is for whoever makes one of these.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from vibejam.drafts import DraftWriter
from vibejam.embed import Embedder, load_embedder
from vibejam.errors import UserError
from vibejam.rewrite.aligning import align
from vibejam.rewrite.checking import wrong_ones
from vibejam.rewrite.proposers import Said
from vibejam.rewrite.units import is_english, split_document

FEWEST_WORDS, MOST_WORDS = 40, 120  # of a passage that is shown
SHOWN = 4  # passages
NEAR = 12  # passages by shared words, among which those nearest in meaning are shown; each takes MiniLM a tenth of a second
ROOM = 1000  # tokens beyond four a word, for a model that thinks first
VERSIONS = (
    "with a light touch: mark by mark and word by word, only where this person would clearly put it otherwise",
    "in this person's voice",
    "wholly in this person's voice: its rhythm, its turns of phrase and its punctuation, as if first written so",
)
SYSTEM = (
    "You rewrite a text as one particular person would have written it. You change the manner, never the matter. "
    "Answer with the rewritten text alone: no heading, no quotation marks around it, and no remarks."
)
INSTRUCTION = (
    "The following passages are by the person. They show the manner; nothing they say belongs into your text.\n\n{passages}\n\n"
    "Now rewrite the text below {how}. Keep every fact, name, number, unit, date, negation, comparison, quotation, address and "
    "piece of code as it is, what is certain and what is only possible, and who says it (I stays I). Add nothing, leave nothing "
    "out, and keep the order, sentence by sentence. About as long as the text.\n\n<text>\n{text}\n</text>"
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_TAG = re.compile(r"</?(?:text|passage|rewrite)>", re.IGNORECASE)
_LABEL = re.compile(r"\A\s*(?:#{1,6}\s[^\n]*|[^\n.!?]{0,80}:[*_]{0,2})\n+(?=\s*\S)")  # "Here is the rewrite:", "## Version 2"
_ENDED = re.compile(r"[.!?…][\"'”’)\]]*\Z")


class LLMProposer:
    """`passages`: the person's own, as `passages_to_show` makes them; they are kept in memory alone."""

    name, agreed, fluent, together = "your LLM", 1, True, True

    def __init__(self, writer: DraftWriter, passages: Sequence[str]) -> None:
        self.writer, self.passages = writer, list(passages)

    def __call__(self, units: Sequence[str], stop: Callable[[], bool] = lambda: False) -> list[Said]:
        """Raises UserError where no version came; one that failed is left out."""
        if stop():
            return [{} for _ in units]
        text = "".join(unit + (" " if _ENDED.search(unit) else "\n") for unit in units).strip()
        shown = "\n\n".join(f"<passage>\n{passage}\n</passage>" for passage in self.nearest(text))
        room = 4 * len(text.split()) + ROOM

        def ask(how: str) -> str | UserError:
            instruction = INSTRUCTION.format(passages=shown, how=how, text=text)
            try:
                return self.writer.write(instruction, max_new_tokens=room, stop=stop, system=SYSTEM).text
            except UserError as error:
                return error

        with ThreadPoolExecutor(len(VERSIONS)) as pool:
            answers = list(pool.map(ask, VERSIONS))
        written = [answer for answer in answers if not isinstance(answer, UserError)]
        if not written:
            raise answers[0]
        pieces = [align(units, cleaned(answer)) for answer in written if not stop()]
        found = [(i, piece) for i in range(len(units)) for piece in dict.fromkeys(row[i] for row in pieces) if piece]
        told = [(i, piece) for i, piece in found if piece != units[i]]
        wrong = {told[i] for i in wrong_ones(self.writer, [(units[i], piece) for i, piece in told], stop)}
        return [{piece: float((i, piece) not in wrong) for i, piece in found if i == unit} for unit in range(len(units))]

    def nearest(self, text: str) -> list[str]:
        """The passages nearest to a text: by the rare words they share, and of those by meaning where MiniLM is at hand."""
        if len(self.passages) <= SHOWN:
            return self.passages
        vectorizer, vectors = self._vectors
        near = (vectors @ vectorizer.transform([text]).T).toarray()[:, 0].argsort()[::-1][:NEAR]
        found = [self.passages[i] for i in near]
        if self._embedder is not None:
            all_of_them = self._embedder.embed([text, *found])  # (1 + n, D)
            found = [found[i] for i in (all_of_them[1:] @ all_of_them[0]).argsort(descending=True).tolist()]
        return found[:SHOWN]

    @cached_property
    def _embedder(self) -> Embedder | None:
        return load_embedder()

    @cached_property
    def _vectors(self):
        from sklearn.feature_extraction.text import TfidfVectorizer  # a second to import

        vectorizer = TfidfVectorizer(sublinear_tf=True)
        return vectorizer, vectorizer.fit_transform(self.passages)


def passages_to_show(texts: Sequence[str]) -> list[str]:
    """Passages of whole sentences of a paragraph, long enough to show a manner.  Raises UserError where there are none."""
    passages: list[str] = []
    for text in texts:
        paragraph, words = -1, []
        for piece in [*split_document(text), None]:
            own = piece is not None and (piece.prose or not piece.text.strip())
            if not own or piece.paragraph != paragraph or len(words) + len(piece.text.split()) > MOST_WORDS:
                if len(words) >= FEWEST_WORDS:
                    passages.append(" ".join(words))
                words = []
            if own:
                paragraph = piece.paragraph
                words += piece.text.split()
    shown = [passage for passage in dict.fromkeys(passages) if is_english(passage)]
    if not shown:
        raise UserError("There is no paragraph in this writing to show the LLM; give a page or more of prose.")
    return shown


def cleaned(answer: str) -> str:
    """An answer without what models put around a text: fences, tags, a label above it, quotation marks about the whole."""
    text = answer.strip()
    fences = list(_FENCE.finditer(text))
    if len(fences) == 2:
        text = text[fences[0].end() : fences[1].start()]
    text = _TAG.sub("", text).strip()
    text = _LABEL.sub("", text).strip()
    if text[:1] + text[-1:] in ("“”", '""') and not re.search(r"[“”\"]", text[1:-1]):
        text = text[1:-1]
    return text.strip()
