"""How much memory hearing takes, and the whole assistant: after the start, one spoken request, and many.

    scripts/bench memory [--requests 20]      prints a Markdown table

The hearing chain (bus, sound, wake word, recogniser) is one process, everything else another that is joined to it; then
all of it is one process. Requests are spoken by real sound, into a null sink of a PulseAudio of its own. PSS counts a
page that n processes share as 1/n of it, RSS counts it whole: alone on a machine the chain takes something between.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.bus.socket import connect
from assistant.cli.output import table
from assistant.messages import dialog
from tests.end_to_end.running import COMMAND, LIMIT, Home, Running
from tests.pulse import Pulse

CHAIN = ("hub", "audio", "wake", "stt")
REST = ("consent", "holder", "intent", "skills", "tts", "dialog")
SPOKEN = (
    "what time is it",
    "set a tea timer for five minutes",
    "how much time is left on the tea timer",
    "cancel the tea timer",
    "turn on the kitchen light",
    "add milk and bread to the shopping list",
    "what's on the shopping list",
    "wake me up tomorrow at half past six",
    "cancel all alarms",
    "how deep is the ocean under the bridge",
)
"""One of them no skill's: it is decoded as widely as can be."""
SETTLE_SECONDS = 8.0
"""After a request all memory that was let go of is overwritten and given back, the last time after 4.2 s."""
TRIES = 3


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--requests", type=int, default=20)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        scratch = Path(folder)
        pulse = Pulse(scratch)
        pulse.start()
        try:
            home = Home(scratch / "home", pulse.env)
            recordings = list(_recordings(home, scratch))
            rows = [row for parts in (True, False) for row in _measure(home, pulse, recordings, chosen.requests, parts)]
        finally:
            pulse.stop()
    print(table(["what", "PSS", "RSS", "peak"], rows))


def _recordings(home: Home, scratch: Path) -> Iterator[Path]:
    for number, words in enumerate(SPOKEN):
        path = scratch / f"{number}.wav"
        # In a process of its own: what this one loads it would share with those that are measured.
        done = home.spawn("--set", "tts.variation=0", "say", f"Hey Mycroft. {words}.", "--wav", str(path))
        if done.returncode:
            sys.exit(done.stderr)
        yield path


def _measure(
    home: Home, pulse: Pulse, recordings: Sequence[Path], requests: int, parts: bool
) -> Iterator[tuple[str, str, str, str]]:
    name = "hearing" if parts else "everything"
    with Running(home, *(CHAIN if parts else ())) as running, _beside(home, REST if parts else ()):
        yield _row(f"{name}, after the start", running.process.pid)
        for number, answered in enumerate(asyncio.run(_speak(home, pulse, recordings, requests, running.process.pid))):
            if number in (0, requests - 1):
                yield (f"{name}, after {number + 1} spoken request{'s' if number else ''}", *answered)


@contextlib.contextmanager
def _beside(home: Home, services: Sequence[str]) -> Iterator[None]:
    """The other services in a process of their own, joined to the one that runs."""
    if not services:
        yield
        return
    with subprocess.Popen(
        [*COMMAND, "run", *services], env=home.env, cwd=home.folder, stderr=subprocess.DEVNULL
    ) as process:
        try:
            end = time.monotonic() + LIMIT
            while home.ask("what time is it").get("intent") != "clock.time":
                if time.monotonic() > end:
                    sys.exit("the other services did not start")
            time.sleep(SETTLE_SECONDS)
            yield
        finally:
            process.terminate()


async def _speak(
    home: Home, pulse: Pulse, recordings: Sequence[Path], requests: int, pid: int
) -> list[tuple[str, str, str]]:
    """The memory after each request."""
    found = []
    async with connect(home.socket, hears=[dialog.Answered, dialog.Closed]) as bus:
        inbox = bus.subscribe([dialog.Answered, dialog.Closed], "bench")
        await asyncio.sleep(SETTLE_SECONDS)
        for number in range(requests):
            for _ in range(TRIES):  # a busy machine may miss the wake word, and a person would say it again
                await asyncio.to_thread(pulse.play_into_microphone, recordings[number % len(recordings)])
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LIMIT / TRIES):
                        async for envelope in inbox:
                            if isinstance(envelope.message, dialog.Closed):
                                break
                        break
            else:
                sys.exit(f"request {number + 1} was not heard, {TRIES} times")
            await asyncio.sleep(SETTLE_SECONDS if number in (0, requests - 1) else 1.0)
            found.append(_row("", pid)[1:])
    return found


def _row(what: str, pid: int) -> tuple[str, str, str, str]:
    """Of smaps_rollup and status (proc(5)), in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text() + Path(f"/proc/{pid}/status").read_text()
    kilobytes = {line.split(":")[0]: line.split()[1] for line in lines.splitlines() if line.endswith(" kB")}
    pss, rss, peak = (f"{int(kilobytes[name]) / 1000:.0f} MB" for name in ("Pss", "Rss", "VmHWM"))
    return what, pss, rss, peak


if __name__ == "__main__":
    main()
