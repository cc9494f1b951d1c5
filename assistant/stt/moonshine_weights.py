"""The weights inside the Moonshine model files (ORT format, which is a FlatBuffer)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from mmap import ACCESS_READ, MADV_DONTNEED, mmap
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
_TYPES: Mapping[int, type[np.generic]] = {1: np.float32, 2: np.uint8, 6: np.int32, 7: np.int64}


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
    """What the file of an encoder or a decoder holds, by the name of the part ("layers.0.self_attn.q_proj")."""

    matrices: Mapping[str, Weight]
    norms: Mapping[str, npt.NDArray[np.float32]]
    others: Mapping[str, Array]
    """Tensors that have names of their own."""
    frequencies: npt.NDArray[np.float32]
    """Of the rotary positions."""
    place: Path
    file: mmap

    def embedding(self) -> Weight:
        """The table of tokens; it stays in the file. Raises KeyError for an encoder."""
        return Weight(*_weight(self.others, [f"{_TABLE}_{part}" for part in ("quantized", "scale", "zero_point")]))

    def release(self) -> None:
        """Give back the memory of the file; what is read again comes from the file again."""
        self.file.madvise(MADV_DONTNEED)


_TABLE = "model.decoder.embed_tokens.weight_merged_0"


def read_weights(place: Path) -> Weights:
    """The weights of an encoder, or of a merged decoder; they stay in the file until they are asked for.

    Raises OSError, and KeyError, ValueError or struct.error when the file holds another model.
    """
    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

    with place.open("rb") as opened:
        file = mmap(opened.fileno(), 0, access=ACCESS_READ)
    graph = InferenceSession.GetRootAs(np.frombuffer(file, np.uint8), 0).Model().Graph()
    tensors = _tensors(graph)
    for node in _nodes(graph):
        # Of a decoder's two branches the one that starts without a memory: it also looks at the sound.
        for name, branch in _branches(node):
            if name == b"else_branch":
                graph = branch
                tensors |= _tensors(branch)
    matrices: dict[str, Weight] = {}
    norms: dict[str, npt.NDArray[np.float32]] = {}
    frequencies: Array | None = None
    for node in _nodes(graph):
        kind = node.OpType().decode()
        inputs = [node.Inputs(number).decode() for number in range(node.InputsLength())]
        part = node.Name().decode().removeprefix("/model/decoder").rpartition("/")[0].replace("/", ".").strip(".")
        if kind == "LayerNormalization":
            norms[part] = tensors[inputs[1]]
        elif kind == "SkipLayerNormalization":
            norms["norm"] = tensors[inputs[2]]
        elif kind == "DynamicQuantizeMatMul":
            matrices[part] = Weight(*_weight(tensors, inputs[1:4]), tensors.get(inputs[4]))
        elif kind == "MatMulIntegerToFloat":
            matrices[part] = Weight(*_weight(tensors, inputs[1::2]))
        elif kind == "Expand" and part == "rotary_emb":
            frequencies = tensors[inputs[0]].reshape(-1)
        elif kind in ("Mul", "Add") and part == "groupnorm":
            tensors[f"groupnorm.{kind}"] = tensors[inputs[1]]
    if frequencies is None:
        raise KeyError("rotary_emb")
    return Weights(matrices, norms, tensors, frequencies, place, file)


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
