"""How late timers ring after a power cut (kill -9), while others keep the assistant busy with questions.

scripts/bench timers [--timers 10] [--askers 4]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assistant.bus.socket import connect
from assistant.cli.output import table
from assistant.messages import Spoken, skill
from assistant.pipeline import ASK_HEARS, ask

FIRST_SECONDS = 20
QUESTIONS = ("what time is it", "what day is it", "what is seven times eight", "what's on the shopping list")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timers", type=int, default=10)
    parser.add_argument("--askers", type=int, default=4)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as scratch:
        environment = {**os.environ, "XDG_STATE_HOME": scratch, "XDG_RUNTIME_DIR": scratch}
        socket = Path(scratch) / "assistant" / "hub.sock"
        process = _start(environment)
        due = asyncio.run(_set(socket, chosen.timers))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = _start(environment)
        try:
            late, asked = asyncio.run(_listen(socket, due, chosen.askers))
        finally:
            process.terminate()
            process.wait()
    rows = [
        (f"{len(late)} of {chosen.timers} timers rang after a kill -9; the latest", f"{max(late):.2f} s late"),
        ("the earliest", f"{min(late):.2f} s late"),
        (f"questions answered meanwhile, {chosen.askers} askers", f"{asked}"),
    ]
    print(table(("what", "measured"), rows))


def _start(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "assistant", "run", "--wait"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "ready after" in line:
            return process
    raise SystemExit("the assistant did not start")


async def _set(socket: Path, count: int) -> dict[str, float]:
    """Set the timers; when each is due at the latest, by its length."""
    due = {}
    async with connect(socket, hears=ASK_HEARS) as bus:
        for number in range(count):
            seconds = FIRST_SECONDS + 2 * number
            before = time.time()
            answer = await ask(bus, Spoken(f"set a timer for {seconds} seconds"))
            assert answer.skill == "timer", answer
            due[str(number)] = before + seconds
    return due


async def _listen(socket: Path, due: dict[str, float], askers: int) -> tuple[list[float], int]:
    """Seconds from when each was set to ring to the ring, counted from before it was asked for."""
    late: list[float] = []
    asked = 0

    async def chatter(number: int) -> None:
        nonlocal asked
        async with connect(socket, hears=ASK_HEARS) as bus:
            while True:
                await ask(bus, Spoken(QUESTIONS[asked % len(QUESTIONS)]), f"bench-{number}")
                asked += 1

    tasks = [asyncio.create_task(chatter(number)) for number in range(askers)]
    async with connect(socket, hears=(*ASK_HEARS, skill.Alerted)) as bus:
        heard = bus.subscribe([skill.Alerted], "bench")
        waiting = sorted(due.values())
        async for _ in heard:
            if not waiting:
                break
            late.append(time.time() - waiting.pop(0))
            await ask(bus, Spoken("stop"))
            if not waiting:
                break
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return late, asked


if __name__ == "__main__":
    main()
