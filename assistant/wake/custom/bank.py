"""Speech and noise in which no wake word is to be heard, as embeddings: `models/wake-negatives.xz`.

Made by `scripts/wake_bank.py` from synthetic voices and computed noise. An XZ stream (its CRC tells damage) of four
bytes of length, a JSON head with the step of the numbers and each clip's text and frames, and the embeddings as signed
bytes, number by number over all frames, which compresses best.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from assistant.audio.frame import FRAME_SECONDS
from assistant.errors import ModelError
from assistant.wake.custom.embedding import SIZE, Floats

STEP = 8
"""What the numbers are rounded to; their standard deviation is about 10. Heads trained on rounded negatives are as good
as others."""
MOST_BYTES = 64 << 20
ALIKE = 0.8
"""From this likeness of letters on two words are taken for the same, 0 to 1."""
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9, "lc": 0, "lp": 0, "pb": 0}]


@dataclass(frozen=True, slots=True)
class Clip:
    """What was said (empty: noise) and its embeddings, shape (n, 96)."""

    text: str
    embeddings: Floats


class Bank:
    """Clips that are no wake word."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = tuple(clips)

    @property
    def hours(self) -> float:
        return sum(len(clip.embeddings) for clip in self.clips) * FRAME_SECONDS / 3600

    def words(self) -> list[str]:
        """Every word that is said in it, sorted."""
        return sorted({word for clip in self.clips for word in clip.text.split()})

    def without(self, text: str) -> Bank:
        """Only the clips in which nothing like the longest word of `text` is said."""
        word = max(text.split(), key=len)
        same = {each for each in self.words() if alike(each, word) >= ALIKE}
        return Bank([clip for clip in self.clips if same.isdisjoint(clip.text.split())])


def alike(one: str, other: str) -> float:
    """Likeness of two words' letters, 0 to 1; letters that sound alike are the same."""
    table = str.maketrans({"y": "i", "k": "c", "q": "c", "z": "s", "x": "s"})
    return SequenceMatcher(None, one.translate(table), other.translate(table), autojunk=False).ratio()


def load_bank(path: Path) -> Bank:
    """Raises ModelError when it is missing or damaged."""
    try:
        data = lzma.decompress(path.read_bytes(), memlimit=2 * MOST_BYTES)
        size = int.from_bytes(data[:4], "big")
        head = json.loads(data[4 : 4 + size])
        frames = [int(clip["frames"]) for clip in head["clips"]]
        numbers = np.frombuffer(data, np.int8, offset=4 + size).reshape(SIZE, sum(frames)).T
        step = float(head["step"])
        starts = np.cumsum([0, *frames])
        clips = [
            Clip(str(clip["text"]), np.ascontiguousarray(numbers[start : start + count], np.float32) * np.float32(step))
            for clip, start, count in zip(head["clips"], starts, frames, strict=False)
        ]
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", where=str(path), hint=_AGAIN) from error
    except (lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise ModelError("is damaged", where=str(path), hint=_AGAIN) from error
    return Bank(clips)


def pack_bank(clips: Sequence[Clip]) -> bytes:
    """The file for these clips."""
    head = json.dumps(
        {"step": STEP, "clips": [{"text": clip.text, "frames": len(clip.embeddings)} for clip in clips]},
        separators=(",", ":"),
    ).encode()
    numbers = np.concatenate([clip.embeddings for clip in clips])
    rounded = np.clip(np.round(numbers / STEP), -127, 127).astype(np.int8)
    body = np.ascontiguousarray(rounded.T).tobytes()
    return lzma.compress(len(head).to_bytes(4, "big") + head + body, check=lzma.CHECK_CRC64, filters=_FILTERS)


_AGAIN = "It comes with the project: fetch it again, or make it with scripts/wake_bank.py"
