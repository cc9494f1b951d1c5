"""Configuration -> engines. The only place that picks real ones; their libraries are imported when they are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.config.paths import Paths
from assistant.config.schema import Config
from assistant.errors import EngineError
from assistant.intent.engine import IntentEngine
from assistant.stt.engine import SttEngine
from assistant.tts.engine import TtsEngine
from assistant.wake.engine import WakeEngine
from assistant.wake.stop_words import STOP, StopWords

if TYPE_CHECKING:
    from assistant.stt.shared import SharedModel
    from assistant.wake.custom.material import Voice as WakeVoice
    from assistant.wake.custom.word import TrainedWord, WordStore


class Engines:
    """Makes engines, each anew; the recogniser's model is one for all that hear with it in this process."""

    def __init__(self, config: Config, paths: Paths) -> None:
        self._config = config
        self._paths = paths

    @cached_property
    def trained_words(self) -> WordStore:
        """The wake words that were trained on this machine."""
        from assistant.wake.custom.word import WordStore

        return WordStore(self._paths.wake_words, self._paths.own_wake_words)

    def detector(self, trained: Sequence[TrainedWord] = ()) -> WakeEngine:
        """The wake-word engine, for the words of the configuration or for these. Raises ModelError for a word there is
        no model for."""
        from assistant.wake.several import first_stage

        wake, deaf = self._config.wake, self._config.wake.refractory_seconds
        own = set(self.trained_words.names())
        wanted = [] if trained else list(dict.fromkeys(wake.words))
        words = [*trained, *(self.trained_words.load(name) for name in wanted if name in own)]
        detector = first_stage(
            [name for name in wanted if name not in own],
            words,
            thresholds=wake.thresholds,
            sensitivity=wake.sensitivity,
            refractory_seconds=deaf,
            known=sorted(own),
            order=wake.words,
            store=self.trained_words,
        )
        if not wake.confirm or self._config.stt.engine != "moonshine":
            return detector
        from assistant.stt.phrase import PHRASES, SURPRISE, Phrase, PhraseJudge
        from assistant.wake.cascade import CascadeEngine

        phrases = {word.name: Phrase(word.spellings, word.needed, SURPRISE) for word in words if word.spellings}
        return CascadeEngine(
            detector,
            PhraseJudge(self._moonshine, {**PHRASES, **phrases}),
            sensitivity=wake.sensitivity,
            fixed=wake.thresholds,
            doubted=phrases,
            refractory_seconds=deaf,
        )

    def stop_words(self) -> StopWords | None:
        """What ends an alarm without a wake word, if that is wanted and the language has such words."""
        if not self._config.wake.stop_words or self._config.stt.engine != "moonshine":
            return None
        from assistant.stt.phrase import PhraseJudge, stop_phrase

        phrase = stop_phrase(self._config.language)
        return StopWords(PhraseJudge(self._moonshine, {STOP: phrase}), phrase.spellings) if phrase else None

    @property
    def recogniser_model(self) -> SharedModel | None:
        """What the recogniser runs on, if it is one that can judge wake words."""
        return self._moonshine if self._config.stt.engine == "moonshine" else None

    @cached_property
    def _moonshine(self) -> SharedModel:
        """One model for the wake word and the request, if both are heard in this process."""
        from assistant.stt.shared import SharedModel

        return SharedModel(model=self._config.stt.model, threads=self._config.stt.threads)

    def recogniser(self) -> SttEngine:
        """The speech-to-text engine."""
        stt = self._config.stt
        if stt.engine == "vosk":
            from assistant.stt.vosk_engine import VoskEngine

            return VoskEngine(model=self._vosk_model(), language=self._config.language)
        from assistant.stt.moonshine_engine import MoonshineEngine

        return MoonshineEngine(shared=self._moonshine)

    def _vosk_model(self) -> str:
        """A folder as given, or a model of the catalogue by name; empty lets the engine say which one to install."""
        model = self._config.stt.model
        return str(self._paths.models / model) if model and "/" not in model else model

    def intent_engines(self) -> list[IntentEngine]:
        """The understanding engines in their order. Raises EngineError for an unknown name."""
        from assistant.intent.classifier_engine import ClassifierEngine
        from assistant.intent.padatious_engine import PadatiousEngine
        from assistant.intent.template_engine import TemplateEngine

        cache, seconds = self._paths.cache, self._config.intent.train_seconds
        meaning = self._paths.meaning if self._config.intent.meaning else None
        makers: dict[str, Callable[[], IntentEngine]] = {
            "templates": TemplateEngine,
            "classifier": lambda: ClassifierEngine(cache / "classifier", seconds, meaning),
            "padatious": lambda: PadatiousEngine(cache / "padatious", seconds),
        }
        for name in self._config.intent.engines:
            if name not in makers:
                raise EngineError(
                    f"no engine is called {name!r}", where="intent.engines", hint=f"Known: {', '.join(makers)}"
                )
        return [makers[name]() for name in self._config.intent.engines]

    def voice(self) -> TtsEngine:
        """The text-to-speech engine. Raises ModelError when the voice is not there."""
        from assistant.tts.piper_engine import PiperEngine
        from assistant.tts.voices import find_voice

        tts = self._config.tts
        return PiperEngine(
            find_voice(tts.voice, self._paths.models), speed=tts.speed, variation=tts.variation, threads=tts.threads
        )

    def all_voices(self) -> list[WakeVoice]:
        """Every voice of this machine in the language of the configuration. Raises ModelError for a broken one."""
        from assistant.audio.resample import resample
        from assistant.tts.chorus import find_voices

        return [*find_voices(self._paths.models, self._config.language, resample)]
