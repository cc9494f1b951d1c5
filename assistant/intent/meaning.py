"""What words mean, learned elsewhere from much English: the first layers of a small sentence encoder, as numbers.

The encoder is all-MiniLM-L6-v2 (Apache-2.0): word pieces, a table of their vectors, and transformer layers, of which
the first ones do. `scripts/make_meaning.py` makes the files, in 8 bits. Only numpy is needed: 7 MB of memory for each
layer, and the rows of the table that a sentence touches.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ConfigError

Floats: TypeAlias = NDArray[np.float32]

TABLE, LAYERS = "meaning-en-table.npy", "meaning-en-layers.npz"
HEADS = 12
LONGEST = 62
"""Pieces of a sentence that are looked at."""
_BATCH = 64
_PARTS = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")
_QKV = ("query", "key", "value")


class Meaning:
    """Sentences to vectors. Raises OSError, KeyError or ValueError when the files are missing or damaged."""

    def __init__(self, folder: Path) -> None:
        self._table = np.load(folder / TABLE, mmap_mode="r", allow_pickle=False)
        with np.load(folder / LAYERS, allow_pickle=False) as data:
            pieces = bytes(data["vocabulary"]).decode().split("\n")
            self._scales: Floats = data["table.scale"]
            self._places: Floats = data["places"]
            self._weights = {name: _weight(data, name) for name in data.files if data[name].dtype != np.uint8}
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self._depth = sum(name.endswith("output.dense.weight") for name in self._weights) // 2
        self._unknown, self._first, self._last = (self._ids[name] for name in ("[UNK]", "[CLS]", "[SEP]"))

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self._table.shape[1])

    def vectors(self, sentences: Sequence[Sequence[str]]) -> Floats:
        """The mean over each sentence's pieces: [sentences, width]."""
        found = np.zeros((len(sentences), self.width), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        pieces = [self._pieces(words) for words in sentences]
        for number, ids in enumerate(pieces):
            by_length.setdefault(len(ids), []).append(number)
        for numbers in by_length.values():
            for first in range(0, len(numbers), _BATCH):
                some = numbers[first : first + _BATCH]
                found[some] = self._states(np.array([pieces[each] for each in some])).mean(axis=1)
        return found

    def _pieces(self, words: Sequence[str]) -> list[int]:
        """The pieces of a sentence between its marks."""
        plain = unicodedata.normalize("NFD", " ".join(words).lower())
        parts = _PARTS.findall("".join(each for each in plain if not unicodedata.combining(each)))
        ids = [piece for part in parts for piece in self._split(part)]
        return [self._first, *ids[:LONGEST], self._last]

    def _split(self, part: str) -> list[int]:
        """The longest known piece first, then the longest of the rest."""
        found: list[int] = []
        start = 0
        while start < len(part):
            lead = "##" if start else ""
            end = next((end for end in range(len(part), start, -1) if lead + part[start:end] in self._ids), None)
            if end is None:
                return [self._unknown]
            found.append(self._ids[lead + part[start:end]])
            start = end
        return found

    def _states(self, ids: NDArray[np.intp]) -> Floats:
        """The states of all pieces after the last layer: [sentences, pieces, width]."""
        count, length = ids.shape
        states = self._table[ids].astype(np.float32) * self._scales[ids][..., None] + self._places[:length]
        states = self._normal(states, "normal")
        heads = (count, length, HEADS, self.width // HEADS)
        for layer in range(self._depth):
            name = f"{layer}."
            query, key, value = (
                self._linear(states, f"{name}attention.self.{each}").reshape(heads).transpose(0, 2, 1, 3)
                for each in _QKV
            )
            looks = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(heads[3]))
            looks = np.exp(looks - looks.max(axis=-1, keepdims=True))
            looks /= looks.sum(axis=-1, keepdims=True)
            seen = (looks @ value).transpose(0, 2, 1, 3).reshape(states.shape)
            seen = self._linear(seen, f"{name}attention.output.dense")
            states = self._normal(states + seen, f"{name}attention.output.LayerNorm")
            inner = _gelu(self._linear(states, f"{name}intermediate.dense"))
            states = self._normal(states + self._linear(inner, f"{name}output.dense"), f"{name}output.LayerNorm")
        return states

    def _linear(self, states: Floats, name: str) -> Floats:
        return states @ self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

    def _normal(self, states: Floats, name: str) -> Floats:
        states = states - states.mean(axis=-1, keepdims=True)
        states /= np.sqrt((states * states).mean(axis=-1, keepdims=True) + 1e-12)
        return states * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def read_meaning(folder: Path) -> Meaning:
    """Raises ConfigError when the folder does not hold an encoder."""
    try:
        return Meaning(folder)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        hint = "Make one by scripts/make_meaning.py"
        raise ConfigError("no sentence encoder", where=str(folder), hint=hint) from error


def _weight(data: np.lib.npyio.NpzFile, name: str) -> Floats:
    found = data[name]
    if found.dtype == np.int8:
        found = found.astype(np.float32) * data[f"{name}.scale"].astype(np.float32)
    return np.ascontiguousarray(found, dtype=np.float32)


def _gelu(values: Floats) -> Floats:
    """By tanh (Hendrycks, Gimpel 2016)."""
    inner = np.float32(0.7978845608) * (values + np.float32(0.044715) * values * values * values)
    return np.asarray(np.float32(0.5) * values * (1 + np.tanh(inner)), dtype=np.float32)
