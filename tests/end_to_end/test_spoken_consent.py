"""By real sound: a household says yes, a clip is kept, and one sentence takes it all back."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from assistant.bus.base import Subscription
from assistant.bus.socket import connect
from assistant.messages import Message, consent, dialog, tts
from tests.end_to_end.running import LIMIT, Home, Running
from tests.pulse import Pulse, pulse, pulse_server

pytestmark = pytest.mark.slow
__all__ = ["pulse", "pulse_server"]

WATCHED = (
    dialog.Listening,
    dialog.Closed,
    consent.Replied,
    consent.Granted,
    consent.Refused,
    consent.Destroyed,
    tts.Ended,
)


async def until(inbox: Subscription, *kinds: type[Message]) -> Message:
    async with asyncio.timeout(LIMIT):
        async for envelope in inbox:
            if isinstance(envelope.message, kinds):
                return envelope.message
    raise AssertionError("the assistant stopped")


def spoken(home: Home, text: str) -> Path:
    """A file in which somebody says this, slower than the assistant speaks."""
    return home.record(text, home.folder / f"{abs(hash(text))}.wav")


async def appears(folder: Path) -> bool:
    """Something is in the folder, soon: a clip is written after the answer, and delays nobody."""
    for _ in range(50):
        if folder.is_dir() and any(folder.iterdir()):
            return True
        await asyncio.sleep(0.1)
    return False


async def test_a_yes_a_clip_and_forget_everything(pulse: Pulse, tmp_path: Path) -> None:
    home = Home(tmp_path, pulse.env)
    home.configure("tts: {speed: 2}")  # it has much to say
    wish = spoken(home, "Hey Mycroft. You may keep my wake words for a week.")
    time = spoken(home, "Hey Mycroft. What time is it?")
    forget = spoken(home, "Hey Mycroft. Forget everything.")
    with Running(home):
        async with connect(home.socket, hears=WATCHED) as bus:
            inbox = bus.subscribe(WATCHED, "test")
            outcome: Message | None = None
            for _ in range(4):  # two random words are misheard now and then: ask again, as a person would
                pulse.play_into_microphone(wish)
                read_back = await until(inbox, consent.Replied)
                assert isinstance(read_back, consent.Replied)
                phrase = re.search(r"these two words: (\w+ \w+)", read_back.text.text)
                if phrase is None:
                    await until(inbox, dialog.Closed)
                    continue
                assert "people of this household" in read_back.text.text
                agreement = spoken(home, f"{phrase[1]}.")
                await until(inbox, dialog.Listening)
                pulse.play_into_microphone(agreement)
                outcome = await until(inbox, consent.Granted, consent.Refused)
                if isinstance(outcome, consent.Granted):
                    break
                await until(inbox, dialog.Closed)
            assert isinstance(outcome, consent.Granted)
            assert "wake_word" in home.call("consent", "status").stdout
            await until(inbox, dialog.Closed)

            clips = home.folder / "state" / "assistant" / "consent" / "vault" / "clips"
            for _ in range(3):
                pulse.play_into_microphone(time)
                await until(inbox, dialog.Closed)
                if await appears(clips):
                    break
            assert "wake_word" in home.call("data", "show").stdout, "the clip is there"

            for _ in range(3):
                pulse.play_into_microphone(forget)
                if isinstance(await until(inbox, consent.Destroyed, dialog.Closed), consent.Destroyed):
                    break
            assert "No clip is kept." in home.call("data", "show").stdout
            assert not list(clips.iterdir())
            assert "Nobody has agreed to anything" in home.call("consent", "status").stdout
        assert home.call("consent", "verify").returncode == 0
