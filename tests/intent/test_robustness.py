"""One plausible recognition error must rarely cost the right intent, and never start a wrong one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from assistant.grammar.folder import read_sentences
from assistant.grammar.words import words
from assistant.intent.engine import Match
from assistant.intent.template_engine import TemplateEngine
from tests.intent.conftest import DATA, NOW, everything, load

COFFEE = Path(__file__).parents[3] / "shared" / "recordings" / "commands"
SMALL = frozenset(["a", "an", "the", "to", "of", "for", "in", "on", "at", "is", "my", "me", "and", "it", "are", "do"])
HOMOPHONES = {
    "two": "too", "to": "two", "for": "four", "four": "for", "eight": "ate", "one": "won", "ten": "tin", "by": "buy",
    "light": "lite", "lights": "lites", "rain": "reign", "weather": "whether", "wake": "weak", "week": "weak",
    "time": "thyme", "hour": "our", "set": "sat", "turn": "tern", "what's": "watts", "which": "witch", "read": "red",
    "right": "write", "there": "their", "no": "know", "new": "knew", "timer": "timers", "minutes": "minute",
    "hall": "haul", "pause": "paws", "alarm": "a larm", "five": "fife", "would": "wood", "you": "ewe", "know": "no",
    "are": "our", "who": "hoo", "left": "lift", "stop": "shop", "cancel": "council", "kitchen": "kitchin",
    "volume": "valium", "degrees": "decrees", "tell": "tall", "pasta": "pastor", "long": "lung", "much": "mush",
    "quarter": "quota", "half": "have", "seven": "heaven", "six": "sicks", "play": "plate", "day": "they",
    "shopping": "chopping", "list": "lest", "start": "star", "help": "held", "date": "data", "timers": "timer's",
}  # fmt: skip
"""What recognisers write for a word now and then. Made apart from the language file."""


def sentences() -> list[str]:
    said = [case["say"] for case in load(DATA / "house.yaml")["sentences"] if "exact" in case]
    for path in sorted((DATA.parents[2] / "skills").glob("*/tests/sentences.yaml")):
        said += [case["say"] for case in load(path) if case.get("intent") not in (None, "null")]
    return said


def errors(said: list[str], random: Random) -> Iterator[tuple[str, list[str]]]:
    for at, word in enumerate(said):
        if word in SMALL:
            yield "dropped", said[:at] + said[at + 1 :]
        if word in HOMOPHONES:
            yield "homophone", [*said[:at], *HOMOPHONES[word].split(), *said[at + 1 :]]
    at = random.randrange(len(said) + 1)
    yield "added", [*said[:at], random.choice(["the", "a", "uh", "please", "and", "in"]), *said[at:]]


def test_one_error_seldom_costs_the_intent_and_hardly_ever_starts_another() -> None:
    engine = TemplateEngine()
    engine.learn(everything())
    random = Random(7)
    right, wrong, count = 0, [], 0
    for text in sentences():
        said = list(words(text))
        truth = engine.match(" ".join(said), "en", NOW)
        if not truth or len({match.intent for match in truth}) > 1:
            continue
        for kind, changed in errors(said, random):
            found = engine.match(" ".join(changed), "en", NOW)
            count += 1
            if found and found[0].intent == truth[0].intent:
                right += values(found[0]) == values(truth[0])
            elif found:
                wrong.append((kind, " ".join(changed), found[0].intent))
    assert count > 400
    assert right / count >= 0.85
    assert len(wrong) / count <= 0.02, wrong


def values(match: Match) -> dict[str, float | str | None]:
    return {slot.name: slot.value for slot in match.slots}


@pytest.mark.skipif(not COFFEE.is_dir(), reason="needs the recordings beside the project")
def test_every_labelled_coffee_is_understood_beside_all_other_skills() -> None:
    engine = TemplateEngine()
    engine.learn([*everything(), read_sentences("coffee", COFFEE, "en")])
    labels = json.loads((COFFEE / "labels.json").read_text(encoding="utf-8"))
    random = Random(1)
    verbs = ["brew", "can i get", "can i have", "i want", "get me", "give me", "i'd like", "make me", "may i have"]
    for label in labels.values():
        slots = {name: value.strip() for name, value in label["slots"].items()}
        before = [slots[name] for name in ("size", "roast", "numberOfShots") if name in slots]
        after = [slots[name] for name in ("milkAmount", "sugarAmount") if name in slots]
        random.shuffle(before)
        random.shuffle(after)
        text = " ".join([random.choice(verbs), random.choice(["a", "an", ""]), *before, slots["coffeeDrink"]])
        text += f" with {' and '.join(after)}" if after else ""
        (match,) = engine.match(text, "en", NOW)
        assert (match.intent, match.confidence) == ("coffee.orderDrink", 1.0)
        assert values(match) == slots
