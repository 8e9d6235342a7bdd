"""The vocabulary in a GGUF file and how text is cut by it, to a tokenizer and back.

Byte-level pieces with merges (GPT-2's kind, Llama 3's, SmolLM's) and SentencePiece's scored ones (Llama 2's; a char
tokenizer is one that joins nothing).  Left out: other ways to cut words than those in PRE_TOKENIZERS.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from gguf import GGUFWriter, TokenType
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as HFTokenizer

from vibejam.errors import UserError
from vibejam.llama import SPACE, SPACE_ITSELF, damaged, finished_tokenizer, not_a_llama, spelt
from vibejam.tokenizer import Tokenizer

BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False)  # GPT-2's cutting of words, then bytes as letters
LLAMA3_WORDS = (  # how Llama 3 cuts: its report leaves the rule to the released tokenizer
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PRE_TOKENIZERS: dict[str, pre_tokenizers.PreTokenizer] = {
    "gpt-2": BYTES,
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), BYTES]),
    "llama-bpe": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(LLAMA3_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
}
UNREACHABLE = (TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.UNUSED)  # by typing


def read_vocabulary(path: Path, settings: dict[str, object], vocab_size: int) -> Tokenizer:
    """The tokenizer that the keys of the file at `path` describe.  Raises UserError where they do not make one."""
    kind, pre = settings.get("tokenizer.ggml.model"), settings.get("tokenizer.ggml.pre", "gpt-2")
    try:
        types = settings["tokenizer.ggml.token_type"]
        tokens = [spelt(t) if kind == "llama" else t for t in settings["tokenizer.ggml.tokens"]]
        vocab = {token: i for i, token in enumerate(tokens)}
        if len(vocab) != len(tokens) or len(types) != len(tokens):
            raise ValueError("a token has two ids")
        if kind == "gpt2" and pre in PRE_TOKENIZERS:
            inner = _byte_level(vocab, settings["tokenizer.ggml.merges"], pre)
        elif kind == "llama":
            scored = zip(tokens, settings["tokenizer.ggml.scores"], types, strict=True)
            plain = {token: score for token, score, type in scored if type == TokenType.NORMAL}
            inner = _sentence_piece(vocab, plain)
        else:
            raise not_a_llama(path, f"its tokenizer is of a kind it does not know, {kind}/{pre}")
        control = [t for t, type in zip(tokens, types, strict=True) if type in UNREACHABLE]
        inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
        eos = settings.get("tokenizer.ggml.eos_token_id")
        end = tokens[eos] if eos is not None else None
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise damaged(path, f"its vocabulary can't be read ({type(error).__name__}: {error})") from error
    return finished_tokenizer(path, inner, end, vocab_size)


def add_vocabulary(writer: GGUFWriter, tokenizer: Tokenizer, vocab_size: int) -> None:
    """The tokens with their kinds, and how text is cut.  Raises UserError where GGUF has no word for how."""
    inner, merges = tokenizer.inner, json.loads(tokenizer.inner.to_str())["model"]["merges"]  # pairs, as to_str writes
    tokens = [inner.id_to_token(i) or f"<unused_{i}>" for i in range(vocab_size)]
    used = {i for i in range(vocab_size) if inner.id_to_token(i) is not None}
    control = {i for i, token in inner.get_added_tokens_decoder().items() if token.special}
    types = [
        TokenType.CONTROL if i in control else TokenType.NORMAL if i in used else TokenType.UNUSED
        for i in range(vocab_size)
    ]
    if inner.model.byte_fallback and not merges:
        tokens, types = _as_sentence_piece(tokens, types)
        writer.add_tokenizer_model("llama")
        writer.add_token_scores([0.0] * vocab_size)
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(_pre_tokenizer_name(inner))
        writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_bos_token_id(tokenizer.doc_end)
    writer.add_eos_token_id(tokenizer.doc_end)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def _byte_level(vocab: dict[str, int], merges: Sequence[str], pre: str) -> HFTokenizer:
    ranked = [tuple(merge.split(" ")) for merge in merges]
    if any(len(merge) != 2 or not {*merge, "".join(merge)} <= vocab.keys() for merge in ranked):
        raise ValueError("a merge of unknown tokens")
    inner = HFTokenizer(models.BPE(vocab=vocab, merges=ranked, ignore_merges=pre == "llama-bpe"))
    inner.pre_tokenizer = PRE_TOKENIZERS[pre]
    inner.decoder = decoders.ByteLevel()
    return inner


def _sentence_piece(vocab: dict[str, int], plain: dict[str, float]) -> HFTokenizer:
    """SentencePiece joins whichever neighbours make the token of the highest score: merges in that order.

    The space that it puts before a text is left out: it would not be the person's, and stay.
    """
    merges = [
        (-score, vocab[token[:cut]], token[:cut], token[cut:])
        for token, score in plain.items()
        for cut in range(1, len(token))
        if token[:cut] in plain and token[cut:] in plain
    ]
    ranked = [(left, right) for _, _, left, right in sorted(merges)]
    inner = HFTokenizer(models.BPE(vocab=vocab, merges=ranked, byte_fallback=True))
    inner.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return inner


def _as_sentence_piece(tokens: list[str], types: list[int]) -> tuple[list[str], list[int]]:
    """Characters with bytes to fall back on: a SentencePiece vocabulary that joins nothing and writes spaces as SPACE.

    A SPACE that the person wrote steps aside for it; other tools read it as a space.
    """
    tokens = [SPACE_ITSELF if token == SPACE else token.replace(" ", SPACE) for token in tokens]
    is_byte = [bool(re.fullmatch(r"<0x[0-9A-F]{2}>", token)) for token in tokens]
    return tokens, [TokenType.BYTE if byte else type for byte, type in zip(is_byte, types, strict=True)]


def _pre_tokenizer_name(inner: HFTokenizer) -> str:
    """What GGUF calls the way in which `inner` cuts words."""
    for name, known in PRE_TOKENIZERS.items():
        if inner.pre_tokenizer is not None and inner.pre_tokenizer.__getstate__() == known.__getstate__():
            return name
    raise UserError("This model's tokenizer cuts words in a way that GGUF has no name for; use --format hf.")
