"""The wake service while an alarm rings: "stop" ends it; mute, quiet and its own voice end or forbid the listening."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from assistant.bus.memory import MemorySubscription
from assistant.messages import Message, Spoken, audio, dialog, tts
from assistant.testing.wake import FakeJudge
from assistant.wake.stop_words import StopWords
from tests.wake.test_service import Running, Tape, frame, running


@asynccontextmanager
async def ringing(tape: Tape, judge: FakeJudge) -> AsyncIterator[tuple[Running, MemorySubscription]]:
    """With stop words, while an alarm rings."""
    async with running(tape, stop_words=StopWords(judge, ["Stop", "Shut up"])) as run:
        stopped = run.bus.subscribe([dialog.Cancel], "test")
        run.bus.publish(audio.Chime(name="ring", times=3), "dialog")
        await run.health()
        yield run, stopped


async def play(tape: Tape, words: list[str]) -> None:
    for index, word in enumerate(words):
        tape.more.put_nowait(frame(index, word))
    await tape.more.join()


async def test_while_it_rings_stop_is_enough() -> None:
    tape = Tape()
    async with ringing(tape, FakeJudge()) as (_, stopped):
        await play(tape, ["", "stop", *[""] * 8])
        assert (await anext(aiter(stopped))).message == dialog.Cancel(why="stop word")


@pytest.mark.parametrize(
    "ended", [audio.Muted(by="button"), audio.Quiet()], ids=["the microphone was closed", "nothing rings any more"]
)
async def test_then_nobody_listens_for_stop_any_more(ended: Message) -> None:
    tape, judge = Tape(), FakeJudge()
    async with ringing(tape, judge) as (run, _):
        run.bus.publish(ended, "audio")
        if isinstance(ended, audio.Muted):
            run.bus.publish(audio.Chime(name="ring", times=3), "dialog")
        await run.health()
        await play(tape, ["", "stop", *[""] * 8])
    assert judge.asked == 0


async def test_other_sounds_of_its_own_let_nobody_listen_for_stop() -> None:
    tape, judge = Tape(), FakeJudge()
    async with running(tape, stop_words=StopWords(judge, ["stop"])) as run:
        run.bus.publish(audio.Chime(name="listen"), "dialog")
        await run.health()
        await play(tape, ["", "stop", *[""] * 8])
    assert judge.asked == 0


@pytest.mark.parametrize("text", ["Say stop to end this.", "Or shut up!"])
async def test_its_own_stop_stops_nothing(text: str) -> None:
    tape, judge = Tape(), FakeJudge()
    async with ringing(tape, judge) as (run, stopped):
        run.bus.publish(tts.Say(session="s", text=Spoken(text), language="en"), "test")
        run.bus.publish(tts.Started(session="s"), "test")
        await run.health()
        await play(tape, ["", "stop", *[""] * 8])
        assert judge.asked > 0
        run.bus.publish(dialog.Cancel(why="end of the test"), "test")
        assert (await anext(aiter(stopped))).message == dialog.Cancel(why="end of the test")
