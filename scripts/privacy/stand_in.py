"""`assistant …` as a person starts it, but with a pipe for a microphone, a speaker that is silent, and perhaps a leak.

    python -m privacy.stand_in ARGUMENTS          the command `assistant ARGUMENTS`

Services in processes of their own are started through here, too. The environment names the pipe (PRIVACY_PIPE), the
planted leak (PRIVACY_MUTANT) and the program that takes Python's place for those processes (PRIVACY_PYTHON).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

from assistant.audio.queue_device import NullSink
from assistant.build import Builder
from assistant.cli.main import main
from privacy.household import PipeSource

KEPT: list[object] = []


def _at_words(do: Callable[[str], None]) -> None:
    """Whenever words are to be understood."""
    from assistant.intent.service import IntentService
    from assistant.messages import intent

    handle = IntentService.handle

    async def meanwhile(self: Any, message: Any) -> None:
        if isinstance(message, intent.Understand):
            do(message.text.text)
        await handle(self, message)

    IntentService.handle = meanwhile  # type: ignore[method-assign]


def _keep_words() -> None:
    _at_words(lambda text: KEPT.append(text.encode()))


def _keep_sound() -> None:
    from assistant.stt.buffer import UtteranceBuffer

    append = UtteranceBuffer.append

    def hoard(self: Any, samples: Any) -> None:
        KEPT.append(samples.copy())
        append(self, samples)

    UtteranceBuffer.append = hoard  # type: ignore[method-assign]


def _never_overwrite() -> None:
    from assistant.forget import Forgetter

    async def watch(self: Any, bus: Any) -> None:
        await asyncio.Event().wait()

    Forgetter.watch = watch  # type: ignore[method-assign]
    _at_words(lambda text: [f"{text} {number}" * 9 for number in range(99)].clear())


PLANTS: dict[str, Callable[[], None]] = {
    "keeps the words in memory": _keep_words,
    "keeps the sound in memory": _keep_sound,
    "does not overwrite what it has freed": _never_overwrite,
}

if __name__ == "__main__":
    pipe, mutant = os.environ["PRIVACY_PIPE"], os.environ.get("PRIVACY_MUTANT", "")
    Builder.source = lambda self: PipeSource(pipe)  # type: ignore[method-assign]
    Builder.sink = lambda self: NullSink()  # type: ignore[method-assign]
    if mutant:
        PLANTS[mutant]()
    sys.executable = os.environ["PRIVACY_PYTHON"]
    sys.exit(main(sys.argv[1:]))
