"""`assistant run [services…] [--split]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from assistant import attest, daemon, logs, nowrite
from assistant.audio.pyaudio_device import list_devices
from assistant.build import SERVICES, Builder
from assistant.cli import demo
from assistant.cli.context import Context
from assistant.errors import AssistantError
from assistant.hardening import harden
from assistant.runner import die_with_parent

EXAMPLES = """examples:
  assistant run              all services in this process
  assistant run --split      each service in a process of its own, restarted when it dies
  assistant run --no-write   shut in by the kernel (bubblewrap): it cannot write to a disk, or send
  assistant run hub          only the bus; then, elsewhere: assistant run stt
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "run",
        help="listen and answer",
        description="Runs the assistant in the foreground. Without a microphone it shows a conversation instead.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("services", nargs="*", metavar="SERVICE", help=f"hub, {', '.join(SERVICES)}; none means all")
    command.add_argument("--split", action="store_true", help="start every service in a process of its own")
    command.add_argument(
        "--wait", action="store_true", help="wait for a microphone instead of showing the conversation"
    )
    command.add_argument(
        "--no-write", action="store_true", help="shut in by the kernel: nothing can be written to a disk, or sent"
    )
    command.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    command.set_defaults(handler=run, listens=True)


def run(context: Context, arguments: argparse.Namespace) -> int:
    known = ("hub", *SERVICES)
    for name in arguments.services:
        if name not in known:
            raise AssistantError(f"no service is called {name!r}", hint=f"Known: {', '.join(known)}")
    if arguments.split and arguments.services:
        raise AssistantError("--split starts all services", hint="Leave their names out")
    if arguments.no_write and nowrite.INSIDE not in os.environ:
        flags = [flag for flag, on in (("--split", arguments.split), ("--wait", arguments.wait)) if on]
        nowrite.enter(context.paths, [*_options(context), "run", *arguments.services, *flags, "--no-write"])
    logs.set_up(context.config.logs.level, context.config.logs.format)
    if arguments.no_write:
        _attest(context)
    everything = not arguments.services
    muted = context.paths.mute_file.exists()  # then no device is looked at
    waits = arguments.wait or muted or "NOTIFY_SOCKET" in os.environ
    if everything and not waits and not _has_microphone():
        print("No microphone was found: here is a conversation on synthesised speech. (--wait waits for a microphone)")
        return demo.show(context)
    if arguments.child:
        die_with_parent()
    names = arguments.services or known
    alone = set(names) & {"wake", "stt", "tts", "audio"} != {"wake", "stt", "tts", "audio"}
    builder = Builder(context.config, context.paths, context.clock, share_sound=alone or arguments.split)
    if everything:
        print(f"The bus is at {context.own_socket}. Stop with Ctrl-C.", file=sys.stderr)
    options = _options(context) if arguments.split else None
    harden()
    asyncio.run(daemon.run(context.config, builder, context.own_socket, names, options))
    return 0


def _attest(context: Context) -> None:
    """Say that nothing can be written or sent, having tried. Raises AssistantError when something can."""
    tried = attest.attempts(context.paths)
    if found := [each.way for each in tried if not each.refused]:
        raise AssistantError(f"something could be written or sent: {', '.join(found)}", where="--no-write")
    print(f"Nothing can be written or sent: the kernel refused {len(tried)} of {len(tried)} ways.", file=sys.stderr)


def _has_microphone() -> bool:
    return any(device.inputs > 0 for device in list_devices())


def _options(context: Context) -> list[str]:
    """The options before the command, for the processes of the services."""
    options = [part for each in context.sets for part in ("--set", each)]
    return [*options, "--config", str(context.file)] if context.file else options
