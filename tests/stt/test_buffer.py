"""A session's sound stays as long as there is room, and goes when told."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frame import RATE
from assistant.stt.buffer import SessionBuffer


@given(st.lists(st.integers(0, 700), max_size=30))
def test_it_holds_the_newest_sound_and_counts_from_the_beginning(sizes: list[int]) -> None:
    buffer = SessionBuffer(1000 / RATE)
    sound = np.arange(1, sum(sizes) + 1, dtype=np.int16)
    at = 0
    for size in sizes:
        buffer.append(sound[at : at + size])
        at += size
    assert buffer.end == len(sound)
    assert buffer.end - buffer.start >= min(len(sound), 300)
    assert (buffer.part(0, buffer.end) == sound[buffer.start :]).all()
    middle = (buffer.start + buffer.end) // 2
    assert (buffer.part(middle, buffer.end + 5) == sound[middle:]).all()
    buffer.clear()
    assert not buffer._samples.any()
    assert len(buffer.part(0, buffer.end)) == 0
