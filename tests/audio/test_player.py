from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest

from assistant.audio.chimes import chime
from assistant.audio.frame import Samples
from assistant.audio.mixer import FIRST_SECONDS
from assistant.audio.player import AHEAD_SECONDS, FIRST_RATE, Player
from assistant.errors import DeviceError
from assistant.messages import audio
from assistant.testing.audio import FakeSink
from tests.audio.reports import Reports
from tests.audio.sounds import tone

VOICE = FIRST_RATE


@pytest.fixture
def sink() -> FakeSink:
    return FakeSink()


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def player(sink: FakeSink, reports: Reports) -> Iterator[Player]:
    made = Player(sink, retry_seconds=0.01)
    made.start(reports)
    yield made
    made.close()


async def pieces(*sounds: Samples) -> AsyncIterator[Samples]:
    for sound in sounds:
        yield sound


async def endless() -> AsyncIterator[Samples]:
    while True:
        yield tone(300, 0.1, VOICE)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what a thread does is not an event of this loop
            await asyncio.sleep(0)


async def held(sink: FakeSink) -> None:
    """Until the speaker's buffer is full."""
    assert await asyncio.to_thread(sink.waiting.wait, 10)


async def test_all_that_is_said_is_heard_at_its_rate(player: Player, sink: FakeSink) -> None:
    sound = tone(300, 1.5, VOICE)
    assert await player.play(pieces(*np.array_split(sound, 7)), VOICE)
    assert sink.sound.tolist() == sound.tolist()
    assert sink.rates == [VOICE]
    await until(lambda: not sink.is_open)


async def test_nothing_to_say_is_said(player: Player) -> None:
    assert await player.play(pieces(), VOICE)
    assert await player.play(pieces(np.zeros(0, dtype=np.int16)), VOICE)


async def test_utterances_wait_for_one_another(player: Player, sink: FakeSink) -> None:
    first, second = np.full(900, 1, dtype=np.int16), np.full(900, 2, dtype=np.int16)
    assert await asyncio.gather(player.play(pieces(first), VOICE), player.play(pieces(second), 16_000)) == [True] * 2
    assert sink.sound.tolist() == [1] * 900 + [2] * 900
    assert sink.rates == [VOICE, 16_000]


async def test_stop_cuts_short_what_plays_and_what_waits(player: Player, sink: FakeSink) -> None:
    sink.hold()
    playing = [asyncio.create_task(player.play(endless(), VOICE)) for _ in range(3)]
    await held(sink)
    await player.stop()
    assert await asyncio.wait_for(asyncio.gather(*playing), 10) == [False] * 3
    assert not len(sink.sound)
    sink.release()
    assert await player.play(pieces(tone(300, 0.1, VOICE)), VOICE), "what comes after a stop is played"


async def test_stop_does_not_wait_for_whoever_makes_the_sound(player: Player, sink: FakeSink) -> None:
    stuck = asyncio.Event()

    async def slow() -> AsyncIterator[Samples]:
        yield tone(300, 0.1, VOICE)
        stuck.set()
        await asyncio.Event().wait()

    playing = asyncio.create_task(player.play(slow(), VOICE))
    await stuck.wait()
    await player.stop()
    assert await asyncio.wait_for(playing, 10) is False


async def test_stopping_when_nothing_plays_is_fine(player: Player) -> None:
    await player.stop()
    await player.quiet()


async def test_a_maker_is_not_asked_for_more_than_the_speaker_needs_soon(player: Player, sink: FakeSink) -> None:
    made = 0

    async def counted() -> AsyncIterator[Samples]:
        nonlocal made
        async for piece in endless():
            made += len(piece)
            yield piece

    sink.hold()
    playing = asyncio.create_task(player.play(counted(), VOICE))
    await held(sink)
    for _ in range(200):
        await asyncio.sleep(0)
    assert made / VOICE < AHEAD_SECONDS + 0.5
    await player.stop()
    await playing


async def test_an_error_of_the_maker_reaches_whoever_plays(player: Player) -> None:
    async def broken() -> AsyncIterator[Samples]:
        yield tone(300, 0.1, VOICE)
        raise ValueError("no voice")

    with pytest.raises(ValueError, match="no voice"):
        await player.play(broken(), VOICE)
    assert await player.play(pieces(tone(300, 0.1, VOICE)), VOICE)


async def test_a_play_that_is_cancelled_falls_silent(player: Player, sink: FakeSink) -> None:
    sink.hold()
    playing = asyncio.create_task(player.play(endless(), VOICE))
    await held(sink)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    sink.release()
    assert await player.play(pieces(tone(300, 0.1, VOICE)), VOICE)


async def test_a_speaker_lost_while_playing_is_reported_once_and_found_again(
    player: Player, sink: FakeSink, reports: Reports
) -> None:
    sink.hold()
    playing = asyncio.create_task(player.play(endless(), VOICE))
    await held(sink)
    sink.unplug()
    with pytest.raises(DeviceError, match="pulled out"):
        await playing
    failed = await asyncio.to_thread(reports.next)
    assert isinstance(failed, audio.Failed)
    assert failed.device == sink.name
    with pytest.raises(DeviceError):
        await player.play(pieces(tone(300, 0.1, VOICE)), VOICE)
    assert player.lost
    sink.release()
    sink.plug()
    assert await asyncio.to_thread(reports.next) == audio.Restored(device=sink.name)
    assert await player.play(pieces(tone(300, 0.1, VOICE)), VOICE)
    assert not player.lost
    assert reports.empty


async def test_a_ring_goes_on_when_a_lost_speaker_is_back(player: Player, sink: FakeSink, reports: Reports) -> None:
    sink.unplug()
    player.chime("ring")
    assert isinstance(await asyncio.to_thread(reports.next), audio.Failed)
    sink.plug()
    assert isinstance(await asyncio.to_thread(reports.next), audio.Restored)
    ring = chime("ring", VOICE)
    await until(lambda: len(sink.sound) >= len(ring))
    assert sink.sound[: len(ring)].tolist() == ring.tolist()


async def test_a_chime_does_not_delay_speech(player: Player, sink: FakeSink) -> None:
    sink.hold()
    player.chime("listen")
    await held(sink)
    playing = asyncio.create_task(player.play(pieces(np.full(VOICE // 2, 50, dtype=np.int16)), VOICE))
    await until(lambda: player._mixer.speech is not None and player._mixer.speech.pieces)
    sink.release()
    assert await playing
    bell = chime("listen", VOICE).astype(np.int32)
    sound = sink.sound.astype(np.int32)
    block = round(VOICE * FIRST_SECONDS)
    assert sound[:block].tolist() == bell[:block].tolist()
    assert sound[block : len(bell)].tolist() == (bell[block:] + 50).tolist()
    assert len(sink.rates) == 1


async def test_a_listen_chime_survives_the_stop_of_the_speech_it_came_with(player: Player, sink: FakeSink) -> None:
    sink.hold()
    player.chime("listen")
    await held(sink)
    playing = asyncio.create_task(player.play(endless(), VOICE))
    await until(lambda: player._mixer.speech is not None)
    await player.stop()
    sink.release()
    assert await playing is False
    bell = chime("listen", VOICE)
    await until(lambda: len(sink.sound) >= len(bell))
    assert sink.sound[: len(bell)].tolist() == bell.tolist(), "from its beginning: what was queued is lost"


async def test_quiet_ends_a_ring_at_once(player: Player, sink: FakeSink) -> None:
    sink.hold()
    player.chime("ring", times=1000)
    await held(sink)
    await player.quiet()
    sink.release()
    await until(lambda: not sink.is_open)
    assert not len(sink.sound)


async def test_a_closed_player_says_so(sink: FakeSink) -> None:
    player = Player(sink)
    with pytest.raises(DeviceError, match="closed"):
        await player.play(pieces(tone(300, 0.1)), VOICE)
    player.start()
    playing = asyncio.create_task(player.play(endless(), VOICE))
    await until(lambda: len(sink.sound))
    await asyncio.to_thread(player.close)
    assert await playing is False
