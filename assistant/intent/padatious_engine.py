"""Understanding by padatious, a small neural network per intent, for sentences that no template foresaw.

Its confidence says little: it accepts sentences of other worlds. So a guess counts only when it is confident, alone,
and borne out by the words (padatious_check). It never reports 1.0.

padatious 0.4.8 prints, starts threads that outlive their time-out, and answers from regular expressions when training
was cut off. So its container is not used: only its intents and entities, trained one after the other in a process that
can be killed (`python -m assistant.intent.padatious_engine FOLDER`, which trains what FOLDER/plan.json says), and
loaded from files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from assistant.errors import EngineError
from assistant.grammar.heard import Heard, without_wake_word
from assistant.grammar.sentences import SkillSentences
from assistant.intent.engine import Match
from assistant.intent.padatious_check import Check
from assistant.intent.padatious_course import Course, Plan

CONFIDENT = 0.8
"""padatious' own confidence that is needed."""
ALONE = 0.1
"""How far ahead of the next intent it has to be."""
_PLAN = "plan.json"
_SEAL = "seal.json"
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
        self._folder = folder
        self._train_seconds = train_seconds
        self._trained: dict[str, _Trained] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Make the cache folder. Raises EngineError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineError(f"cannot be made ({error.strerror})", where=str(self._folder)) from error
        self._closed = False

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Train on all skills, unless this very content was trained before. Raises EngineError when that fails."""
        by_language: dict[str, list[SkillSentences]] = {}
        for skill in skills:
            if skill.intents:
                by_language.setdefault(_primary(skill.language), []).append(skill)
        trained: dict[str, _Trained] = {}
        folders: set[str] = set()
        for language, each in by_language.items():
            course = Course(language, each)
            folder = self._folder / course.key
            folders.add(folder.name)
            if not is_whole(folder):
                self._train(course.plan, folder)
            try:
                nets = Nets(folder)
            except (OSError, ValueError, KeyError) as error:
                raise EngineError("the trained networks cannot be read", where=str(folder), hint="Remove it") from error
            trained[language] = _Trained(nets, course)
        self._trained = trained
        for old in self._folder.iterdir():
            if old.is_dir() and old.name not in folders:
                shutil.rmtree(old, ignore_errors=True)

    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        """The one intent that padatious is sure of and the words bear out, or none."""
        trained = self._trained.get(_primary(language))
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
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self._trained = {}

    def _train(self, plan: Plan, folder: Path) -> None:
        work = Path(mkdtemp(prefix="training-", dir=self._folder))
        try:
            (work / _PLAN).write_text(plan.to_json(), encoding="utf-8")
            self._run(work)
            seal(work)
            shutil.rmtree(folder, ignore_errors=True)
            work.rename(folder)
        except OSError as error:
            raise EngineError(f"cannot be written ({error.strerror})", where=str(self._folder)) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _run(self, work: Path) -> None:
        """Train in a process of its own, with low priority and a deadline, and silent."""
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        command = [sys.executable, "-W", "ignore", "-m", "assistant.intent.padatious_engine", str(work)]
        if shutil.which("nice"):
            command = ["nice", "-n", "15", *command]
        with self._lock:
            if self._closed:
                raise EngineError("training was stopped", where=self.name)
            self._process = process = subprocess.Popen(
                command,
                cwd=work,
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            code = process.wait(self._train_seconds)
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"training did not end within {self._train_seconds:g} s",
                where=self.name,
                hint="Allow more by intent.train_seconds, or leave padatious out of intent.engines",
            ) from None
        finally:
            process.kill()
            process.wait()
            self._process = None
        if code:
            stopped = self._closed or code in (-signal.SIGTERM, -signal.SIGINT)  # the whole service is being ended
            problem = "training was stopped" if stopped else f"training ended with code {code}"
            raise EngineError(problem, where=self.name, hint="See if the packages padatious and fann2 are installed")


def _confidence(guess: Guess) -> float:
    """padatious' confidence on one scale: without slots it never says more than the root of a half."""
    return guess.confidence if guess.slots else guess.confidence / _SURE_WITHOUT_SLOTS


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]


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
        plan = Plan.from_json((folder / _PLAN).read_text(encoding="utf-8"))
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
    (folder / _SEAL).write_text(json.dumps(_digests(folder)), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether the folder holds what was trained. Must be asked before loading: FANN ends the process on a bad file."""
    try:
        noted = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return bool(noted == _digests(folder))
    except (OSError, ValueError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.name != _SEAL)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def train(folder: Path) -> None:
    """Train what the folder's plan says and save the networks beside it. Takes from seconds to minutes."""
    intents, entities, data = _padatious()
    plan = Plan.from_json((folder / _PLAN).read_text(encoding="utf-8"))
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
