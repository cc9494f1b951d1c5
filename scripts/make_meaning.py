#!/usr/bin/env python3
"""Make the sentence encoder of models/ from the public checkpoint of all-MiniLM-L6-v2.

    .venv/bin/python scripts/make_meaning.py CHECKPOINT [FOLDER] [--layers 6] [--bits 6] [--pieces 20000]

CHECKPOINT holds `model.safetensors` and `vocab.txt` of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0; the digest
of the first is checked with --official). Only pieces of plain letters, single digits and the apostrophe are kept, in
their order, which is about that of their frequency, and of these the first --pieces. The table of their vectors gets
4 bits a number and a scale for each block of numbers; the layers get --bits (the fewer, the smaller is the compressed
file; in memory each is a byte. With 7 or fewer no processor's sums of two products overflow) and a scale for each
output. Scales are those with the least square error. Nothing is trained, so that every run writes the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import re
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assistant.intent.meaning import BLOCK, LAYERS, LONGEST, MIDDLE, TABLE  # noqa: E402
from assistant.stt.protobuf import Graph  # noqa: E402

OFFICIAL = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HEADS = 12
_EPSILON = 1e-12
_KEPT = re.compile(r"\[(UNK|CLS|SEP)\]|(##)?([a-z]{1,16}|[0-9])|'")
_OWN = "com.microsoft"
"""Where onnxruntime keeps its fused operators."""
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 0, "lp": 0, "pb": 0}]


def read(path: Path) -> dict[str, Any]:
    """The float32 tensors of a safetensors file."""
    content = path.read_bytes()
    (size,) = struct.unpack_from("<Q", content)
    head = json.loads(content[8 : 8 + size])
    return {
        name: np.frombuffer(content[8 + size :], np.float32, (at[1] - at[0]) // 4, at[0]).reshape(each["shape"])
        for name, each in head.items()
        if name != "__metadata__" and each["dtype"] == "F32" and (at := each["data_offsets"])
    }


def rounded(rows: Any, extremes: Any, low: int, high: int) -> tuple[Any, Any]:
    """Rows as whole numbers from `low` to `high`, and the scales [rows, 1] that make the least square error.

    `extremes` [rows, 1] at their full size are what the largest scale still reaches.
    """
    least, codes, scales = np.full(extremes.shape, np.inf), np.zeros_like(rows), extremes.copy()
    for share in np.arange(0.6, 1.01, 0.05):
        scale = np.where(extremes == 0, 1e-9, extremes * share).astype(np.float32)
        found = np.clip(np.round(rows / scale), low, high)
        error = ((found * scale - rows) ** 2).sum(axis=-1, keepdims=True)
        better = error < least
        least, codes = np.where(better, error, least), np.where(better, found, codes)
        scales = np.where(better, scale, scales)
    return codes.astype(np.int8), scales.astype(np.float32)


def table(rows: Any) -> Any:
    """Rows of 4-bit numbers, two a byte, and behind them a scale in float16 for each block."""
    blocks = rows.reshape(-1, BLOCK)
    furthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=-1, keepdims=True), -1)
    codes, scales = rounded(blocks, furthest / -MIDDLE, -MIDDLE, MIDDLE - 1)
    codes = (codes + MIDDLE).astype(np.uint8).reshape(len(rows), -1)
    halves = codes[:, 0::2] | codes[:, 1::2] << 4
    return np.hstack([halves, scales.reshape(len(rows), -1).astype(np.float16).view(np.uint8)])


def graph(tensors: dict[str, Any], layers: int, bits: int) -> bytes:
    """`embedded` (rows, pieces, width), of the table alone -> `states` of the same shape after the last layer, and
    `inner` after two thirds of them, where words still have more of their own."""
    made = Graph()
    shape = ("rows", "pieces", tensors["embeddings.LayerNorm.weight"].size)
    made.input("embedded", np.float32, shape)
    made.output("states", np.float32, shape)
    made.output("inner", np.float32, shape)
    places = tensors["embeddings.position_embeddings.weight"][: LONGEST + 2]
    made.constant("places", places + tensors["embeddings.token_type_embeddings.weight"][0])
    made.constant("start", np.zeros(1, np.int64))
    count = made.node("Shape", ["embedded"], start=1, end=2)
    line = made.node("Add", ["embedded", made.node("Slice", ["places", "start", count])])
    _constants(made, tensors, "embeddings.LayerNorm")
    normal = ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"]
    line = made.node("LayerNormalization", [line, *normal], axis=-1, epsilon=_EPSILON)
    inner = -(-2 * layers // 3) - 1
    names = {inner: "inner", layers - 1: "states"}
    for layer in range(layers):
        own = f"encoder.layer.{layer}."
        for kind in ("weight", "bias"):
            parts = [tensors[f"{own}attention.self.{each}.{kind}"] for each in ("query", "key", "value")]
            tensors[f"{own}qkv.{kind}"] = np.concatenate(parts)
        qkv = [f"{own}{each}" for each in ("query", "key", "value")]
        made.node("Split", [_matrix(made, tensors, line, f"{own}qkv", bits)], outputs=qkv, axis=-1, num_outputs=3)
        seen = made.node("MultiHeadAttention", [*qkv, f"{own}qkv.bias"], domain=_OWN, num_heads=HEADS)
        line = _added(made, tensors, seen, line, f"{own}attention.output", bits)
        wide = _matrix(made, tensors, line, f"{own}intermediate.dense", bits)
        wide = made.node("BiasGelu", [wide, f"{own}intermediate.dense.bias"], domain=_OWN)
        line = _added(made, tensors, wide, line, f"{own}output", bits, names.get(layer, ""))
    if inner == layers - 1:
        made.node("Identity", ["states"], outputs=["inner"])
    return made.bytes()


def _added(made: Graph, tensors: dict[str, Any], line: str, before: str, name: str, bits: int, out: str = "") -> str:
    line = _matrix(made, tensors, line, f"{name}.dense", bits)
    _constants(made, tensors, f"{name}.LayerNorm")
    inputs = [line, before, f"{name}.LayerNorm.weight", f"{name}.LayerNorm.bias", f"{name}.dense.bias"]
    outputs = [out or f"{name}.states"]
    return made.node("SkipLayerNormalization", inputs, outputs=outputs, domain=_OWN, epsilon=_EPSILON)


def _matrix(made: Graph, tensors: dict[str, Any], line: str, name: str, bits: int) -> str:
    weight = tensors[f"{name}.weight"]
    top = (1 << (bits - 1)) - 1
    codes, scales = rounded(weight, np.abs(weight).max(axis=1, keepdims=True) / top, -top, top)
    made.constant(f"{name}.codes", codes.T)
    made.constant(f"{name}.scales", scales[:, 0])
    made.constant(f"{name}.zeros", np.zeros(len(codes), np.int8))
    made.constant(f"{name}.bias", tensors[f"{name}.bias"])
    return made.node(
        "DynamicQuantizeMatMul", [line, *(f"{name}.{each}" for each in ("codes", "scales", "zeros"))], domain=_OWN
    )


def _constants(made: Graph, tensors: dict[str, Any], name: str) -> None:
    for part in ("weight", "bias"):
        made.constant(f"{name}.{part}", tensors[f"{name}.{part}"])


def make(checkpoint: Path, into: Path, layers: int = 6, bits: int = 6, most: int | None = None) -> None:
    """Write both files."""
    tensors = read(checkpoint / "model.safetensors")
    pieces = (checkpoint / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    kept = [number for number, piece in enumerate(pieces) if _KEPT.fullmatch(piece)][:most]
    np.save(into / TABLE, table(tensors["embeddings.word_embeddings.weight"][kept]))
    content = "\n".join(pieces[each] for each in kept).encode() + b"\0" + graph(tensors, layers, bits)
    (into / LAYERS).write_bytes(lzma.compress(content, check=lzma.CHECK_CRC64, filters=_FILTERS))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "models")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--bits", type=int, default=6, choices=range(4, 9))
    parser.add_argument("--pieces", type=int, default=20_000, help="keep only so many, the most frequent ones")
    parser.add_argument("--official", action="store_true", help="refuse any other checkpoint than the public one")
    arguments = parser.parse_args()
    digest = hashlib.sha256((arguments.checkpoint / "model.safetensors").read_bytes()).hexdigest()
    if arguments.official and digest != OFFICIAL:
        print(f"{arguments.checkpoint}: not the public checkpoint ({digest})", file=sys.stderr)
        return 1
    make(arguments.checkpoint, arguments.folder, arguments.layers, arguments.bits, arguments.pieces)
    return 0


if __name__ == "__main__":
    sys.exit(main())
