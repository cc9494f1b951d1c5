"""What the decoder would say if it heard nothing.

That is taken away from what it says of a sound, because the sentences of a skill are not the English it was trained on
(internal language model, Meng et al. 2021, arXiv:2011.01991). Only the token before counts here, so that what was
found once serves every later sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.stt.moonshine_model import Floats, Heard, log_softmax
from assistant.stt.tokenizer import BOS

MOST_CONTEXTS = 1_000
"""Tokens whose followers are remembered, 8 kB each, before all are forgotten."""
_KEPT = 2_048
"""Likeliest followers that are kept of a token; all others count as likely as the last of them."""
_BATCH = 16


class Prior(Protocol):
    """How likely tokens are without sound."""

    def after(self, tokens: Sequence[int]) -> Floats:
        """Log-probabilities (B, V) of what follows each of B tokens; BOS is the beginning."""
        ...


class Expectation(Protocol):
    """The part of the model that is asked."""

    def expect(self, heard: Heard, rows: npt.NDArray[np.int64]) -> Floats: ...


class SilentPrior:
    """Asks the decoder, and remembers."""

    def __init__(self, model: Expectation, silence: Heard) -> None:
        """`silence` is encoded silence."""
        self._model = model
        self._silence = silence
        self._known: dict[int, tuple[npt.NDArray[np.int32], npt.NDArray[np.float16]]] = {}

    def after(self, tokens: Sequence[int]) -> Floats:
        missing = [token for token in dict.fromkeys(tokens) if token not in self._known]
        if len(self._known) + len(missing) > MOST_CONTEXTS:
            self._known.clear()
            missing = list(dict.fromkeys(tokens))
        size = 0
        for at in range(0, len(missing), _BATCH):
            self._ask(missing[at : at + _BATCH])
        for token in tokens:
            size = max(size, int(self._known[token][0][-1]))
        result = np.empty((len(tokens), size), np.float32)
        for row, token in zip(result, tokens, strict=True):
            best, values = self._known[token]
            row.fill(values[-1])
            row[best[:-1]] = values[:-1]
        return result

    def _ask(self, tokens: Sequence[int]) -> None:
        begun = [token for token in tokens if token != BOS]
        if len(begun) < len(tokens):
            self._keep([BOS], self._model.expect(self._silence, np.array([[BOS]], np.int64)))
        if begun:
            self._keep(begun, self._model.expect(self._silence, np.array([(BOS, token) for token in begun], np.int64)))

    def _keep(self, tokens: Sequence[int], logits: Floats) -> None:
        """The size of the vocabulary is kept as a last entry, with the value of all others."""
        for token, row in zip(tokens, log_softmax(logits), strict=True):
            kept = min(_KEPT, len(row))
            best = np.argpartition(row, len(row) - kept)[-kept:]
            indices = np.append(best, len(row)).astype(np.int32)
            self._known[token] = indices, np.append(row[best], row[best].min()).astype(np.float16)
