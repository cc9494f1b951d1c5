from __future__ import annotations

import asyncio
import socket
import stat
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio import wire
from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.audio.hub import Hub
from assistant.audio.player import Player
from assistant.audio.ring import RING_FRAMES
from assistant.audio.wire import WireMicrophone, WireReader, WireServer, WireSpeaker
from assistant.audio.wire_format import HEADER, Kind, Piece, WireError, unpack
from assistant.errors import DeviceError
from assistant.testing.audio import FakeSink, FakeSource
from tests.audio.sounds import tone

VOICE = 22_050


class House:
    """An audio service's inside, on a socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run" / "audio.sock"
        self.source, self.sink = FakeSource(), FakeSink()
        self.hub, self.player = Hub(self.source), Player(self.sink)
        self.server = WireServer(self.path, self.hub, self.player)
        self.microphone, self.speaker = WireMicrophone(self.path), WireSpeaker(self.path)
        self._readers: list[WireReader] = []

    async def listen(self, *, from_sample: int | None = None) -> WireReader:
        self._readers.append(reader := await self.microphone.listen(from_sample=from_sample))
        return reader

    async def close(self) -> None:
        for reader in self._readers:
            await reader.close()
        await self.server.close()
        self.hub.close()
        self.player.close()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:  # a short path: it holds a socket
        made = House(Path(folder))
        made.hub.start()
        made.player.start()
        await made.server.start()
        yield made
        await made.close()


def numbered(count: int) -> Samples:
    return np.repeat(np.arange(1, count + 1, dtype=np.int16), FRAME_SAMPLES)


async def pieces(*sounds: Samples) -> AsyncIterator[Samples]:
    for sound in sounds:
        yield sound


async def endless() -> AsyncIterator[Samples]:
    while True:
        yield tone(300, 0.1, VOICE)


async def held(house: House) -> None:
    assert await asyncio.to_thread(house.sink.waiting.wait, 10)


async def no_readers_left(house: House) -> None:
    async with asyncio.timeout(10):
        while house.hub._readers:  # noqa: ASYNC110 - the other end of a socket is no event of this loop
            await asyncio.sleep(0)


@given(
    st.builds(
        Piece,
        kind=st.sampled_from([Kind.FRAME, Kind.SOUND, Kind.ERROR]),
        number=st.integers(0, 2**64 - 1),
        count=st.integers(0, 65_535),
        payload=st.binary(max_size=50).map(lambda data: data[: len(data) // 2 * 2]),
    )
)
def test_every_piece_survives_the_wire(piece: Piece) -> None:
    packed = piece.pack()
    header, size = unpack(packed[: HEADER.size])
    assert len(packed) == HEADER.size + size
    assert Piece(header.kind, header.number, header.count, packed[HEADER.size :]) == piece


@given(st.binary(max_size=40))
def test_no_header_can_do_more_than_be_refused(data: bytes) -> None:
    try:
        piece, size = unpack(data)
    except WireError:
        return
    assert piece.pack()[:4] == data[:4]
    assert size < 65_536


async def test_frames_cross_with_their_numbers(house: House) -> None:
    reader = await house.listen()
    house.source.hear(numbered(6))
    frames = [await anext(reader) for _ in range(6)]
    assert [(frame.index, int(frame.samples[0]), frame.dropped) for frame in frames] == [
        (index, index + 1, 0) for index in range(6)
    ]
    past = await house.listen(from_sample=3 * FRAME_SAMPLES)
    assert (await anext(past)).index == 3
    await reader.close()
    await past.close()
    await no_readers_left(house)


async def test_the_end_of_the_source_crosses(house: House) -> None:
    reader = await house.listen()
    house.source.hear(numbered(3))
    house.source.finish()
    assert len([frame async for frame in reader]) == 3


async def test_a_slow_reader_is_told_what_it_lost_and_memory_is_bounded(house: House) -> None:
    reader = await house.listen()
    count = 5 * RING_FRAMES
    for number in range(1, count + 1):
        house.source.hear(numbered(1))
        async with asyncio.timeout(10):
            while house.hub._ring.end < number * FRAME_SAMPLES:  # noqa: ASYNC110 - what a thread does
                await asyncio.sleep(0)
        for _ in range(10):  # time for the server to send what it can
            await asyncio.sleep(0)
    house.source.finish()
    frames = [frame async for frame in reader]
    assert frames[-1].index == count - 1
    assert sum(frame.dropped for frame in frames) == count - len(frames)
    assert len(frames) < RING_FRAMES + 25, "old sound piled up between the ring and the reader"


async def test_refusals_cross(house: House) -> None:
    readers = [await house.listen() for _ in range(3)]
    with pytest.raises(DeviceError, match="readers"):
        await house.listen()
    assert len(readers) == 3


async def test_sound_crosses_and_is_played(house: House) -> None:
    sound = tone(300, 3, VOICE)
    assert await house.speaker.play(pieces(sound), VOICE) is True
    assert house.sink.sound.tolist() == sound.tolist()
    assert house.sink.rates == [VOICE]


async def test_stop_cuts_short_what_another_process_plays(house: House) -> None:
    house.sink.hold()
    playing = asyncio.create_task(house.speaker.play(endless(), VOICE))
    await held(house)
    await house.speaker.stop()
    assert await asyncio.wait_for(playing, 10) is False


async def test_a_lost_speaker_crosses(house: House) -> None:
    house.sink.unplug()
    with pytest.raises(DeviceError, match="pulled out"):
        await house.speaker.play(endless(), VOICE)


async def test_an_error_of_the_maker_stays_on_its_side(house: House) -> None:
    async def broken() -> AsyncIterator[Samples]:
        yield tone(300, 0.1)
        raise ValueError("no voice")

    with pytest.raises(ValueError, match="no voice"):
        await house.speaker.play(broken(), VOICE)
    assert await house.speaker.play(pieces(tone(300, 0.1, VOICE)), VOICE)


async def test_what_a_process_played_ends_when_it_goes(house: House) -> None:
    house.sink.hold()
    playing = asyncio.create_task(house.speaker.play(endless(), VOICE))
    await held(house)
    playing.cancel()
    house.sink.release()
    async with asyncio.timeout(10):
        while house.player._play is not None:  # noqa: ASYNC110 - what a thread does
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    "nonsense",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 16, Piece(Kind.FRAME).pack(), Piece(Kind.PLAY, 3).pack(),
     Piece(Kind.PLAY, VOICE).pack() + Piece(Kind.LISTEN).pack(), Piece(Kind.PLAY, 2**60).pack()],
)  # fmt: skip
async def test_nonsense_closes_only_its_sender(house: House, nonsense: bytes) -> None:
    reader = await house.listen()
    bad_reader, bad_writer = await asyncio.open_unix_connection(str(house.path))
    bad_writer.write(nonsense)
    async with asyncio.timeout(10):
        assert await bad_reader.read() == b""
    bad_writer.close()
    house.source.hear(numbered(1))
    assert (await anext(reader)).index == 0
    assert await house.speaker.play(pieces(tone(300, 0.1, VOICE)), VOICE)


async def test_who_connects_and_says_nothing_is_sent_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PATIENCE_SECONDS", 0.01)
    reader, writer = await asyncio.open_unix_connection(str(house.path))
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def test_only_owner_and_group_may_use_the_socket(house: House) -> None:
    assert stat.S_IMODE(house.path.stat().st_mode) == 0o660


async def test_a_service_that_goes_is_a_device_error(house: House) -> None:
    reader = await house.listen()
    await house.server.close()
    with pytest.raises(DeviceError, match="does not answer"):
        await anext(reader)
    for attempt in (house.microphone.listen(), house.speaker.stop(), house.speaker.play(endless(), VOICE)):
        with pytest.raises(DeviceError, match="does not answer") as error:
            await attempt
        assert "\n" not in str(error.value)


async def test_a_socket_left_behind_is_replaced_a_file_is_not(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="wire-") as folder:
        left = Path(folder) / "audio.sock"
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(left))
        server = WireServer(left, Hub(FakeSource()), Player(FakeSink()))
        await server.start()
        await server.close()
        left.write_text("somebody's file")
        with pytest.raises(DeviceError, match="socket cannot be made"):
            await WireServer(left, Hub(FakeSource()), Player(FakeSink())).start()
        assert left.read_text() == "somebody's file"
