"""Messages from those who may not send them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.build import SERVICES, policy
from assistant.bus import codec
from assistant.bus import policy as policies
from assistant.bus.hub import Hub
from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.config.paths import find_paths
from assistant.consent.clip import NewClip
from assistant.consent.gate import Grant
from assistant.consent.room import Room, open_room
from assistant.consent.service import ConsentService
from assistant.messages import CATALOG, Message, Spoken, dialog, intent, skill, system, tts
from assistant.messages.base import Slot
from assistant.testing.consent import marked
from privacy.box import in_child
from privacy.row import Finding, Row

PHRASE = "velvet tiger"


def attack() -> list[Message]:
    """What somebody would send who wants a consent, or a household's clips destroyed."""
    purpose = Slot(name="purpose", spoken=Spoken("my requests"), kind="list", value="my requests")

    def said(name: str, *slots: Slot) -> Message:
        return intent.Matched(
            session="a", intent=f"privacy.{name}", skill="privacy", slots=slots, text=Spoken("x"), confidence=1.0,
            engine="templates",
        )  # fmt: skip

    return [
        dialog.Opened(session="a", why="wake"), said("grant", purpose), tts.Started(session="a"),
        tts.Ended(session="a", cause="said"), dialog.Closed(session="a", outcome="asked"),
        dialog.Opened(session="b", why="question"),
        skill.Answer(session="b", skill="privacy", text=Spoken(PHRASE), language="en"),
        said("forget_everything"), skill.Paused(skills=()), said("withdraw"), said("guest"),
    ]  # fmt: skip


def forged(mutant: str) -> Finding:
    """A real hub and policy; the attacker is the owner's own client, a stranger, or calls itself a service."""

    def work() -> Finding:
        found = Finding()
        logging.disable(logging.CRITICAL)  # the hub says of each attack that it was refused
        if mutant == "lets clients say everything":
            policies.OWNER_SAYS = policies.GUEST_SAYS = frozenset(CATALOG.values())
        if mutant == "believes who a sender says it is":
            policies.role_of = lambda peer, own: "owner"
            import assistant.bus.hub as hubs

            if hasattr(hubs, "role_of"):
                hubs.role_of = policies.role_of  # type: ignore[attr-defined]
        for uid in (0, 65534):
            for name in ("client", *SERVICES):
                with tempfile.TemporaryDirectory() as folder:
                    Path(folder).chmod(0o755)
                    asyncio.run(_try(found, Path(folder), uid, name))
        return found

    return in_child(mutant if mutant not in OWN else "", work)


OWN = ("lets clients say everything", "believes who a sender says it is")


async def _try(found: Finding, folder: Path, uid: int, name: str) -> None:
    room = _room(folder / "home")
    _keep(room, 2)
    room.purge.withdraw(["wake_word"], method="cli", actor="row")
    room.gate.grant(Grant(purpose="wake_word", days=1, method="cli", actor="row"))
    before = len(room.rights.clips()[0])
    bus = MemoryBus()
    (folder / "run").mkdir()
    hub = Hub(bus, policy(), folder / "run" / "hub.sock", max_bytes=65536)
    hub.reserved = set(SERVICES) if uid == 0 else set()
    await hub.start()
    (folder / "run").chmod(0o755)
    (folder / "run" / "hub.sock").chmod(0o666)
    ready = bus.subscribe([system.Ready], "row")
    service = asyncio.create_task(ConsentService(room, SystemClock(), phrase=lambda: PHRASE).serve(bus))
    async for _ in ready:
        break
    path = str(folder / "run" / "hub.sock")
    await asyncio.to_thread(as_user, uid, lambda: send(path, name, attack()))
    seen = bus.subscribe([system.Health], "row")
    bus.publish(system.Probe(), "row")
    async for _ in seen:
        break
    live = {one.purpose for one in room.gate.live()}
    who = f"uid {uid} as {name}"
    found.expect(live == {"wake_word", "false_wake"}, f"{who}: {sorted(live)}")
    found.expect(len(room.rights.clips()[0]) == before, f"{who}: clips were destroyed")
    bus.close()
    service.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await service
    await hub.stop()


def as_user(uid: int, work: Callable[[], None]) -> None:
    """Do something in a process of that user."""
    child = os.fork()
    if child == 0:
        if uid:
            os.setgid(uid)
            os.setuid(uid)
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    os.waitpid(child, 0)


def send(socket: str, name: str, messages: Sequence[Message]) -> None:
    """Join the bus under this name and say these, each over a connection of its own: a refusal ends it."""
    asyncio.run(_send(socket, name, messages))


async def _send(socket: str, name: str, messages: Sequence[Message]) -> None:
    from websockets.asyncio.client import unix_connect

    for message in messages:
        with contextlib.suppress(Exception):
            async with unix_connect(socket, compression=None) as connection:
                await connection.send(codec.dumps({"join": {"as": name, "hears": []}}))
                await asyncio.wait_for(connection.recv(), 20)
                await connection.send(codec.dumps(codec.encode(message)))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(connection.recv(), 0.05)


def _room(home: Path) -> Room:
    room = open_room(find_paths({"HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}), environ={})
    room.purge.recover()
    return room


def _keep(room: Room, count: int) -> None:
    for purpose in ("wake_word", "false_wake"):
        room.gate.grant(Grant(purpose=purpose, days=1, method="cli", actor="row"))
    for seed in range(count):
        room.gate.keep(room.gate.permits()["false_wake"], NewClip(samples=marked(seed, 0.05), session="s"))


ROWS = (
    Row("forged", "no client, stranger or impostor on the bus can make a consent or destroy clips", OWN, forged),
)  # fmt: skip
