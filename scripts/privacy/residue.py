"""What is left in a process's memory of a sound and of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import Samples

PAGE = 4096
PIECE = 16 << 20  # bytes read at once
PRESENT = np.uint64(3 << 62)  # bits of /proc/PID/pagemap: in memory, or swapped out
LOUD = 1_000  # sample steps between the lowest and the highest of a window that counts
IN_A_ROW = 3  # windows of eight bytes that follow each other as in the sound
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_BITS = np.uint64(64 - 22)

Words = npt.NDArray[np.uint64]


class Shape:
    """A sound as some type of number, cut at every place into windows of eight bytes."""

    def __init__(self, name: str, numbers: npt.NDArray[np.generic], sound: Samples) -> None:
        self.name = name
        count = 8 // numbers.itemsize
        windows = np.lib.stride_tricks.sliding_window_view(numbers, count)
        original = np.lib.stride_tricks.sliding_window_view(sound[: len(sound)].astype(np.int32), 4)
        loud = np.ptp(original, axis=1) > LOUD
        places = np.flatnonzero(loud[: len(windows)])
        values: Words = np.ascontiguousarray(windows[places]).view(np.uint64).reshape(-1)
        order = np.argsort(values, kind="stable")
        self.values, self.places = values[order], places[order]
        self.step = count
        self._table = np.zeros(1 << 22, dtype=bool)
        self._table[(self.values * _SPREAD) >> _BITS] = True

    def find(self, words: Words) -> list[tuple[int, int]]:
        """Where in memory (word) pieces of at least `IN_A_ROW` windows begin, and which sample that is."""
        hits = np.flatnonzero(self._table[(words * _SPREAD) >> _BITS])
        at = np.searchsorted(self.values, words[hits]).clip(max=len(self.values) - 1)
        same = self.values[at] == words[hits]
        hits, samples = hits[same], self.places[at[same]]
        found, run = [], 0
        for number in range(len(hits)):
            follows = (
                number > 0
                and hits[number] == hits[number - 1] + 1
                and samples[number] == samples[number - 1] + self.step
            )
            run = run + 1 if follows else 1
            if run == IN_A_ROW:
                found.append((int(hits[number]), int(samples[number])))
        return found


class Residue:
    """Looks for one sound, as int16 and as float32 of two scales, and for words in three encodings."""

    def __init__(self, sound: Samples, words: Sequence[str]) -> None:
        scaled = sound.astype(np.float32)
        self._shapes = (
            Shape("int16", sound, sound),
            Shape("float32", scaled, sound),
            Shape("float32 up to 1", scaled / np.float32(32768), sound),
        )
        self._words = {
            f"{word!r} as {code}": word.encode(code) for word in words for code in ("utf-8", "utf-16-le", "utf-32-le")
        }
        self.looked_at = 0
        """Bytes of memory."""

    def sounds(self, pid: int) -> Counter[str]:
        """Pieces of the sound, by type and region."""
        found: Counter[str] = Counter()
        for region, address, data in self._memory(pid):
            words = np.frombuffer(data, np.uint64)
            for shape in self._shapes:
                for word, sample in shape.find(words):
                    found[f"{shape.name} in {region} at {address + 8 * word:x}, sample {sample}"] += 1
        return found

    def sound_in(self, data: bytes) -> int:
        """How many pieces of the sound the content of a file holds."""
        words = np.frombuffer(data[: len(data) // 8 * 8], np.uint64)
        return sum(len(shape.find(words)) for shape in self._shapes)

    def words(self, pid: int) -> Counter[str]:
        """How often each word is there."""
        found: Counter[str] = Counter()
        for _, _, data in self._memory(pid):
            for name, needle in self._words.items():
                if count := data.count(needle):
                    found[name] += count
        return found

    def _memory(self, pid: int) -> Iterator[tuple[str, int, bytes]]:
        """Everything that can be written and is there: region, address, content."""
        with (
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory,  # noqa: PTH123
            open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap,  # noqa: PTH123
        ):
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, rights, _, _, _, *name = line.split(maxsplit=5)
                if "w" not in rights or "[v" in line:
                    continue
                begin, end = (int(each, 16) for each in span.split("-"))
                pagemap.seek(begin // PAGE * 8)
                there = np.frombuffer(pagemap.read((end - begin) // PAGE * 8), np.uint64) & PRESENT != 0
                for first, last in _runs(there):
                    for at in range(begin + first * PAGE, begin + last * PAGE, PIECE):
                        memory.seek(at)
                        try:
                            data = memory.read(min(PIECE, begin + last * PAGE - at))
                        except OSError:  # a device's
                            continue
                        self.looked_at += len(data)
                        yield (name[0] if name else "memory"), at, data[: len(data) // 8 * 8]


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches that are true, as (first, behind the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]
