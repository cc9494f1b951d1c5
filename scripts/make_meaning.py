#!/usr/bin/env python3
"""Make a sentence encoder for `assistant intent eval --meaning FOLDER`: layers of all-MiniLM-L6-v2, in 8 bits.

    .venv/bin/python scripts/make_meaning.py CHECKPOINT FOLDER [--layers 2]

CHECKPOINT holds the public checkpoint's `model.safetensors` and `vocab.txt` (sentence-transformers/all-MiniLM-L6-v2,
Apache-2.0). Pieces that are not plain ASCII and unused ones are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assistant.intent.meaning import LAYERS, LONGEST, TABLE  # noqa: E402

_KEPT = re.compile(r"\[(UNK|CLS|SEP)\]|[!-Z\\^-~]+")


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


def bytes_of(matrix: Any) -> tuple[Any, Any]:
    """8 bits and a scale for each column."""
    scale = np.abs(matrix).max(axis=0) / 127
    return np.round(matrix / scale).astype(np.int8), scale.astype(np.float32)


def make(checkpoint: Path, into: Path, layers: int) -> None:
    """Write both files."""
    tensors = read(checkpoint / "model.safetensors")
    pieces = (checkpoint / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    kept = [number for number, piece in enumerate(pieces) if _KEPT.fullmatch(piece)]
    table, scale = bytes_of(tensors["embeddings.word_embeddings.weight"][kept].T)
    start = tensors["embeddings.position_embeddings.weight"][: LONGEST + 2]
    written: dict[str, Any] = {
        "vocabulary": np.frombuffer("\n".join(pieces[each] for each in kept).encode(), np.uint8),
        "table.scale": scale,
        "places": start + tensors["embeddings.token_type_embeddings.weight"][0],
        "normal.weight": tensors["embeddings.LayerNorm.weight"],
        "normal.bias": tensors["embeddings.LayerNorm.bias"],
    }
    for name, tensor in tensors.items():
        match = re.fullmatch(r"encoder\.layer\.(\d+)\.(.*)", name)
        if match and int(match[1]) < layers:
            short = f"{match[1]}.{match[2]}"
            if tensor.ndim == 2:
                written[short], written[f"{short}.scale"] = bytes_of(tensor.T)
            else:
                written[short] = tensor
    np.save(into / TABLE, np.ascontiguousarray(table.T))
    np.savez(into / LAYERS, **written)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=2)
    arguments = parser.parse_args()
    make(arguments.checkpoint, arguments.folder, arguments.layers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
