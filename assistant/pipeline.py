"""The understanding half of the assistant in this process, for commands that work without a running one.

`Pipeline` wires real services on an in-memory bus. With a `Replay` as microphone it also hears recordings. It does
not speak: replies are handed back as text.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.audio.replay import Replay
from assistant.bus.base import Bus, Subscription
from assistant.bus.memory import MemoryBus
from assistant.bus.socket import SocketBus
from assistant.errors import EngineError
from assistant.messages import Message, Spoken, dialog, intent, skill, system, tts, wake
from assistant.runner import Factory, Runner
from assistant.service import Service

READY_SECONDS = 60.0
ANSWER_SECONDS = 60.0
ASK_HEARS: tuple[type[Message], ...] = (dialog.Answered, system.Ready)
"""What a client of the hub has to hear to be able to `ask`."""
LEAD_SECONDS = 1.0
"""Silence before a recording: a microphone has always been open for a while, and detectors need to warm up."""
TAIL_SECONDS = 2.0
"""Silence after it, so that the end of speech is noticed."""


class Mute(Service):
    """In place of the speaking service: every utterance is over at once, and a question is not waited for."""

    name = "tts"
    hears = (tts.Say,)
    says = (tts.Ended,)

    async def handle(self, message: Message) -> None:
        assert isinstance(message, tts.Say)
        self.say(tts.Ended(session=message.session, cause="stopped"))


class Relay(Service):
    """In place of intent and skills: hands the words to the running assistant and brings back its answer."""

    name = "intent"
    hears = (intent.Understand,)
    says = (intent.Matched, intent.Unmatched, skill.Replied)

    def __init__(self, hub: SocketBus) -> None:
        super().__init__()
        self._hub = hub

    async def handle(self, message: Message) -> None:
        assert isinstance(message, intent.Understand)
        self.spawn(self._ask(message))

    async def _ask(self, message: intent.Understand) -> None:
        answer = await ask(self._hub, message.text)
        if answer.intent is None or answer.skill is None:
            self.say(intent.Unmatched(session=message.session, text=message.text))
            return
        self.say(
            intent.Matched(
                session=message.session,
                intent=answer.intent,
                skill=answer.skill,
                slots=answer.slots,
                text=message.text,
                confidence=1.0,
                engine="hub",
            )
        )
        self.say(skill.Replied(session=message.session, skill=answer.skill, text=answer.reply))


async def ask(bus: Bus, text: Spoken, asker: str = "") -> dialog.Answered:
    """Ask typed words on any bus that a dialogue service listens to; `asker` may go on from the own requests before.

    Raises EngineError when no answer comes.
    """
    wish = dialog.Ask(request=secrets.token_hex(8), text=text, asker=asker)
    inbox = bus.subscribe(ASK_HEARS, "ask")
    try:
        bus.publish(wish, "client")
        async with asyncio.timeout(ANSWER_SECONDS):
            async for envelope in inbox:
                message = envelope.message
                if isinstance(message, dialog.Answered) and message.request == wish.request:
                    return message
                if isinstance(message, system.Ready) and message.service == "dialog":
                    bus.publish(wish, "client")  # it was away when we asked
    except TimeoutError:
        raise EngineError("no answer came", hint="See: assistant status") from None
    finally:
        inbox.close()
    raise EngineError("the assistant stopped before it answered")


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one recording. `wake` holds (word, seconds from the recording's start, score)."""

    wake: tuple[tuple[str, float, float], ...]
    answer: dialog.Answered | None


class Pipeline:
    """Services on a bus of their own: `async with Pipeline(factories) as pipeline`."""

    def __init__(self, factories: Mapping[str, Factory], *, replay: Replay | None = None, learns: bool = True) -> None:
        self.bus = MemoryBus()
        self._runner = Runner({**factories, Mute.name: Mute}, self._join)
        self._replay = replay
        self._learns = learns

    @asynccontextmanager
    async def _join(self, _service: Service) -> AsyncIterator[Bus]:
        yield self.bus

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            learned = self.bus.subscribe([intent.Learned], "pipeline")
            stack.callback(learned.close)
            stack.push_async_callback(self._runner.stop)
            self._runner.start()
            await self._runner.started()
            for service, reason in self._runner.failures.items():
                raise EngineError(reason, where=service)
            if self._learns:
                await _first(learned, "the skills could not be read")
            stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.stop()
        self.bus.close()

    async def hear(self, samples: Samples, *, wake_word: bool = True) -> Heard:
        """Play one recording (16 kHz mono) into the microphone; wait until it has been dealt with."""
        if self._replay is None:
            raise EngineError("this pipeline has no ears")
        inbox = self.bus.subscribe(
            [wake.Detected, dialog.Opened, dialog.Answered, dialog.Closed, system.Health], "hear"
        )
        lead = round(LEAD_SECONDS * RATE) if wake_word else 0
        padded = np.zeros(lead + len(samples) + round(TAIL_SECONDS * RATE), dtype=np.int16)
        padded[lead : lead + len(samples)] = samples
        start = self._replay.feed(padded)
        padded[:] = 0
        try:
            if wake_word:
                await self._replay.idle.wait()
                # The dialogue's answer to this comes after all that the recording caused so far.
                self.bus.publish(system.Probe(), "client")
            else:
                self.bus.publish(dialog.Listen(from_sample=start, whole=True), "client")
            found = [message async for message in _until_settled(inbox, probed=wake_word)]
        finally:
            inbox.close()
        words = tuple(
            (each.word, round((each.sample - start - lead) / RATE, 3), round(each.score, 4))
            for each in found
            if isinstance(each, wake.Detected)
        )
        return Heard(words, next((each for each in found if isinstance(each, dialog.Answered)), None))


async def _until_settled(inbox: Subscription, *, probed: bool) -> AsyncIterator[Message]:
    """Messages until no session is open (and, after a probe, the dialogue has caught up)."""
    sessions = 0
    caught_up = not probed
    async for envelope in inbox:
        message = envelope.message
        yield message
        sessions += isinstance(message, dialog.Opened) - isinstance(message, dialog.Closed)
        caught_up = caught_up or (isinstance(message, system.Health) and message.service == "dialog")
        ended = isinstance(message, dialog.Closed if not probed else (dialog.Closed, system.Health))
        if ended and caught_up and sessions == 0:
            return


async def _first(inbox: Subscription, problem: str) -> Message:
    """The next message, soon. Raises EngineError."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            async for envelope in inbox:
                return envelope.message
    except TimeoutError:
        pass
    raise EngineError(problem, hint="Run: assistant doctor")
