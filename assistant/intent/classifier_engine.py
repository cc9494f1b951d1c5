"""Understanding by likeness: a linear classifier over examples of what skills understand, and of what nobody does.

It is for sentences that no template foresaw. A guess counts only when it reaches a bar that was found by
cross-validation for these very skills, when all slots that the intent needs are there, and when no other word speaks
against it. It never reports 1.0.

It is trained on all skills at once, in a process that can be killed (`python -m assistant.intent.classifier_engine
FOLDER`, which trains what FOLDER/plan.json says).
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from assistant.errors import EngineError, ModelError
from assistant.grammar.heard import LONGEST, Heard, without_wake_word
from assistant.grammar.sentences import SkillSentences, by_language, primary
from assistant.grammar.sound import read_sounds
from assistant.grammar.words import words
from assistant.intent.classifier_model import Model
from assistant.intent.engine import Match
from assistant.intent.examples import ANY_TIME, Example, essence, examples, nobody_lines
from assistant.intent.fill import Fill, Known, know
from assistant.intent.kept_vectors import KeptVectors
from assistant.intent.meaning import Meaning
from assistant.intent.training import PLAN, Workshop

_FORMAT = 7
"""To be raised when the same skills train to something else."""
_HIGHEST = 0.9
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Trained:
    known: Known
    model: Model


class ClassifierEngine:
    """An IntentEngine. `folder` keeps what was trained (made of the skills' sentences only) between starts."""

    name = "classifier"
    trains = True

    def __init__(self, folder: Path, train_seconds: float = 120.0, meaning: Path | None = None) -> None:
        """`meaning` is the folder of the sentence encoder. For a language that it does not know, and where it is not
        there, words alone decide."""
        self._meaning = Meaning(meaning) if meaning is not None else None
        self._workshop = Workshop(self.name, __name__, folder, train_seconds)
        self._trained: dict[str, _Trained] = {}

    def start(self) -> None:
        """Make the cache folder. Raises EngineError."""
        self._workshop.open()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Train on all skills, unless this very content was trained before. Raises EngineError when that fails."""
        trained: dict[str, _Trained] = {}
        keys: set[str] = set()
        for language, each in by_language(skills).items():
            known = know(language, each, read_sounds(language))
            meaning = self._meaning_of(language)
            plan = _plan(language, each, meaning)
            key = hashlib.sha256(plan.encode()).hexdigest()[:32]
            folder = self._workshop.made(key, plan)
            try:
                trained[language] = _Trained(known, Model.load(folder, meaning))
            except (OSError, ValueError, KeyError) as error:
                raise EngineError("what was trained cannot be read", where=str(folder), hint="Remove it") from error
            keys.add(key)
        self._trained = trained
        self._workshop.keep(keys)

    def _meaning_of(self, language: str) -> Meaning | None:
        """The encoder, read, where it can be."""
        if self._meaning is None or language != self._meaning.language:
            return None
        try:
            self._meaning.load()
        except ModelError as error:
            _log.warning("understands without it: %s", error)
            return None
        return self._meaning

    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        """The one intent that is likely enough and that the words bear out, or none."""
        trained = self._trained.get(primary(language))
        if trained is None:
            return []
        known = trained.known
        text = without_wake_word(text, known.lexicon)
        said = essence(words(text)[:LONGEST], known.lexicon.sounds)
        if not said:
            return []
        guess = trained.model.guess(said)
        intent = known.intents.get(guess.intent)
        if intent is None or not trained.model.sure(guess):
            return []
        slots = Fill(known, Heard(text, known.lexicon), now).slots(intent)
        if slots is None:
            return []
        return [Match(intent=intent.id, skill=intent.skill.skill, slots=slots, confidence=min(guess.lead, _HIGHEST))]

    def close(self) -> None:
        """Stop a training that runs, and forget."""
        self._workshop.close()
        self._trained = {}


def _plan(language: str, skills: Sequence[SkillSentences], meaning: Meaning | None) -> str:
    """All that decides what is trained."""
    ordered = [asdict(skill) for skill in sorted(skills, key=lambda skill: skill.skill)]
    encoder = (str(meaning.folder), meaning.digest) if meaning is not None else None
    return json.dumps([_FORMAT, language, nobody_lines(language), ordered, encoder], sort_keys=True)


def train(folder: Path) -> None:
    """Train what the folder's plan says, and save it there."""
    _, language, _, skills, encoder = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    read = [SkillSentences(**skill) for skill in skills]
    known = know(language, read, read_sounds(language))

    def fits(example: Example, intent: str) -> bool:
        heard = Heard(" ".join(example.said), known.lexicon)
        return Fill(known, heard, ANY_TIME).slots(known.intents[intent]) is not None

    kept = KeptVectors(Meaning(Path(encoder[0])), folder.parent) if encoder is not None else None
    Model.train(examples(language, read), fits, kept).save(folder)
    if kept is not None:
        kept.save(folder)


if __name__ == "__main__":
    train(Path(sys.argv[1]))
