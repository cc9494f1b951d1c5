"""What words mean, learned elsewhere from much English: a small sentence encoder.

It is all-MiniLM-L6-v2 (Apache-2.0): word pieces, a table of their vectors in 4 bits, and six transformer layers in
8 bits. `scripts/make_meaning.py` makes its two files from the public checkpoint. The table is read from its file where
a sentence needs it; the layers take 14 MB of memory once the first sentence has been asked about.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from assistant import onnx
from assistant.errors import ModelError

Floats: TypeAlias = NDArray[np.float32]

TABLE, LAYERS = "meaning-en-table.npy", "meaning-en.xz"
LONGEST = 62
"""Pieces of a sentence that are looked at."""
BLOCK = 32
"""Numbers of a row of the table that share a scale."""
MIDDLE = 8
"""Added to the numbers of the table, of 4 bits, so that they are none below 0."""
_BATCH = 32
_LONGEST_PART = 100
"""Letters; a longer part of a word is unknown as a whole, as where the pieces come from (BERT's tokenizer)."""
_MOST_BYTES = 64 << 20
_PARTS = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")
_DAMAGED = (OSError, EOFError, lzma.LZMAError, LookupError, ValueError, RuntimeError)
_HINT = "Take models/ from the project again, or make the files by scripts/make_meaning.py"


class Meaning:
    """Sentences to vectors. The files are read at the first use."""

    language = "en"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._encoder: _Encoder | None = None
        self._lock = Lock()

    def load(self) -> None:
        """Read the files now (0.5 s). Raises ModelError when they are missing or damaged."""
        self._loaded()

    @property
    def digest(self) -> str:
        """SHA-256 of the files that were read. Raises ModelError."""
        return self._loaded().digest

    @property
    def width(self) -> int:
        """Numbers of a vector. Raises ModelError."""
        return self._loaded().width

    def vectors(self, sentences: Sequence[Sequence[str]]) -> Floats:
        """The mean over each sentence's pieces: [sentences, width]. Raises ModelError."""
        encoder = self._loaded()
        found = np.zeros((len(sentences), encoder.width), dtype=np.float32)
        for numbers, _, states in encoder.states(sentences):
            found[numbers] = states.mean(axis=1)
            states.fill(0)
        return found

    def words(self, sentences: Sequence[Sequence[str]]) -> list[Floats]:
        """Of each sentence the vectors of its words where they stand, each the mean over its pieces: [words, width].

        They are those of a layer further inside, where words still have more of their own.
        Zeros for words behind the longest sentence that is looked at. Raises ModelError.
        """
        encoder = self._loaded()
        found = [np.zeros((len(words), encoder.width), dtype=np.float32) for words in sentences]
        for numbers, owners, states in encoder.states(sentences, "inner"):
            for number, owner, state in zip(numbers, owners, states, strict=True):
                counts = np.zeros((len(found[number]), 1), dtype=np.float32)
                inside = owner >= 0
                np.add.at(found[number], owner[inside], state[inside])
                np.add.at(counts, owner[inside], 1)
                found[number] /= np.maximum(counts, 1)
            states.fill(0)
        return found

    def _loaded(self) -> _Encoder:
        with self._lock:
            if self._encoder is None:
                self._encoder = _Encoder(self.folder)
            return self._encoder


class _Encoder:
    """The files, read."""

    def __init__(self, folder: Path) -> None:
        errors: tuple[type[Exception], ...] = (*_DAMAGED, *onnx.failures())
        try:
            self._table = np.load(folder / TABLE, mmap_mode="r", allow_pickle=False)
            digests = [hashlib.sha256((folder / name).read_bytes()).digest() for name in (TABLE, LAYERS)]
            self.digest = hashlib.sha256(b"".join(digests)).hexdigest()
            content = _unpacked(folder / LAYERS)
            end = content.index(b"\0")
            pieces = np.array(content[:end].split(b"\n"))
            self._longest = max(len(piece) for piece in pieces.tolist())
            self._order = np.argsort(pieces).astype(np.uint16)
            self._pieces = pieces[self._order]
            self._session = onnx.session(content[end + 1 :])
            self._unknown, self._first, self._last = (self._id(name) for name in ("[UNK]", "[CLS]", "[SEP]"))
        except errors as error:
            raise ModelError("no sentence encoder", where=str(folder), hint=_HINT) from error
        self._codes = self._table.shape[1] * 2 * BLOCK // (BLOCK + 4)

    @property
    def width(self) -> int:
        return int(self._codes)

    def states(self, sentences: Sequence[Sequence[str]], name: str = "states") -> Any:
        """Batches of as many pieces: (numbers of sentences, [pieces] the word of each or -1, states)."""
        by_length: dict[int, list[int]] = {}
        split = [self._split_all(words) for words in sentences]
        for number, (ids, _) in enumerate(split):
            by_length.setdefault(len(ids), []).append(number)
        for numbers in by_length.values():
            for first in range(0, len(numbers), _BATCH):
                some = numbers[first : first + _BATCH]
                embedded = self._rows(np.array([split[each][0] for each in some], dtype=np.intp))
                (states,) = self._session.run([name], {"embedded": embedded})
                embedded.fill(0)
                yield some, [np.array(split[each][1]) for each in some], states

    def _rows(self, ids: NDArray[np.intp]) -> Floats:
        """The rows of the table: first the halves of bytes, then a scale (float16) for each block."""
        rows = self._table[ids]
        codes, scales = rows[..., : self._codes // 2], rows[..., self._codes // 2 :]
        found = np.empty((*ids.shape, self._codes), dtype=np.float32)
        found[..., 0::2] = codes & 15
        found[..., 1::2] = codes >> 4
        found -= MIDDLE
        blocks = found.reshape(*ids.shape, -1, BLOCK)
        blocks *= np.ascontiguousarray(scales).view(np.float16)[..., None].astype(np.float32)
        return found

    def _split_all(self, words: Sequence[str]) -> tuple[list[int], list[int]]:
        """The pieces of a sentence between its marks, and which word each belongs to."""
        ids, owners = [self._first], [-1]
        for number, word in enumerate(words):
            plain = unicodedata.normalize("NFD", word.lower())
            plain = "".join(each for each in plain if not unicodedata.combining(each))
            for part in _PARTS.findall(plain):
                pieces = self._split(part)
                ids += pieces
                owners += [number] * len(pieces)
        return [*ids[: LONGEST + 1], self._last], [*owners[: LONGEST + 1], -1]

    def _split(self, part: str) -> list[int]:
        """The longest known piece first, then the longest of the rest."""
        if len(part) > _LONGEST_PART:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(part):
            lead = "##" if start else ""
            for end in range(min(len(part), start + self._longest), start, -1):
                piece = self._id(lead + part[start:end])
                if piece >= 0:
                    break
            else:
                return [self._unknown]
            found.append(piece)
            start = end
        return found

    def _id(self, piece: str) -> int:
        """The row of a piece; -1 where there is none."""
        coded = piece.encode()
        at = int(np.searchsorted(self._pieces, coded))
        return int(self._order[at]) if at < len(self._pieces) and self._pieces[at] == coded else -1


def _unpacked(path: Path) -> bytes:
    with lzma.open(path) as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    return content
