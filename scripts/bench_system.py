"""How fast it starts and answers, and what it costs: one process with real engines and, where there is one, a sound
server (PULSE_SERVER) whose default source is the microphone.

    scripts/bench system            prints Markdown tables
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.audio import witness
from assistant.bus.socket import connect
from assistant.cli.output import table
from assistant.messages import Message, Spoken, audio
from assistant.pipeline import ASK_HEARS, ask

QUESTIONS = (
    "what time is it",
    "what day is it",
    "set a tea timer for five minutes",
    "how long is left",
    "cancel the tea timer",
    "what is twelve times seven",
    "how many miles are ten kilometres",
    "add milk to the shopping list",
    "what's on my shopping list",
    "wake me at seven tomorrow",
    "cancel all alarms",
    "turn on the kitchen light",
    "what's the weather",
    "what can you do",
)
SETTLE_SECONDS = 15.0
"""After the start the wake word learns how loud the room is, and a learning engine may train."""
MUTES = 20
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--idle-seconds", type=float, default=30.0, help="how long to watch it do nothing")
    arguments.add_argument("--rounds", type=int, default=20, help="how often to ask each question")
    chosen = arguments.parse_args()
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="assistant-bench-") as scratch:
        environment = {**os.environ, "XDG_STATE_HOME": scratch, "XDG_RUNTIME_DIR": scratch}
        for attempt in ("first", "second"):
            with _assistant(environment) as (process, seconds):
                rows.append((f"start until it listens, {attempt}", f"{seconds:.2f} s, {_cpu(process.pid):.2f} CPU s"))
                if attempt == "first":
                    continue
                rows.append(("memory after the start", f"{_pss(process.pid):.0f} MB PSS"))
                time.sleep(SETTLE_SECONDS)
                began = _cpu(process.pid)
                time.sleep(chosen.idle_seconds)
                share = (_cpu(process.pid) - began) / chosen.idle_seconds
                rows.append((f"listening, over {chosen.idle_seconds:.0f} s", f"{100 * share:.2f} % of one core"))
                began = _cpu(process.pid)
                inside, outside = asyncio.run(_ask(Path(scratch) / "assistant" / "hub.sock", chosen.rounds))
                rows.append(("text to reply, inside", _spread(inside)))
                rows.append(("text to reply, seen by a client", _spread(outside)))
                taken = (_cpu(process.pid) - began) / len(inside)
                rows.append(("processor time of a request, whatever else the machine does", f"{1000 * taken:.1f} ms"))
                rows.append((f"memory after {len(inside)} requests", f"{_pss(process.pid):.0f} MB PSS"))
                if witness.look().of({process.pid}):
                    said, seen = asyncio.run(_mute(Path(scratch) / "assistant" / "hub.sock", process.pid))
                    rows.append(("from the message until it says that it is muted", _spread(said)))
                    rows.append(("from the message until nobody sees its microphone open", _spread(seen)))
    print(table(["what", "measured"], rows))


@contextmanager
def _assistant(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """A running assistant that is ready, and how many seconds that took."""
    began = time.monotonic()
    command = [sys.executable, "-m", "assistant", "run", "--wait"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if re.search(r"\bready after\b", line):
                    break
                print(line, end="", file=sys.stderr)
            else:
                sys.exit("the assistant did not start")
            yield process, time.monotonic() - began
        finally:
            process.terminate()
            process.stderr.close()


async def _ask(socket: Path, rounds: int) -> tuple[list[float], list[float]]:
    inside, outside = [], []
    async with connect(socket, hears=ASK_HEARS) as bus:
        for _ in range(rounds):
            for question in QUESTIONS:
                began = time.perf_counter()
                answer = await ask(bus, Spoken(question))
                outside.append(time.perf_counter() - began)
                if answer.intent is None:
                    sys.exit(f"not understood: {question}")
                inside.append(sum(each.seconds for each in answer.seconds))
    return inside, outside


async def _mute(socket: Path, pid: int) -> tuple[list[float], list[float]]:
    """Mute and unmute. Each look at the kernel and the sound server counts from its end: the time is an upper bound."""
    said, seen = [], []
    async with connect(socket, hears=[audio.Muted, audio.Unmuted]) as bus:
        inbox = bus.subscribe([audio.Muted, audio.Unmuted], "bench")

        async def until(kind: type[Message]) -> float:
            async for envelope in inbox:
                if isinstance(envelope.message, kind):
                    break
            return time.perf_counter()

        for _ in range(MUTES):
            began = time.perf_counter()
            bus.publish(audio.Mute(), "client")
            open_ = True
            closed = asyncio.create_task(until(audio.Muted))
            while open_:
                open_ = bool((await asyncio.to_thread(witness.look)).of({pid}))
                taken = time.perf_counter() - began
            seen.append(taken)
            said.append(await closed - began)
            bus.publish(audio.Unmute(), "client")
            await until(audio.Unmuted)
            await asyncio.sleep(0.5)
    return said, seen


def _spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"p50 {1000 * statistics.median(ordered):.1f} ms, p95 {1000 * p95:.1f} ms, of {len(ordered)}"


def _cpu(pid: int) -> float:
    """Processor seconds of a process (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _pss(pid: int) -> float:
    """Proportional set size in MB."""
    line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
