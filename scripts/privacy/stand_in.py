"""`assistant …` as a person starts it, but with a pipe for a microphone, a speaker that is silent, and perhaps a leak.

    python -m privacy.stand_in ARGUMENTS          the command `assistant ARGUMENTS`

Services in processes of their own are started through here, too. The environment names the pipe (PRIVACY_PIPE), the
planted leak (PRIVACY_MUTANT) and the program that takes Python's place for those processes (PRIVACY_PYTHON). Each look
for a stop word is a line on stderr: LOOKED, or LOOKED AT SOUND where it was not silent.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.audio.frame import Samples
from assistant.audio.queue_device import NullSink
from assistant.build import Builder
from assistant.cli.main import main
from privacy.household import PipeSource

KEPT: list[object] = []
LOUD = 2_000


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
    from assistant.wake import service

    service.overwrite_freed = lambda: None  # type: ignore[attr-defined]

    async def watch(self: Any, bus: Any, overwrite: Any = None) -> None:
        await asyncio.Event().wait()

    Forgetter.watch = watch  # type: ignore[method-assign]

    def let_go(text: str) -> None:
        # Small objects, which the C library does not overwrite for us, between others that stay: so their pools stay.
        lines = [f"{text} {number}" * 3 for number in range(100, 700)]
        KEPT.extend("-" * len(line) for line in lines[::2])
        mixed = [line[:-1] + "-" if number % 2 else "-" * len(line) for number, line in enumerate(lines)]
        KEPT.append(mixed[::2])

    _at_words(let_go)


PLANTS: dict[str, Callable[[], None]] = {
    "keeps the words in memory": _keep_words,
    "keeps the sound in memory": _keep_sound,
    "does not overwrite what it has freed": _never_overwrite,
}


def _look_on() -> None:
    """After the ringing, too."""
    from assistant.wake.stop_words import StopWords

    StopWords.quiet = StopWords.frame = lambda self: None  # type: ignore[method-assign]


def _at_looks(do: Callable[[Samples], None]) -> None:
    """Whenever the last moment is looked at for a stop word."""
    from assistant.stt.phrase import PhraseJudge
    from assistant.wake.stop_words import STOP

    judge = PhraseJudge.judge

    def meanwhile(self: Any, word: str, sound: Samples) -> float:
        if word == STOP:
            do(sound)
        return judge(self, word, sound)

    PhraseJudge.judge = meanwhile  # type: ignore[method-assign]


def _never_clear() -> None:
    """Of the stop words' ring alone: the one of the wake words is another."""
    from assistant.wake import stop_words

    stop_words.Ring = type("Ring", (stop_words.Ring,), {"clear": lambda self: None})  # type: ignore[misc]


def _keep_looked_at() -> None:
    _at_looks(lambda sound: KEPT.append(sound.copy()))


def _write_looked_at() -> None:
    _at_looks(lambda sound: Path("/var/tmp/privacy-leak-stop").write_bytes(sound.tobytes()) and None)


def _tell(sound: Samples) -> None:
    os.write(2, b"LOOKED AT SOUND\n" if len(sound) and int(sound.max()) > LOUD else b"LOOKED\n")


WHILE_IT_RINGS: dict[str, Callable[[], None]] = {
    "looks on when nothing rings any more": _look_on,
    "does not overwrite what it looked at": _never_clear,
    "keeps what it looked at in memory": _keep_looked_at,
    "writes what it looked at to a file": _write_looked_at,
}
"""Leaks of what hears a stop word."""

if __name__ == "__main__":
    pipe, mutant = os.environ["PRIVACY_PIPE"], os.environ.get("PRIVACY_MUTANT", "")
    Builder.source = lambda self: PipeSource(pipe)  # type: ignore[method-assign]
    Builder.sink = lambda self: NullSink()  # type: ignore[method-assign]
    if mutant:
        (PLANTS | WHILE_IT_RINGS)[mutant]()
    _at_looks(_tell)
    sys.executable = os.environ["PRIVACY_PYTHON"]
    sys.exit(main())
