"""The service listens when asked, says what was spoken, and forgets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.frame import RATE, Frame, Samples
from assistant.audio.ports import Reader
from assistant.audio.replay import Replay
from assistant.bus.codec import decode, encode
from assistant.bus.memory import MemoryBus
from assistant.config.schema import Stt
from assistant.errors import DeviceError
from assistant.messages import Message, Slot, Spoken, audio, dialog, skill, stt, system
from assistant.stt.engine import HeardSlot, Meaning, Outlook
from assistant.stt.service import SttService
from assistant.testing.stt import FakeSttEngine, speak

REQUEST = speak([(0.5, False), (1, True), (1.5, False)])


class House:
    """The service on a bus, with a recording as microphone."""

    def __init__(self, engine: FakeSttEngine, sound: Samples = REQUEST) -> None:
        self.engine = engine
        self.microphone = Replay()
        self.microphone.feed(sound)
        self.bus = MemoryBus()
        self.said = aiter(self.bus.subscribe((stt.Transcript, stt.Nothing, stt.Partial, system.Ready), "test"))
        self.service = SttService(engine, self.microphone, Stt())

    async def __aenter__(self) -> House:
        self.task = asyncio.create_task(self.service.serve(self.bus))
        assert isinstance(await self.next(), system.Ready)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.bus.close()
        await self.task

    async def next(self, *, partials: bool = False) -> Message:
        async with asyncio.timeout(10):
            while True:
                message = (await anext(self.said)).message
                if partials or not isinstance(message, stt.Partial):
                    return message

    def listen(self, session: str = "1", **more: object) -> None:
        wish = dialog.Listening(**{"session": session, "from_sample": 0, **more})  # type: ignore[arg-type]
        self.bus.publish(wish, "dialog")


async def test_a_request_is_transcribed_with_its_times() -> None:
    async with House(FakeSttEngine("what time is it")) as house:
        house.listen()
        said = await house.next()
        assert isinstance(said, stt.Transcript)
        assert (said.session, said.text.text, said.language) == ("1", "what time is it", "en")
        times = {each.stage: each.seconds for each in said.seconds}
        assert times["endpoint"] == pytest.approx(0.75, abs=0.15)
        assert times["stt"] >= 0


async def test_partial_texts_come_first() -> None:
    async with House(FakeSttEngine("what time is it")) as house:
        house.listen()
        said = await house.next(partials=True)
        assert isinstance(said, stt.Partial)
        assert said.text.text == "what"


async def test_the_wake_word_before_the_request_is_left_out() -> None:
    async with House(FakeSttEngine("Hey Mycroft, what time is it?")) as house:
        house.listen(wake_word="hey_mycroft")
        said = await house.next()
        assert isinstance(said, stt.Transcript)
        assert said.text.text == "What time is it?"


async def test_after_the_wake_word_alone_it_waits_for_the_request() -> None:
    sound = speak([(0.7, True), (1.2, False), (1, True), (2, False)])
    async with House(FakeSttEngine("Hey Mycroft.", "Stop."), sound) as house:
        house.listen(wake_word="hey_mycroft")
        said = await house.next()
        assert isinstance(said, stt.Transcript)
        assert said.text.text == "Stop."


async def test_a_clatter_before_the_request_is_passed_over() -> None:
    sound = speak([(0.3, True), (1.2, False), (1, True), (2, False)])
    async with House(FakeSttEngine("", "Stop."), sound) as house:
        house.listen()
        said = await house.next()
        assert isinstance(said, stt.Transcript)
        assert said.text.text == "Stop."


@pytest.mark.parametrize(
    ("sound", "text"),
    [
        (speak([(0.4, True), (1.2, False), (1, True), (2, False)]), "Stop."),
        (speak([(0.4, True), (4, False)]), "Yeah"),
        (speak([(0.4, True), (0.1, False)]), "Yeah"),
        (speak([(1, True), (1.2, False), (1, True), (2, False)]), "Yeah"),
    ],
)
async def test_a_short_doubtful_word_is_only_taken_when_nothing_better_follows(sound: Samples, text: str) -> None:
    engine = FakeSttEngine("Yeah", "Stop.")
    engine.confidence = 0.4
    async with House(engine, sound) as house:
        house.listen()
        said = await house.next()
        assert isinstance(said, stt.Transcript)
        assert said.text.text == text


@pytest.mark.parametrize(
    ("sound", "cause"),
    [
        (speak([(7, False)]), "silence"),
        (speak([(2, False)]), "silence"),
        (speak([(0.5, False), (4, True), (1, False)]), "noise"),
        (speak([(0.5, False), (14, True)]), "too-long"),
    ],
)
async def test_no_words_have_a_cause(sound: Samples, cause: str) -> None:
    async with House(FakeSttEngine(""), sound) as house:
        house.listen()
        assert await house.next() == stt.Nothing(session="1", cause=cause)  # type: ignore[arg-type]


async def test_the_end_of_the_recording_ends_the_request() -> None:
    async with House(FakeSttEngine("stop"), speak([(0.5, False), (1, True)])) as house:
        house.listen()
        assert isinstance(await house.next(), stt.Transcript)


async def endpoint_seconds(outlook: Outlook, sound: Samples) -> float:
    engine = FakeSttEngine("stop")
    engine.next_outlook = outlook
    async with House(engine, sound) as house:
        house.listen()
        said = await house.next()
        assert isinstance(said, stt.Transcript)
        return next(each.seconds for each in said.seconds if each.stage == "endpoint")


async def test_a_sentence_that_cannot_go_on_ends_at_once() -> None:
    assert await endpoint_seconds("closed", REQUEST) < 0.4


async def test_a_sentence_that_could_go_on_gets_its_time() -> None:
    assert await endpoint_seconds("complete", REQUEST) == pytest.approx(0.75, abs=0.15)
    assert await endpoint_seconds("likely", REQUEST) == pytest.approx(0.55, abs=0.1)
    assert await endpoint_seconds("over", REQUEST) == pytest.approx(0.32, abs=0.1)
    assert await endpoint_seconds("nearly", REQUEST) == pytest.approx(0.32, abs=0.1)


async def test_in_noise_hardly_any_doubt_is_doubt() -> None:
    noise = np.random.default_rng(3).normal(0, 300, len(REQUEST))
    assert await endpoint_seconds("nearly", (REQUEST + noise).astype(np.int16)) > 0.45


async def test_a_sentence_that_turns_out_to_be_over_is_not_waited_for() -> None:
    engine = FakeSttEngine("stop")
    engine.next_outlook, engine.next_glance = "complete", "over"
    async with House(engine, REQUEST) as house:
        house.listen()
        said = await house.next()
    assert isinstance(said, stt.Transcript)
    assert next(each.seconds for each in said.seconds if each.stage == "endpoint") < 0.5
    assert (engine.looks, engine.glances, engine.utterances) == (1, 1, 1)


async def test_a_sentence_that_cannot_end_yet_gets_more_time() -> None:
    assert await endpoint_seconds("open", speak([(0.5, False), (1, True), (3, False)])) > 1.3


async def test_it_asks_again_when_the_person_goes_on() -> None:
    engine = FakeSttEngine("stop")
    engine.next_outlook = "open"
    sound = speak([(0.5, False), (0.8, True), (1.0, False), (0.8, True), (3, False)])
    async with House(engine, sound) as house:
        house.listen()
        assert isinstance(await house.next(), stt.Transcript)
    assert (engine.looks, engine.utterances) == (2, 1)


async def test_the_sentences_of_loaded_skills_are_learned(tmp_path: Path) -> None:
    for name, line in (("good", "water the roses"), ("bad", "water the (roses"), ("gone", "go away")):
        folder = tmp_path / name / "locale" / "en"
        folder.mkdir(parents=True)
        (folder / "do.intent").write_text(line)
    engine = FakeSttEngine("stop")
    async with House(engine) as house:
        for name in ("good", "bad", "gone"):
            ready = skill.Ready(skill=name, version="1", folder=str(tmp_path / name), intents=("do",))
            house.bus.publish(ready, "skills")
        house.bus.publish(skill.Removed(skill="gone"), "skills")
        house.bus.publish(skill.Loaded(skills=("good", "bad")), "skills")
        house.listen()
        await house.next()
    assert engine.learned == ("good",)


async def test_the_meaning_is_passed_on() -> None:
    engine = FakeSttEngine("water the roses")
    engine.meaning = Meaning(
        intent="garden.water",
        skill="garden",
        slots=(HeardSlot(name="bed", kind="list", words="roses"),),
        score=0.9,
        gap=7.0,
    )
    async with House(engine) as house:
        house.listen()
        said = await house.next()
        assert isinstance(said, stt.Transcript) and said.meaning is not None
        assert said.meaning.intent == "garden.water"
        assert said.meaning.slots == (Slot(name="bed", spoken=Spoken("roses"), kind="list"),)
        assert decode(encode(said)) == said


async def test_an_engine_that_fails_is_said() -> None:
    async with House(FakeSttEngine("stop", fail=True)) as house:
        house.listen()
        assert await house.next() == stt.Nothing(session="1", cause="failed")


class Broken:
    async def listen(self, *, from_sample: int | None = None) -> Reader:
        raise DeviceError("no microphone", where="audio.microphone")


async def test_a_microphone_that_fails_is_said() -> None:
    house = House(FakeSttEngine("stop"))
    house.service = SttService(house.engine, Broken(), Stt())
    async with house:
        house.listen()
        assert await house.next() == stt.Nothing(session="1", cause="failed")


class Endless:
    """Somebody who never stops talking: frames come as long as they are asked for."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.given = asyncio.Event()
        self.frames: list[Frame] = []

    async def listen(self, *, from_sample: int | None = None) -> Reader:
        return self

    async def __aiter__(self) -> AsyncIterator[Frame]:
        sound = speak([(0.4, False), (1.2, True)])
        for index, at in enumerate(range(0, len(sound), 1280)):
            self.frames.append(Frame(index=index, samples=sound[at : at + 1280].copy()))
            yield self.frames[-1]
        self.given.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        self.closed.set()


@pytest.mark.parametrize(
    "stop",
    [
        lambda: dialog.Closed(session="1", outcome="cancelled"),
        lambda: dialog.Cancel(),
        lambda: audio.Muted(),
        lambda: dialog.Listening(session="2", from_sample=RATE),
    ],
)
async def test_it_stops_at_once_and_forgets(stop: Callable[[], Message]) -> None:
    house = House(FakeSttEngine("stop"))
    microphone = Endless()
    house.service = SttService(house.engine, microphone, Stt())
    async with house:
        house.listen()
        await microphone.given.wait()
        assert house.engine.left > 0
        assert not any(frame.samples.any() for frame in microphone.frames), "frames that were used are overwritten"
        house.bus.publish(stop(), "test")
        async with asyncio.timeout(5):
            await microphone.closed.wait()
    assert house.engine.left == 0
    assert house.engine.utterances == 0


async def test_mute_while_listening_is_silence() -> None:
    house = House(FakeSttEngine("stop"))
    microphone = Endless()
    house.service = SttService(house.engine, microphone, Stt())
    async with house:
        house.listen()
        await microphone.given.wait()
        house.bus.publish(audio.Muted(), "audio")
        assert await house.next() == stt.Nothing(session="1", cause="silence")


async def test_words_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with House(FakeSttEngine("my secret words")) as house:
        house.listen()
        await house.next()
    assert "secret" not in caplog.text
