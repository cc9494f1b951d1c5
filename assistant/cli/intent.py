"""`assistant intent train`: let the learning engine learn now, not when the assistant first starts."""

from __future__ import annotations

import argparse
import time

from assistant.build import Builder
from assistant.cli.context import Context


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("intent", help="the understanding engines")
    actions = top.add_subparsers(metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train the learning engine on the sentences of all skills")
    train.set_defaults(handler=train_now)


def train_now(context: Context, arguments: argparse.Namespace) -> int:
    builder = Builder(context.config, context.paths, context.clock)
    skills = builder.sentences()
    for engine in builder.intent_engines():
        began = time.monotonic()
        engine.start()
        engine.learn(skills)
        engine.close()
        intents = sum(len(each.intents) for each in skills)
        print(f"{engine.name}: {intents} intents of {len(skills)} skills, {time.monotonic() - began:.1f} s")
    return 0
