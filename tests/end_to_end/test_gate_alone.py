"""Every service in a process of its own: only the gate's touches what is kept, and sound reaches it by a yes only."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, Frame
from assistant.audio.wire import WireServer
from assistant.bus.base import Subscription
from assistant.bus.socket import SocketBus, connect
from assistant.consent.clip import NewClip
from assistant.consent.wire import WireCarrier
from assistant.messages import Message, Spoken, consent, dialog, stt, system
from assistant.testing.consent import marked
from tests.end_to_end.running import COMMAND, LIMIT, Home

pytestmark = pytest.mark.slow

HEARS = (consent.Leave, consent.Offer, consent.Decided, system.Health)
SOUND = marked(5, 5.0)


class Reader:
    def __init__(self, given: asyncio.Event) -> None:
        self._given = given

    async def __aiter__(self) -> AsyncIterator[Frame]:
        for index in range(len(SOUND) // FRAME_SAMPLES):
            yield Frame(index=index, samples=SOUND[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES].copy())
        self._given.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        return


class Microphone:
    """Stands in for the audio service's ears."""

    def __init__(self) -> None:
        self.opened = 0
        self.given = asyncio.Event()

    async def listen(self, *, from_sample: int | None = None) -> Reader:
        self.opened += 1
        return Reader(self.given)


@contextmanager
def process(home: Home, *arguments: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(
        [*before, *COMMAND, "run", *arguments], env=home.env, cwd=home.folder, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        # strace ends with what it watches, and not before.
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        os.kill(int(children[0]) if before else running.pid, signal.SIGTERM)
        running.wait(LIMIT)


class House:
    """Hub, gate and holder as processes; the dialogue, the recogniser and the microphone are the test's."""

    def __init__(self, home: Home, microphone: Microphone, dialogue: SocketBus, recogniser: SocketBus) -> None:
        self.home = home
        self.microphone = microphone
        self.dialogue = dialogue
        self.recogniser = recogniser
        self.inbox: Subscription = dialogue.subscribe(HEARS, "test")
        self.clips = home.folder / "state" / "assistant" / "consent" / "vault" / "clips"
        self.number = 0

    async def heard(self, *kinds: type[Message]) -> Message:
        async with asyncio.timeout(LIMIT):
            async for envelope in self.inbox:
                if isinstance(envelope.message, kinds):
                    return envelope.message
        raise AssertionError("the hub is gone")

    async def question(self) -> consent.Leave:
        """One question and its answer; what the gate said of it. The clip is offered after this."""
        self.number += 1
        session = f"s{self.number}"
        self.microphone.given.clear()
        self.dialogue.publish(dialog.Listening(session=session, from_sample=0), "dialog")
        leave = await self.heard(consent.Leave)
        assert isinstance(leave, consent.Leave)
        if leave.purposes:
            await asyncio.wait_for(self.microphone.given.wait(), LIMIT)
            await self.health("holder")
        self.recogniser.publish(
            stt.Transcript(session=session, text=Spoken("what time is it"), confidence=1.0, language="en"), "stt"
        )
        await self.recogniser.flush()
        await self.health("holder")
        self.dialogue.publish(dialog.Closed(session=session, outcome="answered"), "dialog")
        return leave

    async def health(self, service: str) -> None:
        """Everything that was said so far has been handled there."""
        async with connect(self.home.socket, hears=[system.Health]) as client:
            inbox = client.subscribe([system.Health], "test")
            client.publish(system.Probe(), "client")
            async with asyncio.timeout(LIMIT):
                async for envelope in inbox:
                    if isinstance(envelope.message, system.Health) and envelope.message.service == service:
                        return

    async def kept(self, count: int) -> bool:
        """So many clips are there, soon."""
        for _ in range(200):
            if len(list(self.clips.glob("*.clip"))) == count:
                return True
            await asyncio.sleep(0.05)
        return False


@asynccontextmanager
async def living(home: Home, trace: Path | None) -> AsyncIterator[House]:
    follow = ("strace", "-f", "-qq", "-e", "trace=%file", "-o", str(trace)) if trace else ()
    microphone = Microphone()
    async with AsyncExitStack() as stack:
        stack.enter_context(process(home, "hub"))
        await until_there(home.socket)
        ears = WireServer(home.socket.with_name("audio.sock"), microphone, None)  # type: ignore[arg-type]
        await ears.start()
        stack.push_async_callback(ears.close)
        client = await stack.enter_async_context(connect(home.socket, hears=[system.Ready]))
        ready = client.subscribe([system.Ready], "test")
        stack.enter_context(process(home, "consent", "--child"))
        stack.enter_context(process(home, "holder", "--child", before=follow))
        names = {"consent", "holder"}
        async with asyncio.timeout(LIMIT):
            async for envelope in ready:
                assert isinstance(envelope.message, system.Ready)
                names.discard(envelope.message.service)
                if not names:
                    break
        dialogue = await stack.enter_async_context(connect(home.socket, hears=HEARS))
        speaker = await stack.enter_async_context(connect(home.socket, name="dialog"))
        recogniser = await stack.enter_async_context(connect(home.socket, name="stt"))
        house = House(home, microphone, speaker, recogniser)
        house.inbox = dialogue.subscribe(HEARS, "test")
        yield house


async def until_there(path: Path) -> None:
    async with asyncio.timeout(LIMIT):
        while not path.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.05)


async def test_a_clip_is_kept_under_a_yes_and_nothing_after_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    trace = tmp_path / "trace" if shutil.which("strace") else None
    async with living(home, trace) as house:
        assert (await house.question()).purposes == ()
        assert house.microphone.opened == 0, "nobody agreed: the holder does not even listen"

        assert home.call("consent", "grant", "utterance_audio", "--yes").returncode == 0
        assert (await house.question()).purposes == ("utterance_audio",)
        assert await house.kept(1)
        (info,) = [line for line in home.call("data", "show").stdout.splitlines() if "utterance_audio" in line]
        assert f"{len(SOUND) // FRAME_SAMPLES * FRAME_SAMPLES / 16_000:.1f} s" in info

        assert home.call("consent", "withdraw").returncode == 0
        assert not list(house.clips.iterdir())
        opened = house.microphone.opened
        assert (await house.question()).purposes == ()
        await house.health("holder")
        await house.health("consent")
        assert house.microphone.opened == opened
        assert not list(house.clips.iterdir())
    if trace is None:
        pytest.skip("all but one thing was shown: strace is not installed, so which files the holder opens is not seen")
    calls = trace.read_text(errors="replace")
    assert "gate.sock" in calls or "audio.sock" in calls or len(calls) > 10_000, "the trace is not blind"
    state = str(home.folder / "state")
    assert [line for line in calls.splitlines() if state in line and "/consent" in line] == []


async def test_a_forged_offer_leaves_nothing_behind(tmp_path: Path) -> None:
    home = Home(tmp_path)
    async with living(home, None) as house:
        assert home.call("consent", "grant", "utterance_audio", "--yes").returncode == 0
        leave = await house.question()
        assert await house.kept(1)
        secret = b"f" * 32
        proof = hashlib.sha256(secret).hexdigest()
        for impostor in (house.recogniser, house.dialogue):
            impostor.publish(
                consent.Offer(request="r", purpose="utterance_audio", generation=leave.generation, proof=proof),
                "holder",
            )
            await impostor.flush()
            await house.health("consent")
            assert "may not say consent.offer" in impostor.refused[-1]
        carrier = WireCarrier(home.socket.with_name("gate.sock"))
        forged = NewClip(samples=np.ones(16_000, dtype=np.int16), session="forged")
        assert not await carrier.hand(secret, forged)
        assert await house.kept(1)
        assert "forged" not in home.call("data", "show", "--json").stdout
        assert home.call("consent", "verify").returncode == 0
