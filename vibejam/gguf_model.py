"""GGUF files: a Llama-family one, quantised or not, into a `GPTModel`, and a `GPTModel` into one in fp32 or 8 bits.

Keys and tensor names are those of the GGUF specification
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).  The `gguf` package reads the file and undoes what
quantisation did.  Left out: split files, adapters, and the vocabulary (gguf_vocabulary.py).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType, RopeScalingType
from gguf.quants import dequantize, quantize
from torch import Tensor

from vibejam.config import MAX_CONTEXT, ModelConfig, RopeScaling
from vibejam.gguf_vocabulary import add_vocabulary, read_vocabulary
from vibejam.llama import damaged, fill, frequencies, is_linear, linear_scaling, llama_names, not_a_llama
from vibejam.model import GPTModel, stretch
from vibejam.tokenizer import Tokenizer

Q8_BLOCK = 32  # numbers of a row that share a scale
FIT_CONTEXT = 8192  # only the products of the scaling rule's numbers count, so one of them may be chosen freely


class _WholeReader(GGUFReader):
    """The package's reader, which asks for nothing beyond the file's end: else a length that lies is read until memory runs out."""

    def _get(self, offset, dtype, count=1, override_order=None):
        if int(offset) + int(count) * np.dtype(dtype).itemsize > len(self.data):
            raise ValueError("it ends in the middle")
        return super()._get(offset, dtype, count, override_order)


def read_gguf(path: Path) -> tuple[GPTModel, Tokenizer]:
    """The model, in fp32, and its tokenizer.  Raises UserError for a file that is damaged or no Llama."""
    try:
        file = _WholeReader(path, "c")  # mapped; "c" gives arrays that torch takes for its own
        settings = {name: field.contents() for name, field in file.fields.items()}
        found = {tensor.name: tensor for tensor in file.tensors}
    except Exception as error:  # the package raises whatever a wrong byte led it into
        raise damaged(path, "it is no whole GGUF file") from error
    if settings.get("general.architecture") != "llama":
        raise not_a_llama(path, f"it is a {settings.get('general.architecture')!r} model")
    try:
        weights = {name: torch.from_numpy(dequantize(t.data, t.tensor_type)) for name, t in found.items()}
        config = _model_config(path, settings, weights)
    except NotImplementedError as error:
        raise not_a_llama(path, f"it is quantised in a way that can't be undone ({error})") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ZeroDivisionError) as error:
        raise damaged(path, f"its settings or weights can't be read ({type(error).__name__}: {error})") from error
    names = {theirs: ours for ours, _, theirs in llama_names(config)}
    unknown = sorted(weights.keys() - names.keys() - {"rope_freqs.weight"})
    if unknown:
        raise not_a_llama(path, f"it has weights that a Llama lacks, {unknown[0]}")
    weights = {ours: weights[theirs] for theirs, ours in names.items() if theirs in weights}
    model = fill(path, config, weights)
    with torch.no_grad():
        for block in model.blocks:
            block.attention.query.weight.copy_(halves(block.attention.query.weight, config.n_head))
            block.attention.key.weight.copy_(halves(block.attention.key.weight, config.kv_heads))
    return model, read_vocabulary(path, settings, config.vocab_size)


def write_gguf(path: Path, model: GPTModel, tokenizer: Tokenizer | None, in_8_bits: bool = False) -> None:
    """Write `model`, in fp32 or with its matrices in Q8_0, and its tokenizer; without one, for who reads and writes ids.

    Raises UserError where GGUF has no word for how the tokenizer cuts text.
    """
    writer = GGUFWriter(path, "llama")
    writer.add_name("A voice made with vibejam")
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0 if in_8_bits else LlamaFileType.ALL_F32)
    _add_shape(writer, model.config)
    if tokenizer is None:
        writer.add_tokenizer_model("none")
    else:
        add_vocabulary(writer, tokenizer, model.config.vocab_size)
    for name, tensor in _tensors(model):
        if in_8_bits and tensor.ndim == 2 and tensor.shape[1] % Q8_BLOCK == 0:
            kind = GGMLQuantizationType.Q8_0
            writer.add_tensor(name, quantize(tensor, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _model_config(path: Path, settings: dict[str, object], weights: dict[str, Tensor]) -> ModelConfig:
    llama = {key.removeprefix("llama."): value for key, value in settings.items() if key.startswith("llama.")}
    config = ModelConfig(
        vocab_size=len(weights["token_embd.weight"]),
        block_size=min(llama["context_length"], MAX_CONTEXT),
        n_layer=llama["block_count"],
        n_head=llama["attention.head_count"],
        n_embd=llama["embedding_length"],
        n_kv_head=llama.get("attention.head_count_kv"),
        n_hidden=llama["feed_forward_length"],
        norm_eps=llama["attention.layer_norm_rms_epsilon"],
        rope_theta=float(llama.get("rope.freq_base", 10_000.0)),
        tie_embeddings="output.weight" not in weights,
    )
    widths = ("rope.dimension_count", "attention.key_length", "attention.value_length")
    if any(llama.get(key, config.head_dim) != config.head_dim for key in widths):
        raise not_a_llama(path, "its heads together are not as wide as the model")
    if llama.get("expert_count"):
        raise not_a_llama(path, "it is a mixture of experts")
    return replace(config, rope_scaling=_rope_scaling(path, settings, weights, config))


def _rope_scaling(
    path: Path, settings: dict[str, object], weights: dict[str, Tensor], config: ModelConfig
) -> RopeScaling | None:
    kind = settings.get("llama.rope.scaling.type", "none")
    if kind == "linear":
        return linear_scaling(float(settings["llama.rope.scaling.factor"]))
    if kind != "none":
        raise not_a_llama(path, f"its rotary positions are stretched by a rule it does not know, {kind!r}")
    if "rope_freqs.weight" not in weights:
        return None
    divisors = weights["rope_freqs.weight"].double()  # (D/2,)
    frequency = frequencies(config)
    if divisors.shape != frequency.shape or not bool((divisors >= 1).all()):
        raise not_a_llama(path, "its rotary positions are stretched by a rule it does not know")
    if bool((divisors == divisors[0]).all()):
        return linear_scaling(float(divisors[0])) if divisors[0] > 1 else None
    for rule in _fits(divisors, frequency):
        if torch.allclose(frequency / stretch(frequency, rule), divisors, rtol=1e-5):
            return rule
    raise not_a_llama(path, "its rotary positions are stretched by a rule it does not know")


def _fits(divisors: Tensor, frequency: Tensor) -> Iterator[RopeScaling]:
    """Llama 3.1's rule back from what it came to: GGUF keeps only each frequency's divisor.

    Between the waves that are kept and those that are fully stretched, the share that is kept rises in a straight line
    with the frequency; any two points of the line name the rule.  divisors, frequency: (D/2,), the frequencies falling.
    """
    factor = float(divisors.max())
    share = (1 / divisors - 1 / factor) / (1 - 1 / factor)  # 1 kept, 0 fully stretched
    turns = FIT_CONTEXT * frequency / (2 * torch.pi)
    kept, stretched = int((share > 1 - 1e-6).sum()), int((share < 1e-6).sum())
    points = range(max(kept - 1, 0), len(share) - stretched + 1)  # the line's own, and one beyond either end
    for first, last in product(points[1::-1], points[-2:]):  # the line's own first
        if last > first:
            width = float((turns[first] - turns[last]) / (share[first] - share[last]))
            low = float(turns[last] - share[last] * width)
            if low > 0:
                yield RopeScaling(factor, low, low + width, FIT_CONTEXT)


def _add_shape(writer: GGUFWriter, config: ModelConfig) -> None:
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.block_size)
    writer.add_embedding_length(config.n_embd)
    writer.add_block_count(config.n_layer)
    writer.add_feed_forward_length(config.hidden)
    writer.add_head_count(config.n_head)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    if config.rope_scaling is not None and is_linear(config.rope_scaling):
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(config.rope_scaling.factor)


def _tensors(model: GPTModel) -> Iterator[tuple[str, np.ndarray]]:
    config = model.config
    names = {ours: theirs for ours, _, theirs in llama_names(config)}
    for name, parameter in model.named_parameters():
        weight = parameter.detach()
        if name.endswith("attention.query.weight"):
            weight = pairs(weight, config.n_head)
        elif name.endswith("attention.key.weight"):
            weight = pairs(weight, config.kv_heads)
        yield names[name], weight.float().numpy()
    if config.rope_scaling is not None and not is_linear(config.rope_scaling):
        frequency = frequencies(config)  # (D/2,): GGUF has no name for Llama 3.1's rule, only for what comes of it
        yield "rope_freqs.weight", (frequency / stretch(frequency, config.rope_scaling)).float().numpy()


def pairs(weight: Tensor, heads: int) -> Tensor:
    """Rows (heads * D, C) in our order, where rotation mixes two halves, to GGUF's, where it mixes neighbours."""
    return weight.view(heads, 2, -1, weight.shape[-1]).transpose(1, 2).reshape(weight.shape)


def halves(weight: Tensor, heads: int) -> Tensor:
    """The way back from `pairs`."""
    return weight.view(heads, -1, 2, weight.shape[-1]).transpose(1, 2).reshape(weight.shape)
