"""Text to token ids and back, without loss: characters, pieces of words learnt from the text, or a pretrained table.

All three are Hugging Face `tokenizers` underneath, so one tokenizer.json holds any of them.  A character that a char
tokenizer has not seen becomes its UTF-8 bytes, so nothing a person types is ever lost or refused.  Special tokens are
never read out of text: a typed `<|doc_end|>` is eleven ordinary characters.  Decoding is ours, by the bytes each id stands
for: the library's takes back characters it has already given when a stray byte follows, which a stream can't.
"""

import codecs
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer as HFTokenizer
from tokenizers import decoders, models, pre_tokenizers, trainers

DOC_END = "<|doc_end|>"
MAX_CHARACTERS = 512  # distinct characters with a token of their own; rarer ones (emoji, say) are spelt in bytes
BPE_FROM = 60_000  # characters of text from which learnt pieces beat single ones (on 126,000: 2.01 bits a byte against 2.20)
ENCODE_AT_ONCE = 1_000_000  # characters handed to the library in one piece: bounds its memory


class Tokenizer:
    """A reversible map between text and token ids.

    `doc_end` is the id that stands between documents.  `kind` is "char", "bpe" or "pretrained".
    """

    def __init__(self, inner: HFTokenizer, doc_end: str = DOC_END) -> None:
        self.inner = inner
        self.inner.encode_special_tokens = True  # what a person types is never a control token
        self.doc_end_token = doc_end
        self.doc_end = inner.token_to_id(doc_end)
        if self.doc_end is None:
            raise ValueError(f"the tokenizer has no token {doc_end}")
        self._bytes = _bytes_of_ids(inner)
        self._json = inner.to_str()

    @property
    def vocab_size(self) -> int:
        return max(self._bytes) + 1

    @property
    def kind(self) -> str:
        if self.doc_end_token != DOC_END:
            return "pretrained"
        return "char" if self.inner.model.byte_fallback else "bpe"

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; `decode` gives exactly the same text back (half a surrogate pair as U+FFFD)."""
        ids: list[int] = []
        for piece in _pieces(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")):
            ids += self.inner.encode(piece, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; bytes that do not form a character become U+FFFD, a document's end its visible name."""
        return b"".join(self._bytes.get(i, b"") for i in ids).decode("utf-8", "replace")

    def stream(self) -> "TextStream":
        """A decoder that is fed one id at a time."""
        return TextStream(self._bytes)

    def to_json(self) -> str:
        """The tokenizer's file: the very text it was read from, so that its fingerprint outlives the library's version."""
        return self._json

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer's file: a model is only ever read with the tokenizer it learnt with."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str, doc_end: str = DOC_END) -> "Tokenizer":
        """Raises ValueError where `text` is no tokenizer's file, is of another kind, or lacks the `doc_end` token."""
        try:
            inner = HFTokenizer.from_str(text)
        except Exception as error:  # the library raises bare Exception
            raise ValueError("not a tokenizer file") from error
        tokenizer = cls(inner, doc_end)
        tokenizer._json = text
        return tokenizer


class CharTokenizer(Tokenizer):
    """One token a character, 256 for bytes, one for the end of a document."""

    @classmethod
    def train(cls, texts: Iterable[str]) -> "CharTokenizer":
        counts = Counter[str]()
        for text in texts:
            counts.update(text)
        common = sorted(sorted(counts), key=lambda c: -counts[c])[:MAX_CHARACTERS]  # ties in code point order
        names = [f"<0x{byte:02X}>" for byte in range(256)] + [DOC_END] + sorted(common)
        vocab = {name: i for i, name in enumerate(names)}
        inner = HFTokenizer(models.BPE(vocab=vocab, merges=[], byte_fallback=True))
        inner.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
        return cls(inner)


class BPETokenizer(Tokenizer):
    """Byte-level byte-pair encoding (https://arxiv.org/abs/1508.07909), learnt from the person's own text."""

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int) -> "BPETokenizer":
        """Raises ValueError for fewer than 300 tokens: 256 bytes, the document's end, and something learnt."""
        if vocab_size < 300:
            raise ValueError(f"a bpe vocabulary has at least 300 tokens, not {vocab_size}")
        inner = HFTokenizer(models.BPE())
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        inner.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=[DOC_END],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        pieces = (piece for text in texts for piece in _pieces(text))
        inner.train_from_iterator(pieces, trainer)
        return cls(inner)


def train_tokenizer(texts: Sequence[str], kind: str = "auto", vocab_size: int | None = None) -> Tokenizer:
    """The tokenizer for `texts`: as asked, or by their size ("auto")."""
    characters = sum(map(len, texts))
    if kind == "char" or (kind == "auto" and characters < BPE_FROM and vocab_size is None):
        return CharTokenizer.train(texts)
    return BPETokenizer.train(texts, vocab_size or vocab_size_for(characters))


def vocab_size_for(characters: int) -> int:
    """How many pieces are worth learning from so much text: each must be seen often enough to mean something."""
    if characters < 500_000:
        return 512
    return 1024 if characters < 2_000_000 else 2048


class TextStream:
    """Ids in, one at a time; text out as soon as it is whole characters.  All of it together is what `decode` gives."""

    def __init__(self, bytes_of_ids: dict[int, bytes]) -> None:
        self._bytes = bytes_of_ids
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        """What `token` adds to the text: "" while a character is still incomplete."""
        return self._decoder.decode(self._bytes.get(token, b""))

    def finish(self) -> str:
        """What was left incomplete, as U+FFFD marks."""
        return self._decoder.decode(b"", final=True)


def _bytes_of_ids(inner: HFTokenizer) -> dict[int, bytes]:
    """The bytes each id stands for.  Raises ValueError for a table that is neither characters nor byte-level pieces."""
    names = {i: name for name, i in inner.get_vocab(with_added_tokens=True).items()}
    added = {i: token.content.encode() for i, token in inner.get_added_tokens_decoder().items()}
    if getattr(inner.model, "byte_fallback", False):
        spelt = {f"<0x{byte:02X}>": bytes([byte]) for byte in range(256)}
        return {i: spelt.get(name, name.encode()) for i, name in names.items()} | added
    if not isinstance(inner.decoder, decoders.ByteLevel):
        raise ValueError("a tokenizer of another kind")
    alphabet = pre_tokenizers.ByteLevel.alphabet()  # a printable byte is its own letter, the others from U+0100 on
    shown = {ord(letter) for letter in alphabet if ord(letter) < 256}
    letters = {chr(byte): byte for byte in shown}
    letters |= {chr(256 + n): byte for n, byte in enumerate(sorted(set(range(256)) - shown))}
    try:
        return {i: bytes(letters[c] for c in name) for i, name in names.items() if i not in added} | added
    except KeyError as error:
        raise ValueError("a tokenizer of another kind") from error


def _pieces(text: str) -> Iterable[str]:
    """`text` in parts of bounded length, cut where a word ends before white space: there byte-level BPE cuts anyway."""
    start = 0
    while len(text) - start > ENCODE_AT_ONCE:
        middle, end = start + (ENCODE_AT_ONCE + 1) // 2, start + ENCODE_AT_ONCE
        cut = next((i for i in range(end, middle, -1) if text[i].isspace() and not text[i - 1].isspace()), end)
        yield text[start:cut]
        start = cut
    yield text[start:]
