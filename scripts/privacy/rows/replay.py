"""Messages and clips that were good once, sent again: by the services themselves, by clients, by other users."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import re
import socket
import struct
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from assistant.build import SERVICES, policy
from assistant.bus.base import Bus
from assistant.bus.hub import Hub
from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.consent import wire
from assistant.consent.challenge import two_words
from assistant.consent.door import Door
from assistant.consent.gate import Gate, Grant
from assistant.consent.service import ConsentService
from assistant.messages import Message, Spoken, consent, dialog, intent, skill, system, tts
from assistant.messages.base import Slot
from assistant.testing.consent import marked
from privacy.box import in_child, scratch
from privacy.driver import room_of
from privacy.row import Finding, Row
from privacy.rows.household_rows import as_user, send

SAME_WORDS = "asks for the same two words each time"
NO_LIMITS = "lets clients say everything and asks for the same two words"
TWICE = "takes an accepted clip more than once"
NO_SECRET = "takes clips that were never offered"
STRANGERS = "takes clips from other users"
OLD_YES = "does not ask again at the moment of writing"
MUTANTS = (SAME_WORDS, NO_LIMITS, TWICE, NO_SECRET, STRANGERS, OLD_YES)
PURPOSE = "utterance_audio"


def replayed(mutant: str) -> Finding:
    def work() -> Finding:
        found = Finding()
        logging.disable(logging.CRITICAL)  # each refusal is told there
        _plant(mutant)
        with scratch() as folder:
            asyncio.run(_consents(found, folder / "state" / "consent", mutant))
        with tempfile.TemporaryDirectory(prefix="privacy-") as place:
            Path(place).chmod(0o755)
            asyncio.run(_clips(found, Path(place)))
        return found

    return in_child(mutant if mutant == OLD_YES else "", work)


def _plant(mutant: str) -> None:
    if mutant == NO_LIMITS:
        from assistant.bus import policy as policies
        from assistant.messages import CATALOG

        policies.OWNER_SAYS = frozenset(CATALOG.values())
    if mutant == TWICE:
        Door.hand = _hand_twice  # type: ignore[method-assign]
    if mutant == NO_SECRET:
        Door.knows = lambda self, secret: True  # type: ignore[method-assign]
        Door.hand = _hand_all  # type: ignore[method-assign]
    if mutant == STRANGERS:
        wire.role_of = lambda peer, own: "owner"  # type: ignore[attr-defined]


async def _hand_twice(self: Door, secret: bytes, clip: object) -> bool:
    found = self._accepted.get(hashlib.sha256(secret).hexdigest())
    return found is not None and await self._work(lambda: self._gate.keep(found.permit, clip)) is not None


async def _hand_all(self: Door, secret: bytes, clip: object) -> bool:
    permit = self._gate.permits().get(PURPOSE)
    return permit is not None and await self._work(lambda: self._gate.keep(permit, clip)) is not None


class Words:
    """The product's random words, but never the same ones twice: one chance in some 700 is not what is looked at."""

    def __init__(self, same: bool) -> None:
        self._same = same
        self._used: list[str] = []

    def __call__(self) -> str:
        words = self._used[0] if self._same and self._used else two_words()
        while words in self._used and not self._same:
            words = two_words()
        self._used.append(words)
        return words


@contextlib.asynccontextmanager
async def consent_service(home: Path, mutant: str) -> AsyncIterator[tuple[Bus, ConsentService]]:
    """A consent service on a bus of its own."""
    bus = MemoryBus()
    ready = bus.subscribe([system.Ready], "row")
    words = Words(mutant in (SAME_WORDS, NO_LIMITS))
    service = ConsentService(room_of(home), SystemClock(), phrase=words)
    task = asyncio.create_task(service.serve(bus))
    async for _ in ready:
        break
    try:
        yield bus, service
    finally:
        bus.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _consents(found: Finding, home: Path, mutant: str) -> None:
    """A yes that was real, withdrawn, and played again."""
    room = room_of(home)

    def live() -> set[str]:
        return {one.purpose for one in room.gate.live()}

    async with consent_service(home, mutant) as (bus, _):
        recorded = await _say_yes(bus)
        found.expect(live() == {PURPOSE}, f"the real yes was not taken ({sorted(live())}): the row is blind")
        room.purge.withdraw(None, method="cli", actor="row")
        for again in range(3):
            for sender, message in recorded:
                bus.publish(message, sender)
            await _settled(bus)
            found.expect(not live(), f"the services' own messages, played again {again + 1} times: {sorted(live())}")
            room.purge.withdraw(None, method="cli", actor="row")
        with tempfile.TemporaryDirectory(prefix="privacy-") as place:
            Path(place).chmod(0o755)
            hub = Hub(bus, policy(), Path(place) / "hub.sock", max_bytes=65536)
            hub.reserved = set(SERVICES)
            await hub.start()
            (Path(place) / "hub.sock").chmod(0o666)
            for uid in (0, 65534):
                for name in ("client", *SERVICES):
                    messages = [message for _, message in recorded]
                    await asyncio.to_thread(as_user, uid, lambda: send(f"{place}/hub.sock", name, messages))  # noqa: B023
                    await _settled(bus)
                    found.expect(not live(), f"played again by uid {uid} as {name}: {sorted(live())}")
                    room.purge.withdraw(None, method="cli", actor="row")
            await hub.stop()


async def _say_yes(bus: Bus) -> list[tuple[str, Message]]:
    """A whole spoken consent, as the services tell each other of it. Returns what they said."""
    purpose = Slot(name="purpose", spoken=Spoken("my requests"), kind="list", value="my requests")
    matched = intent.Matched(
        session="a", intent="privacy.grant", skill="privacy", slots=(purpose,), text=Spoken("x"), confidence=1.0,
        engine="templates",
    )  # fmt: skip
    first: list[tuple[str, Message]] = [("dialog", dialog.Opened(session="a", why="wake")), ("intent", matched)]
    replies = bus.subscribe([consent.Replied], "row")
    for sender, message in first:
        bus.publish(message, sender)
    text = ""
    async for envelope in replies:
        text = envelope.message.text.text
        break
    words = re.search(r"two words\W+(\w+ \w+)", text)
    if words is None:
        raise RuntimeError(f"there are no two words in: {text}")
    second: list[tuple[str, Message]] = [
        ("tts", tts.Started(session="a")), ("tts", tts.Ended(session="a", cause="said")),
        ("dialog", dialog.Closed(session="a", outcome="asked")), ("dialog", dialog.Opened(session="b", why="question")),
        ("dialog", skill.Answer(session="b", skill="privacy", text=Spoken(words[1]), language="en")),
    ]  # fmt: skip
    for sender, message in second:
        bus.publish(message, sender)
    async for _ in replies:
        break
    replies.close()
    return [*first, *second]


async def _settled(bus: Bus) -> None:
    """The service has handled all that was sent before."""
    seen = bus.subscribe([system.Health], "row")
    bus.publish(system.Probe(), "row")
    async for _ in seen:
        break
    seen.close()


async def _clips(found: Finding, folder: Path) -> None:
    """The socket that sound comes in by."""
    room = room_of(folder / "state" / "consent")
    gate = Gate(room.store)
    gate.grant(Grant(purpose=PURPOSE, days=1, method="cli", actor="row"))
    door = Door(gate)
    path = folder / "gate.sock"
    server = wire.GateServer(path, door)
    server.open()
    path.chmod(0o666)  # the kernel would keep strangers out before it comes to us
    serving = asyncio.create_task(server.serve())

    def clips() -> int:
        return len(room.rights.clips()[0])

    async def bring(what: str, secret: bytes, more: int, uid: int = 0) -> None:
        before = clips()
        await asyncio.to_thread(as_user, uid, lambda: _deliver(path, secret))
        got = clips() - before
        found.expect(got == more, f"{what}: {got} clips were kept" + (": the row is blind" if more else ""))

    async def offer(secret: bytes) -> bool:
        generation = (await door.leave()).generation
        return await door.accept(PURPOSE, generation, hashlib.sha256(secret).hexdigest())

    await bring("a clip that nobody offered", b"n" * 32, 0)
    await offer(b"a" * 32)
    await bring("an accepted clip by another user", b"a" * 32, 0, uid=65534)
    await bring("an accepted clip", b"a" * 32, 1)
    await bring("the same clip once more", b"a" * 32, 0)
    await offer(b"b" * 32)
    room.purge.withdraw(None, method="cli", actor="row")
    gate.grant(Grant(purpose=PURPOSE, days=1, method="cli", actor="row"))
    await bring("a clip that was accepted before a withdrawal", b"b" * 32, 0)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    await server.close()


def _deliver(path: Path, secret: bytes) -> None:
    """Bring a clip as a holder does; the gate closes the connection or answers."""
    about = json.dumps({"session": "s", "language": "en", "word": "", "transcript": ""}).encode()
    sound = marked(1, 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as out, contextlib.suppress(OSError):
        out.settimeout(5)
        out.connect(str(path))
        out.sendall(struct.pack("<4s32sHI", b"AGW1", secret, len(about), len(sound)) + about + sound.tobytes())
        out.recv(1)


ROWS = (
    Row("replayed", "a spoken yes, or a clip, that was good once is good for nothing when it is sent again",
        MUTANTS, replayed),
)  # fmt: skip
