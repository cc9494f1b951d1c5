"""The header before every piece of sound on the audio socket: 16 bytes, little-endian, then up to 64 KiB of PCM.

    0  2  magic "As"
    2  1  version, 1
    3  1  kind
    4  2  bytes that follow the header
    6  2  count: frames dropped before a FRAME (65535 stands for more), else 0
    8  8  number: see Kind

One connection carries one thing: a LISTEN is answered by FRAMEs, a PLAY is followed by SOUNDs and an END and answered
by DONE, a STOP is answered by DONE. ERROR (one line of UTF-8) may answer anything and ends the connection.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from assistant.audio.frame import Samples

MAGIC = b"As"
VERSION = 1
HEADER = struct.Struct("<2sBBHHQ")
MOST_BYTES = 65_534
"""Largest even payload."""
FROM_NOW = 2**64 - 1
MOST_COUNT = 65_535
RATES = range(4_000, 192_001)


class Kind(IntEnum):
    """What a header announces, and what its number means."""

    LISTEN = 1
    """number: first sample wanted, or FROM_NOW."""
    FRAME = 2
    """number: index of the frame; 16 kHz PCM follows."""
    ENDED = 3
    """The source has no more sound."""
    PLAY = 4
    """number: samples per second."""
    SOUND = 5
    """PCM to play follows."""
    END = 6
    """The sound is complete."""
    DONE = 7
    """number: 1 when all was played, 0 when it was cut short."""
    STOP = 8
    """Cut short what plays."""
    ERROR = 9
    """A DeviceError's line follows."""
    OPENED = 10
    """The LISTEN was accepted."""


class WireError(Exception):
    """The other side does not speak this protocol."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One header and what follows it."""

    kind: Kind
    number: int = 0
    count: int = 0
    payload: bytes = b""

    def pack(self) -> bytes:
        return self.header(len(self.payload)) + self.payload

    def header(self, size: int) -> bytes:
        """The header alone, for `size` bytes that follow it."""
        return HEADER.pack(MAGIC, VERSION, self.kind, size, min(self.count, MOST_COUNT), self.number)

    @property
    def samples(self) -> Samples:
        """The payload as a new array, shape (n,)."""
        return np.frombuffer(self.payload, dtype="<i2").astype(np.int16)


def unpack(header: bytes) -> tuple[Piece, int]:
    """A header without its payload, and the payload's bytes. Raises WireError."""
    try:
        magic, version, kind, size, count, number = HEADER.unpack(header)
        if magic != MAGIC or version != VERSION:
            raise WireError("not the audio protocol, or another version of it")
        piece = Piece(Kind(kind), number, count)
    except (struct.error, ValueError) as error:
        raise WireError(f"a malformed header ({error})") from error
    if size % 2 and piece.kind is not Kind.ERROR:
        raise WireError("half a sample")
    if size and piece.kind not in (Kind.FRAME, Kind.SOUND, Kind.ERROR):
        raise WireError(f"{piece.kind.name} carries nothing")
    return piece, size


async def receive(reader: asyncio.StreamReader) -> Piece:
    """The next piece. Raises WireError, and IncompleteReadError or OSError when the other side is gone."""
    piece, size = unpack(await reader.readexactly(HEADER.size))
    if not size:
        return piece
    return Piece(piece.kind, piece.number, piece.count, await reader.readexactly(size))


def pcm(samples: Samples) -> bytes:
    """Samples as they travel."""
    return samples.astype("<i2", copy=False).tobytes()
