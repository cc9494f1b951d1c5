"""A day in the kitchen by real sound: requests are spoken into a microphone, and what comes of them is compared.

    scripts/bench kitchen                    the whole day, as a Markdown transcript with a score
    scripts/bench kitchen --only timers      one part of it
    scripts/bench kitchen --speak DIR        keep the recordings there, to listen to

The day is scripts/kitchen/day.yaml. The microphone and the speaker are null sinks of a PulseAudio of its own, the
voices are Piper's at several pitches, everything else is the assistant as people run it. A request counts as right when
the intent and the reply are as the day says and the devices were told what they should be, at the first try.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kitchen.house import House

from assistant.bus.base import Subscription
from assistant.bus.socket import connect
from assistant.cli.output import table
from assistant.messages import audio, dialog, skill, stt, tts, wake
from tests.end_to_end.running import Home, Running
from tests.pulse import Pulse

DAY = Path(__file__).parent / "kitchen" / "day.yaml"
VOICES: Mapping[str, tuple[str, ...]] = {
    "joe": (),
    "higher": ("pitch", "220", "tempo", "1.06"),
    "lower": ("pitch", "-140", "tempo", "0.96"),
}
"""Name -> what sox does with Piper's voice (pitch in cents)."""
PATIENCE = 25.0
"""Seconds until an answer counts as missing."""
WATCHED = (
    wake.Detected, stt.Transcript, dialog.Opened, dialog.Answered, dialog.Closed, skill.Alerted, tts.Ended, audio.Ended,
)  # fmt: skip


@dataclass
class Line:
    """One request and what came of it."""

    part: str
    said: str
    heard: str = ""
    intent: str = ""
    reply: str = ""
    right: bool = False
    seconds: float = 0.0
    """From the end of the recording to the answer."""

    @property
    def note(self) -> str:
        """While the day goes on."""
        return "." if self.right else f"x {self.said!r} heard as {self.heard!r}: {self.intent or '-'}, {self.reply!r}"


@dataclass
class Day:
    """The house on its day."""

    home: Home
    house: House
    pulse: Pulse
    scratch: Path
    lines: list[Line] = field(default_factory=list)
    spoken: int = 0

    def speak(self, text: str) -> Path:
        """A recording of these words, the next voice each time."""
        voice = list(VOICES)[self.spoken % len(VOICES)]
        self.spoken += 1
        plain = self.scratch / f"{self.spoken:03d}-plain.wav"
        done = self.home.call("say", text, "--wav", str(plain))
        if done.returncode:
            sys.exit(done.stderr)
        path = self.scratch / f"{self.spoken:03d}-{voice}.wav"
        subprocess.run(["sox", plain, path, *VOICES[voice], "pad", "0.3", "0.2"], check=True)
        plain.unlink()
        return path

    async def request(self, part: str, step: Mapping[str, Any], inbox: Subscription) -> None:
        """Say one thing and take down what comes of it."""
        line = Line(part, step["say"])
        self.lines.append(line)
        words = step["say"] if step.get("answer") else f"Hey Mycroft. {step['say']}"
        recording = await asyncio.to_thread(self.speak, words[:1].upper() + words[1:])
        self.house.fresh()
        await asyncio.to_thread(self.pulse.play_into_microphone, recording)
        ended = time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._follow(line, inbox, ended)
        intent = str(step.get("intent", ""))
        line.right = bool(
            re.fullmatch(intent or ".*", line.intent) and re.search(str(step.get("reply", "")), line.reply, re.I)
        ) and bool(line.heard)
        line.right = line.right and await self.house.told(step.get("device", {}))

    async def _follow(self, line: Line, inbox: Subscription, ended: float) -> None:
        session = ""
        async for envelope in inbox:
            match envelope.message:
                case stt.Transcript(text=text):
                    line.heard = text.text
                case dialog.Answered(session=session) as answered:
                    line.seconds = time.monotonic() - ended
                    line.intent, line.reply = answered.intent or "", answered.reply.text
                    if not line.reply:
                        return
                case tts.Ended() | dialog.Closed() if session:
                    return
                case _:
                    pass

    def __str__(self) -> str:
        rows = [
            (line.part, line.said, line.heard, line.intent, line.reply, "yes" if line.right else "**no**")
            for line in self.lines
        ]
        right = sum(line.right for line in self.lines)
        waits = sorted(line.seconds for line in self.lines if line.seconds)
        score = f"{right} of {len(rows)} right at the first try"
        if waits:
            score += f"; last sound to answer p50 {waits[len(waits) // 2]:.2f} s"
        return table(("part", "said", "heard", "intent", "reply", "right"), rows) + f"\n\n{score}."


async def whole(folder: Path, pulse: Pulse, scratch: Path, parts: Mapping[str, list[Mapping[str, Any]]]) -> Day:
    """A house, and its day."""
    async with House(folder) as house:
        home = Home(folder / "home", pulse.env)
        home.configure(house.settings())
        for name in ("home", "weather"):
            done = await asyncio.to_thread(home.call, "skills", "allow", name, "--yes")
            if done.returncode:
                sys.exit(done.stderr)
        day = Day(home, house, pulse, scratch)
        await live(day, parts)
    return day


async def live(day: Day, parts: Mapping[str, list[Mapping[str, Any]]]) -> None:
    """All parts, one after the other; a power cut is a `kill -9` and a new start."""
    steps = [(part, step) for part, listed in parts.items() for step in listed]
    while steps:
        with running(day.home) as assistant:
            async with connect(day.home.socket, hears=WATCHED) as bus:
                inbox = bus.subscribe(WATCHED, "kitchen")
                while steps:
                    part, step = steps.pop(0)
                    if step.get("power_cut"):
                        assistant.process.kill()
                        break
                    if "rings" in step:
                        await rings(day, part, step, inbox)
                    else:
                        await day.request(part, step, inbox)
                    print(day.lines[-1].note, file=sys.stderr, flush=True)


async def rings(day: Day, part: str, step: Mapping[str, Any], inbox: Subscription) -> None:
    """Something speaks up by itself."""
    line = Line(part, "(it speaks up)", heard="-")
    day.lines.append(line)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(float(step.get("within", PATIENCE))):
            async for envelope in inbox:
                if isinstance(envelope.message, skill.Alerted):
                    line.intent, line.reply = envelope.message.skill, envelope.message.text.text
                    line.right = bool(re.search(str(step["rings"]), line.reply, re.I))
                    return


@contextlib.contextmanager
def running(home: Home) -> Iterator[Running]:
    """The assistant; it may be killed inside."""
    assistant = Running(home)
    assistant.__enter__()
    try:
        yield assistant
    finally:
        if assistant.process.poll() is None:
            assistant.process.terminate()
        assistant.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="a part of the day; may be repeated")
    parser.add_argument("--speak", type=Path, help="keep the recordings in this folder")
    chosen = parser.parse_args()
    parts = yaml.safe_load(DAY.read_text(encoding="utf-8"))
    if chosen.only:
        parts = {name: steps for name, steps in parts.items() if name in chosen.only}
    with tempfile.TemporaryDirectory(prefix="kitchen-") as folder:
        scratch = chosen.speak or Path(folder) / "spoken"
        scratch.mkdir(parents=True, exist_ok=True)
        pulse = Pulse(Path(folder))
        pulse.start()
        try:
            day = asyncio.run(whole(Path(folder), pulse, scratch, parts))
        finally:
            pulse.stop()
    print(f"\n{day}")


if __name__ == "__main__":
    main()
