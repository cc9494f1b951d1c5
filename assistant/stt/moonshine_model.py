"""Moonshine tiny-en as numbers in, numbers out: an encoder for sound and a decoder with a cache, run by onnxruntime.

The model files (ORT format, dynamic int8) and the vocabulary lie inside the `moonshine-voice` wheel; the package
itself is never imported. Architecture and training: Jeffries et al. 2024, arXiv:2410.15608.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from assistant import onnx
from assistant.errors import EngineError, ModelError
from assistant.stt.memory import release_memory
from assistant.stt.moonshine_graph import HEAD_SIZE, HEADS, LAYERS, cross_graph, encoder_graph, step_graph
from assistant.stt.moonshine_weights import Weights, read_weights
from assistant.stt.tokenizer import BOS, Tokenizer, load

Floats: TypeAlias = npt.NDArray[np.float32]
Tokens: TypeAlias = npt.NDArray[np.int64]

MIN_SAMPLES = 4_000
"""Shorter sound is padded with silence: the convolutions need some, and words cut this short are not words."""

_PACKAGE = "moonshine_voice"
_FOLDER = Path("assets") / "tiny-en"
_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
_PLACES = tuple(f"{part}.{layer}" for layer in range(LAYERS) for part in ("key", "value"))
_PAST = tuple(f"past.{place}" for place in _PLACES)
_NOW = tuple(f"now.{place}" for place in _PLACES)


@dataclass(frozen=True, slots=True)
class Heard:
    """Encoded sound: what the decoder looks at. `cross` holds its keys and values, each (1, 8, T, 36)."""

    hidden: Floats
    cross: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Cache:
    """The decoder's memory of the tokens so far, for B hypotheses: 12 arrays (B, 8, length, 36)."""

    own: tuple[Floats, ...]

    def take(self, rows: npt.NDArray[np.intp]) -> Cache:
        """The cache of some hypotheses, in the order of `rows`; one may appear several times."""
        return Cache(tuple(array[rows] for array in self.own))


def find_model(folder: str = "") -> Path:
    """The folder with the model files: `folder`, or the one inside the wheel. Raises ModelError."""
    if folder:
        place = Path(folder).expanduser()
    else:
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(
                "the recogniser's model is not installed",
                where="stt.model",
                hint="Run ./scripts/run, which installs the package moonshine-voice==0.0.73",
            )
        place = Path(next(iter(spec.submodule_search_locations))) / _FOLDER
    for name in _FILES:
        if not (place / name).is_file():
            raise ModelError(
                f"{name} of the Moonshine model is missing",
                where=str(place),
                hint="Set stt.model to a folder that holds " + ", ".join(_FILES),
            )
    return place


class MoonshineModel:
    """Encoder, decoder and vocabulary. Keeps no state between calls, so threads may share it."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load from `folder` (see `find_model`). Raises ModelError."""
        self.tokenizer: Tokenizer = load(folder / "tokenizer.bin")
        encoder, decoder = (_read(folder / name) for name in _FILES[:2])
        self._encoder = self._session(encoder, encoder_graph, threads)
        self._cross = self._session(decoder, cross_graph, threads)
        self._decoder = self._session(decoder, step_graph, threads)
        self._embedding = decoder.embedding()
        for weights in (encoder, decoder):
            weights.release()
        release_memory()

    def _session(self, weights: Weights, graph: Callable[[Weights], bytes], threads: int) -> Any:
        try:
            model = graph(weights)
        except (LookupError, ValueError) as error:
            raise _unusable(weights.place) from error
        try:
            return onnx.session(model, threads=threads)
        except onnx.failures() as error:
            raise _unusable(weights.place) from error

    def encode(self, samples: npt.NDArray[np.int16] | Floats) -> Heard:
        """Look at one utterance: int16 or float32 in [-1, 1], 16 kHz, shape (n,). Raises EngineError."""
        sound = np.zeros((1, 1, max(len(samples), MIN_SAMPLES)), np.float32)
        np.multiply(
            samples, 1 / 32768 if samples.dtype == np.int16 else 1.0, out=sound[0, 0, : len(samples)], casting="unsafe"
        )
        try:
            (hidden,) = self._run(self._encoder, ["hidden"], {"samples": sound})
        finally:
            sound.fill(0.0)
        return Heard(hidden, ())

    def begin(self, heard: Heard) -> tuple[Heard, Floats, Cache]:
        """The first step, from BOS. Returns `heard` with its keys and values, the log-probabilities (1, V) of the
        next token, and the cache."""
        if not heard.cross:
            heard = Heard(heard.hidden, tuple(self._run(self._cross, _PLACES, {"hidden": heard.hidden})))
        scores, cache = self._decode(heard, np.array([[BOS]], np.int64), _nothing(1))
        return heard, scores[:, -1], cache

    def step(self, heard: Heard, tokens: Tokens, cache: Cache) -> tuple[Floats, Cache]:
        """One token more for each of B hypotheses: `tokens` (B,) -> log-probabilities (B, V) of the next, and the
        new cache."""
        scores, cache = self._decode(heard, tokens.reshape(-1, 1), cache)
        return scores[:, -1], cache

    def score(self, heard: Heard, sentences: Sequence[Sequence[int]]) -> list[float]:
        """Log-probability of whole token rows (EOS included), all at once. Raises EngineError."""
        longest = max(len(tokens) for tokens in sentences)
        rows = np.full((len(sentences), longest), BOS, np.int64)
        for row, tokens in zip(rows, sentences, strict=True):
            row[1 : len(tokens)] = tokens[:-1]
        scores, _ = self._decode(heard, rows, _nothing(len(rows)))
        found: list[float] = []
        for row, tokens in zip(scores, sentences, strict=True):
            found.append(float(row[np.arange(len(tokens)), np.asarray(tokens)].sum()))
        return found

    def ending(self, heard: Heard, tokens: Sequence[int], ends: npt.NDArray[np.int64]) -> float:
        """Probability that one of `ends` follows `tokens`. Raises EngineError."""
        heard, _, cache = self.begin(heard)
        scores, _ = self._decode(heard, np.array([tokens], np.int64), cache)
        return float(np.exp(scores[0, -1, ends]).sum())

    def _decode(self, heard: Heard, tokens: Tokens, cache: Cache) -> tuple[Floats, Cache]:
        """`tokens` (B, T) behind what is in `cache` -> log-probabilities (B, T, V) and the new cache."""
        table = self._embedding
        embedded = (table.values[tokens].astype(np.float32) - table.zero.astype(np.float32)) * table.scale
        feed = dict(zip(_PLACES, heard.cross, strict=True))
        feed.update(zip(_PAST, cache.own, strict=True))
        feed |= {"embedded": embedded, "at": np.array([cache.own[0].shape[2]], np.int64)}
        scores, *own = self._run(self._decoder, ("scores", *_NOW), feed)
        return scores, Cache(tuple(own))

    def _run(self, session: Any, wanted: Sequence[str], feed: Mapping[str, npt.NDArray[Any]]) -> list[Floats]:
        try:
            out: list[Floats] = session.run(wanted, feed)
        except onnx.failures() as error:
            raise EngineError("the recogniser's model failed", where="stt.moonshine") from error
        return out


def _nothing(rows: int) -> Cache:
    return Cache((np.zeros((rows, HEADS, 0, HEAD_SIZE), np.float32),) * len(_PLACES))


def _read(file: Path) -> Weights:
    try:
        return read_weights(file)
    except (OSError, LookupError, ValueError, struct.error) as error:
        raise _unusable(file) from error


def _unusable(path: Path) -> ModelError:
    return ModelError("not a usable Moonshine model", where=str(path), hint="Install the model again")


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities along the last axis; of log-probabilities the same again."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
