"""`assistant ask "text"`: type instead of speaking."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from assistant.bus.socket import SocketBus
from assistant.cli import output
from assistant.cli.context import Context
from assistant.cli.session import answering
from assistant.messages import Spoken
from assistant.pipeline import ask as ask_bus

ASKER = f"terminal-{os.getsid(0)}"
"""Who types in one terminal goes on from what was asked there: "and tomorrow?"."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "ask",
        help="type a request, read the answer",
        description="Asks the running assistant, or answers by itself when none is running.",
        epilog='example: assistant ask "what time is it in tokyo"   (or - to read one request a line)',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("text", nargs="+", help="the request; - reads requests from standard input, one a line")
    command.add_argument("--json", action="store_true", help="one JSON object a request")
    command.set_defaults(handler=lambda context, arguments: asyncio.run(ask(context, arguments)))


async def ask(context: Context, arguments: argparse.Namespace) -> int:
    understood = True
    kept = _kept(context)
    async with answering(context) as bus:
        requests = sys.stdin if arguments.text == ["-"] else [" ".join(arguments.text)]
        for request in requests:
            if not request.strip():
                continue
            answer = await ask_bus(bus, Spoken(request.strip()), ASKER)
            understood = understood and answer.intent is not None
            if arguments.json:
                print(output.line(output.answer(answer)), flush=True)
            else:
                print(answer.reply.text, flush=True)
        alone = not isinstance(bus, SocketBus)
    if alone and _kept(context) != kept:
        print("assistant: none is running, so nothing will ring or speak up before: assistant run", file=sys.stderr)
    return 0 if understood else 1


def _kept(context: Context) -> dict[str, int]:
    """What skills keep (timers and the like), to see whether it changed."""
    return {str(file): file.stat().st_mtime_ns for file in context.paths.skill_data.glob("*.store")}
