"""Vosk behind the protocol of the room: some twenty languages, partial results, optionally a list of phrases only.

Only ever `vosk.Model(model_path=...)`: with a name or a language it would download.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.audio.frame import RATE, Samples
from assistant.errors import EngineError, ModelError
from assistant.grammar.sentences import SkillSentences
from assistant.stt.engine import Hypothesis, Outlook
from assistant.stt.expected import ANYTHING, Expected
from assistant.stt.memory import release_memory

UNKNOWN = "[unk]"
"""Vosk's word for everything that is not in the phrase list."""
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
        self._recogniser: Any = None
        self._parts: list[str] = []
        self._scores: list[float] = []
        self._partial = ""

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
        """Free text only, or the phrases given at first: the sentences are not followed."""

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        """A new utterance."""
        if self._model is None:
            raise EngineError("the recogniser was not started", where="stt.vosk")
        import vosk

        self._forget()
        if self._phrases:
            # Not every model has a word for the rest; without one, everything is bent to the nearest phrase.
            rest = (UNKNOWN,) if self._model.vosk_model_find_word(UNKNOWN) >= 0 else ()
            phrases = json.dumps([*self._phrases, *rest], ensure_ascii=False)
            self._recogniser = vosk.KaldiRecognizer(self._model, RATE, phrases)
        else:
            self._recogniser = vosk.KaldiRecognizer(self._model, RATE)
        self._recogniser.SetWords(True)

    def accept(self, samples: Samples) -> str | None:
        """Take more sound; the text so far when it has changed. Raises EngineError."""
        if self._recogniser is None:
            raise EngineError("no utterance was begun", where="stt.vosk")
        if self._recogniser.AcceptWaveform(samples.tobytes()):
            self._keep(json.loads(self._recogniser.Result()))
            partial = " ".join(self._parts)
        else:
            going = _clean(str(json.loads(self._recogniser.PartialResult()).get("partial", "")))
            partial = " ".join((*self._parts, going)).strip()
        if partial == self._partial:
            return None
        self._partial = partial
        return partial

    def outlook(self) -> Outlook:
        """Nothing is known about what could follow."""
        return "unknown"

    def finish(self, *, settled: bool = False) -> Hypothesis:
        """The last words. Raises EngineError."""
        if self._recogniser is None:
            raise EngineError("no utterance was begun", where="stt.vosk")
        self._keep(json.loads(self._recogniser.FinalResult()))
        text = " ".join(self._parts)
        confidence = sum(self._scores) / len(self._scores) if text and self._scores else 0.0
        self._forget()
        release_memory()
        return Hypothesis(text=text, confidence=min(1.0, max(0.0, confidence)), language=self.language)

    def close(self) -> None:
        """Free the model."""
        self._forget()
        self._model = None
        release_memory()

    def _keep(self, result: dict[str, Any]) -> None:
        text = _clean(str(result.get("text", "")))
        if text:
            self._parts.append(text)
            self._scores.extend(float(word["conf"]) for word in result.get("result", ()) if word["word"] != UNKNOWN)

    def _forget(self) -> None:
        self._recogniser = None
        self._parts = []
        self._scores = []
        self._partial = ""

    def _check_phrases(self) -> None:
        words = {word for phrase in self._phrases for word in phrase.split()}
        unknown = sorted(word for word in words if self._model.vosk_model_find_word(word) < 0)
        if unknown:
            self._model = None
            raise ModelError(
                f"the Vosk model does not know the word {unknown[0]!r}",
                where=self._folder,
                hint="Spell it differently or use a larger model",
            )


def _clean(text: str) -> str:
    # Marks such as [unk] and [noise] are no words.
    return " ".join(word for word in text.split() if not word.startswith("["))
