"""`assistant status` and `assistant monitor`: look at the running assistant."""

from __future__ import annotations

import argparse
import asyncio
import sys

from assistant.build import SERVICES
from assistant.bus.socket import connect
from assistant.cli import microphone, output
from assistant.cli.context import Context
from assistant.errors import HubUnreachable
from assistant.messages import CATALOG, system


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    status = commands.add_parser(
        "status",
        help="how the running assistant is, and whether its microphone is open",
        description="What each service says of itself, and what the kernel and the sound server say about the "
        "microphone. Where these contradict each other, the exit code is 1.",
    )
    status.add_argument("--json", action="store_true", help="for machines")
    status.set_defaults(handler=lambda context, arguments: asyncio.run(show_status(context, arguments)))
    monitor = commands.add_parser(
        "monitor", help="watch the messages live", epilog="Words that people say are shown as a count: <7 words>."
    )
    monitor.add_argument("topics", nargs="*", metavar="TOPIC", help="only these, for example wake.detected or skill.*")
    monitor.add_argument("--show-speech", action="store_true", help="show the words too (on a terminal, to the owner)")
    monitor.set_defaults(handler=lambda context, arguments: asyncio.run(show_messages(context, arguments)))


async def show_status(context: Context, arguments: argparse.Namespace) -> int:
    async with connect(context.socket, hears=microphone.HEARS) as bus:
        seen = await microphone.examine(bus)
    silent = [
        system.Health(service=name, state="failed", note="does not answer")
        for name in SERVICES
        if name not in seen.health
    ]
    found = sorted([*seen.health.values(), *silent], key=lambda each: list(SERVICES).index(each.service))
    if arguments.json:
        for each in found:
            print(output.line({"service": each.service, "state": each.state, "note": each.note, "pid": each.pid}))
        print(output.line(microphone.as_json(seen)))
        worst = 1 if seen.fault else 0
    else:
        rows = [[each.service, each.state, str(each.pid or "-"), each.note] for each in found]
        print(output.table(["service", "state", "pid", "note"], rows))
        worst = microphone.show(seen)
    return worst or (0 if all(each.state in ("ok", "muted", "starting") for each in found) else 1)


async def show_messages(context: Context, arguments: argparse.Namespace) -> int:
    words = arguments.show_speech and sys.stdout.isatty()
    if arguments.show_speech and not words:
        print("assistant: --show-speech needs a terminal; words are shown as a count", file=sys.stderr)
    wanted = [kind for topic, kind in CATALOG.items() if not arguments.topics or _matches(topic, arguments.topics)]
    if not wanted:
        print(f"assistant: no such topic. Known: {', '.join(CATALOG)}", file=sys.stderr)
        return 2
    async with connect(context.socket, hears=wanted) as bus:
        if words and not bus.words:
            print("assistant: only the assistant's own user may see words", file=sys.stderr)
        messages = bus.subscribe(wanted, "monitor")
        print(f"Watching {len(wanted)} kinds of messages. Stop with Ctrl-C.", file=sys.stderr, flush=True)
        async for envelope in messages:
            message = envelope.message
            stamp = context.clock.now().strftime("%H:%M:%S.%f")[:-3]
            print(f"{stamp} {envelope.sender:<8} {message.topic:<18} {output.fields(message, words=words)}", flush=True)
    raise HubUnreachable("the assistant has stopped")


def _matches(topic: str, patterns: list[str]) -> bool:
    return any(topic == each or (each.endswith("*") and topic.startswith(each[:-1])) for each in patterns)
