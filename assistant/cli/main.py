"""`assistant`: the command line. An expected error is one line on stderr and exit code 1 (2 for wrong usage)."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from assistant import __version__
from assistant.cli import (
    ask,
    config,
    consent,
    context,
    data,
    demo,
    doctor,
    hear,
    intent,
    models,
    mute,
    run,
    say,
    skills,
    wake,
    watch,
)
from assistant.errors import AssistantError
from assistant.perturb import begin_anew

EXAMPLES = """examples:
  assistant run                              listen and answer
  assistant demo                             hear and see a conversation without a microphone
  assistant ask "what time is it"            type instead of speaking
  assistant hear question.wav --json         recognise recordings
  assistant --set 'wake.words=[alexa]' run   another wake word, this time only
  assistant doctor                           find out what is wrong
"""

COMMANDS: tuple[Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None], ...] = (
    run.register,
    demo.register,
    hear.register,
    ask.register,
    say.register,
    watch.register,
    mute.register,
    config.register,
    consent.register,
    data.register,
    skills.register,
    models.register,
    wake.register,
    intent.register,
    doctor.register,
)


class _Parser(argparse.ArgumentParser):
    """Says where an action is found that was typed as a command, as in `assistant allow weather`."""

    def error(self, message: str) -> NoReturn:
        typed = re.search(r"argument COMMAND: invalid choice: '(\w+)'", message)
        if typed and (groups := [name for name, inner in _groups(self).items() if typed[1] in _groups(inner)]):
            message = f"no command is called {typed[1]!r}. Did you mean: " + " or ".join(
                f"{self.prog} {name} {typed[1]}" for name in groups
            )
        super().error(message)


def _groups(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """What a parser's first word may be."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="assistant",
        description="A privacy-first voice assistant: everything stays on this machine, nothing is kept.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"assistant {__version__}")
    top.add_argument("--config", metavar="FILE", help="one more configuration file, read last")
    top.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="change a setting for this run")
    commands = top.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser
    )
    for register in COMMANDS:
        register(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = parser().parse_args(argv)
    if argv is None and getattr(arguments, "listens", False):
        begin_anew()
    try:
        made = context.make(arguments)
        if getattr(arguments, "owners", False) and made.paths.are_of_a_visitor:
            hint = f"Run: sudo assistant {shlex.join(sys.argv[1:] if argv is None else argv)}"
            raise AssistantError("the assistant of this machine keeps that, and you are its guest", hint=hint)
        code: int = arguments.handler(made, arguments)
        sys.stdout.flush()
        return code
    except AssistantError as error:
        print(f"assistant: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output (head, less) has gone; Python must not complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
