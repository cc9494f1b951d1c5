"""`assistant say "text"`: speak, or write what would be spoken into a WAV file."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import shlex
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from assistant.audio.frame import Samples
from assistant.build import Builder
from assistant.bus.socket import SocketBus, connect
from assistant.cli.context import Context
from assistant.errors import AssistantError, BusError, DeviceError, HubUnreachable, PolicyError
from assistant.messages import Spoken, tts
from assistant.tts.engine import TtsEngine
from assistant.tts.normalise import normalise
from assistant.tts.sentences import split


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "say",
        help="speak a text",
        epilog='examples: assistant say "dinner is ready"\n          assistant say "hello" --wav hello.wav',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("text", nargs="+", help="what to say; - reads standard input")
    command.add_argument("--wav", metavar="FILE", type=Path, help="write the sound into this file instead")
    command.set_defaults(handler=lambda context, arguments: asyncio.run(say(context, arguments)))


async def say(context: Context, arguments: argparse.Namespace) -> int:
    text = (sys.stdin.read() if arguments.text == ["-"] else " ".join(arguments.text)).strip()
    if not text:
        raise AssistantError("there is nothing to say", hint='For example: assistant say "hello"')
    if arguments.wav is not None:
        engine = Builder(context.config, context.paths, context.clock).voice()
        engine.start()
        try:
            seconds = write(arguments.wav, engine, text)
        finally:
            engine.close()
        print(f"{seconds:.1f} s of speech in {arguments.wav}")
        return 0
    try:
        async with connect(context.socket, hears=[tts.Ended]) as bus:
            if bus.words:
                return await _by_the_running_one(bus, context.config.language, text)
    except (HubUnreachable, PolicyError):
        return await _here(context, text)
    hint = f"Run: sudo assistant say {shlex.quote(text)}; or write it into a file: --wav FILE"
    raise PolicyError("only the owner of the running assistant may have it speak", hint=hint)


def sound(engine: TtsEngine, text: str) -> Iterator[Samples]:
    """The sound of a text, sentence by sentence."""
    for sentence in split(text):
        if spoken := normalise(sentence, engine.language):
            yield from engine.speak(spoken)


def write(path: Path, engine: TtsEngine, text: str) -> float:
    """Write speech as a WAV file; its length in seconds. Raises DeviceError when the file cannot be written."""
    try:
        with path.open("wb") as out, wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(engine.rate)
            for samples in sound(engine, text):
                file.writeframes(samples.tobytes())
            return file.getnframes() / engine.rate
    except OSError as error:
        raise DeviceError(f"cannot be written: {error.strerror}", where=str(path)) from error


async def _by_the_running_one(bus: SocketBus, language: str, text: str) -> int:
    session = f"say:{secrets.token_hex(4)}"
    inbox = bus.subscribe([tts.Ended], "say")
    bus.publish(tts.Say(session=session, text=Spoken(text), language=language), "client")
    async for envelope in inbox:
        message = envelope.message
        if isinstance(message, tts.Ended) and message.session == session:
            if message.cause == "failed":
                raise DeviceError("it could not be played", where="speaker", hint="See: assistant doctor")
            return 0 if message.cause == "said" else 1
    raise BusError(bus.refused[-1] if bus.refused else "the assistant stopped")


async def _here(context: Context, text: str) -> int:
    builder = Builder(context.config, context.paths, context.clock)
    engine = builder.voice()
    engine.start()

    async def pieces() -> AsyncIterator[Samples]:
        for samples in sound(engine, text):
            yield samples
            await asyncio.sleep(0)

    with contextlib.closing(engine):
        async with builder.own_speaker() as speaker:
            return 0 if await speaker.play(pieces(), engine.rate) else 1
