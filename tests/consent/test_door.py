"""Sound passes from a holder to the gate only after an accepted offer, the same way in one process and between two."""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.config.paths import find_paths
from assistant.consent.clip import NewClip
from assistant.consent.door import GOOD_SECONDS, Door
from assistant.consent.gate import Grant
from assistant.consent.keeper import BusKeeper
from assistant.consent.ports import Leave
from assistant.consent.room import Room, open_room
from assistant.consent.service import ConsentService
from assistant.consent.wire import MOST_SAMPLES, WireCarrier
from assistant.messages import consent, system
from assistant.testing.consent import marked

SECRET = b"s" * 32


class House:
    """The consent service on a bus, and a holder's keeper beside it."""

    def __init__(self, folder: Path, *, wire: bool) -> None:
        self.room = open_room(find_paths({"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}), environ={})
        self.now = 0.0
        self.bus = MemoryBus()
        self.socket = folder / "run" / "gate.sock"
        self.door = Door(self.room.gate, lambda: self.now)
        self.service = ConsentService(self.room, SystemClock(), door=self.door, wire=self.socket if wire else None)
        self.keeper = BusKeeper(WireCarrier(self.socket) if wire else self.door)
        self.keeper.join(self.bus)

    def grant(self, purpose: str = "utterance_audio") -> None:
        self.room.gate.grant(Grant(purpose=purpose, days=1, method="cli", actor="me"))

    def withdraw(self) -> None:
        self.room.purge.withdraw(None, method="cli", actor="me")

    def clips(self) -> list[str]:
        return [one.purpose for one in self.room.rights.clips()[0]]


@asynccontextmanager
async def living(folder: Path, *, wire: bool) -> AsyncIterator[House]:
    house = House(folder, wire=wire)
    ready = house.bus.subscribe([system.Ready], "test")
    running = asyncio.create_task(house.service.serve(house.bus))
    await anext(aiter(ready))
    yield house
    house.bus.close()
    await running


@pytest.fixture(params=["one process", "two processes"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path, wire=request.param == "two processes") as house:
        yield house


@pytest.fixture
async def wired(tmp_path: Path) -> AsyncIterator[House]:
    async with living(tmp_path, wire=True) as house:
        yield house


def clip(seed: int = 1, seconds: float = 1.0, **about: str) -> NewClip:
    return NewClip(samples=marked(seed, seconds), session="s", **about)


async def test_what_is_offered_under_a_yes_is_kept_as_it_was(house: House) -> None:
    house.grant()
    leave = await house.keeper.wants()
    assert leave.purposes == {"utterance_audio"}
    new = clip(7, word="hey_mycroft", language="de")
    assert await house.keeper.offer(leave, "utterance_audio", new)
    assert not new.samples.any()
    (info,), _ = house.room.rights.clips()
    assert (info.session, info.word, info.language) == ("s", "hey_mycroft", "de")
    assert np.array_equal(house.room.rights.samples(info.clip), marked(7))


async def test_words_without_sound_pass_too(house: House) -> None:
    house.grant("transcript")
    words = NewClip(samples=np.zeros(0, dtype=np.int16), session="s", transcript="günstige Äpfel")
    assert await house.keeper.offer(await house.keeper.wants(), "transcript", words)
    assert house.room.rights.clips()[0][0].transcript == "günstige Äpfel"


async def test_without_a_yes_nothing_may_be_offered(house: House) -> None:
    leave = await house.keeper.wants()
    assert leave.purposes == frozenset()
    for forged in (leave, Leave(leave.generation, frozenset({"utterance_audio"})), Leave(99, frozenset({"wake_word"}))):
        for purpose in ("utterance_audio", "wake_word"):
            new = clip()
            assert not await house.keeper.offer(forged, purpose, new)
            assert not new.samples.any()
    assert house.clips() == []


async def test_a_withdrawal_voids_every_older_leave_even_when_granted_again(house: House) -> None:
    house.grant()
    leave = await house.keeper.wants()
    house.withdraw()
    assert not await house.keeper.offer(leave, "utterance_audio", clip())
    house.grant()
    assert not await house.keeper.offer(leave, "utterance_audio", clip())
    assert await house.keeper.offer(await house.keeper.wants(), "utterance_audio", clip())
    assert house.clips() == ["utterance_audio"]


async def test_a_withdrawal_between_offer_and_clip_wins(house: House) -> None:
    house.grant()
    leave = await house.keeper.wants()
    assert await house.door.accept("utterance_audio", leave.generation, hashlib.sha256(SECRET).hexdigest())
    house.withdraw()
    assert not await house.keeper._carrier.hand(SECRET, clip())
    assert house.clips() == []


async def test_a_secret_is_good_once_and_for_a_short_time(house: House) -> None:
    house.grant()
    leave = await house.keeper.wants()
    proof = hashlib.sha256(SECRET).hexdigest()
    assert not await house.keeper._carrier.hand(SECRET, clip()), "never offered"
    assert await house.door.accept("utterance_audio", leave.generation, proof)
    assert await house.keeper._carrier.hand(SECRET, clip())
    assert not await house.keeper._carrier.hand(SECRET, clip()), "a second time"
    assert await house.door.accept("utterance_audio", leave.generation, proof)
    house.now += GOOD_SECONDS
    assert not await house.keeper._carrier.hand(SECRET, clip()), "too late"
    assert house.clips() == ["utterance_audio"]


async def test_the_bus_carries_neither_sound_nor_words_nor_the_secret(house: House) -> None:
    house.grant("transcript")
    seen = house.bus.subscribe([consent.Ask, consent.Leave, consent.Offer, consent.Decided], "test")
    await house.keeper.offer(await house.keeper.wants(), "transcript", clip(transcript="purple elephants"))
    messages = []
    async for envelope in seen:
        messages.append(envelope.message)
        if isinstance(envelope.message, consent.Decided):
            break
    assert [type(one) for one in messages] == [consent.Ask, consent.Leave, consent.Offer, consent.Decided]
    assert "purple" not in repr(messages)
    assert len(repr(messages)) < 1_000


async def test_a_gate_that_does_not_answer_keeps_nothing(tmp_path: Path) -> None:
    keeper = BusKeeper(WireCarrier(tmp_path / "gate.sock"), patience=0.01)
    assert await keeper.wants() == Leave()
    keeper.join(MemoryBus())
    assert await keeper.wants() == Leave()
    new = clip()
    assert not await keeper.offer(Leave(1, frozenset({"wake_word"})), "wake_word", new)
    assert not new.samples.any()


async def test_a_locked_store_lets_nothing_in(house: House) -> None:
    house.grant()
    leave = await house.keeper.wants()
    ledger = house.room.paths.state / "consent" / "vault" / "ledger.jsonl"
    ledger.write_bytes(b"x" + ledger.read_bytes()[1:])
    assert (await house.keeper.wants()).purposes == frozenset()
    assert not await house.keeper.offer(leave, "utterance_audio", clip())


def described(**changes: object) -> bytes:
    return json.dumps({"session": "s", "language": "en", "word": "", "transcript": "", **changes}).encode()


def frame(text: bytes, samples: int, *, magic: bytes = b"AGW1", secret: bytes = SECRET) -> bytes:
    return struct.pack("<4s32sHI", magic, secret, len(text), samples) + text


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        (b"", True),
        (b"GET / HTTP/1.1\r\n" + bytes(64), True),
        (frame(described(), 4) + bytes(8), False),
        (frame(described(), 4, magic=b"AGW2") + bytes(8), True),
        (frame(described(), MOST_SAMPLES + 1), True),
        (frame(b"{", 4) + bytes(8), True),
        (frame(b"[1]", 4) + bytes(8), True),
        (frame(described(session=3), 4) + bytes(8), True),
        (frame(described(purpose="wake_word"), 4) + bytes(8), True),
        (frame(described(), 4) + bytes(3), True),
    ],
)
async def test_what_is_no_accepted_clip_is_not_read_on(wired: House, sent: bytes, known: bool) -> None:
    wired.grant()
    if known:
        leave = await wired.keeper.wants()
        await wired.door.accept("utterance_audio", leave.generation, hashlib.sha256(SECRET).hexdigest())
    reader, writer = await asyncio.open_unix_connection(str(wired.socket))
    writer.write(sent)
    writer.write_eof()
    with contextlib.suppress(ConnectionResetError):  # what was not read on
        assert await reader.read() == b""
    writer.close()
    assert wired.clips() == []
    assert await wired.keeper.offer(await wired.keeper.wants(), "utterance_audio", clip()), "and it goes on"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_another_user_is_refused_even_with_the_secret() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        async with living(Path(folder), wire=True) as house:
            house.grant()
            leave = await house.keeper.wants()
            await house.door.accept("utterance_audio", leave.generation, hashlib.sha256(SECRET).hexdigest())
            assert house.socket.stat().st_mode & 0o777 == 0o600
            for path in (Path(folder), house.socket.parent, house.socket):
                path.chmod(0o777)
            with socket.socket(socket.AF_UNIX) as stranger:
                os.seteuid(65534)
                try:
                    stranger.connect(str(house.socket))
                finally:
                    os.seteuid(0)
                stranger.sendall(frame(described(), 4) + bytes(8))
                assert await house.keeper.offer(leave, "utterance_audio", clip()), "comes after the stranger"
            assert [one.samples for one in house.room.rights.clips()[0]] == [16_000]


def test_only_the_consent_service_is_given_the_vault() -> None:
    """Every other service gets by without opening a room."""
    from assistant.build import SERVICES, Builder
    from assistant.config.schema import Config

    class Forbidden(Builder):
        @property
        def consent(self) -> Room:  # type: ignore[override]
            raise AssertionError("the vault was opened")

    builder = Forbidden(Config(), find_paths({"HOME": "/nowhere"}), SystemClock(), share_sound=True)
    names = [name for name in SERVICES if name in ("holder", "skills", "dialog", "intent")]
    for name, make in builder.factories(names).items():
        assert make().name == name
    with pytest.raises(AssertionError, match="the vault was opened"):
        builder.factories(["consent"])["consent"]()
