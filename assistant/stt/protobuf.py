"""Writes an ONNX model file: as much of the format (protocol buffers) as a graph with constants needs."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
_VARINT, _BYTES, _FIXED = 0, 2, 5
_IR_VERSION = 9
_OPSETS = (("", 18), ("com.microsoft", 1))


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


class Graph:
    """Nodes in the order in which they are to be computed."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._names = 0

    def constant(self, name: str, value: npt.NDArray[Any]) -> None:
        data = np.ascontiguousarray(value)
        head = b"".join(_number(1, size) for size in value.shape) + _number(2, _TYPES[str(data.dtype)])
        self._parts.append(_bytes(5, head + _bytes(8, name) + _bytes(9, data.tobytes())))

    def input(self, name: str, kind: type[np.generic], shape: Sequence[int | str]) -> None:
        self._parts.append(_bytes(11, _value_info(name, kind, shape)))

    def output(self, name: str, kind: type[np.generic], shape: Sequence[int | str]) -> None:
        self._parts.append(_bytes(12, _value_info(name, kind, shape)))

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        *,
        outputs: Sequence[str] | None = None,
        domain: str = "",
        **attributes: int | float | Sequence[int],
    ) -> str:
        """Add a node; returns the name of its first output."""
        if outputs is None:
            self._names += 1
            outputs = [f"{kind}.{self._names}"]
        data = b"".join(_bytes(1, name) for name in inputs) + b"".join(_bytes(2, name) for name in outputs)
        data += _bytes(4, kind) + b"".join(_bytes(5, _attribute(*each)) for each in attributes.items())
        self._parts.append(_bytes(1, data + (_bytes(7, domain) if domain else b"")))
        return outputs[0]

    def split(self, value: str, sizes: str = "") -> tuple[str, str]:
        """Halve along the last axis, or cut it to `sizes`."""
        self._names += 1
        names = (f"split.{self._names}.0", f"split.{self._names}.1")
        if sizes:
            self.node("Split", [value, sizes], outputs=names, axis=-1)
        else:
            self.node("Split", [value], outputs=names, axis=-1, num_outputs=2)
        return names

    def bytes(self) -> bytes:
        """The whole model."""
        opsets = b"".join(_bytes(8, _bytes(1, domain) + _number(2, version)) for domain, version in _OPSETS)
        return _number(1, _IR_VERSION) + opsets + _bytes(7, b"".join(self._parts) + _bytes(2, "graph"))


def _attribute(name: str, value: int | float | Sequence[int]) -> bytes:
    match value:
        case float():
            return _bytes(1, name) + _varint(2 << 3 | _FIXED) + struct.pack("<f", value) + _number(20, 1)
        case int():
            return _bytes(1, name) + _number(3, value) + _number(20, 2)
        case _:
            return _bytes(1, name) + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _value_info(name: str, kind: type[np.generic], shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size)) for size in shape)
    tensor = _number(1, _TYPES[kind.__name__]) + _bytes(2, sizes)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor))
