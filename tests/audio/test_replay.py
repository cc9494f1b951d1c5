"""A recording is heard whole and in order, whatever the pace of its readers."""

from __future__ import annotations

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frame import FRAME_SAMPLES
from assistant.audio.replay import AHEAD, Replay, ReplayReader

SOUND = np.arange(10 * FRAME_SAMPLES + 7, dtype=np.int16)


def replay() -> Replay:
    made = Replay()
    made.feed(SOUND)
    return made


async def collect(reader: ReplayReader) -> list[int]:
    return [frame.index async for frame in reader]


async def test_every_sample_arrives_and_the_last_frame_is_filled_with_silence() -> None:
    reader = await replay().listen(from_sample=0)
    heard = np.concatenate([frame.samples async for frame in reader])
    assert (heard[: len(SOUND)] == SOUND).all()
    assert len(heard) == 11 * FRAME_SAMPLES
    assert not heard[len(SOUND) :].any()


async def test_a_late_reader_starts_in_the_past_and_holds_the_others_back() -> None:
    source = replay()
    wake = await source.listen()
    frames = aiter(wake)
    for _ in range(6):
        await anext(frames)
    speech = await source.listen(from_sample=2 * FRAME_SAMPLES + 5)
    rest = asyncio.create_task(collect(wake))
    seen = []
    async for frame in speech:
        seen.append(frame.index)
        assert wake.position <= max(6, speech.position + AHEAD + 1)
        if frame.index == 8:
            await speech.close()
    assert seen == list(range(2, 9))
    await source.idle.wait()
    await wake.close()
    assert await rest == [6, 7, 8, 9, 10]


async def test_the_next_recording_follows_after_a_gap_and_the_last_one_is_overwritten() -> None:
    source = replay()
    wake = await source.listen()
    numbers = asyncio.create_task(collect(wake))
    await source.idle.wait()
    old = source._frames
    assert old.any(), "the planted leak"
    assert source.feed(SOUND[: 2 * FRAME_SAMPLES]) == 12 * FRAME_SAMPLES
    assert not old.any()
    assert not source.idle.is_set()
    await source.idle.wait()
    await wake.close()
    assert await numbers == [*range(11), 12, 13], "a gap after number 10"


@given(st.lists(st.integers(0, 20 * FRAME_SAMPLES), min_size=1, max_size=4))
def test_any_set_of_readers_comes_to_the_end(starts: list[int]) -> None:
    async def run() -> None:
        source = replay()
        readers = [await source.listen(from_sample=start) for start in starts]
        async with asyncio.timeout(5):
            got = await asyncio.gather(*[collect(reader) for reader in readers])
        for start, indices in zip(starts, got, strict=True):
            assert indices == list(range(start // FRAME_SAMPLES, 11))

    asyncio.run(run())
