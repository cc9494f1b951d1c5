"""`assistant mute` and `assistant unmute`: close the microphone and open it again."""

from __future__ import annotations

import argparse
import asyncio

from assistant.audio.mute_file import MuteFile
from assistant.bus.socket import connect
from assistant.cli import microphone
from assistant.cli.context import Context
from assistant.errors import DeviceError, HubUnreachable
from assistant.messages import audio

WAIT_SECONDS = 10.0
EXAMPLES = """examples:
  assistant mute      the microphone's device is closed, and stays closed after a restart
  assistant unmute    it is opened again, and a chime says so; nobody can ask for that by voice
  assistant status    what the kernel says about it
A button can do both: let it send SIGUSR1, as by  systemctl kill --signal=USR1 assistant
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, what, work in (
        ("mute", "close the microphone, until you open it again", mute),
        ("unmute", "open the microphone again", unmute),
    ):
        command = commands.add_parser(
            name, help=what, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.set_defaults(handler=lambda context, arguments, work=work: asyncio.run(work(context)))


async def mute(context: Context) -> int:
    try:
        return await _wish(context, audio.Mute(), audio.Muted)
    except HubUnreachable:
        if context.socket.exists():  # it runs, and we may not talk to it
            raise
    MuteFile(context.paths.mute_file).write()
    print("The assistant is not running. It will start with its microphone closed.")
    return 0


async def unmute(context: Context) -> int:
    try:
        return await _wish(context, audio.Unmute(), audio.Unmuted)
    except HubUnreachable:
        if context.socket.exists():
            raise
    MuteFile(context.paths.mute_file).remove()
    print("The assistant is not running. It will start with its microphone open.")
    return 0


async def _wish(context: Context, wish: audio.Mute | audio.Unmute, fact: type[audio.Muted | audio.Unmuted]) -> int:
    """Wish, wait until it is so, and then look for ourselves."""
    async with connect(context.socket, hears=[audio.Muted, audio.Unmuted, *microphone.HEARS]) as bus:
        inbox = bus.subscribe([audio.Muted, audio.Unmuted], "mute")
        bus.publish(wish, "client")
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                async for envelope in inbox:
                    if isinstance(envelope.message, fact):
                        break
        except TimeoutError:
            health = (await microphone.examine(bus)).health.get("audio")
            why = f": {health.note}" if health else ""
            hint = "See: assistant doctor"
            raise DeviceError(f"nothing came of it in {WAIT_SECONDS:.0f} s{why}", where="audio", hint=hint) from None
        return microphone.show(await microphone.examine(bus))
