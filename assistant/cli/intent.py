"""`assistant intent train`: let the learning engine learn now, not when the assistant first starts.

`assistant intent eval TRAIN TEST`: how well the classifier and the slot tagger do on labelled sentences.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from assistant.build import Builder
from assistant.cli.context import Context


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("intent", help="the understanding engines")
    actions = top.add_subparsers(metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train the learning engine on the sentences of all skills")
    train.set_defaults(handler=train_now)
    tried = actions.add_parser(
        "eval",
        help="train on labelled sentences, try on others, and print the scores",
        description="Each line: a sentence with its slots as `wake me at [time : nine am]`, a tab, the intent. "
        "Or a folder with an <intent>.txt for each intent. Nothing is kept.",
    )
    tried.add_argument("train", type=Path, help="sentences to learn from")
    tried.add_argument("test", type=Path, help="sentences to be tried on")
    tried.add_argument("--worst", type=int, default=10, metavar="N", help="pairs of confused intents to print")
    tried.set_defaults(handler=evaluate_now)


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


def evaluate_now(context: Context, arguments: argparse.Namespace) -> int:
    from assistant.intent.evaluation import F1, evaluate
    from assistant.intent.labelled import read_labelled

    train, test = read_labelled(arguments.train), read_labelled(arguments.test)
    began = time.monotonic()
    report = evaluate(train, test, context.config.language)
    print(f"{len(train)} sentences of {report.intents} intents learned, {report.sentences} tried, ", end="")
    print(f"{time.monotonic() - began:.1f} s")
    print(f"intent accuracy  {report.right / report.sentences:.3f}")

    def line(title: str, score: F1) -> str:
        return f"{title}  {score.score:.3f}  (precision {score.precision:.3f}, recall {score.recall:.3f})"

    if report.slots.wanted:
        print(line("slot F1, exact  ", report.slots))
        print(line("slot F1, partial", report.overlapping))
        print(f"all of it right  {report.whole / report.sentences:.3f}")
    else:
        print("no slots in the sentences that were tried")
    for intent, guess, count in report.confused[: arguments.worst]:
        print(f"{count:5d} x {intent} taken for {guess}")
    return 0
