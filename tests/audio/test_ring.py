import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.ring import Ring

STEPS = st.lists(st.one_of(st.integers(0, 40), st.sampled_from(["forget", "skip"])), max_size=30)


@given(STEPS)
def test_what_it_holds_is_the_end_of_the_stream(steps: list[int | str]) -> None:
    ring, stream, oldest = Ring(16), np.zeros(0, dtype=np.int16), 0
    for step in steps:
        if isinstance(step, int):
            new = np.arange(len(stream) + 1, len(stream) + 1 + step, dtype=np.int16)
            ring.append(new)
            stream = np.concatenate((stream, new))
        else:
            gap = 3 if step == "skip" else 0
            ring.forget(skip=gap)
            stream = np.concatenate((stream, np.zeros(gap, dtype=np.int16)))
            oldest = len(stream)
        oldest = max(oldest, len(stream) - 16)
        assert (ring.oldest, ring.end) == (oldest, len(stream))
        for start in range(oldest, len(stream) + 1):
            assert ring.read(start, len(stream) - start).tolist() == stream[start:].tolist()


@pytest.mark.parametrize(("start", "count"), [(3, 1), (4, 17), (19, 2), (5, -1)])
def test_what_it_does_not_hold_is_refused(start: int, count: int) -> None:
    ring = Ring(16)
    ring.append(np.arange(20, dtype=np.int16))
    with pytest.raises(ValueError, match=r"are not in 4\.\.20"):
        ring.read(start, count)


def test_forgetting_overwrites_every_sample() -> None:
    ring = Ring(16)
    ring.append(np.full(20, 7, dtype=np.int16))
    ring.forget()
    assert not ring._data.any()


def test_what_it_gives_does_not_change_later() -> None:
    ring = Ring(16)
    ring.append(np.full(16, 1, dtype=np.int16))
    given = ring.read(0, 16)
    ring.append(np.full(16, 2, dtype=np.int16))
    assert given.tolist() == [1] * 16
