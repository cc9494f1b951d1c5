"""The one place that touches padatious: training its networks in a process of its own, and loading them.

padatious 0.4.8 prints, starts threads that outlive their time-out, and answers from regular expressions when training
was cut off. So its container is not used: only its intents and entities, trained one after the other in a process that
can be killed, and loaded from files.

Run as a program (`python -m assistant.intent.padatious_nets FOLDER`) it trains what FOLDER/plan.json says.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PLAN = "plan.json"
SEAL = "seal.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained: sentences of each intent, with slots as `{name}`, and examples for slots. Names are letters."""

    intents: Mapping[str, list[str]]
    entities: Mapping[str, list[str]]

    def write(self, folder: Path) -> None:
        """Save it for the training process."""
        (folder / PLAN).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Raises OSError, ValueError or KeyError."""
        data = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return cls(intents=data["intents"], entities=data["entities"])


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
        plan = Plan.read(folder)
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


def seal(folder: Path) -> None:
    """Note the digests of all that was trained, to tell later that it is whole. Raises OSError."""
    (folder / SEAL).write_text(json.dumps(_digests(folder)), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether the folder holds what was trained. Must be asked before loading: FANN ends the process on a bad file."""
    try:
        noted = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        return bool(noted == _digests(folder))
    except (OSError, ValueError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.name != SEAL)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def train(folder: Path) -> None:
    """Train what the folder's plan says and save the networks beside it. Takes from seconds to minutes."""
    intents, entities, data = _padatious()
    plan = Plan.read(folder)
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
