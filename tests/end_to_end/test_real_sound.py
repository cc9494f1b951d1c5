"""By real sound: PulseAudio null sinks stand where the microphone and the speaker are, everything else is real.

All listen to one assistant, which makes no chimes: a recording then holds nothing but the reply, and a ring.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from assistant.bus.base import Subscription
from assistant.bus.socket import connect
from assistant.messages import Message, Spoken, audio, dialog, stt, tts, wake
from tests.end_to_end.running import LIMIT, Home, Running
from tests.pulse import Pulse, pulse, pulse_server

pytestmark = pytest.mark.slow
__all__ = ["pulse", "pulse_server"]

WATCHED = (wake.Detected, stt.Transcript, dialog.Answered, dialog.Closed, tts.Ended, audio.Failed, audio.Restored)


@pytest.fixture(scope="module")
def assistant(pulse_server: Pulse) -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="sound-") as folder:
        home = Home(Path(folder), pulse_server.env)
        home.configure("audio: {chimes: false}\ntts: {variation: 0}")
        with Running(home) as running:
            yield running


@pytest.fixture
def home(pulse: Pulse, assistant: Running) -> Home:
    assistant.home.ask("cancel all timers")
    return assistant.home


@asynccontextmanager
async def watching(home: Home) -> AsyncIterator[Subscription]:
    async with connect(home.socket, hears=WATCHED) as bus:
        yield bus.subscribe(WATCHED, "test")


async def until(inbox: Subscription, kind: type[Message]) -> Message:
    async with asyncio.timeout(LIMIT):
        async for envelope in inbox:
            if isinstance(envelope.message, kind):
                return envelope.message
    raise AssertionError("the assistant stopped")


def recognised(home: Home, recording: Path) -> str:
    """What the recogniser makes of the assistant's own reply."""
    done = home.call("--set", "dialog.patience_seconds=30", "hear", "--no-wake", "--json", str(recording))
    return str(json.loads(done.stdout)["transcript"]).lower()


async def test_a_spoken_question_gets_a_spoken_answer(
    pulse: Pulse, home: Home, assistant: Running, tmp_path: Path
) -> None:
    question, answer = tmp_path / "question.wav", tmp_path / "answer.wav"
    home.record("Hey Mycroft. Set a timer for ten minutes.", question)
    async with watching(home) as inbox:
        with pulse.record_speaker(answer):
            pulse.play_into_microphone(question)
            await until(inbox, tts.Ended)
    assert not any("warning" in line or "error" in line for line in assistant.log)
    words = recognised(home, answer)
    assert "minute" in words
    assert "10" in words or "ten" in words


async def test_a_timer_rings_aloud_and_stop_ends_it(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    stop = tmp_path / "stop.wav"
    home.record("Hey Mycroft. Stop.", stop)
    async with watching(home) as inbox:
        assert home.ask("set a tea timer for one second")["intent"] == "timer.set"
        announced = await until(inbox, tts.Ended)
        assert isinstance(announced, tts.Ended)
        assert announced.session.startswith("alert:")
        for _ in range(3):  # as a person would: say it again when it was misheard
            pulse.play_into_microphone(stop)
            answered = await until(inbox, dialog.Answered)
            assert isinstance(answered, dialog.Answered)
            if answered.intent == "dialog.stop":
                break
        assert answered.intent == "dialog.stop"
    assert "no timer" in home.ask("how much time is left")["reply"].lower()


async def test_its_own_voice_does_not_wake_it(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    """What the speaker plays comes into the microphone, as loud as it is, and holds the wake word."""
    call = home.record("Hey Mycroft. What time is it?", tmp_path / "call.wav")
    with pulse.speaker_into_microphone():
        async with connect(home.socket, hears=WATCHED) as bus:
            inbox = bus.subscribe(WATCHED, "test")
            words = Spoken("To call me, just say: Hey Mycroft. Then ask what you like.")
            bus.publish(tts.Say(session="own", text=words, language="en"), "client")
            async with asyncio.timeout(LIMIT):
                async for envelope in inbox:
                    assert not isinstance(envelope.message, wake.Detected)
                    if isinstance(envelope.message, tts.Ended):
                        break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await until(inbox, wake.Detected)
                    pytest.fail("it woke itself")
            # The same sound by somebody else is heard.
            pulse.play_into_microphone(call)
            await until(inbox, wake.Detected)
            await until(inbox, dialog.Closed)


async def test_an_unplugged_microphone_is_reported_and_found_again(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    question = tmp_path / "question.wav"
    home.record("Hey Mycroft. What time is it?", question)
    async with watching(home) as inbox:
        failed: Message | None = None
        for _ in range(3):  # on a busy machine the sound server's answer can come too late to be believed
            pulse.unplug_microphone()
            with contextlib.suppress(TimeoutError):
                failed = await asyncio.wait_for(until(inbox, audio.Failed), 20)
                break
            pulse.plug_microphone()
        assert isinstance(failed, audio.Failed)
        assert failed.reason
        pulse.plug_microphone()
        await until(inbox, audio.Restored)
        pulse.play_into_microphone(question)
        answered = await until(inbox, dialog.Answered)
        assert isinstance(answered, dialog.Answered)
        assert answered.intent == "clock.time"
