"""The fastest way to write one text: a step of the model as one graph in ONNX Runtime.

torch starts some fifty operations a block for each token, which takes a small model longer than what they do.  The graph holds a
dozen, each made for it, and the weights as they lie in memory: fp32, or, where they were rounded before, 8 bits.  The prompt is
read by the model itself, and sample.py still chooses the token.  Where something is missing or looks wrong, one sentence says so
and `Decoder` writes.  Left out: several texts side by side, for which `Decoder` shares the prompt's memory.

The operations are ONNX's and those that ONNX Runtime adds (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
Shapes: T tokens; C width, H heads, G key/value heads, D head size, F feed-forward, V vocabulary; S places of a text's memory.
"""

import sys
import time

import numpy as np
import torch
from torch import Tensor

from vibejam.config import ModelConfig
from vibejam.decoder import Packing, PromptReader, can_decode, may_round
from vibejam.model import BaseLM, GPTModel

BLOCK = 32  # weights of a row that share a scale in 8 bits
INT8_PRODUCTS = 4  # ONNX Runtime's accuracy_level in which what comes in is rounded too, block by block
TRIAL = 8  # tokens on which it must agree with the model before it may write
NEAR = {False: 1e-3, True: 0.3}  # of the logits' spread, in fp32 and in 8 bits, and bfloat16 products are off by a tenth too
SLOWER = 3  # times than the model itself: then this machine has not the products that the graph is made for
HEAD_STEP = 16  # a head's size must be a multiple of it there
OWN = "com.microsoft"  # the domain of what ONNX Runtime adds


class Reading:
    """What is remembered of one text, `position` tokens of up to `length`, and where a step finds and leaves its numbers."""

    def __init__(self, session: object, config: ModelConfig, length: int) -> None:
        import onnxruntime

        self.length, self.position = length, 0
        self.x, self.logits = (np.zeros((1, 1, n), np.float32) for n in (config.n_embd, config.vocab_size))
        self.seen, self.total = np.zeros(1, np.int32), np.zeros((), np.int32)
        shape = (config.n_layer, 2, 1, config.kv_heads, length, config.head_dim)
        self.memory = np.zeros(shape, np.float32)  # keys and values of each layer: a step fills one place more
        self.binding = session.io_binding()
        for name, array in (("x", self.x), ("seen", self.seen), ("total", self.total)):
            self.binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        self.binding.bind_ortvalue_output("logits", onnxruntime.OrtValue.ortvalue_from_numpy(self.logits))
        for i in range(config.n_layer):
            for kind, array in zip("kv", self.memory[i], strict=True):
                place = onnxruntime.OrtValue.ortvalue_from_numpy(array)
                self.binding.bind_ortvalue_input(f"{kind}{i}", place)
                self.binding.bind_ortvalue_output(f"new_{kind}{i}", place)


class CompiledDecoder(PromptReader):
    """`model` as it is now, in ONNX Runtime: weights that change later are not seen.

    Raises RuntimeError, or what a broken installation raises, where it can't be loaded or computes something else.
    """

    def __init__(self, model: GPTModel) -> None:
        import onnxruntime

        super().__init__(model)
        onnxruntime.disable_telemetry_events()  # which its builds for Windows have
        rounded = may_round(model)
        self.weights = "8 bits in ONNX Runtime" if rounded else "fp32 in ONNX Runtime"
        graph = _Graph(model, rounded)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1  # the caller's: for one, decoder.one_thread says why
        settings.log_severity_level = 4
        self._arrays = graph.arrays  # they must outlive the session, which only points to them
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in graph.arrays.values()]
        settings.add_external_initializers(list(graph.arrays), values)
        self._session = onnxruntime.InferenceSession(graph.model(), settings, providers=["CPUExecutionProvider"])
        self._try_out(model, NEAR[rounded])

    def read(self, ids: list[int], room: int) -> tuple[Reading, Tensor]:
        """The prompt: its memory, with `room` for more tokens, and logits (1, V).

        Raises ValueError where both together, or nothing, would be more than the context holds.
        """
        cache, logits = self._read(ids, room)
        memory, T = Reading(self._session, self.config, len(ids) + room), len(ids)
        for place, part in ((0, cache.keys), (1, cache.values)):  # (L, 1, G, T, D)
            memory.memory[:, place, :, :, :T] = part.float().numpy()
        memory.position = T
        return memory, logits

    def step(self, tokens: Tensor, memory: Reading) -> Tensor:
        """One more token (1,), to logits (1, V) in fp32.  Raises ValueError where the memory is full."""
        if memory.position == memory.length:
            raise ValueError(f"the memory holds {memory.length} tokens and is full")
        memory.x[0] = self._embed.weight[tokens].detach().float().numpy()
        memory.seen[0], memory.total[()] = memory.position, memory.position + 1
        self._session.run_with_iobinding(memory.binding)
        memory.position += 1
        return torch.from_numpy(memory.logits[0].copy())

    def _try_out(self, model: GPTModel, near: float) -> None:
        """Raises RuntimeError unless both say nearly the same of what follows a few tokens, and this one in no more time."""
        ids = torch.linspace(0, self.config.vocab_size - 1, min(TRIAL, self.config.block_size)).long()  # (T,)
        with torch.inference_mode():
            cache, memory = model.new_cache(1, len(ids)), self.read(ids[:1].tolist(), len(ids) - 1)[0]
            model.forward_cached(ids[None, :1], cache)
            times: list[tuple[float, float]] = []
            for token in ids[1:]:
                began = time.perf_counter()
                expected = model.forward_cached(token[None, None], cache)[0].float()  # (1, V)
                between = time.perf_counter()
                found = self.step(token[None], memory)
                times.append((between - began, time.perf_counter() - between))
                if not (found - expected).square().mean().sqrt() < near * expected.std():  # NaN is not near either
                    raise RuntimeError("its numbers are not the model's")
        own, here = (min(part) for part in zip(*times, strict=True)) if times else (1, 0)
        if here > SLOWER * own:
            raise RuntimeError(f"it takes {here / own:.0f} times as long as torch")


class _Graph:
    """One step: a token's vector x (1, 1, C) and keys and values of those before it, to logits, and to one key and value more."""

    def __init__(self, model: GPTModel, rounded: bool) -> None:
        from onnx import TensorProto, helper

        config = model.config
        self._helper, self._kinds, self._rounded = helper, TensorProto, rounded
        self.arrays: dict[str, np.ndarray] = {}  # the weights, which stay outside
        self._nodes, self._eps = [], config.norm_eps
        H, G, D = config.n_head, config.kv_heads, config.head_dim
        turns = [self._keep(name, table[:, : D // 2]) for name, table in (("cos", model.cos), ("sin", model.sin))]
        x, added = "x", None
        for i, block in enumerate(model.blocks):
            heads, feed = block.attention, block.feed_forward
            state, x = self._norm(f"read{i}", x, added, block.attention_norm.weight)
            every = torch.cat([heads.query.weight, heads.key.weight, heads.value.weight])
            state = self._product(f"qkv{i}", state, every)
            outputs = [f"heard{i}", f"new_k{i}", f"new_v{i}"]
            inputs = [state, "", "", f"k{i}", f"v{i}", "seen", "total", *turns]
            self._add("GroupQueryAttention", inputs, outputs, OWN, num_heads=H, kv_num_heads=G, do_rotary=1)
            added = self._product(f"out{i}", f"heard{i}", heads.out.weight)
            state, x = self._norm(f"think{i}", x, added, block.feed_forward_norm.weight)
            gate, up = (self._product(f"{name}{i}", state, part.weight) for name, part in (("gate", feed.gate), ("up", feed.up)))
            self._add("QuickGelu", [gate], [f"open{i}"], OWN, alpha=1.0)  # which is SiLU
            self._add("Mul", [f"open{i}", up], [f"wide{i}"])
            added = self._product(f"down{i}", f"wide{i}", feed.down.weight)
        state, _ = self._norm("finish", x, added, model.norm.weight)
        self._product("logits", state, model.head.weight)
        value, kinds = helper.make_tensor_value_info, TensorProto
        memory = [(f"{kind}{i}", [1, G, "S", D]) for i in range(config.n_layer) for kind in "kv"]
        self._inputs = [
            value("x", kinds.FLOAT, [1, 1, config.n_embd]),
            value("seen", kinds.INT32, [1]),
            value("total", kinds.INT32, []),
            *(value(name, kinds.FLOAT, shape) for name, shape in memory),
        ]
        self._outputs = [
            value("logits", kinds.FLOAT, [1, 1, config.vocab_size]),
            *(value(f"new_{name}", kinds.FLOAT, shape) for name, shape in memory),
        ]

    def model(self) -> bytes:
        helper = self._helper
        outside = [self._pointer(name, array) for name, array in self.arrays.items()]
        graph = helper.make_graph(self._nodes, "step", self._inputs, self._outputs, outside)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(OWN, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()

    def _add(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **settings: object) -> None:
        self._nodes.append(self._helper.make_node(kind, inputs, outputs, domain=domain, **settings))

    def _keep(self, name: str, tensor: Tensor) -> str:
        tensor = tensor.detach()
        self.arrays[name] = (tensor if tensor.dtype == torch.uint8 else tensor.float()).contiguous().numpy()
        return name

    def _norm(self, name: str, x: str, added: str | None, weight: Tensor) -> tuple[str, str]:
        """What is normalised of x, once what the part before wrote is added to it, and that sum."""
        weights = self._keep(f"{name}.weight", weight)
        if added is None:
            self._add("SimplifiedLayerNormalization", [x, weights], [name], axis=-1, epsilon=self._eps)
            return name, x
        self._add("SkipSimplifiedLayerNormalization", [x, added, weights], [name, "", "", f"{name}.sum"], OWN, epsilon=self._eps)
        return name, f"{name}.sum"

    def _product(self, name: str, x: str, weight: Tensor) -> str:
        N, K = weight.shape
        if not self._rounded:
            self._add("MatMul", [x, self._keep(f"{name}.weight", weight.T)], [name])
            return name
        blocks = torch.nn.functional.pad(weight.detach().float(), (0, -K % BLOCK)).view(N, -1, BLOCK)
        scales = blocks.abs().amax(-1).clamp(min=1e-30) / 127  # (N, blocks)
        numbers = (blocks / scales[..., None]).round_().add_(128).to(torch.uint8)  # 128 is 0
        inputs = [x, self._keep(f"{name}.weight", numbers), self._keep(f"{name}.scales", scales)]
        settings = {"K": K, "N": N, "bits": 8, "block_size": BLOCK, "accuracy_level": INT8_PRODUCTS}
        self._add("MatMulNBits", inputs, [name], OWN, **settings)
        return name

    def _pointer(self, name: str, array: np.ndarray) -> object:
        """A tensor that is elsewhere: in memory, as the session is told."""
        tensor = self._kinds(name=name, dims=array.shape, data_location=self._kinds.EXTERNAL)
        tensor.data_type = self._helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor.external_data.add(key="location", value="memory")
        return tensor


def compiled(model: BaseLM) -> CompiledDecoder | None:
    """ONNX Runtime's decoder of `model` as it is now, made anew where weights have changed; None where there can be none."""
    return _DECODERS(model) if can_decode(model) and not model.config.head_dim % HEAD_STEP else None


def _made(model: GPTModel) -> CompiledDecoder | None:
    try:
        return CompiledDecoder(model)
    except Exception as error:  # whatever an installation that does not fit this machine comes up with
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"ONNX Runtime can't write here ({reason}); writing goes on without it.", file=sys.stderr)
        return None


_DECODERS: Packing[CompiledDecoder | None] = Packing(_made)
