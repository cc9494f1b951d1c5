"""Speech by Piper: a VITS network run by onnxruntime, on phonemes from the espeak-ng inside `piper-tts`.

Only the parts of the package that work on memory are used: nothing is downloaded, nothing is logged. (Its own
`synthesize` logs the text at debug level.)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant import onnx
from assistant.audio.frame import Samples
from assistant.errors import EngineError, ModelError

if TYPE_CHECKING:
    from piper.voice import PiperVoice

PEAK = 0.7
"""Every sentence is scaled to this peak: the network's own level differs from sentence to sentence."""


class PiperEngine:
    """A Piper voice behind `TtsEngine`. `voice` is the .onnx file; its .onnx.json lies beside it.

    `speed` 2.0 is twice as fast. `variation` scales the chance in melody and rhythm: 1.0 is the voice's own, with 0 a
    sentence is the same samples each time. `speaker` chooses one of a voice with several. Both
    may be changed between sentences. One thread speaks 12 to 14 times faster than real time on a desktop core.
    """

    name = "piper"

    def __init__(
        self, voice: Path, *, speed: float = 1.0, variation: float = 1.0, threads: int = 1, speaker: int | None = None
    ) -> None:
        self.language = ""
        self.rate = 0
        self.speakers = 1
        self._path = voice
        self.speed = speed
        self._variation = variation
        self._threads = threads
        self.speaker = speaker
        self._voice: PiperVoice | None = None

    def start(self) -> None:
        """Load the voice (about 0.3 s). Raises ModelError."""
        from piper.config import PhonemeType, PiperConfig
        from piper.voice import PiperVoice

        # A phoneme that the voice lacks would be named in the log, and with it a bit of what was said.
        logging.getLogger("piper").setLevel(logging.ERROR)
        description = self._path.with_name(self._path.name + ".json")
        try:
            about = json.loads(description.read_text("utf-8"))
            config = PiperConfig.from_dict(about)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"the voice's description cannot be read ({error})", where=str(description), hint=_AGAIN
            ) from error
        if config.phoneme_type not in (PhonemeType.ESPEAK, PhonemeType.TEXT):
            # Those fetch more models from the network when they first speak.
            raise ModelError(
                f"voices with {config.phoneme_type.value} phonemes are not supported",
                where=str(self._path),
                hint="Choose another voice",
            )
        self._voice = PiperVoice(session=_Session(self._path, self._threads), config=config, use_tashkeel=False)
        self.rate = config.sample_rate
        self.speakers = config.num_speakers
        code = about.get("language", {}).get("code") or config.espeak_voice
        self.language = str(code).replace("_", "-")

    def speak(self, sentence: str) -> Iterator[Samples]:
        """int16 sound, shape (n,), one piece for each sentence that espeak-ng finds. Raises EngineError."""
        from piper.config import SynthesisConfig

        voice = self._voice
        if voice is None:
            raise RuntimeError("start() comes before speak()")
        style = SynthesisConfig(
            speaker_id=self.speaker,
            length_scale=voice.config.length_scale / self.speed,
            noise_scale=voice.config.noise_scale * self._variation,
            noise_w_scale=voice.config.noise_w_scale * self._variation,
        )
        # "[[" would start raw phonemes in Piper.
        for phonemes in voice.phonemize(sentence.replace("[[", "[").replace("]]", "]").replace("\0", "")):
            if not any(char.isalpha() for char in phonemes):
                continue
            sound = voice.phoneme_ids_to_audio(voice.phonemes_to_ids(phonemes), style)
            yield _to_int16(np.asarray(sound).reshape(-1))

    def close(self) -> None:
        """Free the voice."""
        self._voice = None


class _Session:
    """The network, with options that Piper does not offer.

    With the arena kept as it is, one 6 s sentence left 212 MB of private memory behind; giving it back after each
    run leaves 138 MB for 6 % more processor time. Without any arena it was 20 % slower.
    """

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime as ort

        self._run_options = ort.RunOptions()
        self._run_options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            self._session = onnx.session(path, threads=threads, arena=True)
        except onnx.failures() as error:
            raise ModelError("the voice cannot be loaded", where=str(path), hint=_AGAIN) from error

    def run(self, names: list[str] | None, inputs: dict[str, Any]) -> list[Any]:
        """As onnxruntime's `run`. Raises EngineError."""
        try:
            result: list[Any] = self._session.run(names, inputs, self._run_options)
        except onnx.failures() as error:
            raise EngineError(f"the voice failed ({type(error).__name__})", where="piper") from error
        return result


def _to_int16(sound: np.ndarray) -> Samples:
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak < 1e-8:
        return np.zeros(len(sound), dtype=np.int16)
    return (sound * (PEAK * 32767.0 / peak)).astype(np.int16)


_AGAIN = "Install it again, or choose another tts.voice"
