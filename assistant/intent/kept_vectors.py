"""Vectors of the skills' sentences, kept beside what was trained on them, so that a changed skill has only its own new
sentences encoded.

A sentence is named by a digest. What is kept is what the newest training asked for: skills' sentences, never what
people said or keep in lists. The layers of 8 bits make a vector depend a little on those that were worked out with it,
so that after a change one may differ slightly from that of a training from nothing.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.intent.meaning import Floats, Meaning
from assistant.intent.training import is_whole

FILE = "vectors.npz"
_KEY = 16
"""Bytes of a digest."""
_LARGEST = 127.0
_Row = tuple[NDArray[np.int8], np.float32]


class KeptVectors:
    """Meanings of an encoder, each number a byte; only what no training in `folder` kept is worked out."""

    def __init__(self, encoder: Meaning, folder: Path) -> None:
        """Raises ModelError."""
        self._encoder = encoder
        self._made_by = encoder.digest
        self._before = _read(folder, self._made_by)
        self._asked: dict[bytes, _Row] = {}

    def vectors(self, sentences: Sequence[Sequence[str]]) -> Floats:
        """As of the encoder, whether kept or new: [sentences, width]. Raises ModelError."""
        keys = [hashlib.sha256(" ".join(words).encode()).digest()[:_KEY] for words in sentences]
        self._asked.update((key, self._before[key]) for key in keys if key in self._before)
        new = {key: words for key, words in zip(keys, sentences, strict=True) if key not in self._asked}
        for key, vector in zip(new, self._encoder.vectors([*new.values()]), strict=True):
            scale = np.float32(max(float(np.abs(vector).max()), 1e-9) / _LARGEST)
            self._asked[key] = (np.round(vector / scale).astype(np.int8), scale)
        found = np.zeros((len(keys), self._encoder.width), dtype=np.float32)
        for number, (codes, scale) in enumerate(map(self._asked.__getitem__, keys)):
            found[number] = codes * scale
        return found

    def save(self, folder: Path) -> None:
        """Those that were asked for. Raises OSError."""
        codes = np.array([row for row, _ in self._asked.values()], dtype=np.int8)
        scales = np.array([scale for _, scale in self._asked.values()], dtype=np.float32)
        keys = np.frombuffer(b"".join(self._asked), dtype=np.uint8).reshape(-1, _KEY)
        np.savez(folder / FILE, made_by=np.array(self._made_by), keys=keys, codes=codes, scales=scales)


def _read(folder: Path, made_by: str) -> dict[bytes, _Row]:
    """What whole trainings kept; another assistant of the household may remove one meanwhile."""
    found: dict[bytes, _Row] = {}
    for path in sorted(folder.glob(f"*/{FILE}")):
        if not is_whole(path.parent):
            continue
        try:
            with np.load(path, allow_pickle=False) as data:
                if str(data["made_by"]) == made_by:
                    keys = [key.tobytes() for key in data["keys"]]
                    found.update(zip(keys, zip(data["codes"], data["scales"], strict=True), strict=True))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            continue
    return found
