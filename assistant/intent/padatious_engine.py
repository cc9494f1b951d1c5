"""Understanding by padatious, a small neural network per intent, for sentences that no template foresaw.

Its confidence says little: it accepts sentences of other worlds. So a guess counts only when it is confident, alone,
and borne out by the words (padatious_check). It never reports 1.0.

padatious 0.4.8 prints, starts threads that outlive their time-out, and answers from regular expressions when training
was cut off. So its container is not used: only its intents and entities, trained one after the other in a process that
can be killed (`python -m assistant.intent.padatious_engine FOLDER`, which trains what FOLDER/plan.json says), and
loaded from files.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant.errors import EngineError
from assistant.grammar.heard import Heard, without_wake_word
from assistant.grammar.sentences import SkillSentences, by_language, primary
from assistant.intent.engine import Match
from assistant.intent.padatious_check import Check
from assistant.intent.padatious_course import Course, Plan
from assistant.intent.training import PLAN, Workshop

CONFIDENT = 0.8
"""padatious' own confidence that is needed."""
ALONE = 0.1
"""How far ahead of the next intent it has to be."""
_HIGHEST = 0.9
_SURE_WITHOUT_SLOTS = 0.5**0.5
"""What padatious gives at most to an intent in which it found no slot."""


@dataclass(frozen=True, slots=True)
class _Trained:
    nets: Nets
    course: Course


class PadatiousEngine:
    """An IntentEngine. `folder` keeps trained networks (made of the skills' sentences only) between starts."""

    name = "padatious"
    trains = True

    def __init__(self, folder: Path, train_seconds: float = 120.0) -> None:
        self._workshop = Workshop(self.name, __name__, folder, train_seconds)
        self._trained: dict[str, _Trained] = {}

    def start(self) -> None:
        """Make the cache folder. Raises EngineError."""
        self._workshop.open()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Train on all skills, unless this very content was trained before. Raises EngineError when that fails."""
        trained: dict[str, _Trained] = {}
        folders: set[str] = set()
        for language, each in by_language(skills).items():
            course = Course(language, each)
            folder = self._workshop.made(course.key, course.plan.to_json())
            folders.add(folder.name)
            try:
                nets = Nets(folder)
            except (OSError, ValueError, KeyError) as error:
                raise EngineError("the trained networks cannot be read", where=str(folder), hint="Remove it") from error
            trained[language] = _Trained(nets, course)
        self._trained = trained
        self._workshop.keep(folders)

    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        """The one intent that padatious is sure of and the words bear out, or none."""
        trained = self._trained.get(primary(language))
        if trained is None:
            return []
        lexicon = trained.course.lexicon
        heard = Heard(without_wake_word(text, lexicon), lexicon)
        if not len(heard):
            return []
        guesses = sorted(
            ((_confidence(guess), guess) for guess in trained.nets.guess(" ".join(heard.words))),
            key=lambda each: -each[0],
        )
        confidence, first = guesses[0]
        second = guesses[1][0] if len(guesses) > 1 else 0.0
        if confidence < CONFIDENT or confidence - second < ALONE:
            return []
        match = Check(trained.course, heard, now).match(first.intent, first.slots, min(confidence, _HIGHEST))
        return [match] if match else []

    def close(self) -> None:
        """Stop a training that runs, and forget."""
        self._workshop.close()
        self._trained = {}


def _confidence(guess: Guess) -> float:
    """padatious' confidence on one scale: without slots it never says more than the root of a half."""
    return guess.confidence if guess.slots else guess.confidence / _SURE_WITHOUT_SLOTS


@dataclass(frozen=True, slots=True)
class Guess:
    """padatious' opinion of one intent: its confidence and the words of each slot."""

    intent: str
    confidence: float
    slots: Mapping[str, str]


class Nets:
    """Trained networks, loaded from a folder. Raises OSError or ValueError when they are not there or damaged."""

    def __init__(self, folder: Path) -> None:
        intents, entities, _ = _padatious()
        plan = Plan.from_json((folder / PLAN).read_text(encoding="utf-8"))
        self._intents = [intents.from_file(name, str(folder)) for name in plan.intents]
        self._entities = _Entities(
            {name: entities.from_file(entities.wrap_name(name), str(folder)) for name in plan.entities}
        )

    def guess(self, words: str) -> list[Guess]:
        """Every intent's opinion of a sentence in lower case, most confident first."""
        from padatious.util import tokenize

        sentence = tokenize(words)
        found = []
        for intent in self._intents:
            data = intent.match(sentence, self._entities)
            slots = {token.strip("{}"): _joined(part) for token, part in data.matches.items()}
            found.append(Guess(intent.name, float(data.conf), slots))
        return sorted(found, key=lambda guess: -guess.confidence)


class _Entities:
    """Finds the network of a slot, as padatious' intents ask for it."""

    def __init__(self, nets: Mapping[str, Any]) -> None:
        self._nets = nets

    def find(self, intent: str, token: str) -> Any:
        return self._nets.get(token.strip("{}"))


def train(folder: Path) -> None:
    """Train what the folder's plan says and save the networks beside it. Takes from seconds to minutes."""
    intents, entities, data = _padatious()
    plan = Plan.from_json((folder / PLAN).read_text(encoding="utf-8"))
    for kind, named in ((intents, plan.intents), (entities, plan.entities)):
        lines = data()
        wrapped = {name if kind is intents else entities.wrap_name(name): each for name, each in named.items()}
        for name, each in wrapped.items():
            lines.add_lines(name, each)
        for name in wrapped:
            net = kind(name=name, hsh=b"-")
            net.train(lines)
            net.save(str(folder))


def _padatious() -> tuple[Any, Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from padatious.entity import Entity
        from padatious.intent import Intent
        from padatious.train_data import TrainData
    return Intent, Entity, TrainData


def _joined(tokens: list[str]) -> str:
    """padatious splits at apostrophes: put "mum ' s" together again."""
    return " ".join(tokens).replace(" ' ", "'").replace(" '", "'")


if __name__ == "__main__":
    train(Path(sys.argv[1]))
