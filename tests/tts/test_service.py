"""The speaking service: early, in order, interruptible, and always answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from assistant.bus.memory import MemoryBus
from assistant.errors import DeviceError
from assistant.messages import Message, Spoken, system, tts
from assistant.testing.tts import FakeTtsEngine
from assistant.tts.service import AHEAD, TtsService
from tests.tts.conftest import FakeSpeaker

THREE = "This is the first one. This is the second. And this is the third."


class Running:
    def __init__(self, bus: MemoryBus, service: TtsService) -> None:
        self.bus, self.service = bus, service
        self._heard = bus.subscribe([tts.Started, tts.Ended, system.Ready], "test")

    def say(self, text: str, session: str = "a", *, urgent: bool = False) -> None:
        self.bus.publish(tts.Say(session=session, text=Spoken(text), language="en", urgent=urgent), "test")

    def stop(self) -> None:
        self.bus.publish(tts.Stop(), "test")

    async def next(self) -> Message:
        async for envelope in self._heard:
            return envelope.message
        raise AssertionError("the bus closed")

    async def ended(self) -> tuple[str, str]:
        """The next utterance to end: its session and the cause."""
        while not isinstance(message := await self.next(), tts.Ended):
            pass
        return message.session, message.cause


@asynccontextmanager
async def running(engine: FakeTtsEngine, speaker: FakeSpeaker) -> AsyncIterator[Running]:
    bus = MemoryBus()
    run = Running(bus, TtsService(engine, speaker))
    task = asyncio.create_task(run.service.serve(bus))
    try:
        async with asyncio.timeout(10):
            assert isinstance(await run.next(), system.Ready)
            yield run
    finally:
        engine.gate.set()
        bus.close()
        await task


async def test_it_says_all_sentences_in_order_and_tells_when_it_began_and_ended(speaker: FakeSpeaker) -> None:
    engine = FakeTtsEngine()
    async with running(engine, speaker) as run:
        run.say(THREE)
        started = await run.next()
        assert isinstance(started, tts.Started)
        assert [each.stage for each in started.seconds] == ["tts"]
        assert started.seconds[0].seconds >= 0
        assert await run.next() == tts.Ended(session="a", cause="said")
        assert " ".join(engine.sentences) == THREE
        assert [len(piece) for piece in speaker.plays[0]] == [160 * len(each) for each in engine.sentences]
        assert speaker.rates == [16_000]


async def test_the_first_sound_comes_before_the_last_sentence_is_made(speaker: FakeSpeaker) -> None:
    engine = FakeTtsEngine(waits_on="third")
    engine.gate.clear()
    async with running(engine, speaker) as run:
        run.say(THREE)
        assert isinstance(await run.next(), tts.Started)
        first = await speaker.taken.get()
        assert len(first) == 160 * len("This is the first one.")
        second = await speaker.taken.get()
        assert len(second) == 160 * len("This is the second.")
        assert speaker.taken.empty(), "the third cannot have been made: its gate was never opened"
        engine.gate.set()
        assert await run.ended() == ("a", "said")


async def test_it_makes_the_next_sentence_while_one_sounds_but_not_all(speaker: FakeSpeaker) -> None:
    engine = FakeTtsEngine()
    speaker.hold = True
    async with running(engine, speaker) as run:
        run.say(" ".join(f"This is sentence number {n}." for n in range(20)))
        await speaker.taken.get()
        for _ in range(40):  # time enough to make all twenty, if it did
            await asyncio.get_running_loop().run_in_executor(run.service._worker, len, "")
        assert len(engine.sentences) == 1 + AHEAD + 1, "one sounds, some wait, one is held back"


async def test_utterances_wait_for_one_another(speaker: FakeSpeaker) -> None:
    async with running(FakeTtsEngine(), speaker) as run:
        run.say("One.", "a")
        run.say("Two.", "b")
        run.say("Three.", "c")
        assert [await run.ended() for _ in range(3)] == [("a", "said"), ("b", "said"), ("c", "said")]


async def test_an_urgent_one_interrupts_and_comes_before_those_that_wait(speaker: FakeSpeaker) -> None:
    speaker.hold = True
    async with running(FakeTtsEngine(), speaker) as run:
        run.say("One.", "a")
        run.say("Two.", "b")
        await speaker.taken.get()
        speaker.hold = False
        run.say("Fire!", "c", urgent=True)
        assert [await run.ended() for _ in range(3)] == [("a", "stopped"), ("c", "said"), ("b", "said")]


async def test_urgent_ones_keep_their_own_order(speaker: FakeSpeaker) -> None:
    speaker.hold = True
    async with running(FakeTtsEngine(), speaker) as run:
        run.say("Fire!", "a", urgent=True)
        await speaker.taken.get()
        for name in "bc":
            run.say("And more.", name, urgent=True)
        run.stop()
        assert [(await run.ended())[0] for _ in range(3)] == ["b", "c", "a"]
        assert len(speaker.plays) == 1


async def test_stop_silences_the_speaker_and_drops_what_waits(speaker: FakeSpeaker) -> None:
    speaker.hold = True
    async with running(FakeTtsEngine(), speaker) as run:
        run.say(THREE, "a")
        run.say("Two.", "b")
        await speaker.taken.get()
        run.stop()
        assert {await run.ended(), await run.ended()} == {("a", "stopped"), ("b", "stopped")}
        assert speaker.stops == 1
        assert len(speaker.plays[0]) == 1
        speaker.hold = False
        run.say("Three.", "c")
        assert await run.ended() == ("c", "said")


async def test_stop_works_while_a_sentence_is_still_being_made(speaker: FakeSpeaker) -> None:
    engine = FakeTtsEngine()
    engine.gate.clear()
    async with running(engine, speaker) as run:
        run.say(THREE)
        while not engine.sentences:  # noqa: ASYNC110 - the engine works in a thread of its own
            await asyncio.sleep(0)
        run.stop()
        assert await run.ended() == ("a", "stopped")
        assert not engine.gate.is_set(), "it did not wait for the sentence"
        assert speaker.plays == [[]]


async def test_a_dropped_sentence_is_not_heard_later(speaker: FakeSpeaker) -> None:
    engine = FakeTtsEngine()
    engine.gate.clear()
    async with running(engine, speaker) as run:
        run.say("This was dropped. And so was this.", "a")
        while not engine.sentences:  # noqa: ASYNC110
            await asyncio.sleep(0)
        run.stop()
        assert await run.ended() == ("a", "stopped")
        engine.gate.set()
        run.say("Hello.", "b")
        assert await run.ended() == ("b", "said")
        assert [len(piece) for piece in speaker.plays[-1]] == [160 * len("Hello.")]
        assert "And so was this." not in engine.sentences


async def test_stop_leaves_alone_what_others_play(speaker: FakeSpeaker) -> None:
    async with running(FakeTtsEngine(), speaker) as run:
        run.stop()
        run.say("Hello.")
        assert await run.ended() == ("a", "said")
        assert speaker.stops == 0


@pytest.mark.parametrize("text", ["", "   ", "👍", "..."])
async def test_what_has_no_words_ends_at_once(text: str, speaker: FakeSpeaker) -> None:
    async with running(FakeTtsEngine(), speaker) as run:
        run.say(text)
        assert await run.next() == tts.Ended(session="a", cause="said")
        assert speaker.plays == []


async def test_it_outlives_a_speaker_that_fails(speaker: FakeSpeaker) -> None:
    async with running(FakeTtsEngine(), speaker) as run:
        speaker.failure = DeviceError("unplugged", where="speaker")
        run.say("One.", "a")
        assert await run.ended() == ("a", "failed")
        speaker.failure = None
        run.say("Two.", "b")
        assert await run.ended() == ("b", "said")


async def test_it_outlives_a_voice_that_fails(speaker: FakeSpeaker) -> None:
    async with running(FakeTtsEngine(fails_on="second"), speaker) as run:
        run.say(THREE, "a")
        assert await run.ended() == ("a", "failed")
        run.say("Two.", "b")
        assert await run.ended() == ("b", "said")


async def test_a_defect_in_the_voice_is_not_swallowed(speaker: FakeSpeaker) -> None:
    class Defective(FakeTtsEngine):
        def speak(self, sentence: str):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError

    bus = MemoryBus()
    run = Running(bus, TtsService(Defective(), speaker))
    task = asyncio.create_task(run.service.serve(bus))
    await run.next()
    run.say("Hello.")
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(task, 10)
    assert caught.group_contains(ZeroDivisionError)


async def test_words_are_never_logged(speaker: FakeSpeaker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with running(FakeTtsEngine(fails_on="canary"), speaker) as run:
        run.say("The canary sings. A second canary too.")
        await run.ended()
    assert "canary" not in caplog.text


async def test_numbers_are_written_out_before_the_voice_sees_them(speaker: FakeSpeaker) -> None:
    engine = FakeTtsEngine()
    async with running(engine, speaker) as run:
        run.say("It is 7:05.")
        await run.ended()
        assert engine.sentences == ["It is 7 oh 5."]
        assert all(piece.dtype == np.int16 for piece in speaker.plays[0])
