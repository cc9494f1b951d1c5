"""A whole assistant in one process that hears a request from a pipe: the thing under test for the rows about running.

    python -m privacy.household HOME PIPE [MUTANT]

Prints READY, HEARD (if it got the canary), ANSWERED (the dialogue closed); after the first and the last it waits for a
line on its input. Nobody's consent is given.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from assistant import logs
from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.audio.queue_device import NullSink
from assistant.build import SERVICES, Builder
from assistant.bus.base import Bus
from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.config.load import load_with_origins
from assistant.config.paths import find_paths
from assistant.hardening import harden
from assistant.messages import dialog, intent, stt
from assistant.runner import Runner
from assistant.service import Service
from privacy.leaks import KEPT, LEAKS
from privacy.listening import CANARY


class PipeSource:
    """A microphone whose sound comes through a pipe in real time, so that this process never holds all of it."""

    name = "pipe"
    device = False
    paced = True
    hoard = False

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: Any = None
        self._bytes = bytearray(FRAME_SAMPLES * 2)

    def open(self) -> None:
        self._file = self._file or open(self._path, "rb", buffering=0)  # noqa: PTH123, SIM115

    def read(self) -> Samples | None:
        view, got = memoryview(self._bytes), 0
        while got < len(view):
            count = self._file.readinto(view[got:])
            if not count:
                return None
            got += count
        samples = np.frombuffer(self._bytes, dtype=np.int16).copy()
        view[:] = bytes(len(view))
        if self.hoard:
            KEPT.append(samples.copy())
        return samples

    def close(self) -> None:
        return


async def live(home: str, pipe: str, mutant: str) -> None:
    paths = find_paths({"HOME": home, "XDG_RUNTIME_DIR": f"{home}/run"})
    config = load_with_origins(paths, ["logs.level=debug", "intent.engines=[templates]"]).config
    logs.set_up(config.logs.level, config.logs.format)
    microphone = PipeSource(pipe)
    microphone.hoard = mutant == "keeps the sound in memory"
    builder = Builder(config, paths, SystemClock(), source=microphone, sink=NullSink())
    builder.consent.purge.recover()
    bus = MemoryBus()

    @asynccontextmanager
    async def join(_: Service) -> AsyncIterator[Bus]:
        yield bus

    learned = bus.subscribe([intent.Learned], "row")
    inbox = bus.subscribe([stt.Transcript, dialog.Closed], "row")
    runner = Runner(builder.factories(SERVICES), join)
    runner.start()
    await runner.started()
    async for _ in learned:
        break
    logging.getLogger("assistant.row").debug("the row is awake")
    await _say("READY")
    async for envelope in inbox:
        message = envelope.message
        if isinstance(message, stt.Transcript):
            if CANARY in message.text.text.lower():
                os.write(1, b"HEARD 1\n")
            if mutant in LEAKS:
                LEAKS[mutant](message.text.text)
        if isinstance(message, dialog.Closed):
            break
    inbox.close()
    del envelope, message
    await _say("ANSWERED")
    await runner.stop()


async def _say(word: str) -> None:
    os.write(1, f"{word} {os.getpid()}\n".encode())
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    harden()
    asyncio.run(live(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
