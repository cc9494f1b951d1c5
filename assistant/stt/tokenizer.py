"""The byte-level BPE vocabulary that lies beside the Moonshine models (`tokenizer.bin`).

Records of a length (one byte; when it is 128 or more a second byte b2 follows and the length is b2 * 128 + b1 - 128)
and that many bytes. Ids 0 to 2 are <unk>, BOS and EOS, 3 to 258 the raw bytes, from 259 on merged pieces in the order
in which they were learned, so that of two possible merges the piece with the lower id comes first. U+2581 stands for
a space.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.errors import ModelError

BOS = 1
EOS = 2
_FIRST_BYTE = 3
_FIRST_PIECE = 259
_SPACE = "▁".encode()
_MARKS = b"<<", b">>"
"""Control entries of the vocabulary look like <<ST_7>>; they are never text."""


class Tokenizer:
    """Text to token ids and back."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = tuple(pieces)
        self._ids = {piece: number for number, piece in enumerate(pieces) if number >= _FIRST_PIECE and piece}

    def __len__(self) -> int:
        return len(self._pieces)

    def encode(self, word: str) -> tuple[int, ...]:
        """Token ids of one word with the space before it. Words are encoded independently of each other."""
        return self._merge(word)

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of token ids; control entries and broken UTF-8 are left out."""
        parts: list[bytes] = []
        for token in tokens:
            piece = self._pieces[token] if 0 <= token < len(self._pieces) else b""
            if token >= _FIRST_BYTE and not (piece.startswith(_MARKS[0]) and piece.endswith(_MARKS[1])):
                parts.append(piece)
        return b"".join(parts).decode(errors="ignore").replace("▁", " ").strip()

    def encode_glued(self, text: str) -> tuple[int, ...]:
        """Token ids of `text` directly after what stands before it, without a space."""
        return self._merge(text, space="")

    def _merge(self, word: str, space: str = "▁") -> tuple[int, ...]:
        # Pieces of single characters exist too; characters without one fall back to their bytes.
        parts = [character.encode() for character in space + word]
        while True:
            best = min(
                (
                    (self._ids[pair], place)
                    for place in range(len(parts) - 1)
                    if (pair := parts[place] + parts[place + 1]) in self._ids
                ),
                default=None,
            )
            if best is None:
                break
            place = best[1]
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        tokens: list[int] = []
        for part in parts:
            if part in self._ids:
                tokens.append(self._ids[part])
            else:
                tokens.extend(_FIRST_BYTE + byte for byte in part)
        return tuple(tokens)


def load(path: Path) -> Tokenizer:
    """Read a `tokenizer.bin`. Raises ModelError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            "the vocabulary of the recogniser cannot be read",
            where=str(path),
            hint=f"Install the model again ({error.strerror})",
        ) from error
    return Tokenizer(parse(data, str(path)))


def parse(data: bytes, where: str = "") -> list[bytes]:
    """The records of a `tokenizer.bin`. Raises ModelError when the bytes end inside a record or are too few."""
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        size = data[at]
        at += 1
        if size >= 128:
            size = (data[at] if at < len(data) else 0) * 128 + size - 128
            at += 1
        if at + size > len(data):
            break
        pieces.append(data[at : at + size])
        at += size
    if at != len(data) or len(pieces) <= _FIRST_PIECE:
        raise ModelError("the vocabulary of the recogniser is damaged", where=where, hint="Install the model again")
    return pieces
