"""The hub, over real unix sockets, against well-behaved and hostile clients."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assistant.bus import codec, policy
from assistant.bus.hub import Hub
from assistant.bus.memory import MemoryBus
from assistant.bus.socket import SocketBus, connect
from assistant.errors import BusError, HubSilent, HubUnreachable, PolicyError
from assistant.messages import Message, Spoken, dialog, skill, stt, system, tts, wake


class Ears:
    name = "stt"
    hears = (dialog.Listening,)
    says = (stt.Transcript,)


TRANSCRIPT = stt.Transcript(session="1", text=Spoken("red door"), confidence=1.0, language="en")
JOIN = codec.dumps({"join": {"as": "client", "hears": ["stt.transcript", "system.failed"]}})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "hub.sock"


@pytest.fixture
async def bus(path: Path) -> AsyncIterator[MemoryBus]:
    memory = MemoryBus(queue=50)
    hub = Hub(memory, policy.Policy([Ears()]), path, max_bytes=4096)
    await hub.start()
    yield memory
    await hub.stop()
    memory.close()


async def first(bus: SocketBus, *kinds: type[Message]) -> Message:
    async for envelope in bus.subscribe(kinds, "test"):
        return envelope.message
    raise AssertionError("the bus closed")


async def closed(connection: ClientConnection) -> bool:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.recv()
    return True


async def test_a_message_reaches_another_process_with_the_senders_true_name(bus: MemoryBus, path: Path) -> None:
    async with connect(path, name="stt", hears=[dialog.Listening]) as ears, connect(path, hears=[stt.Transcript]) as us:
        inbox = us.subscribe([stt.Transcript], "test")
        ears.publish(TRANSCRIPT, "dialog")
        async for envelope in inbox:
            assert envelope.message == TRANSCRIPT
            assert envelope.sender == "stt"
            return


async def test_only_user_and_group_may_use_the_socket(bus: MemoryBus, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


@pytest.mark.parametrize(
    "frame",
    ["not json", '{"topic":"no.such","body":{}}', '{"topic":"dialog.ask","body":{"x":1}}', b"\xff\x00", "x" * 9000],
)
async def test_a_bad_frame_closes_its_sender_only(bus: MemoryBus, path: Path, frame: str | bytes) -> None:
    async with connect(path, hears=[wake.Detected]) as good, unix_connect(str(path)) as bad:
        await bad.send(JOIN)
        await bad.recv()
        await bad.send(frame)
        assert await closed(bad)
        waiting = asyncio.create_task(first(good, wake.Detected))
        await asyncio.sleep(0)
        bus.publish(wake.Detected(word="alexa", score=1.0, sample=0), "wake")
        assert isinstance(await waiting, wake.Detected)


async def test_a_client_cannot_state_a_services_facts(bus: MemoryBus, path: Path) -> None:
    seen = bus.subscribe([stt.Transcript, wake.Detected], "watch")
    async with connect(path, hears=[system.Failed]) as client:
        client.publish(TRANSCRIPT, "stt")
        client.publish(wake.Detected(word="alexa", score=1.0, sample=0), "wake")
        client.publish(system.Probe(), "client")
        await client.flush()
        probe = bus.subscribe([system.Probe], "watch")
        client.publish(system.Probe(), "client")
        async for _ in probe:
            break
    assert client.refused == ["client may not say stt.transcript", "client may not say wake.detected"]
    seen.close()
    assert [envelope async for envelope in seen] == []


async def test_a_service_may_say_only_what_it_declares(bus: MemoryBus, path: Path) -> None:
    async with connect(path, name="stt") as ears:
        ears.publish(tts.Say(session="1", text=Spoken("ha"), language="en"), "stt")
        ears.publish(TRANSCRIPT, "stt")
        await ears.flush()
        async with connect(path):
            pass
    assert ears.refused == ["stt may not say tts.say"]


async def test_a_services_name_is_given_once(bus: MemoryBus, path: Path) -> None:
    async with connect(path, name="stt"):
        with pytest.raises(PolicyError, match="already running"):
            async with connect(path, name="stt"):
                pass
    async with connect(path, name="stt"):
        pass


async def test_unknown_names_and_topics_are_refused(bus: MemoryBus, path: Path) -> None:
    with pytest.raises(PolicyError, match="no such service"):
        async with connect(path, name="spy"):
            pass
    with pytest.raises(PolicyError, match=r"stt may not hear skill\.replied"):
        async with connect(path, name="stt", hears=[skill.Replied]):
            pass


async def test_web_pages_are_turned_away(bus: MemoryBus, path: Path) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with unix_connect(str(path), origin="https://example.com"):  # type: ignore[arg-type]
            pass


async def test_a_reader_that_never_reads_is_disconnected_and_costs_bounded_memory(bus: MemoryBus, path: Path) -> None:
    async with unix_connect(str(path), max_queue=1) as lazy:
        await lazy.send(JOIN)
        long = stt.Transcript(session="1", text=Spoken("word " * 500), confidence=1.0, language="en")
        async with connect(path, hears=[wake.Detected]) as good:
            for _ in range(2000):
                bus.publish(long, "stt")
                await asyncio.sleep(0)
            waiting = asyncio.create_task(first(good, wake.Detected))
            await asyncio.sleep(0)
            bus.publish(wake.Detected(word="alexa", score=1.0, sample=0), "wake")
            assert isinstance(await waiting, wake.Detected)
        assert await closed(lazy)
        assert lazy.close_code in (1006, 1008)


async def test_a_second_hub_on_the_same_socket_is_refused_and_a_dead_ones_socket_is_reused(path: Path) -> None:
    first_hub = Hub(MemoryBus(), policy.Policy([]), path, max_bytes=4096)
    await first_hub.start()
    second = Hub(MemoryBus(), policy.Policy([]), path, max_bytes=4096)
    with pytest.raises(BusError, match="another assistant is running"):
        await second.start()
    await first_hub.stop()
    leftover = socket.socket(socket.AF_UNIX)
    leftover.bind(str(path))
    leftover.close()
    await second.start()
    await second.stop()


async def test_nobody_at_home_is_one_clear_line(path: Path) -> None:
    with pytest.raises(HubUnreachable, match=r"not running\. Start it: assistant run"):
        async with connect(path):
            pass


async def test_one_that_is_busy_is_not_taken_for_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.bus.socket.CONNECT_SECONDS", 0.01)
    with socket.socket(socket.AF_UNIX) as busy:
        path.parent.mkdir(parents=True, exist_ok=True)
        busy.bind(str(path))
        busy.listen()
        with pytest.raises(HubSilent, match=r"runs but does not answer.*try again"):
            async with connect(path):
                pass


class TestGuests:
    """Other users of the socket's group: the kernel says who they are. Needs root to become another user."""

    @pytest.fixture(autouse=True)
    def other_user(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr("assistant.bus.hub.own_uid", lambda: os.geteuid() + 4242)
        monkeypatch.setattr("assistant.bus.hub.peer_uid", lambda _: 65534)
        yield

    async def test_see_that_something_was_said_but_not_what(self, bus: MemoryBus, path: Path) -> None:
        async with connect(path, hears=[stt.Transcript]) as guest:
            waiting = asyncio.create_task(first(guest, stt.Transcript))
            await asyncio.sleep(0)
            bus.publish(TRANSCRIPT, "stt")
            message = await waiting
            assert isinstance(message, stt.Transcript)
            assert message.text == Spoken()
            assert not guest.words

    async def test_get_the_words_of_the_answer_to_their_own_question_only(self, bus: MemoryBus, path: Path) -> None:
        questions = bus.subscribe([dialog.Ask], "dialog")
        async with connect(path, hears=[dialog.Answered]) as guest:
            inbox = guest.subscribe([dialog.Answered], "test")
            guest.publish(dialog.Ask(request="mine", text=Spoken("what time is it")), "client")
            async for _ in questions:
                break
            for request in ("theirs", "mine"):
                bus.publish(
                    dialog.Answered(
                        session="1", request=request, transcript=Spoken("x"), intent=None, skill=None, slots=(),
                        reply=Spoken("ten o'clock"), outcome="answered",
                    ),
                    "dialog",
                )  # fmt: skip
            replies = {}
            async for envelope in inbox:
                assert isinstance(envelope.message, dialog.Answered)
                replies[envelope.message.request] = envelope.message.reply.text
                if len(replies) == 2:
                    break
            assert replies == {"theirs": "", "mine": "ten o'clock"}

    async def test_may_not_join_as_a_service(self, bus: MemoryBus, path: Path) -> None:
        with pytest.raises(PolicyError, match="only the assistant's own user"):
            async with connect(path, name="stt"):
                pass


def test_the_kernel_tells_who_the_peer_is() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert policy.peer_uid(ours) == os.geteuid()
    assert [policy.role_of(uid, 1000) for uid in (0, 1000, 1001)] == ["owner", "owner", "guest"]
