"""`assistant demo`: a conversation without a microphone.

Requests are spoken by the assistant's own voice into a queue that stands in for the microphone; from there on
everything is as in daily use: wake word, recognition, intent, skill, spoken reply, in real time.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from assistant import logs
from assistant.audio.file_device import FileSink
from assistant.audio.frame import RATE, Samples
from assistant.audio.queue_device import QueueSource
from assistant.audio.resample import resample
from assistant.build import SERVICES, Builder
from assistant.bus.base import Bus, Subscription
from assistant.bus.memory import MemoryBus
from assistant.cli.context import Context, scratch
from assistant.cli.say import sound
from assistant.errors import AssistantError
from assistant.messages import Message, dialog, intent, stt, tts, wake
from assistant.runner import Runner
from assistant.service import Service

REQUESTS = (
    "what time is it?",
    "set a pasta timer for ten minutes.",
    "how much time is left?",
    "cancel the pasta timer.",
    "what can you do?",
)
HEARD_SECONDS = 20.0
"""A request that was not answered by then was not heard."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("demo", help="a conversation on synthesised speech, without a microphone")
    command.add_argument("requests", nargs="*", help="what to ask instead of the built-in requests")
    command.add_argument("--output", metavar="DIR", default="demo-replies", help="where the replies go, as WAV files")
    command.set_defaults(handler=run)


def run(context: Context, arguments: argparse.Namespace) -> int:
    logs.set_up("warning", context.config.logs.format)
    return show(context, tuple(arguments.requests) or REQUESTS, Path(arguments.output))


def show(context: Context, requests: tuple[str, ...] = REQUESTS, folder: Path = Path("demo-replies")) -> int:
    """Hold the conversation; 1 when a request was not answered. Raises AssistantError for a folder it cannot write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Name a folder of yours: assistant demo --output DIR"
        raise AssistantError(f"cannot be written: {error.strerror}", where=str(folder), hint=hint) from error
    return asyncio.run(_show(context, requests, folder))


async def _show(context: Context, requests: tuple[str, ...], folder: Path) -> int:
    word = context.config.wake.words[0].replace("_", " ").title()
    print(f"The replies are written to {folder.resolve()}\n", flush=True)
    source = QueueSource("demo")
    answered = 0
    with scratch(context.paths) as folder_of_skills:
        # The demo's timers are its own: they must not ring later, nor meet the household's.
        paths = dataclasses.replace(context.paths, state=folder_of_skills)
        quiet = dataclasses.replace(context.config.audio, chimes=False)
        config = dataclasses.replace(context.config, audio=quiet)
        builder = Builder(config, paths, context.clock, source=source, sink=FileSink(folder))
        spoken = await asyncio.to_thread(_spoken, builder, [f"{word}, {request}" for request in requests])
        async with _running(builder) as bus:
            for number, (request, samples) in enumerate(zip(requests, spoken, strict=True), 1):
                print(f'  You        "{word}, {request}"', flush=True)
                answered += await _converse(bus, source, samples, number)
    print(f"{answered} of {len(requests)} requests were answered. Nothing of them was kept but these WAV files.")
    return 0 if answered == len(requests) else 1


def _spoken(builder: Builder, texts: list[str]) -> list[Samples]:
    """Each text as 16 kHz speech with a little silence before it."""
    engine = builder.voice()
    engine.start()
    try:
        lead = np.zeros(RATE // 2, dtype=np.int16)
        return [
            np.concatenate([lead, *(resample(piece, engine.rate, RATE) for piece in sound(engine, text))])
            for text in texts
        ]
    finally:
        engine.close()


@asynccontextmanager
async def _running(builder: Builder) -> AsyncIterator[Bus]:
    """All services in this process, ready to listen."""
    bus = MemoryBus()

    @asynccontextmanager
    async def join(_service: Service) -> AsyncIterator[Bus]:
        yield bus

    learned = bus.subscribe([intent.Learned], "demo")
    runner = Runner(builder.factories(SERVICES), join)
    runner.start()
    try:
        await runner.started()
        async for _ in learned:
            break
        learned.close()
        yield bus
    finally:
        await runner.stop()
        bus.close()


async def _converse(bus: Bus, source: QueueSource, samples: Samples, number: int) -> bool:
    """One request and its answer; whether it was understood."""
    kinds = [wake.Detected, stt.Transcript, intent.Matched, dialog.Answered, tts.Started, tts.Ended, dialog.Closed]
    inbox = bus.subscribe(kinds, "demo")
    source.push(samples)
    understood = False
    try:
        async with asyncio.timeout(HEARD_SECONDS + len(samples) / RATE):
            async for message in _until_closed(inbox):
                print(_line(message, number), end="", flush=True)
                understood = understood or isinstance(message, intent.Matched)
    except TimeoutError:
        print("  (not heard)")
    finally:
        inbox.close()
    print()
    return understood


async def _until_closed(inbox: Subscription) -> AsyncIterator[Message]:
    async for envelope in inbox:
        yield envelope.message
        if isinstance(envelope.message, dialog.Closed):
            return


def _line(message: Message, number: int) -> str:
    match message:
        case wake.Detected(word=word, score=score):
            return f"    wake       {word}, score {score:.2f}\n"
        case stt.Transcript(text=text, seconds=seconds):
            took = {each.stage: each.seconds for each in seconds}
            waited = f"{took.get('endpoint', 0):.2f} s of silence, {took.get('stt', 0):.2f} s of recognition"
            return f'    heard      "{text.text}"   ({waited})\n'
        case intent.Matched(intent=name, engine=engine, confidence=confidence):
            return f"    intent     {name}   ({engine}, {confidence:.2f})\n"
        case dialog.Answered(reply=reply, seconds=seconds):
            took = {each.stage: each.seconds for each in seconds}
            thought = 1000 * (took.get("intent", 0) + took.get("skill", 0))
            return f'  Assistant  "{reply.text}"   (answer after {thought:.0f} ms)\n'
        case tts.Started(seconds=seconds) if seconds:
            return f"    voice      first sound after {seconds[0].seconds:.2f} s\n"
    return ""
