"""Services live on: one that breaks is started again, the others do not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from assistant import runner
from assistant.bus.base import Bus
from assistant.bus.memory import MemoryBus
from assistant.errors import EngineError, PolicyError
from assistant.messages import Message, Spoken, dialog, stt, system
from assistant.service import Service


class Echo(Service):
    name = "stt"
    hears = (dialog.Ask,)
    says = (stt.Partial,)

    async def handle(self, message: Message) -> None:
        assert isinstance(message, dialog.Ask)
        if message.text.text == "break":
            raise EngineError("the engine broke", hint="Nothing to do")
        if message.text.text == "break in the background":
            self.spawn(self._break())
        elif message.text.text == "speak out of turn":
            self.say(message)
        else:
            self.say(stt.Partial(session=message.request, text=message.text))

    async def _break(self) -> None:
        raise EngineError("the engine broke", hint="Nothing to do")


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def running(bus: MemoryBus, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[runner.Runner]:
    monkeypatch.setattr(runner, "BACK_OFF", (0.0,))

    @asynccontextmanager
    async def join(_: Service) -> AsyncIterator[Bus]:
        yield bus

    services = runner.Runner({"stt": Echo}, join)
    services.start()
    await services.started()
    yield services
    await services.stop()


async def reply(bus: MemoryBus, text: str, *kinds: type[Message]) -> Message:
    inbox = bus.subscribe(kinds, "test")
    bus.publish(dialog.Ask(request="1", text=Spoken(text)), "test")
    async with asyncio.timeout(5):
        async for envelope in inbox:
            return envelope.message
    raise AssertionError


@pytest.mark.parametrize("way", ["break", "break in the background", "speak out of turn"])
async def test_a_broken_service_says_so_and_answers_again(bus: MemoryBus, running: runner.Runner, way: str) -> None:
    ready = bus.subscribe([system.Ready], "test")
    failed = await reply(bus, way, system.Failed)
    assert isinstance(failed, system.Failed)
    assert "may not say" in failed.error if way == "speak out of turn" else failed.error.startswith("the engine broke")
    async for _ in ready:
        break
    assert await reply(bus, "hello", stt.Partial) == stt.Partial(session="1", text=Spoken("hello"))


async def test_every_service_tells_how_it_is(bus: MemoryBus, running: runner.Runner) -> None:
    inbox = bus.subscribe([system.Health], "test")
    bus.publish(system.Probe(), "test")
    async for envelope in inbox:
        assert isinstance(envelope.message, system.Health)
        assert (envelope.message.service, envelope.message.state) == ("stt", "ok")
        break


async def test_stopping_twice_or_early_is_fine(bus: MemoryBus, running: runner.Runner) -> None:
    await running.stop()
    await running.stop()


async def test_a_service_that_cannot_be_made_is_a_failure_and_holds_nobody_up(bus: MemoryBus) -> None:
    def refuse() -> Service:
        raise EngineError("no engine is called 'magic'")

    @asynccontextmanager
    async def join(_: Service) -> AsyncIterator[Bus]:
        yield bus

    services = runner.Runner({"intent": refuse, "stt": Echo}, join)
    services.start()
    async with asyncio.timeout(5):
        await services.started()
    assert services.failures == {"intent": "no engine is called 'magic'"}
    await services.stop()


def test_a_service_outside_a_runner_cannot_spawn() -> None:
    async def work() -> None: ...

    with pytest.raises(RuntimeError, match="not running"):
        Echo().spawn(work())
    with pytest.raises(PolicyError, match="may not say"):
        Echo().say(dialog.Cancel())
