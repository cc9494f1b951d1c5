"""`assistant intent train`: let the learning engine learn now, not when the assistant first starts.

`assistant intent eval TRAIN TEST`: how well the classifier and the slot tagger do on labelled sentences.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.build import Builder
from assistant.cli.context import Context
from assistant.errors import ConfigError

if TYPE_CHECKING:
    from assistant.intent.evaluation import F1, Report

_EVAL = """Train the classifier and the slot tagger on labelled sentences, try them on others, and print the scores.
Nothing is kept.

A table with a sentence and its intent on each line, by TAB (either may come first; a third column may hold a tag for
each word: O B-time I-time), or with the names of the columns in the first line, by TAB, `;` or `,`; or JSON lines; or a
folder with an <intent>.txt for each intent, with tables, or with seq.in, seq.out and label. Slots are written in:
`wake me at [time : nine am]`, `[nine am](time)`, `{nine am}{time}` or `<time>nine am</time>`."""
_SHOWN = 5
_TIMED = 200
"""Sentences on which an encoder is timed that works out each only once for all folds."""
_EXAMPLES = """what is printed:
  intent accuracy   sentences with the right intent; as each gets one, the micro-averaged F1 as well
  intent F1, macro  the mean of the intents' own F1
  slot F1, exact    a slot is right with exactly its words and its name
  slot F1, partial  a slot is right with its name and at least one of its words
examples:
  assistant intent eval train.tsv test.tsv
  assistant intent eval all.tsv --folds 10      each sentence is tried once, by what the other nine tenths taught
  assistant intent eval folder/ --folds 5 --worst 0 --confusion > confusion.tsv"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("intent", help="the understanding engines")
    actions = top.add_subparsers(metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train the learning engine on the sentences of all skills")
    train.set_defaults(handler=train_now)
    tried = actions.add_parser(
        "eval",
        help="train on labelled sentences, try on others, and print the scores",
        description=_EVAL,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tried.add_argument("train", type=Path, metavar="TRAIN", help="sentences to learn from")
    tried.add_argument("test", type=Path, metavar="TEST", nargs="?", help="sentences to be tried on")
    tried.add_argument("--folds", type=int, metavar="N", help="cross-validation over all the sentences that are given")
    tried.add_argument("--worst", type=int, default=10, metavar="N", help="pairs of confused intents to print")
    tried.add_argument("--confusion", action="store_true", help="print the whole confusion matrix, by TAB")
    which = tried.add_mutually_exclusive_group()
    which.add_argument(
        "--meaning", type=Path, metavar="FOLDER", help="of another sentence encoder, which scripts/make_meaning.py made"
    )
    which.add_argument("--no-meaning", action="store_true", help="leave the sentence encoder out; words alone decide")
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
    """Raises ConfigError for files and numbers that make no sense, ModelError without an encoder."""
    from assistant.intent.evaluation import Remembered, evaluate, folds, seconds, together
    from assistant.intent.labelled import read_labelled
    from assistant.intent.meaning import Meaning

    meaning = None if arguments.no_meaning else Meaning(arguments.meaning or context.paths.meaning)
    if meaning is not None:
        meaning.load()
    count = arguments.folds
    if count is None and arguments.test is None:
        raise ConfigError("no sentences to try", where="TEST", hint="Give a second file, or --folds 10")
    sets = [read_labelled(path) for path in (arguments.train, arguments.test) if path is not None]
    sentences = [each for some in sets for each in some]
    if count is not None and not 2 <= count <= len(sentences):
        raise ConfigError(f"{count} folds of {len(sentences)} sentences", where="--folds", hint="Give 2 or more")
    if count is None:
        _warn_of_unknown({each.intent for each in sets[0]}, [each.intent for each in sets[1]])
        report = evaluate(sets[0], sets[1], meaning)
    else:
        reports, once = [], Remembered(meaning) if meaning is not None else None
        for number, (train, test) in enumerate(folds(sentences, count), 1):
            reports.append(report := evaluate(train, test, once))
            print(f"fold {number:2d}  intent {report.accuracy:.3f}  slots {report.slots.score:.3f} exact, ", end="")
            print(f"{report.overlapping.score:.3f} partial", flush=True)
        report = together(reports)
    _print(report, arguments.worst)
    if count is not None and meaning is not None:
        print(f"and to encode it  {1000 * seconds(meaning, sentences[:_TIMED]):.2f} ms")
    if arguments.confusion:
        _matrix(report)
    return 0


def _warn_of_unknown(learned: Collection[str], tried: Sequence[str]) -> None:
    """Sentences of intents that nothing was learned of can only be wrong."""
    unknown = [name for name in tried if name not in learned]
    if unknown:
        names = sorted(set(unknown))
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        print(
            f"note: {len(unknown)} of the sentences to try have an intent that is not in TRAIN: {shown}",
            file=sys.stderr,
        )


def _print(report: Report, worst: int) -> None:
    print(f"{report.learned} sentences of {report.intents} intents learned, {report.sentences} tried")
    print(f"intent accuracy   {report.accuracy:.3f}  (F1, micro: the same)")
    print(f"intent F1, macro  {report.macro:.3f}")

    def line(title: str, score: F1) -> str:
        return f"{title}  {score.score:.3f}  (precision {score.precision:.3f}, recall {score.recall:.3f})"

    if report.slots.wanted:
        print(line("slot F1, exact  ", report.slots))
        print(line("slot F1, partial", report.overlapping))
        print(f"all of it right   {report.whole / report.sentences:.3f}")
    else:
        print("no slots in the sentences that were tried")
    print(f"training          {report.training:.1f} s of processor time, {report.size / 1e6:.1f} MB of weights")
    print(f"each sentence     {1000 * report.answering / report.sentences:.2f} ms")
    for intent, guess, count in report.confused[:worst]:
        print(f"{count:5d} x {intent} taken for {guess}")


def _matrix(report: Report) -> None:
    """A row for each intent, a column for each that it was taken for."""
    names = sorted({name for pair in report.pairs for name in pair})
    print("\t".join(("intent", *names)))
    for wanted in names:
        print("\t".join((wanted, *(str(report.pairs[wanted, guess]) for guess in names))))
