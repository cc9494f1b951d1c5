"""Understanding by padatious, a small neural network per intent, for sentences that no template foresaw.

Its confidence says little: it accepts sentences of other worlds. So a guess counts only when it is confident, alone,
its slots hold what they should, and most of the words are words of that intent. It never reports 1.0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

from assistant.errors import EngineError
from assistant.grammar.heard import Heard, without_wake_word
from assistant.grammar.sentences import TYPED, SkillSentences, SlotType
from assistant.grammar.templates import SlotRef
from assistant.grammar.values.read import ValueReader
from assistant.intent.engine import Match
from assistant.intent.padatious_course import Course, Taught
from assistant.intent.padatious_nets import Guess, Nets, Plan, is_whole, seal
from assistant.intent.search import Costs, entries, spelled
from assistant.messages.base import Slot, Spoken

CONFIDENT = 0.8
"""padatious' own confidence that is needed."""
ALONE = 0.1
"""How far ahead of the next intent it has to be."""
KNOWN = 0.8
"""The share of the utterance's weight that must be words of the intent."""
_HIGHEST = 0.9
_LEAST = 2.0
"""Weight of known words that is needed where no slot bears the guess out, or only one that takes any words."""
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
        match = _Check(trained.course, heard, now).match(first, min(confidence, _HIGHEST))
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
            plan.write(work)
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
        command = [sys.executable, "-W", "ignore", "-m", "assistant.intent.padatious_nets", str(work)]
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
            problem = "training was stopped" if self._closed else f"training ended with code {code}"
            raise EngineError(problem, where=self.name, hint="See if the packages padatious and fann2 are installed")


class _Check:
    """Whether the words bear out what padatious guessed."""

    def __init__(self, course: Course, heard: Heard, now: datetime) -> None:
        self.course = course
        self.heard = heard
        self.costs = Costs(heard, course.lexicon)
        self.values = ValueReader(heard, course.language, now)

    def match(self, guess: Guess, confidence: float) -> Match | None:
        intent = self.course.intents[guess.intent]
        found: list[Slot] = []
        inside: set[int] = set()
        for name, said in guess.slots.items():
            slot, type_ = intent.slots[name]
            start, end = self.place(said)
            filled = self.fill(intent, slot, type_, start, end) if end > start else None
            if filled is None or not inside.isdisjoint(range(start, end)):
                return None
            found.append(filled)
            inside.update(range(start, end))
        outside = [word for at, word in enumerate(self.heard.words) if at not in inside]
        has_text = any(slot.kind == "text" for slot in found)
        if not self.borne_out(outside, intent, _LEAST if has_text or not found else 0.0):
            return None
        return Match(intent=intent.id, skill=intent.skill.skill, slots=tuple(found), confidence=confidence)

    def borne_out(self, outside: Sequence[str], intent: Taught, least: float) -> bool:
        """Whether the words outside of the slots are the intent's: at least `least` of them by weight, one of them
        with content, hardly any other, and none that turns the meaning around."""
        sounds = self.course.sounds
        weights = {word: sounds.weight(word) for word in outside if word not in sounds.fillers}
        known = weights.keys() & intent.literals
        if not sounds.negations.isdisjoint(weights) or any(word in sounds.weighty for word in weights.keys() - known):
            return False
        if not any(weights[word] == 1.0 for word in known):
            return False
        weight = sum(weights[word] for word in known)
        return weight >= max(least, KNOWN * sum(weights.values()))

    def place(self, said: str) -> tuple[int, int]:
        """Where the words of a slot lie; (0, 0) when they do not."""
        words = said.split()
        for start in range(len(self.heard) - len(words) + 1):
            if list(self.heard.words[start : start + len(words)]) == words:
                return start, start + len(words)
        return 0, 0

    def fill(self, intent: Taught, slot: SlotRef, type_: SlotType, start: int, end: int) -> Slot | None:
        spoken = self.heard.said(start, end)
        value: float | str | None = spoken
        if type_.kind == "list":
            graph, lines = self.course.lists[intent.skill.skill, type_.entity]
            whole = [one for one in entries(graph, self.costs, start, 0.5) if one.end == end]
            value = spelled(lines[whole[0].line], whole[0].words) if whole else None
        elif type_.kind in TYPED:
            readings = [one for one in self.values.read(type_.kind, start) if one.end == end]
            value = readings[0].value if readings else None
        return None if value is None else Slot(name=slot.name, spoken=Spoken(spoken), kind=type_.kind, value=value)


def _confidence(guess: Guess) -> float:
    """padatious' confidence on one scale: without slots it never says more than the root of a half."""
    return guess.confidence if guess.slots else guess.confidence / _SURE_WITHOUT_SLOTS


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]
