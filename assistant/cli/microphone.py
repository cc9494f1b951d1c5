"""The microphone as `assistant status` tells it: the kernel's and the sound server's account, taken by this command
itself, beside what the assistant believes. Where the two contradict each other, that is an error."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from assistant.audio import witness
from assistant.build import SERVICES
from assistant.bus.base import Bus
from assistant.messages import Message, audio, system

HEARS: tuple[type[Message], ...] = (system.Health, audio.Seen)
ANSWER_SECONDS = 1.5
"""A service that has not answered by then is reported as silent."""
LOOKS = 3
"""A device may be just about to open or close: a contradiction counts only if it stays."""
BETWEEN_SECONDS = 0.5
RED, PLAIN = "\033[31m", "\033[0m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`ours` and `others` hold microphones open. `fault`: it is not as the assistant says; `blind`: unseen."""

    health: Mapping[str, system.Health]
    ours: tuple[str, ...]
    others: tuple[str, ...]
    fault: str = ""
    blind: str = ""


async def examine(bus: Bus) -> Found:
    """Ask the services how they are, and look at their processes from outside."""
    for attempt in range(LOOKS):
        if attempt:
            await asyncio.sleep(BETWEEN_SECONDS)
        found = await _once(bus)
        if not found.fault:
            break
    return found


async def _once(bus: Bus) -> Found:
    health, seen = await _ask(bus)
    view = await asyncio.to_thread(witness.look)
    family = await asyncio.to_thread(witness.family, {each.pid for each in health.values()})
    ours, others = tuple(map(str, view.of(family))), tuple(map(str, view.others(family)))
    blind = view.blind
    if seen is not None and seen.server and not view.server:
        blind = "the assistant's sound server does not answer you"
    believed = health["audio"].state if "audio" in health else ""
    fault = witness.contradiction(believed, view.of(family), blind=blind)
    if seen is not None:
        fault = fault or seen.fault
        ours = ours or (seen.ours if blind else ())
    return Found(health=health, ours=ours, others=others, fault=fault, blind=blind)


async def _ask(bus: Bus) -> tuple[dict[str, system.Health], audio.Seen | None]:
    """The health of each service, and what the sound room sees itself."""
    health: dict[str, system.Health] = {}
    seen: audio.Seen | None = None
    inbox = bus.subscribe(HEARS, "status")
    bus.publish(system.Probe(), "client")
    bus.publish(audio.Look(), "client")
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                async for envelope in inbox:
                    if isinstance(envelope.message, audio.Seen):
                        seen = envelope.message
                    elif isinstance(envelope.message, system.Health):
                        health[envelope.message.service] = envelope.message
                    if len(health) == len(SERVICES) and seen is not None:
                        break
    finally:
        inbox.close()
    return health, seen


def show(found: Found) -> int:
    """Print it; 1 if it is not as it should be."""
    print(f"microphone: {state(found)}")
    for other in found.others:
        print(f"another program has a microphone open: {other}")
    if found.blind:
        print(f"note: {found.blind}, so what goes through it is told by the assistant's own account")
    if found.fault:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(f"{RED if colour else ''}ERROR: the microphone is not as the assistant says: {found.fault}"
              f"{PLAIN if colour else ''}")  # fmt: skip
    return 1 if found.fault else 0


def state(found: Found) -> str:
    if found.ours:
        return f"open by {' and '.join(found.ours)}"
    return "closed (nobody of us holds it)"


def as_json(found: Found) -> dict[str, Any]:
    return {
        "microphone": "open" if found.ours else "closed",
        "ours": list(found.ours), "others": list(found.others), "fault": found.fault, "blind": found.blind,
    }  # fmt: skip
