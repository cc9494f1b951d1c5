"""The process under test for the takes of a wake word of one's own, with a leak planted if one is named.

    python -m privacy.takes HOME ACTION [MUTANT]

`train` learns "hey pebble" from two takes out of the pipe HOME/microphone, `listen` waits for it as a running assistant
does; both print DONE with their exit status and wait for a line on their input. `withdraw`, `everything` and `expire`
end the yes. The voices beside the takes are tones, so that it takes seconds; all else is the product.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from assistant.audio.frame import RATE, Frame, Samples
from assistant.build import Builder
from assistant.bus.base import Bus
from assistant.bus.memory import MemoryBus
from assistant.cli import main as command
from assistant.cli import wake_takes, wake_train
from assistant.clock import SystemClock
from assistant.config.load import load_with_origins
from assistant.config.paths import find_paths
from assistant.consent import purge, room, taught
from assistant.hardening import harden
from assistant.runner import Runner
from assistant.service import Service
from assistant.wake.custom import engine, material, word
from privacy import mutants
from privacy.household import PipeSource
from privacy.leaks import KEPT
from privacy.mutants import mutant

TEXT, NAME = "hey pebble", "hey_pebble"
TAKES = 2
EXAMPLES = "60"


class Tones:
    """A voice that says each letter as a tone."""

    kind = "tones"

    def __init__(self, number: int) -> None:
        self.name = f"tones {number}"
        self._base = 300.0 + 15 * number

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples:
        time = np.arange(int(RATE * 0.07 / speed)) / RATE
        parts = [np.sin(2 * np.pi * pitch * (self._base + 150 * (ord(each) % 23)) * time) for each in text]
        return (6000 * np.concatenate(parts)).astype(np.int16)


class Pipe(PipeSource):
    """It says when it is opened."""

    def open(self) -> None:
        os.write(1, b"OPENED\n")
        super().open()


class Nothing:
    """A microphone and its reader: no sound ever comes."""

    async def listen(self, *, from_sample: int | None = None) -> Nothing:
        return self

    async def __aiter__(self) -> AsyncIterator[Frame]:
        await asyncio.Event().wait()
        yield Frame(index=0, samples=np.zeros(0, np.int16))

    async def close(self) -> None: ...


def train(home: str) -> int:
    """As a person would; with few examples of few voices."""
    voices = [Tones(number) for number in range(6)]
    Builder.all_voices = lambda self: voices  # type: ignore[method-assign, assignment, return-value]
    Builder.recogniser_model = None  # type: ignore[method-assign, assignment]
    Builder.source = lambda self: Pipe(f"{home}/microphone")  # type: ignore[method-assign]
    wake_train.EPOCHS = 2
    material.TAKE_COPIES = 8
    return command.main(["wake", "train", TEXT, "--examples", EXAMPLES, "--takes", str(TAKES), "--yes"])


def listen(home: str) -> int:
    """The wake service of a running assistant."""
    paths = find_paths(dict(os.environ))
    config = load_with_origins(paths, [f"wake.words=[{NAME}]"]).config
    asyncio.run(_serve(Builder(config, paths, SystemClock(), microphone=Nothing())))
    return 0


async def _serve(builder: Builder) -> None:
    bus = MemoryBus()

    @asynccontextmanager
    async def join(_: Service) -> AsyncIterator[Bus]:
        yield bus

    runner = Runner(builder.factories(["wake"]), join)
    runner.start()
    await runner.started()
    await asyncio.to_thread(done, 0)
    await runner.stop()


def withdraw(home: str) -> int:
    return command.main(["consent", "withdraw", "wake_word"])


def everything(home: str) -> int:
    return command.main(["consent", "withdraw", "--everything"])


def expire(home: str) -> int:
    """What the running assistant does every hour; two days from now."""
    from privacy.driver import Later

    Later.seconds = 2 * 86400
    room.open_room(find_paths(dict(os.environ)), environ={}, keeper=Later()).purge.expire()
    return 0


ACTIONS: dict[str, Callable[[str], int]] = {
    action.__name__: action for action in (train, listen, withdraw, everything, expire)
}


def done(status: int) -> None:
    """Tell, and stay so that the memory can be looked at."""
    os.write(1, f"DONE {status}\n".encode())
    sys.stdin.readline()


@mutant("records takes without a yes")
def _no_yes() -> None:
    wake_takes.agreed = lambda builder, *, yes: True
    wake_takes.permitted = lambda builder: True


@mutant("leaves the takes in a file")
def _take_file() -> None:
    keep = wake_takes.keep

    def leave(builder: Any, name: str, takes: Sequence[Samples]) -> int:
        folder = find_paths(dict(os.environ)).wake_words
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "takes.raw").write_bytes(b"".join(take.tobytes() for take in takes))
        return keep(builder, name, takes)

    wake_takes.keep = leave


@mutant("keeps the takes in memory")
def _take_memory() -> None:
    record = wake_takes.record

    def hoard(builder: Any, text: str, count: int) -> list[Samples]:
        takes = record(builder, text, count)
        KEPT.extend(take.copy() for take in takes)
        return takes

    wake_takes.record = hoard


@mutant("learns the voice into the word itself")
def _one_version() -> None:
    save = word.WordStore.save

    def both(self: Any, one: Any) -> Path:
        self._own = self._folder
        return save(self, one)

    word.WordStore.save = both  # type: ignore[method-assign]


@mutant("keeps what it learnt when the yes is withdrawn")
def _kept() -> None:
    begin = purge.Purge.__init__

    def forgetful(self: Any, store: Any, surfaces: Any = tuple, journal: Any = None, learnt: Any = tuple) -> None:
        begin(self, store, surfaces, journal)

    purge.Purge.__init__ = forgetful  # type: ignore[method-assign]


@mutant("keeps what it learnt when the yes runs out")
def _no_end() -> None:
    purge.Purge.expire = lambda self: None  # type: ignore[method-assign]


@mutant("keeps what it learnt when everything is forgotten")
def _not_everything() -> None:
    room.taught_voices = lambda paths: []


@mutant("unlinks what it learnt and overwrites nothing")
def _unlinked() -> None:
    def unlink(path: Path) -> int:
        path.unlink()
        return 1

    taught.erase_file = unlink


@mutant("goes on knowing the voice while it runs")
def _running() -> None:
    engine.CustomWakeEngine.revise = lambda self: False  # type: ignore[method-assign]


LEAKS = tuple(name for name, plant in mutants.MUTANTS.items() if plant.__module__ == __name__)


def main() -> None:
    home, action, *rest = sys.argv[1:]
    mutants.install(rest[0] if rest else "")
    harden()
    status = ACTIONS[action](home)
    if action == "train":
        done(status)
    sys.exit(status)


if __name__ == "__main__":
    main()
