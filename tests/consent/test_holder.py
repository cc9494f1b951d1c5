"""Sound reaches the gate only under a yes, and exactly the sound that the yes is about."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, Frame, Samples
from assistant.bus.base import Bus
from assistant.bus.memory import MemoryBus
from assistant.consent.clip import NewClip
from assistant.consent.holder import AFTER, BEFORE, HolderService
from assistant.consent.ports import Leave
from assistant.messages import Message, Spoken, dialog, stt, system, wake

STREAM = np.arange(16_000 * 10 // FRAME_SAMPLES * FRAME_SAMPLES, dtype=np.int32).astype(np.int16)
"""Every sample says where it is."""


class FakeKeeper:
    """Implements consent.ports.Keeper: wants what it is told to, remembers what it accepted."""

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self.offers: list[tuple[str, Samples, str]] = []

    def join(self, bus: Bus) -> None:
        return

    async def wants(self) -> Leave:
        return Leave(1, frozenset(self.wanted))

    async def offer(self, leave: Leave, purpose: str, clip: NewClip) -> bool:
        if purpose not in leave.purposes & self.wanted:
            return False
        self.offers.append((purpose, clip.samples.copy(), clip.transcript))
        clip.samples[:] = 0
        return True


class FakeReader:
    def __init__(self, start: int, end: int) -> None:
        self.frames = range(start // FRAME_SAMPLES, end // FRAME_SAMPLES)

    async def __aiter__(self) -> AsyncIterator[Frame]:
        for index in self.frames:
            yield Frame(index=index, samples=STREAM[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES].copy())
        await asyncio.Event().wait()

    async def close(self) -> None:
        return


class FakeMicrophone:
    def __init__(self) -> None:
        self.opened: list[int | None] = []

    async def listen(self, *, from_sample: int | None = None) -> FakeReader:
        self.opened.append(from_sample)
        return FakeReader(from_sample or 0, 80_000)


class Scene:
    """A holder on a bus, and the other services' part played by the test."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.keeper = FakeKeeper()
        self.microphone = FakeMicrophone()
        self.holder = HolderService(self.microphone, self.keeper)  # type: ignore[arg-type]
        self.inbox_iter = aiter(self.bus.subscribe([system.Health, system.Ready], "test"))

    async def tell(self, *messages: Message) -> None:
        for message in messages:
            self.bus.publish(message, "test")
            self.bus.publish(system.Probe(), "test")
            await anext(self.inbox_iter)
            for _ in range(80):
                await asyncio.sleep(0)  # the reader takes its frames

    async def question(self, *, text: str = "what time is it", outcome: dialog.Outcome = "answered") -> None:
        await self.tell(
            wake.Detected(word="hey_mycroft", score=0.9, sample=40_000),
            dialog.Listening(session="s", from_sample=40_000, wake_word="hey_mycroft"),
        )
        if text:
            await self.tell(stt.Transcript(session="s", text=Spoken(text), confidence=1.0, language="en"))
        else:
            await self.tell(stt.Nothing(session="s", cause="silence"))
        await self.tell(dialog.Closed(session="s", outcome=outcome))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    running = asyncio.create_task(scene.holder.serve(scene.bus))
    await anext(scene.inbox_iter)
    yield scene
    scene.bus.close()
    await running


async def test_without_a_yes_it_never_listens(scene: Scene) -> None:
    await scene.question()
    assert scene.microphone.opened == []
    assert scene.keeper.offers == []


async def test_the_wake_word_is_cut_around_its_end(scene: Scene) -> None:
    scene.keeper.wanted = {"wake_word"}
    await scene.question()
    ((purpose, samples, transcript),) = scene.keeper.offers
    assert (purpose, transcript) == ("wake_word", "")
    assert len(samples) == BEFORE + AFTER
    assert samples[BEFORE] == np.array(40_000).astype(np.int16)


async def test_a_wake_that_led_to_nothing_is_a_false_wake(scene: Scene) -> None:
    scene.keeper.wanted = {"wake_word"}
    await scene.question(text="", outcome="nothing")
    assert scene.keeper.offers == []
    scene.keeper.wanted = {"false_wake"}
    await scene.question(text="", outcome="nothing")
    assert [one[0] for one in scene.keeper.offers] == ["false_wake"]


async def test_a_request_begins_after_the_wake_word(scene: Scene) -> None:
    scene.keeper.wanted = {"utterance_audio"}
    await scene.question()
    ((purpose, samples, transcript),) = scene.keeper.offers
    assert (purpose, transcript) == ("utterance_audio", "")
    assert samples[0] == STREAM[40_000 - 40_000 % FRAME_SAMPLES] or samples[0] == STREAM[40_000]


async def test_words_without_sound(scene: Scene) -> None:
    scene.keeper.wanted = {"transcript"}
    await scene.question()
    ((purpose, samples, transcript),) = scene.keeper.offers
    assert (purpose, len(samples), transcript) == ("transcript", 0, "what time is it")
    assert scene.microphone.opened == []


async def test_a_yes_taken_back_during_the_question_is_heeded(scene: Scene) -> None:
    scene.keeper.wanted = {"utterance_audio", "wake_word"}
    await scene.tell(
        wake.Detected(word="hey_mycroft", score=0.9, sample=40_000),
        dialog.Listening(session="s", from_sample=40_000, wake_word="hey_mycroft"),
        stt.Transcript(session="s", text=Spoken("forget everything"), confidence=1.0, language="en"),
    )
    scene.keeper.wanted = set()  # the gate looks again
    await scene.tell(dialog.Closed(session="s", outcome="answered"))
    assert scene.keeper.offers == []


async def test_what_it_held_is_overwritten(scene: Scene) -> None:
    scene.keeper.wanted = {"utterance_audio"}
    await scene.question()
    assert scene.holder._buffer is not None
    assert not scene.holder._buffer.any()


async def test_a_yes_given_during_the_question_is_for_the_next_one(scene: Scene) -> None:
    await scene.tell(dialog.Listening(session="s", from_sample=40_000, wake_word="hey_mycroft"))
    scene.keeper.wanted = {"transcript"}
    await scene.tell(
        stt.Transcript(session="s", text=Spoken("what time is it"), confidence=1.0, language="en"),
        dialog.Closed(session="s", outcome="answered"),
    )
    assert scene.keeper.offers == []
