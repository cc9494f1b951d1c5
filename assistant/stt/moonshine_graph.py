"""The decoder's arithmetic as a graph of 120 nodes instead of the 1,800 it is shipped with.

The shipped file works out the same shapes, masks and rotations anew in every layer and at every token, which takes far
longer than the arithmetic itself. Here the same weights (8-bit, from the same file) go through onnxruntime's fused
operators. One graph serves all uses: a beam that grows by one token, and whole rows of tokens that are scored at once.
Layers: Jeffries et al. 2024, arXiv:2410.15608; rotary positions: Su et al. 2021, arXiv:2104.09864.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from mmap import ACCESS_READ, MADV_DONTNEED, mmap
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.stt.protobuf import Graph

LAYERS = 6
HEADS = 8
HEAD_SIZE = 36
WIDTH = HEADS * HEAD_SIZE
LONGEST = 512
"""Tokens for which positions are prepared."""
_ROTATED = 32
"""Of each head so many numbers are rotated by their position."""
_EPSILON = 1e-5
_TYPES: Mapping[int, type[np.generic]] = {1: np.float32, 2: np.uint8, 6: np.int32, 7: np.int64}

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Weight:
    """A matrix in 8 bits: (values - zero) * scale, both one for the whole matrix or one for each column."""

    values: npt.NDArray[np.uint8 | np.int8]
    scale: npt.NDArray[np.float32]
    zero: npt.NDArray[np.uint8 | np.int8]
    bias: npt.NDArray[np.float32] | None = None

    def signed(self) -> Weight:
        """The same matrix around 0 instead of 128."""
        return replace(self, values=(self.values ^ 128).view(np.int8), zero=(self.zero ^ 128).view(np.int8))


@dataclass(frozen=True, slots=True)
class Weights:
    """What the shipped decoder knows. `matrices` by the name of the part ("layers.0.self_attn.q_proj")."""

    matrices: Mapping[str, Weight]
    norms: Mapping[str, npt.NDArray[np.float32]]
    embedding: Weight
    frequencies: npt.NDArray[np.float32]
    file: mmap

    def release(self) -> None:
        """Give back the memory of the file; what is read again comes from the file again."""
        self.file.madvise(MADV_DONTNEED)


def read_weights(place: Path) -> Weights:
    """The weights of a merged decoder in ORT format; they stay in the file until they are needed.

    Raises OSError, and KeyError or ValueError when the file holds another model.
    """
    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

    # The weights stay in the file until they are asked for.
    with place.open("rb") as opened:
        file = mmap(opened.fileno(), 0, access=ACCESS_READ)
    data = np.frombuffer(file, np.uint8)
    main = InferenceSession.GetRootAs(data, 0).Model().Graph()
    tensors = _tensors(main)
    # Of the two branches, the one that starts without a memory: it also looks at the sound.
    branch = next(graph for node in _nodes(main) for name, graph in _branches(node) if name == b"else_branch")
    tensors |= _tensors(branch)
    matrices: dict[str, Weight] = {}
    norms: dict[str, npt.NDArray[np.float32]] = {}
    embedding: Weight | None = None
    for node in _nodes(branch):
        kind = node.OpType().decode()
        inputs = [node.Inputs(number).decode() for number in range(node.InputsLength())]
        part = node.Name().decode().removeprefix("/model/decoder/").rpartition("/")[0].replace("/", ".").strip(".")
        if kind == "LayerNormalization":
            norms[part] = tensors[inputs[1]]
        elif kind == "DynamicQuantizeMatMul":
            matrices[part] = Weight(*_weight(tensors, inputs[1:4]), tensors.get(inputs[4]))
        elif kind == "MatMulIntegerToFloat":
            matrices[part] = Weight(*_weight(tensors, inputs[1::2]))
        elif kind == "Gather" and part == "embed_tokens":
            name = inputs[0].removesuffix("_quantized")
            embedding = Weight(*_weight(tensors, (inputs[0], f"{name}_scale", f"{name}_zero_point")))
    if embedding is None:
        raise KeyError("embed_tokens")
    frequencies = next(
        tensors[node.Inputs(0).decode()]
        for node in _nodes(branch)
        if node.OpType() == b"Expand" and node.Name().startswith(b"/model/decoder/rotary_emb")
    )
    return Weights(matrices, norms, embedding, frequencies.reshape(-1), file)


def _weight(tensors: Mapping[str, Array], names: Sequence[str]) -> tuple[Array, Array, Array]:
    values, scale, zero = (tensors[name] for name in names)
    return values, scale, zero


def _nodes(graph: Any) -> Iterator[Any]:
    return (graph.Nodes(number) for number in range(graph.NodesLength()))


def _branches(node: Any) -> Iterator[tuple[bytes, Any]]:
    attributes = (node.Attributes(number) for number in range(node.AttributesLength()))
    return ((attribute.Name(), attribute.G()) for attribute in attributes if attribute.G() is not None)


def _tensors(graph: Any) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for number in range(graph.InitializersLength()):
        tensor = graph.Initializers(number)
        if tensor.DataType() in _TYPES and tensor.RawDataLength():
            shape = [tensor.Dims(axis) for axis in range(tensor.DimsLength())]
            found[tensor.Name().decode()] = tensor.RawDataAsNumpy().view(_TYPES[tensor.DataType()]).reshape(shape)
    return found


def cross_graph(weights: Weights) -> bytes:
    """`hidden` (1, T, 288) -> keys and values of each layer, `key.N` and `value.N` (1, 8, T, 36)."""
    graph = Graph()
    graph.input("hidden", np.float32, (1, "sound", WIDTH))
    graph.constant("heads", np.array([1, -1, HEADS, HEAD_SIZE]))
    for layer in range(LAYERS):
        for part, name in (("k", "key"), ("v", "value")):
            line = _linear(
                graph, "hidden", weights.matrices[f"layers.{layer}.encoder_attn.{part}_proj"], f"{name}{layer}"
            )
            split = graph.node("Reshape", [line, "heads"])
            graph.node("Transpose", [split], outputs=[f"{name}.{layer}"], perm=[0, 2, 1, 3])
            graph.output(f"{name}.{layer}", np.float32, (1, HEADS, "sound", HEAD_SIZE))
    return graph.bytes()


def step_graph(weights: Weights) -> bytes:
    """Tokens (as `embedded` (B, T, 288) from position `at` on), and what is remembered -> `scores` (B, T, V).

    `past.key.N`, `past.value.N` (B, 8, P, 36) are the tokens before; `now.key.N`, `now.value.N` come out with the new
    ones behind them. `key.N`, `value.N` (1, 8, S, 36) are the sound, which all rows share.
    """
    graph = Graph()
    angles = np.arange(LONGEST)[:, None] * weights.frequencies[None]
    graph.constant("cos", np.cos(angles).astype(np.float32))
    graph.constant("sin", np.sin(angles).astype(np.float32))
    graph.constant("one row", np.array([1, -1, WIDTH]))
    graph.constant("qk v", np.array([2 * WIDTH, WIDTH]))
    graph.constant("q k", np.array([WIDTH, WIDTH]))
    graph.input("embedded", np.float32, ("rows", "tokens", WIDTH))
    graph.input("at", np.int64, (1,))
    graph.node("Shape", ["embedded"], outputs=["shape"])
    total = "embedded"
    added = ""
    for layer in range(LAYERS):
        for name in ("key", "value"):
            graph.input(f"past.{name}.{layer}", np.float32, ("rows", HEADS, "past", HEAD_SIZE))
            graph.input(f"{name}.{layer}", np.float32, (1, HEADS, "sound", HEAD_SIZE))
            graph.output(f"now.{name}.{layer}", np.float32, ("rows", HEADS, "now", HEAD_SIZE))

        def matrix(part: str, layer: int = layer) -> Weight:
            return weights.matrices[f"layers.{layer}.{part}"]

        def norm(total: str, added: str, part: str, layer: int = layer) -> tuple[str, str]:
            return _norm(graph, total, added, weights.norms[f"layers.{layer}.{part}"], f"{layer}.{part}")

        normed, total = norm(total, added, "input_layernorm")
        own = [matrix(f"self_attn.{part}_proj") for part in "qkv"]
        turned, value = graph.split(_linear(graph, normed, _side_by_side(own), f"{layer}.qkv"), "qk v")
        turned = graph.node(
            "RotaryEmbedding",
            [turned, "at", "cos", "sin"],
            domain="com.microsoft",
            interleaved=1,
            num_heads=2 * HEADS,
            rotary_embedding_dim=_ROTATED,
        )
        query, key = graph.split(turned, "q k")
        attended = graph.node(
            "MultiHeadAttention",
            [query, key, value, "", "", "", f"past.key.{layer}", f"past.value.{layer}"],
            outputs=[f"attended.{layer}", f"now.key.{layer}", f"now.value.{layer}"],
            domain="com.microsoft",
            num_heads=HEADS,
            unidirectional=1,
        )
        added = _linear(graph, attended, matrix("self_attn.o_proj"), f"{layer}.o")

        normed, total = norm(total, added, "post_attention_layernorm")
        query = _linear(graph, graph.node("Reshape", [normed, "one row"]), matrix("encoder_attn.q_proj"), f"{layer}.q")
        attended = graph.node(
            "MultiHeadAttention",
            [query, f"key.{layer}", f"value.{layer}"],
            domain="com.microsoft",
            num_heads=HEADS,
        )
        added = _linear(graph, attended, matrix("encoder_attn.o_proj"), f"{layer}.sound.o")
        added = graph.node("Reshape", [added, "shape"])

        normed, total = norm(total, added, "final_layernorm")
        plain, gate = graph.split(_linear(graph, normed, matrix("mlp.fc1"), f"{layer}.fc1"))
        gate = graph.node("QuickGelu", [gate], domain="com.microsoft", alpha=1.0)
        added = _linear(graph, graph.node("Mul", [gate, plain]), matrix("mlp.fc2"), f"{layer}.fc2")
    normed, _ = _norm(graph, total, added, weights.norms["norm"], "norm")
    logits = _linear(graph, normed, weights.matrices["proj_out"], "proj")
    graph.node("LogSoftmax", [logits], outputs=["scores"], axis=-1)
    graph.output("scores", np.float32, ("rows", "tokens", "words"))
    return graph.bytes()


def _norm(graph: Graph, total: str, added: str, weight: Array, name: str) -> tuple[str, str]:
    """`total` plus `added`, normalised, and plain."""
    graph.constant(f"{name}.weight", weight)
    if not added:
        return graph.node("LayerNormalization", [total, f"{name}.weight"], axis=-1, epsilon=_EPSILON), total
    outputs = [f"{name}.normed", "", "", f"{name}.total"]
    inputs = [total, added, f"{name}.weight"]
    graph.node("SkipLayerNormalization", inputs, outputs=outputs, domain="com.microsoft", epsilon=_EPSILON)
    return outputs[0], outputs[3]


def _linear(graph: Graph, inputs: str, weight: Weight, name: str) -> str:
    if multiplies_signed():
        weight = weight.signed()
    graph.constant(f"{name}.values", weight.values)
    graph.constant(f"{name}.scale", weight.scale)
    graph.constant(f"{name}.zero", weight.zero)
    names = [inputs, *(f"{name}.{part}" for part in ("values", "scale", "zero"))]
    if weight.bias is not None:
        graph.constant(f"{name}.bias", weight.bias)
        names.append(f"{name}.bias")
    return graph.node("DynamicQuantizeMatMul", names, domain="com.microsoft")


@cache
def multiplies_signed(flags: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies 8-bit numbers with signed ones exactly, and in one go (x86 with VNNI).

    Older x86 processors would clip the sums; for ARM it makes no difference.
    """
    try:
        return "vnni" in flags.read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False


def _side_by_side(parts: Sequence[Weight]) -> Weight:
    """Several matrices as one; each column keeps its scale."""
    size = parts[0].values.shape[1]
    return Weight(
        np.hstack([part.values for part in parts]),
        np.repeat([part.scale.reshape(()) for part in parts], size),
        np.repeat([part.zero.reshape(()) for part in parts], size),
    )
