from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.file_device import FileSource
from assistant.audio.frame import FRAME_SAMPLES, RATE, Frame, Samples
from assistant.audio.hub import MAX_READERS, Hub, HubReader
from assistant.audio.ring import RING_FRAMES
from assistant.audio.source import Source
from assistant.errors import DeviceError
from assistant.messages import audio
from assistant.testing.audio import FakeSource
from tests.audio.reports import Reports
from tests.audio.sounds import tone, write

Start = Callable[[Source], Hub]
RETRY = 0.01


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def start(reports: Reports) -> Iterator[Start]:
    hubs: list[Hub] = []

    def begin(source: Source) -> Hub:
        hub = Hub(source, retry_seconds=RETRY)
        hub.start(reports)
        hubs.append(hub)
        return hub

    yield begin
    for hub in hubs:
        hub.close()


def numbered(count: int, first: int = 1) -> Samples:
    """Frames whose samples all are the frame's number."""
    return np.repeat(np.arange(first, first + count, dtype=np.int16), FRAME_SAMPLES)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what a thread does is not an event of this loop
            await asyncio.sleep(0)


async def take(reader: HubReader, count: int) -> list[Frame]:
    async with asyncio.timeout(10):
        return [await anext(reader) for _ in range(count)]


def marks(frames: list[Frame]) -> list[int]:
    return [int(frame.samples[0]) for frame in frames]


async def test_readers_hear_the_same_frames_in_order(start: Start) -> None:
    source = FakeSource()
    hub = start(source)
    readers = [await hub.listen() for _ in range(MAX_READERS)]
    source.hear(numbered(5))
    for reader in readers:
        frames = await take(reader, 5)
        assert marks(frames) == [1, 2, 3, 4, 5]
        assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
        assert not any(frame.dropped for frame in frames)


async def test_a_fourth_reader_is_refused_until_one_leaves(start: Start) -> None:
    hub = start(FakeSource())
    readers = [await hub.listen() for _ in range(MAX_READERS)]
    with pytest.raises(DeviceError, match="readers"):
        await hub.listen()
    await readers[0].close()
    await hub.listen()


async def test_listening_can_begin_in_the_past(start: Start) -> None:
    source = FakeSource()
    hub = start(source)
    first = await hub.listen()
    source.hear(numbered(10))
    await take(first, 10)
    late = await hub.listen(from_sample=4 * FRAME_SAMPLES + 5)
    assert marks(await take(late, 2)) == [5, 6]


async def test_the_past_reaches_back_as_far_as_the_ring(start: Start) -> None:
    source = FakeSource()
    hub = start(source)
    first = await hub.listen()
    source.hear(numbered(RING_FRAMES + 7))
    await until(lambda: hub._ring.end == (RING_FRAMES + 7) * FRAME_SAMPLES)
    late = await hub.listen(from_sample=0)
    assert marks(await take(late, 1)) == [8]
    assert marks(await take(first, 1)) == [8]


async def test_a_slow_reader_loses_the_oldest_frames_and_is_told(start: Start) -> None:
    source = FakeSource()
    hub = start(source)
    reader = await hub.listen()
    source.hear(numbered(2))
    await take(reader, 2)
    source.hear(numbered(RING_FRAMES + 5, first=3))
    await until(lambda: hub._ring.end == (RING_FRAMES + 7) * FRAME_SAMPLES)
    first, second = await take(reader, 2)
    assert (first.dropped, first.index, second.dropped) == (5, 7, 0)


async def test_a_reader_that_asks_for_the_future_hears_from_now_on(start: Start) -> None:
    source = FakeSource()
    hub = start(source)
    reader = await hub.listen(from_sample=10**9)
    source.hear(numbered(1))
    assert marks(await take(reader, 1)) == [1]


async def test_mute_closes_the_device_and_forgets_everything(start: Start, reports: Reports) -> None:
    source = FakeSource()
    hub = start(source)
    reader = await hub.listen()
    source.hear(numbered(5))
    await take(reader, 3)
    await asyncio.to_thread(hub.mute)
    assert not source.is_open
    assert hub.state == "muted"
    assert not hub._ring._data.any()
    hub.unmute()
    assert await asyncio.to_thread(reports.next) == audio.Unmuted()
    source.hear(numbered(1, first=9))
    (frame,) = await take(reader, 1)
    assert marks([frame]) == [9]
    assert frame.dropped >= 1, "the gap must be seen"
    assert frame.index >= 4, "numbers never go back"
    assert source.opened == 2


async def test_muting_again_and_again_never_looks_like_a_loss(start: Start, reports: Reports) -> None:
    source = FakeSource()
    hub = start(source)
    for _ in range(50):
        await asyncio.to_thread(hub.mute)
        assert not source.is_open
        hub.unmute()
        assert await asyncio.to_thread(reports.next) == audio.Unmuted()
    assert reports.empty


async def test_a_hub_muted_before_it_starts_opens_nothing() -> None:
    source = FakeSource()
    hub = Hub(source)
    hub.mute()
    hub.start()
    assert hub.state == "muted"
    hub.close()
    assert source.opened == 0


async def test_a_lost_device_is_reported_once_and_found_again(start: Start, reports: Reports) -> None:
    source = FakeSource("Jabra")
    hub = start(source)
    reader = await hub.listen()
    source.hear(numbered(1))
    await take(reader, 1)
    source.unplug()
    lost = await asyncio.to_thread(reports.next)
    assert lost == audio.Failed(device="Jabra", reason="Jabra: was pulled out. Plug it in")
    assert hub.state == "lost"
    await until(lambda: source.refused >= 3)
    source.plug()
    assert await asyncio.to_thread(reports.next) == audio.Restored(device="Jabra")
    source.hear(numbered(1, first=2))
    (frame,) = await take(reader, 1)
    assert (marks([frame]), frame.dropped, frame.index) == ([2], 1, 2)
    assert reports.empty


async def test_no_device_at_the_start_is_a_loss_like_any_other(start: Start, reports: Reports) -> None:
    source = FakeSource()
    source.unplug()
    hub = start(source)
    assert isinstance(await asyncio.to_thread(reports.next), audio.Failed)
    reader = await hub.listen()
    source.plug()
    assert isinstance(await asyncio.to_thread(reports.next), audio.Restored)
    source.hear(numbered(1))
    assert len(await take(reader, 1)) == 1


async def test_a_mute_while_the_device_is_lost_is_kept(start: Start, reports: Reports) -> None:
    source = FakeSource()
    source.unplug()
    hub = start(source)
    await asyncio.to_thread(reports.next)
    await asyncio.to_thread(hub.mute)
    source.plug()
    assert (hub.state, source.opened) == ("muted", 0)
    hub.unmute()
    assert isinstance(await asyncio.to_thread(reports.next), audio.Restored)
    assert isinstance(await asyncio.to_thread(reports.next), audio.Unmuted)


async def test_readers_of_a_source_that_ends_come_to_an_end(start: Start, reports: Reports) -> None:
    source = FakeSource(device=False)
    hub = start(source)
    reader = await hub.listen()
    source.hear(numbered(4))
    source.finish()
    async with asyncio.timeout(10):
        assert marks([frame async for frame in reader]) == [1, 2, 3, 4]
    assert await asyncio.to_thread(reports.next) == audio.Ended(sample=4 * FRAME_SAMPLES)
    assert not source.is_open


async def test_closing_the_hub_ends_its_readers(start: Start) -> None:
    hub = start(FakeSource())
    reader = await hub.listen()
    reading = asyncio.create_task(anext(reader, None))
    await asyncio.to_thread(hub.close)
    assert await asyncio.wait_for(reading, 10) is None
    with pytest.raises(DeviceError, match="closed"):
        await hub.listen()


async def test_a_file_waits_for_its_readers_and_loses_nothing(start: Start, tmp_path: Path) -> None:
    sound = tone(300, 12)
    hub = start(FileSource(write(tmp_path / "long.wav", sound)))
    reader = await hub.listen()
    async with asyncio.timeout(30):
        frames = [frame async for frame in reader]
    assert not any(frame.dropped for frame in frames)
    assert np.concatenate([frame.samples for frame in frames])[: 12 * RATE].tolist() == sound.tolist()


async def test_a_damaged_file_is_reported_and_ends(start: Start, reports: Reports, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.flac", tone(300, 3), subtype="PCM_16").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[: len(whole) // 2])
    hub = start(FileSource(tmp_path / "cut.flac"))
    reader = await hub.listen()
    async with asyncio.timeout(30):
        assert 5 < len([frame async for frame in reader]) < 30
    failed = await asyncio.to_thread(reports.next)
    assert isinstance(failed, audio.Failed)
    assert "breaks off" in failed.reason
    assert isinstance(await asyncio.to_thread(reports.next), audio.Ended)
