"""`assistant skills list|check|install|remove`."""

from __future__ import annotations

import argparse


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    commands.add_parser("skills", help="list, check, install and remove skills")
