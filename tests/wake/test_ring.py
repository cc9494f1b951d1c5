"""The ring holds the last sound and no more."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.wake.ring import Ring


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(0, 12))
def test_it_gives_back_the_last_samples_whatever_the_pieces(pieces: list[int], count: int) -> None:
    ring, size = Ring(10), 10
    stream = np.arange(1, sum(pieces) + 1, dtype=np.int16)
    start = 0
    for piece in pieces:
        ring.append(stream[start : start + piece])
        start += piece
    wanted = stream[max(0, len(stream) - min(count, size)) :]
    assert ring.last(count).tolist() == wanted.tolist()


@given(st.lists(st.integers(0, 30), max_size=30))
def test_cleared_it_holds_no_sound_at_all(pieces: list[int]) -> None:
    ring = Ring(10)
    for piece in pieces:
        ring.append(np.full(piece, 7, dtype=np.int16))
    ring.clear()
    assert not ring._samples.any()
    assert not len(ring.last(10))
