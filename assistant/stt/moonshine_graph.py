"""The model's arithmetic as graphs of a few dozen nodes a layer less than those it is shipped with.

The shipped files work out the same shapes, masks and rotations anew in every layer and at every token (900 nodes),
which takes longer than the arithmetic itself. Here the same weights (8-bit, from the same files) go through
onnxruntime's fused operators. One graph of the decoder serves all uses: a beam that grows by one token, and whole rows
of tokens that are scored at once.
Layers: Jeffries et al. 2024, arXiv:2410.15608; rotary positions: Su et al. 2021, arXiv:2104.09864.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from assistant.stt.moonshine_weights import Weight, Weights
from assistant.stt.protobuf import Graph

LAYERS = 6
HEADS = 8
HEAD_SIZE = 36
WIDTH = HEADS * HEAD_SIZE
LONGEST = 4096
"""Tokens, or pieces of sound of 24 ms, for which positions are prepared."""
_ROTATED = 32
"""Of each head so many numbers are rotated by their position."""
_EPSILON = 1e-5
_OWN = "com.microsoft"
"""Where onnxruntime keeps its fused operators."""


def encoder_graph(weights: Weights) -> bytes:
    """Sound (`samples` (1, 1, S) in [-1, 1]) -> `hidden` (1, T, 288)."""
    graph = Graph()
    _angles(graph, weights)
    graph.input("samples", np.float32, (1, 1, "samples"))
    graph.output("hidden", np.float32, (1, "sound", WIDTH))
    graph.constant("start", np.zeros(1, np.int64))
    graph.constant("one group", np.array([0, 1, -1]))
    graph.constant("one", np.ones(1, np.float32))
    graph.constant("zero", np.zeros(1, np.float32))
    for name in ("conv1.weight", "conv2.weight", "conv3.weight"):
        graph.constant(name, weights.others[f"{name}_add_tensor"])
    for name in ("conv2.bias", "conv3.bias", "groupnorm.Mul", "groupnorm.Add"):
        graph.constant(name, weights.others[name])

    line = graph.node("Conv", ["samples", "conv1.weight"], kernel_shape=[127], strides=[64])
    line = graph.node("Tanh", [line])
    shape = graph.node("Shape", [line])
    flat = graph.node("Reshape", [line, "one group"])
    line = graph.node("InstanceNormalization", [flat, "one", "zero"], epsilon=_EPSILON)
    line = graph.node("Mul", [graph.node("Reshape", [line, shape]), "groupnorm.Mul"])
    line = graph.node("Add", [line, "groupnorm.Add"])
    for name, size, step in (("conv2", 7, 3), ("conv3", 3, 2)):
        line = graph.node("Conv", [line, f"{name}.weight", f"{name}.bias"], kernel_shape=[size], strides=[step])
        line = graph.node("Gelu", [line], domain=_OWN)
    total, added = graph.node("Transpose", [line], perm=[0, 2, 1]), ""
    for layer in range(LAYERS):
        parts = f"layers.{layer}"
        normed, total = _norm(graph, weights, total, added, f"{parts}.input_layernorm")
        query, key, value = _own_attention(graph, weights, normed, parts, "start")
        attended = graph.node("MultiHeadAttention", [query, key, value], domain=_OWN, num_heads=HEADS)
        added = _linear(graph, weights, attended, f"{parts}.self_attn.o_proj")
        normed, total = _norm(graph, weights, total, added, f"{parts}.post_attention_layernorm")
        inner = graph.node("Gelu", [_linear(graph, weights, normed, f"{parts}.mlp.fc1")], domain=_OWN)
        added = _linear(graph, weights, inner, f"{parts}.mlp.fc2")
    _norm(graph, weights, total, added, "norm", "hidden")
    return graph.bytes()


def cross_graph(weights: Weights) -> bytes:
    """`hidden` (1, T, 288) -> keys and values of each layer, `key.N` and `value.N` (1, 8, T, 36)."""
    graph = Graph()
    graph.input("hidden", np.float32, (1, "sound", WIDTH))
    graph.constant("heads", np.array([1, -1, HEADS, HEAD_SIZE]))
    for layer in range(LAYERS):
        for part, name in (("k", "key"), ("v", "value")):
            line = _linear(graph, weights, "hidden", f"layers.{layer}.encoder_attn.{part}_proj")
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
    _angles(graph, weights)
    graph.constant("one row", np.array([1, -1, WIDTH]))
    graph.input("embedded", np.float32, ("rows", "tokens", WIDTH))
    graph.input("at", np.int64, (1,))
    shape = graph.node("Shape", ["embedded"])
    total, added = "embedded", ""
    for layer in range(LAYERS):
        parts = f"layers.{layer}"
        for name in ("key", "value"):
            graph.input(f"past.{name}.{layer}", np.float32, ("rows", HEADS, "past", HEAD_SIZE))
            graph.input(f"{name}.{layer}", np.float32, (1, HEADS, "sound", HEAD_SIZE))
            graph.output(f"now.{name}.{layer}", np.float32, ("rows", HEADS, "now", HEAD_SIZE))

        normed, total = _norm(graph, weights, total, added, f"{parts}.input_layernorm")
        query, key, value = _own_attention(graph, weights, normed, parts, "at")
        attended = graph.node(
            "MultiHeadAttention",
            [query, key, value, "", "", "", f"past.key.{layer}", f"past.value.{layer}"],
            outputs=[f"attended.{layer}", f"now.key.{layer}", f"now.value.{layer}"],
            domain=_OWN,
            num_heads=HEADS,
            unidirectional=1,
        )
        added = _linear(graph, weights, attended, f"{parts}.self_attn.o_proj")

        normed, total = _norm(graph, weights, total, added, f"{parts}.post_attention_layernorm")
        in_a_row = graph.node("Reshape", [normed, "one row"])
        query = _linear(graph, weights, in_a_row, f"{parts}.encoder_attn.q_proj")
        sound = [f"key.{layer}", f"value.{layer}"]
        attended = graph.node("MultiHeadAttention", [query, *sound], domain=_OWN, num_heads=HEADS)
        added = _linear(graph, weights, attended, f"{parts}.encoder_attn.o_proj")
        added = graph.node("Reshape", [added, shape])

        normed, total = _norm(graph, weights, total, added, f"{parts}.final_layernorm")
        plain, gate = graph.split(_linear(graph, weights, normed, f"{parts}.mlp.fc1"))
        gate = graph.node("QuickGelu", [gate], domain=_OWN, alpha=1.0)
        added = _linear(graph, weights, graph.node("Mul", [gate, plain]), f"{parts}.mlp.fc2")
    normed, _ = _norm(graph, weights, total, added, "norm")
    graph.node("LogSoftmax", [_linear(graph, weights, normed, "proj_out")], outputs=["scores"], axis=-1)
    graph.output("scores", np.float32, ("rows", "tokens", "words"))
    return graph.bytes()


def _angles(graph: Graph, weights: Weights) -> None:
    angles = np.arange(LONGEST)[:, None] * weights.frequencies[None]
    graph.constant("cos", np.cos(angles).astype(np.float32))
    graph.constant("sin", np.sin(angles).astype(np.float32))
    graph.constant("qk v", np.array([2 * WIDTH, WIDTH]))
    graph.constant("q k", np.array([WIDTH, WIDTH]))


def _own_attention(graph: Graph, weights: Weights, normed: str, parts: str, start: str) -> tuple[str, str, str]:
    """Query, key and value of a layer, the first two rotated by their positions from `start` on."""
    joined = _side_by_side([weights.matrices[f"{parts}.self_attn.{part}_proj"] for part in "qkv"])
    turned, value = graph.split(_multiply(graph, normed, joined, f"{parts}.self_attn.qkv"), "qk v")
    turned = graph.node(
        "RotaryEmbedding",
        [turned, start, "cos", "sin"],
        domain=_OWN,
        interleaved=1,
        num_heads=2 * HEADS,
        rotary_embedding_dim=_ROTATED,
    )
    query, key = graph.split(turned, "q k")
    return query, key, value


def _norm(graph: Graph, weights: Weights, total: str, added: str, name: str, output: str = "") -> tuple[str, str]:
    """`total` plus `added`, normalised, and plain."""
    graph.constant(f"{name}.weight", weights.norms[name])
    if not added:
        return graph.node("LayerNormalization", [total, f"{name}.weight"], axis=-1, epsilon=_EPSILON), total
    outputs = [output or f"{name}.normed", "", "", f"{name}.total"]
    inputs = [total, added, f"{name}.weight"]
    graph.node("SkipLayerNormalization", inputs, outputs=outputs, domain=_OWN, epsilon=_EPSILON)
    return outputs[0], outputs[3]


def _linear(graph: Graph, weights: Weights, inputs: str, name: str) -> str:
    return _multiply(graph, inputs, weights.matrices[name], name)


def _multiply(graph: Graph, inputs: str, weight: Weight, name: str) -> str:
    if multiplies_signed():
        weight = weight.signed()
    graph.constant(f"{name}.values", weight.values)
    graph.constant(f"{name}.scale", weight.scale)
    graph.constant(f"{name}.zero", weight.zero)
    names = [inputs, *(f"{name}.{part}" for part in ("values", "scale", "zero"))]
    if weight.bias is not None:
        graph.constant(f"{name}.bias", weight.bias)
        names.append(f"{name}.bias")
    return graph.node("DynamicQuantizeMatMul", names, domain=_OWN)


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
