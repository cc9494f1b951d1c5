"""While an alarm rings it listens for "stop" without a wake word: in memory, for that word alone, and no longer.

Somebody talks in the room when a timer rings, and goes on talking when it was stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from assistant.bus.base import Subscription
from assistant.bus.socket import connect
from assistant.errors import HubUnreachable
from assistant.messages import Message, Spoken, audio, dialog, stt
from privacy.box import need
from privacy.family import Family, family, speech
from privacy.listening import new_files
from privacy.residue import Residue
from privacy.row import Finding, Row
from privacy.stand_in import WHILE_IT_RINGS

TALK = "The porcupine sleeps in the garden. My sister drove to the harbour yesterday and bought a kilo of mussels."
"""Nobody says a wake word or a stop word in it."""
WORDS = ("porcupine",)
LOOKS = 4
"""So often it has looked for a stop word in what was said when the timer is stopped."""
SETTLE_SECONDS = 2.0
"""How long after that the look that was begun may take on a busy machine."""
REST_SECONDS = 5.0
RING_SECONDS = 120.0
HEARS: tuple[type[Message], ...] = (audio.Chime, audio.Quiet, dialog.Listening, stt.Transcript)


def stop_words(mutant: str) -> Finding:
    need(root=True)
    found = Finding()
    sound = np.concatenate([speech(TALK)] * 2)
    residue = Residue(sound, WORDS)
    begin = time.time()
    with family(sound, mutant=mutant) as house:
        house.wait_until_ready()
        found.expect(_looks(house) == 0, "it looks for stop words before anything rings")
        try:
            asyncio.run(_ring_and_stop(house, found))
        except (HubUnreachable, TimeoutError) as error:
            raise RuntimeError(f"the timer never rang, or nobody listened ({error}): {house.log[-800:]}") from error
        time.sleep(REST_SECONDS)
        with house.frozen() as pids:
            for pid in pids:
                sounds, words = residue.sounds(pid), residue.words(pid)
                found.expect(not sounds, f"{len(sounds)} pieces of what was said are in memory: {[*sounds][:2]}")
                found.expect(not words, f"words that were said are in memory: {', '.join(words)}")
        for path, data in _written(begin, house.folder):
            found.expect(not residue.sound_in(data), f"sound of what was said is in {path}")
            found.expect(
                not any(word.encode() in data.lower() for word in WORDS), f"words that were said are in {path}"
            )
    found.expect(residue.looked_at > 50_000_000, f"only {residue.looked_at} bytes looked at: the row is blind")
    return found


async def _ring_and_stop(house: Family, found: Finding) -> None:
    async with (
        connect(house.folder / "run" / "assistant" / "hub.sock", hears=HEARS) as bus,
        asyncio.timeout(RING_SECONDS),
    ):
        inbox = bus.subscribe(HEARS, "row")
        bus.publish(dialog.Ask(request="row", text=Spoken("set a timer for one second")), "row")
        await _until(inbox, audio.Chime, found)
        house.feeder.request.set()  # somebody begins to talk
        await asyncio.to_thread(_wait, lambda: house.log.count("LOOKED AT SOUND") >= LOOKS)
        bus.publish(dialog.Cancel(why="row"), "row")
        await _until(inbox, audio.Quiet, found)
        await asyncio.sleep(SETTLE_SECONDS)
        before = _looks(house)
        found.expect(house.feeder.request.is_set(), "nobody talked any more when it was stopped: the row is blind")
        await asyncio.to_thread(_wait, lambda: not house.feeder.request.is_set())
        looked = _looks(house) - before
        found.expect(looked == 0, f"nothing rings any more, and it looked for stop words {looked} times")


async def _until(inbox: Subscription, kind: type[Message], found: Finding) -> None:
    """The next message of that kind. That it takes what was said for a request is a fault."""
    async for envelope in inbox:
        message = envelope.message
        heard = isinstance(message, (dialog.Listening, stt.Transcript))
        found.expect(not heard, "it listened to a request: nobody said a wake word")
        if isinstance(message, kind) and getattr(message, "name", "ring") == "ring":
            return


def _wait(over: Callable[[], bool]) -> None:
    """Raises TimeoutError when it is never over."""
    deadline = time.monotonic() + RING_SECONDS
    while not over():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def _looks(house: Family) -> int:
    return house.log.count("LOOKED")


def _written(begin: float, home: Path) -> Iterator[tuple[str, bytes]]:
    """New files: its own folders', and those anywhere."""
    for path in {*home.rglob("*"), *new_files(begin)}:
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_ctime >= begin and path.stat().st_size < 1 << 24:
                yield str(path), path.read_bytes()
                if path.name.startswith("privacy-leak"):
                    path.unlink()


ROWS = (
    Row("stop-words", "while an alarm rings sound is looked at, in memory only, and nothing of it kept; not after",
        tuple(WHILE_IT_RINGS), stop_words, sound=True),
)  # fmt: skip
