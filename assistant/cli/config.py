"""`assistant config show|check`."""

from __future__ import annotations

import argparse
import sys

from assistant.cli.context import Context
from assistant.config import load, show


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("config", help="show or check the settings")
    actions = top.add_subparsers(metavar="ACTION", required=True)
    showing = actions.add_parser("show", help="the settings in force, and where each comes from")
    showing.add_argument("--commented", action="store_true", help="all settings with their explanations and defaults")
    showing.set_defaults(handler=show_settings)
    checking = actions.add_parser("check", help="look for mistakes in all configuration files")
    checking.set_defaults(handler=check_settings)


def show_settings(context: Context, arguments: argparse.Namespace) -> int:
    print(show.commented() if arguments.commented else show.effective(context.loaded), end="")
    return 0


def check_settings(context: Context, arguments: argparse.Namespace) -> int:
    mistakes = load.check(context.paths, context.sets, file=context.file)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if not mistakes:
        print("Checked, no mistakes:", *[str(file) for file in context.loaded.files], sep="\n  ")
    return 1 if mistakes else 0
