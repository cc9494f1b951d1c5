"""Vosk behind the protocol of the room: some twenty languages, partial results, along the skills' sentences.

Two recognisers share the model and hear the same sound. One knows only the words of the sentences, and which of them
can follow one another; what it hears is read along the sentences themselves, so that intent and slots come from the
path. The other hears any words: for free text, and to tell whether a sentence was said at all.

Only ever `vosk.Model(model_path=...)`: with a name or a language it would download.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.audio.frame import RATE, Samples
from assistant.errors import EngineError, ModelError
from assistant.grammar.network import Network, build
from assistant.grammar.sentences import SkillSentences
from assistant.stt.engine import Hypothesis, Meaning, Outlook
from assistant.stt.expected import ANYTHING, SKILL, Expected, answers
from assistant.stt.memory import release_memory
from assistant.stt.reading import Reading, outlook, phrases, read
from assistant.stt.wakeword import strip_wake_word

UNKNOWN = "[unk]"
"""Vosk's word for everything that is not in the phrase list."""
SURE = 0.6
"""Mean confidence of a word below which a sentence is not believed."""
LAG = 0.25
"""How much less sure a sentence may be than the free words."""
CERTAIN = 100.0
"""The gap to a second meaning where there is none."""
NAMED = 8
"""Unknown words that a warning names."""
_log = logging.getLogger(__name__)
_HINT = "Run: assistant models install vosk-model-small-en-us-0.15"


class VoskEngine:
    """Recognises while the person speaks; a partial text after most frames."""

    name = "vosk"

    def __init__(self, *, model: str, language: str = "en", phrases: Sequence[str] = ()) -> None:
        """`model` is the folder of a Vosk model. With `phrases` nothing else is recognised."""
        self.language = language
        self._folder = model
        self._phrases = tuple(phrases)
        self._model: Any = None
        self._network: Network | None = None
        self._skills: tuple[SkillSentences, ...] = ()
        self._answers: Network | None = None
        self._expected = ANYTHING
        self._wake_word = ""
        self._lists: dict[int, tuple[str, ...]] = {}
        """What the guided recogniser is given for a network."""
        self._free = _Ear()
        self._guided = _Ear()

    def start(self) -> None:
        """Load the model. Raises ModelError when it is missing or damaged, or when a phrase has an unknown word."""
        if self._model is not None:
            return
        folder = Path(self._folder).expanduser()
        if not self._folder or not folder.is_dir():
            raise ModelError("no Vosk model there", where=self._folder or "stt.model", hint=_HINT)
        if not any(folder.glob("**/*.mdl")):
            raise ModelError("this folder is not a Vosk model", where=str(folder), hint=_HINT)
        # Heavy, and only this engine needs it.
        import vosk

        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(model_path=str(folder))
        except Exception as error:  # vosk raises nothing narrower
            raise ModelError("the Vosk model is damaged", where=str(folder), hint=_HINT) from error
        self._check_phrases()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Follow these sentences. Words that the model does not know are named, in one line for each skill, and cannot
        be heard. Raises SkillError, EngineError before `start`."""
        self._loaded()
        self._skills, self._lists = tuple(skills), {}
        self._expected, self._answers = ANYTHING, None
        for each in skills:
            unknown = [word for word in phrases(build([each], self.language), alone=True) if not self._knows(word)]
            if unknown:
                _log.warning(
                    "sentences of %s: the Vosk model does not know %d words: %s%s",
                    each.skill, len(unknown), ", ".join(unknown[:NAMED]), " ..." if len(unknown) > NAMED else "",
                )  # fmt: skip
        network = build(skills, self.language)
        self._network = network if network.nets else None

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        """A new utterance."""
        self._forget()
        self._wake_word = wake_word
        self._expect(expected)
        self._free.begin(self._recogniser(self._phrases))
        network = self._answers or self._network
        if network is not None and (known := self._known(network)):
            self._guided.begin(self._recogniser(known))

    def accept(self, samples: Samples) -> str | None:
        """Take more sound; the text so far when it has changed. Raises EngineError."""
        self._begun()
        sound = samples.tobytes()
        self._guided.accept(sound)
        return self._free.accept(sound)

    def outlook(self) -> Outlook:
        """Whether the words so far could be all."""
        network = self._answers or self._network
        return outlook(network, self._guided.partial.split()) if network is not None else "unknown"

    def glance(self) -> Outlook:
        """Words that are found as they are said take no time to look at."""
        return self.outlook()

    def finish(self, *, settled: bool = False) -> Hypothesis:
        """The last words. Raises EngineError."""
        self._begun()
        self._free.finish()
        self._guided.finish()
        try:
            return self._decide()
        finally:
            self._forget()
            release_memory()

    def _decide(self) -> Hypothesis:
        """A sentence if one was heard about as surely as the free words, or if those are one; else the free words."""
        free, guided = self._free, self._guided
        network = self._answers or self._network
        if network is not None and guided.text and guided.confidence >= free.confidence - LAG and free.text:
            found = read(network, strip_wake_word(guided.text, self._wake_word).lower().split())
            if found is not None and guided.confidence >= SURE:
                return self._heard(guided, found)
        said = strip_wake_word(free.text, self._wake_word).lower().split()
        if self._network is not None and (found := read(self._network, said)) is not None:
            return self._heard(free, found)
        return Hypothesis(text=free.text, confidence=free.confidence, language=self.language)

    def _heard(self, ear: _Ear, found: Reading) -> Hypothesis:
        meaning = None
        if found.intents[0].partition(".")[0] != SKILL:
            meaning = Meaning(
                intent=found.intents[0],
                skill=found.intents[0].partition(".")[0],
                slots=found.slots,
                score=ear.confidence,
                gap=0.0 if len(found.intents) > 1 else CERTAIN,
                rival=found.intents[1] if len(found.intents) > 1 else "",
            )
        return Hypothesis(
            text=strip_wake_word(ear.text, self._wake_word),
            confidence=ear.confidence,
            language=self.language,
            meaning=meaning,
        )

    def close(self) -> None:
        """Free the model."""
        self._forget()
        self._model = None
        release_memory()

    def _begun(self) -> None:
        if not self._free.listens:
            raise EngineError("no utterance was begun", where="stt.vosk")

    def _loaded(self) -> Any:
        if self._model is None:
            raise EngineError("the recogniser was not started", where="stt.vosk")
        return self._model

    def _knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def _expect(self, expected: Expected) -> None:
        if expected == self._expected:
            return
        found = answers(expected, self._skills, self.language)
        self._expected, self._answers = expected, build([found], self.language) if found is not None else None

    def _known(self, network: Network) -> tuple[str, ...]:
        """The phrases of a network, as far as the model knows their words."""
        if network is not self._network:
            return tuple(phrase for phrase in phrases(network) if all(map(self._knows, phrase.split())))
        if not self._lists:
            kept = (phrase for phrase in phrases(network) if all(map(self._knows, phrase.split())))
            self._lists = {0: tuple(kept)}
        return self._lists[0]

    def _recogniser(self, only: Sequence[str]) -> Any:
        import vosk

        model = self._loaded()
        if not only:
            recogniser = vosk.KaldiRecognizer(model, RATE)
        else:
            # Not every model has a word for the rest; without one, everything is bent to the nearest phrase.
            rest = (UNKNOWN,) if self._knows(UNKNOWN) else ()
            recogniser = vosk.KaldiRecognizer(model, RATE, json.dumps([*only, *rest], ensure_ascii=False))
        recogniser.SetWords(True)
        return recogniser

    def _forget(self) -> None:
        self._free.forget()
        self._guided.forget()

    def _check_phrases(self) -> None:
        words = {word for phrase in self._phrases for word in phrase.split()}
        unknown = sorted(word for word in words if not self._knows(word))
        if unknown:
            self._model = None
            raise ModelError(
                f"the Vosk model does not know the word {unknown[0]!r}",
                where=self._folder,
                hint="Spell it differently or use a larger model",
            )


class _Ear:
    """One recogniser and what it has heard in this utterance."""

    def __init__(self) -> None:
        self.partial = ""
        self._recogniser: Any = None
        self._parts: list[str] = []
        self._scores: list[float] = []

    @property
    def listens(self) -> bool:
        return self._recogniser is not None

    @property
    def text(self) -> str:
        return " ".join(self._parts)

    @property
    def confidence(self) -> float:
        found = sum(self._scores) / len(self._scores) if self._parts and self._scores else 0.0
        return min(1.0, max(0.0, found))

    def begin(self, recogniser: Any) -> None:
        self._recogniser = recogniser

    def accept(self, sound: bytes) -> str | None:
        """The text so far when it has changed."""
        if self._recogniser is None:
            return None
        if self._recogniser.AcceptWaveform(sound):
            self._keep(json.loads(self._recogniser.Result()))
            partial = self.text
        else:
            going = _clean(str(json.loads(self._recogniser.PartialResult()).get("partial", "")))
            partial = " ".join((*self._parts, going)).strip()
        if partial == self.partial:
            return None
        self.partial = partial
        return partial

    def finish(self) -> None:
        if self._recogniser is not None:
            self._keep(json.loads(self._recogniser.FinalResult()))

    def forget(self) -> None:
        self._recogniser = None
        self._parts, self._scores, self.partial = [], [], ""

    def _keep(self, result: dict[str, Any]) -> None:
        text = _clean(str(result.get("text", "")))
        if text:
            self._parts.append(text)
            self._scores.extend(float(word["conf"]) for word in result.get("result", ()) if word["word"] != UNKNOWN)


def _clean(text: str) -> str:
    # Marks such as [unk] and [noise] are no words.
    return " ".join(word for word in text.split() if not word.startswith("["))
