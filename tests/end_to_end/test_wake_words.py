"""By real sound: several wake words at once, each with what it does; "stop" alone while it rings; tuned by voice.

All listen to one assistant, as in test_real_sound.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.bus.base import Subscription
from assistant.bus.socket import connect
from assistant.messages import Message, Spoken, audio, dialog, tts, wake
from tests.end_to_end.running import LIMIT, Home, Running
from tests.pulse import Pulse, pulse, pulse_server

pytestmark = pytest.mark.slow
__all__ = ["pulse", "pulse_server"]

WATCHED = (
    wake.Detected, wake.Tuned, dialog.Answered, dialog.Closed, tts.Started, tts.Ended, audio.Muted, audio.Quiet,
)  # fmt: skip
SETTINGS = """
audio: {chimes: false}
tts: {variation: 0}
wake:
  words: [hey_mycroft, alexa, hey_jarvis]
  actions: {alexa: stop, hey_jarvis: mute}
"""
TRIES = 3
"""As a person would: say it again when it was misheard."""
SECONDS_A_TRY = 25.0


@pytest.fixture(scope="module")
def home(pulse_server: Pulse) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="words-") as folder:
        home = Home(Path(folder), pulse_server.env)
        home.configure(SETTINGS)
        with Running(home):
            yield home


async def until(inbox: Subscription, reached: Callable[[Message], bool]) -> None:
    async for envelope in inbox:
        if reached(envelope.message):
            return
    raise AssertionError("the assistant stopped")


async def say(pulse: Pulse, recording: Path, inbox: Subscription, reached: Callable[[Message], bool]) -> None:
    """Into the microphone, again and again until it has the wished effect."""
    for _ in range(TRIES):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_A_TRY):
                await asyncio.to_thread(pulse.play_into_microphone, recording)
                await until(inbox, reached)
                return
    pytest.fail(f"not heard: {recording.stem}")


async def test_a_word_of_its_own_stops_what_it_says(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    word = home.record("Alexa.", tmp_path / "alexa.wav")
    async with connect(home.socket, hears=WATCHED) as bus:
        inbox = bus.subscribe(WATCHED, "test")
        long = Spoken("This is the long story of a small house by the sea. " * 40)
        bus.publish(tts.Say(session="long", text=long, language="en"), "client")
        async with asyncio.timeout(LIMIT):
            await until(inbox, lambda message: isinstance(message, tts.Started))
        await say(pulse, word, inbox, lambda message: isinstance(message, tts.Ended) and message.cause == "stopped")


async def test_stop_alone_ends_a_ring(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    stop = home.record("Stop!", tmp_path / "stop.wav")
    async with connect(home.socket, hears=WATCHED) as bus:
        inbox = bus.subscribe(WATCHED, "test")
        assert home.ask("set a tea timer for one second")["intent"] == "timer.set"
        async with asyncio.timeout(LIMIT):
            await until(inbox, lambda message: isinstance(message, tts.Ended) and message.session.startswith("alert:"))
        before: list[Message] = []

        def stopped(message: Message) -> bool:
            before.append(message)
            return isinstance(message, audio.Quiet)

        await say(pulse, stop, inbox, stopped)
        assert not any(isinstance(message, wake.Detected) for message in before)
    assert "no timer" in home.ask("how much time is left")["reply"].lower()


async def test_it_becomes_less_sensitive_by_voice(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    wish = home.record("Hey Mycroft. Be less sensitive.", tmp_path / "less.wav")
    async with connect(home.socket, hears=WATCHED) as bus:
        inbox = bus.subscribe(WATCHED, "test")
        await say(pulse, wish, inbox, lambda message: isinstance(message, wake.Tuned) and message.sensitivity < 0.5)
        async with asyncio.timeout(LIMIT):
            await until(inbox, lambda message: isinstance(message, dialog.Closed))
    assert "four" in home.ask("how sensitive are you")["reply"].lower()


async def test_another_word_closes_the_microphone(pulse: Pulse, home: Home, tmp_path: Path) -> None:
    word = home.record("Hey Jarvis.", tmp_path / "jarvis.wav")
    async with connect(home.socket, hears=WATCHED) as bus:
        inbox = bus.subscribe(WATCHED, "test")
        await say(pulse, word, inbox, lambda message: isinstance(message, audio.Muted))
    assert pulse.recordings() == []
