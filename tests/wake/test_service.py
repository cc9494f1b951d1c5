"""The wake service says once what it heard and where, and outlives its microphone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, RATE, Frame, Samples
from assistant.bus.memory import MemoryBus, MemorySubscription
from assistant.errors import DeviceError, ModelError
from assistant.messages import Message, Spoken, audio, consent, dialog, system, tts, wake
from assistant.stt.phrase import PhraseJudge
from assistant.stt.shared import SharedModel
from assistant.testing.wake import FakeWakeEngine, wake_sound
from assistant.wake.cascade import CascadeEngine
from assistant.wake.gate import BEFORE_SECONDS
from assistant.wake.microwakeword_engine import MicroWakeWordEngine
from assistant.wake.service import REST_FRAMES, RESTS_AT_ONCE, TAIL_FRAMES, WakeService


class Tape:
    """A microphone and its reader: plays lists of frames, one list for each time it is listened to, then waits."""

    def __init__(self, *plays: list[Frame] | DeviceError) -> None:
        self.plays: Iterator[list[Frame] | DeviceError] = iter(plays)
        self.listened = 0
        self.more: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.tried = asyncio.Event()
        self.current: list[Frame] | None = None
        self.closed = asyncio.Event()

    async def listen(self, *, from_sample: int | None = None) -> Tape:
        self.listened += 1
        self.tried.set()
        play = next(self.plays, None)
        if isinstance(play, DeviceError):
            raise play
        self.current = play
        return self

    async def __aiter__(self) -> AsyncIterator[Frame]:
        for frame in self.current or ():
            yield frame
        while self.current is None and (frame := await self.more.get()) is not None:
            yield frame
            self.more.task_done()

    async def close(self) -> None:
        self.closed.set()


def frame(index: int, word: str = "", dropped: int = 0) -> Frame:
    samples = wake_sound(word) if word else np.full(FRAME_SAMPLES, 500, dtype=np.int16)
    return Frame(index=index, samples=samples, dropped=dropped)


class Running:
    def __init__(self, bus: MemoryBus, service: WakeService, engine: FakeWakeEngine) -> None:
        self.bus, self.service, self.engine = bus, service, engine
        self.heard: MemorySubscription = bus.subscribe([wake.Detected, system.Health, system.Ready], "test")

    async def next(self) -> Message:
        async for envelope in self.heard:
            return envelope.message
        raise AssertionError("the bus closed")

    async def health(self) -> system.Health:
        """Asked only after every message so far has been handled."""
        self.bus.publish(system.Probe(), "test")
        message = await self.next()
        assert isinstance(message, system.Health), message
        return message


@asynccontextmanager
async def running(tape: Tape, *, refractory: float = 0.0, **more: Any) -> AsyncIterator[Running]:
    bus, engine = MemoryBus(), FakeWakeEngine(["hey_mycroft", "alexa"], refractory_seconds=refractory)
    service = WakeService(engine, tape, retry_seconds=0.001, **more)
    run = Running(bus, service, engine)
    task = asyncio.create_task(service.serve(bus))
    async with asyncio.timeout(10):
        assert isinstance(await run.next(), system.Ready)
        yield run
    bus.close()
    await task
    assert not engine.running


async def test_it_says_which_word_it_was_and_the_sample_where_it_ended() -> None:
    async with running(Tape([frame(7), frame(8, "alexa"), frame(9)])) as run:
        heard = await run.next()
        assert isinstance(heard, wake.Detected)
        assert (heard.word, heard.sample) == ("alexa", 9 * FRAME_SAMPLES)


async def test_a_gap_makes_it_forget_what_came_before() -> None:
    async with running(Tape([frame(0), frame(1), frame(5, dropped=3), frame(6), frame(9), frame(10, "alexa")])) as run:
        await run.next()
        assert run.engine.resets == 3, "at the start, after the frames that were lost, and after the jump"


async def test_a_quiet_room_costs_no_detector_and_a_sound_brings_back_what_came_before_it() -> None:
    quiet = [Frame(index=n, samples=np.zeros(FRAME_SAMPLES, dtype=np.int16)) for n in range(100)]
    tape = Tape()
    async with running(tape) as run:
        processed: list[int] = []
        process = run.engine.process
        run.engine.process = lambda samples: processed.append(1) or process(samples)  # type: ignore[method-assign]
        for each in [*quiet, frame(100, "alexa")]:
            tape.more.put_nowait(each)
        heard = await run.next()
        assert isinstance(heard, wake.Detected)
        assert heard.sample == 101 * FRAME_SAMPLES
        assert len(processed) == round(BEFORE_SECONDS / FRAME_SECONDS) + 1


async def test_while_muted_it_says_nothing_and_afterwards_it_starts_afresh() -> None:
    tape = Tape()
    async with running(tape) as run:
        run.bus.publish(audio.Muted(by="button"), "audio")
        assert (await run.health()).state == "muted"
        tape.more.put_nowait(frame(0, "alexa"))
        tape.more.put_nowait(frame(1))
        await tape.more.join()
        run.bus.publish(audio.Unmuted(by="button"), "audio")
        assert (await run.health()).state == "ok"
        resets = run.engine.resets
        tape.more.put_nowait(frame(2, "hey_mycroft"))
        heard = await run.next()
        assert isinstance(heard, wake.Detected)
        assert heard.word == "hey_mycroft"
        assert run.engine.resets == resets + 1


async def test_a_microphone_that_fails_or_ends_is_listened_to_again() -> None:
    lost = DeviceError("unplugged", where="microphone")
    tape = Tape(lost, [frame(0)], lost, [frame(0), frame(1, "alexa")])
    async with running(tape) as run:
        assert isinstance(await run.next(), wake.Detected)
        assert tape.listened == 4
        assert tape.closed.is_set()


async def test_without_a_microphone_it_says_so_when_asked() -> None:
    tape = Tape(*[DeviceError("unplugged", where="microphone")] * 100_000)
    async with running(tape) as run:
        await tape.tried.wait()
        health = await run.health()
        assert health.state == "degraded"
        assert "unplugged" in health.note


async def test_it_tells_the_engine_whether_the_assistant_speaks() -> None:
    tape = Tape()
    async with running(tape) as run:
        for number, message in enumerate([tts.Started(session="s"), tts.Ended(session="s", cause="said")]):
            run.bus.publish(message, "tts")
            await run.health()
            tape.more.put_nowait(frame(number))
            await tape.more.join()
            assert run.engine.hears_itself == (number == 0)


async def test_the_end_of_a_file_ends_the_listening_quietly() -> None:
    tape = Tape()
    async with running(tape) as run:
        run.bus.publish(audio.Ended(sample=2 * FRAME_SAMPLES), "audio")
        assert (await run.health()).state == "ok"
        tape.more.put_nowait(frame(0, "alexa"))
        tape.more.put_nowait(None)
        await run.next()
        await tape.closed.wait()
        assert (await run.health()).state == "ok"
    assert tape.listened == 1


async def test_a_missing_model_is_an_error_at_the_start() -> None:
    service = WakeService(FakeWakeEngine(["hal"]), Tape())
    try:
        await service.serve(MemoryBus())
    except* ModelError as group:
        assert "hal" in str(group.exceptions[0])
    else:
        raise AssertionError("it started without a model")


async def test_once_it_is_quiet_for_long_the_engine_forgets_the_sound_once_and_keeps_its_refractory_time() -> None:
    quiet = [Frame(index=n, samples=np.zeros(FRAME_SAMPLES, dtype=np.int16)) for n in range(1, 101)]
    tape = Tape()
    async with running(tape) as run:
        for each in [frame(0), *quiet]:
            tape.more.put_nowait(each)
        await tape.more.join()
        assert (run.engine.rests, run.engine.resets) == (1, 1)
        for number in (101, 102):
            tape.more.put_nowait(frame(number))
        await tape.more.join()
        assert run.engine.rests == 1, "something sounds"


async def test_a_room_in_which_something_clatters_is_not_rested_for_all_the_time_but_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A clatter every four seconds, then silence."""
    monkeypatch.setattr("assistant.wake.service.overwrite_freed", lambda: None)
    loud = [number % 50 == 0 for number in range(50 * 3 * RESTS_AT_ONCE)]
    tape = Tape()
    async with running(tape) as run:
        for number, each in enumerate([*loud, *[False] * (REST_FRAMES + 50)]):
            samples = np.full(FRAME_SAMPLES, 1000 if each else 0, dtype=np.int16)
            tape.more.put_nowait(Frame(index=number, samples=samples))
            if number == len(loud):
                await tape.more.join()
                assert RESTS_AT_ONCE < run.engine.rests < 2 * RESTS_AT_ONCE
                before = run.engine.rests
        await tape.more.join()
        assert run.engine.rests == before + 1


async def test_sound_that_was_heard_is_overwritten() -> None:
    frames = [frame(0), frame(1, "alexa")]
    async with running(Tape(frames)) as run:
        await run.next()
        assert not any(each.samples.any() for each in frames)


async def test_it_is_tuned_while_it_listens_and_tells_skills_that_start() -> None:
    async with running(Tape()) as it:
        tuned = it.bus.subscribe([wake.Tuned], "test")
        it.bus.publish(system.Ready(service="skills", version="1"), "skills")
        it.bus.publish(wake.Tune(sensitivity=7.0), "skills")
        said = [(await anext(aiter(tuned))).message for _ in range(2)]
        assert said == [wake.Tuned(sensitivity=0.5), wake.Tuned(sensitivity=1.0)]
        assert it.engine.sensitivity == 1.0


async def test_its_own_voice_does_not_wake_it_by_a_word_that_it_says() -> None:
    tape = Tape()
    async with running(tape) as run:

        async def hear(index: int, word: str) -> None:
            tape.more.put_nowait(frame(index, word))
            await tape.more.join()

        run.bus.publish(tts.Say(session="s", text=Spoken("Just say: hey, Mycroft!"), language="en"), "test")
        run.bus.publish(tts.Started(session="s"), "test")
        await run.health()
        await hear(0, "hey_mycroft")
        run.bus.publish(tts.Ended(session="s", cause="said"), "test")
        await run.health()
        await hear(1, "hey_mycroft")
        for index in range(2, TAIL_FRAMES + 3):
            await hear(index, "")
        await hear(TAIL_FRAMES + 3, "hey_mycroft")
        heard = await run.next()
        assert isinstance(heard, wake.Detected)
        assert heard.sample == (TAIL_FRAMES + 4) * FRAME_SAMPLES


@pytest.mark.parametrize(("own", "woken"), [(True, 0), (False, 1)])
async def test_its_own_loudspeaker_heard_by_the_microphone_does_not_wake_it(
    speak: Callable[[str], Samples], shared: SharedModel, own: bool, woken: int
) -> None:
    """Real sound and both stages: the same sentence wakes it when somebody else says it."""
    sound = np.concatenate([np.zeros(RATE, np.int16), speak("Alexa."), np.zeros(RATE, np.int16)])
    sound = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    bus, tape = MemoryBus(), Tape()
    engine = CascadeEngine(MicroWakeWordEngine(["alexa"]), PhraseJudge(shared))
    service, heard = WakeService(engine, tape), bus.subscribe([wake.Detected], "test")
    ready = bus.subscribe([system.Ready, system.Health], "test")
    task = asyncio.create_task(service.serve(bus))
    await anext(aiter(ready))
    if own:
        bus.publish(tts.Say(session="s", text=Spoken("Just say Alexa."), language="en"), "test")
        bus.publish(tts.Started(session="s"), "test")
        bus.publish(system.Probe(), "test")
        await anext(aiter(ready))
    for index, samples in enumerate(sound):
        tape.more.put_nowait(Frame(index=index, samples=samples.copy()))
    await tape.more.join()
    bus.close()
    await task
    assert len([each async for each in heard]) == woken


async def test_another_word_still_wakes_it_while_it_says_one() -> None:
    tape = Tape()
    async with running(tape) as run:
        run.bus.publish(tts.Say(session="s", text=Spoken("Mycroft"), language="en"), "test")
        run.bus.publish(tts.Started(session="s"), "test")
        await run.health()
        tape.more.put_nowait(frame(0, "alexa"))
        assert isinstance(await run.next(), wake.Detected)


@pytest.mark.parametrize(("action", "wish"), [("stop", dialog.Cancel(why="wake word")), ("mute", audio.Mute())])
async def test_a_word_may_have_an_action_of_its_own(action: str, wish: Message) -> None:
    tape = Tape()
    async with running(tape, actions={"alexa": action}) as run:
        wishes = run.bus.subscribe([type(wish)], "test")
        tape.more.put_nowait(frame(0, "alexa"))
        assert (await anext(aiter(wishes))).message == wish


async def test_when_a_yes_ends_the_words_are_looked_over_at_once() -> None:
    async with running(Tape(), revise_seconds=3600.0) as run:
        run.bus.publish(consent.Destroyed(why="withdraw", clips=2, code="123456"), "consent")
        await run.health()
        assert run.engine.revised == 1


async def test_a_yes_that_ends_without_a_message_is_seen_too_also_in_a_quiet_room() -> None:
    async with running(Tape(), revise_seconds=0.0) as run:
        while not run.engine.revised:
            await run.health()
