"""A person who talks to the assistant by real sound: says a thing, waits for what comes of it, says it again."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.bus.base import Subscription
from assistant.messages import Message

if TYPE_CHECKING:
    from tests.end_to_end.running import Home
    from tests.pulse import Pulse

TRIES = 6
SECONDS = 60.0
"""How long one thing may take on a busy machine before it is said again."""
_START = """
import sys
from privacy import mutants
mutants.install(sys.argv[1])
from assistant.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


def command(mutant: str) -> list[str]:
    """How `assistant` is started, with a leak planted if one is named."""
    return [sys.executable, "-c", _START, mutant] if mutant else [sys.executable, "-m", "assistant"]


class Misheard(Exception):
    """Said again and again, and never understood: nothing is proved."""


@dataclass
class Table:
    """Everything on the table: the home, the sound server, and how commands are started."""

    home: Home
    pulse: Pulse
    command: Sequence[str]
    folder: Path

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """An `assistant` command in a process of its own."""
        return self.home.spawn(*arguments, command=self.command)

    def spoken(self, text: str) -> Path:
        """A file in which somebody says this."""
        path = self.folder / f"{re.sub('[^a-z]', '', text.lower())}.wav"
        if not path.exists() and self.call("say", text, "--wav", str(path)).returncode:
            raise RuntimeError("it cannot speak")
        return path

    async def say(self, text: str, inbox: Subscription) -> None:
        """Say it into the microphone. What happened before is forgotten."""
        path = await asyncio.to_thread(self.spoken, text)
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.1):
                    await anext(aiter(inbox))
        await asyncio.to_thread(self.pulse.play_into_microphone, path)


async def until(inbox: Subscription, *kinds: type[Message]) -> Message | None:
    """The next of these; None when none comes in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            async for envelope in inbox:
                if isinstance(envelope.message, kinds):
                    return envelope.message
    return None
