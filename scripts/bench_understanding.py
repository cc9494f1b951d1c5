#!/usr/bin/env python3
"""Measure understanding, engine by engine and as the assistant asks them: each only what the ones before left.

    scripts/bench understanding [--engines templates,classifier,padatious] [--cache DIR] [--show]

The skills are the bundled ones, and those of tests/sentences/en/house.yaml that none of them takes the place of. Said
to them:

own         each skill's tests/sentences.yaml, and those of house.yaml
one error   the same with one error of recognition: a homophone, a small word lost or put in
unforeseen  tests/sentences/en/unforeseen.yaml: hardly any of it is in a template
second      unforeseen_more.yaml: the same, most of it written before the templates were widened
third       unforeseen_third.yaml: written without a look at the templates; later ones were made after it
fourth      unforeseen_fourth.yaml: written together with the third, and asked only when that had been mended
fifth       unforeseen_fifth.yaml: written without a look at the templates, a day's work after the fourth
sixth       unforeseen_sixth.yaml: the same, but plain requests of a day rather than odd ones
seventh     unforeseen_seventh.yaml: plain requests, too, written apart from all who mended the sixth
for nobody  tests/sentences/en/out_of_scope.yaml, and those of the third and the fifth to seventh set

All engines of --engines together decide as in the assistant, with several requests in one sentence, remarks and
corrections: who is asked "did you mean" gets no answer and no wrong act.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from assistant.errors import AssistantError  # noqa: E402
from assistant.grammar.sentences import SkillSentences  # noqa: E402
from assistant.grammar.words import words  # noqa: E402
from assistant.intent.classifier_engine import ClassifierEngine  # noqa: E402
from assistant.intent.decide import Decider  # noqa: E402
from assistant.intent.engine import IntentEngine, Match  # noqa: E402
from assistant.intent.padatious_engine import PadatiousEngine  # noqa: E402
from assistant.intent.template_engine import TemplateEngine  # noqa: E402
from assistant.messages import Spoken  # noqa: E402
from assistant.messages.intent import Understand  # noqa: E402
from assistant.testing.skills import ManualClock  # noqa: E402
from tests.intent.conftest import DATA, NOW, bundled, everything, load, out_of_scope  # noqa: E402
from tests.intent.test_robustness import errors  # noqa: E402

NAMES = ("templates", "classifier", "padatious")
THIRD = DATA / "out_of_scope_third.yaml"
FIFTH = DATA / "out_of_scope_fifth.yaml"
SIXTH = DATA / "out_of_scope_sixth.yaml"
SEVENTH = DATA / "out_of_scope_seventh.yaml"
Ask = Callable[[str], Match | None]


@dataclass(frozen=True)
class Said:
    """A sentence, its intent ("a | b" where either will do, None: nobody's) and the values that are noted for it."""

    text: str
    intent: str | None
    slots: Mapping[str, str] = field(default_factory=dict)

    def meant(self, found: Match | None) -> bool:
        if found is None or self.intent is None:
            return found is None and self.intent is None
        return found.intent in self.intent.split(" | ")


@dataclass
class Score:
    """Counts of one engine on one set."""

    count: int = 0
    right: int = 0
    values: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, said: Said, found: Match | None, seconds: float) -> None:
        self.count += 1
        self.seconds.append(seconds)
        if said.meant(found):
            self.right += 1
            self.values += found is None or all(_same(found, name, value) for name, value in said.slots.items())
        elif found is not None:
            self.wrong.append(f"{said.text!r}: {found.intent}, not {said.intent or 'for anybody'}")

    def row(self) -> str:
        half, most = sorted(self.seconds)[self.count // 2], sorted(self.seconds)[int(self.count * 0.95)]
        shares = [f"{100 * each / self.count:.1f} %" for each in (self.right, self.values, len(self.wrong))]
        return f"{' | '.join(shares)} | {half * 1000:.1f} | {most * 1000:.1f}"


def _same(found: Match, name: str, value: str) -> bool:
    known = {slot.name: slot.value for slot in found.slots}
    try:
        return known.get(name) == float(value)
    except ValueError:
        return str(known.get(name)) == value


def own() -> Iterator[Said]:
    """What the skills' authors noted, and house.yaml."""
    ours = {skill.skill for skill in bundled()} | {"thermostat"}
    for case in load(DATA / "house.yaml")["sentences"]:
        if case["intent"].partition(".")[0] in ours:
            continue  # the bundled skill's own sentences count
        yield Said(case["say"], case["intent"], case.get("slots", {}))
    for path in sorted((ROOT / "skills").glob("*/tests/sentences.yaml")):
        name = path.parents[1].name
        for case in load(path):
            if case.get("intent") not in (None, "", "null"):
                yield Said(case["say"], f"{name}.{case['intent']}")


def with_one_error(said: Sequence[Said]) -> Iterator[Said]:
    random = Random(7)
    for each in said:
        for _, changed in errors(list(words(each.text)), random):
            yield Said(" ".join(changed), each.intent, each.slots)


def unforeseen(file: str) -> Iterator[Said]:
    for intent, texts in load(DATA / file).items():
        for text in texts:
            yield Said(text, intent)


def ask_one(engine: IntentEngine) -> Ask:
    """What this engine alone finds."""

    def ask(text: str) -> Match | None:
        return next(iter(engine.match(text, "en", NOW)), None)

    return ask


def ask_all(engines: Sequence[IntentEngine], skills: Sequence[SkillSentences]) -> Ask:
    """What the assistant does: nothing where it asks which of two is meant, nothing right where it takes one request
    for several."""
    decider = Decider(engines, ManualClock(NOW), _unable)
    decider.learn(skills)
    names = frozenset(each.skill for each in skills)

    def ask(text: str) -> Match | None:
        found = decider.decide(Understand(session="", text=Spoken(text), language="en"), names)
        if len(found.matches) != 1:
            return None
        return replace(found.matches[0], intent="several requests") if found.rest else found.matches[0]

    return ask


def _unable(engine: IntentEngine, error: AssistantError) -> None:
    raise error


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default=",".join(NAMES), help="in the order of asking")
    parser.add_argument("--cache", type=Path, help="keeps what was trained (default: a folder that goes away)")
    parser.add_argument("--show", action="store_true", help="print every wrong act")
    parser.add_argument("--no-meaning", action="store_true", help="the classifier without the sentence encoder")
    arguments = parser.parse_args()
    with TemporaryDirectory() as scratch:
        cache = arguments.cache or Path(scratch)
        measure(arguments.engines.split(","), cache, arguments.show, not arguments.no_meaning)
    return 0


def measure(names: Sequence[str], cache: Path, show: bool, meaning: bool) -> None:
    skills = everything()
    said = list(own())
    sets = {
        "own": said,
        "one error": list(with_one_error(said)),
        "unforeseen": list(unforeseen("unforeseen.yaml")),
        "second": list(unforeseen("unforeseen_more.yaml")),
        "third": list(unforeseen("unforeseen_third.yaml")),
        "fourth": list(unforeseen("unforeseen_fourth.yaml")),
        "fifth": list(unforeseen("unforeseen_fifth.yaml")),
        "sixth": list(unforeseen("unforeseen_sixth.yaml")),
        "seventh": list(unforeseen("unforeseen_seventh.yaml")),
        "for nobody": [Said(text, None) for text in out_of_scope()],
        "for nobody, third": [Said(text, None) for kind in load(THIRD).values() for text in kind],
        "for nobody, fifth": [Said(text, None) for kind in load(FIFTH).values() for text in kind],
        "for nobody, sixth": [Said(text, None) for kind in load(SIXTH).values() for text in kind],
        "for nobody, seventh": [Said(text, None) for kind in load(SEVENTH).values() for text in kind],
    }
    makers: dict[str, Callable[[], IntentEngine]] = {
        "templates": TemplateEngine,
        "classifier": lambda: ClassifierEngine(cache / "classifier", 600.0, ROOT / "models" if meaning else None),
        "padatious": lambda: PadatiousEngine(cache / "padatious", 1800.0),
    }
    engines: list[IntentEngine] = [makers[name]() for name in names]
    print(f"{len(skills)} skills, {sum(len(each.intents) for each in skills)} intents")
    for engine in engines:
        began = time.monotonic()
        engine.start()
        engine.learn(skills)
        print(f"{engine.name}: learned in {time.monotonic() - began:.1f} s")
    asked = {engine.name: ask_one(engine) for engine in engines}
    for count in range(2, len(engines) + 1):
        asked[" + ".join(names[:count])] = ask_all(engines[:count], skills)
    print("\n| sentences | engines | right intent | and values | wrong act | CPU ms p50 | p95 |")
    print("|---|---|---|---|---|---|---|")
    for title, sentences in sets.items():
        for name, ask in asked.items():
            score = Score()
            for each in sentences:
                began = time.process_time()
                found = ask(each.text)
                score.add(each, found, time.process_time() - began)
            print(f"| {title} ({score.count}) | {name} | {score.row()} |", flush=True)
            if show:
                print(*score.wrong, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
