"""The small network that tells one word: the last four embeddings -> 24 -> 1, in plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assistant.wake.custom.embedding import SIZE, Floats

LOOK = 4
"""Embeddings looked at: about one second of sound."""
HIDDEN = 24
INPUT = LOOK * SIZE


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of one word: `into` (384, 24), `bias` (24,), `out` (24,), `offset` a number."""

    into: Floats
    bias: Floats
    out: Floats
    offset: float

    def logits(self, windows: Floats) -> Floats:
        """How sure, in natural logarithms, for windows of shape (n, 384)."""
        found: Floats = np.maximum(windows @ self.into + self.bias, 0) @ self.out + np.float32(self.offset)
        return found

    def wipe(self) -> None:
        """Overwrite what was learnt with zeros."""
        for part in (self.into, self.bias, self.out):
            part[:] = 0

    def moved(self, by: float) -> Head:
        """The same, `by` surer of everything."""
        return Head(self.into, self.bias, self.out, self.offset + by)


def windows(embeddings: Floats) -> Floats:
    """Every run of four embeddings, shape (n - 3, 384), of embeddings of shape (n, 96)."""
    count = max(0, len(embeddings) - LOOK + 1)
    if not count:
        return np.zeros((0, INPUT), np.float32)
    views = np.lib.stride_tricks.sliding_window_view(embeddings, (LOOK, SIZE))[:, 0]
    return views.reshape(count, INPUT).astype(np.float32)


def fit(
    positive: Floats,
    negative: Floats,
    random: np.random.Generator,
    *,
    epochs: int = 20,
    rate: float = 2e-3,
    decay: float = 1e-4,
    blur: float = 0.15,
    progress: Callable[[int, int], None] | None = None,
) -> Head:
    """Learn to tell the rows of `positive` (n, 384) from those of `negative` (m, 384).

    Cross entropy, Adam (Kingma and Ba 2014, arXiv:1412.6980); each step sees as many of one kind as of three of the
    other, after the first third only negatives that are not yet easy. `blur` is noise on the inputs, in their standard
    deviations: the voices are few.
    """
    mean, spread = negative.mean(axis=0), negative.std(axis=0) + 1e-3
    shape = [(INPUT, HIDDEN), (HIDDEN,), (HIDDEN,), ()]
    start = [
        random.normal(0, np.sqrt(2 / INPUT), shape[0]),
        np.zeros(HIDDEN),
        random.normal(0, 0.3, HIDDEN),
        np.zeros(()),
    ]
    values: list[Floats] = [np.asarray(each, np.float32) for each in start]
    first, second = [np.zeros(each, np.float32) for each in shape], [np.zeros(each, np.float32) for each in shape]
    half, hard, steps, done = 128, np.arange(len(negative)), max(40, len(positive) // 128), 0
    for epoch in range(epochs):
        if epoch >= epochs // 3:
            head = Head(*_raw(values, mean, spread))
            scores = np.concatenate([head.logits(negative[at : at + 4096]) for at in range(0, len(negative), 4096)])
            hard = np.argsort(-scores)[: max(2000, len(negative) // 20)]
        for _ in range(steps):
            mixed = np.concatenate([random.choice(hard, half), random.integers(0, len(negative), 2 * half)])
            batch = np.concatenate([positive[random.integers(0, len(positive), half)], negative[mixed]])
            batch = (batch - mean) / spread + random.normal(0, blur, batch.shape).astype(np.float32)
            target = np.repeat(np.array([1, 0, 0, 0], np.float32), half)
            gradients = _gradients(values, batch, target, decay)
            done += 1
            pace = rate * 0.5 * (1 + np.cos(np.pi * done / (epochs * steps)))
            for value, one, two, slope in zip(values, first, second, gradients, strict=True):
                one += 0.1 * (slope - one)
                two += 0.001 * (slope**2 - two)
                value -= pace * (one / (1 - 0.9**done)) / (np.sqrt(two / (1 - 0.999**done)) + 1e-8)
        if progress is not None:
            progress(epoch + 1, epochs)
    return Head(*_raw(values, mean, spread))


def _gradients(values: list[Floats], batch: Floats, target: Floats, decay: float) -> list[Floats]:
    into, bias, out, offset = values
    hidden = np.maximum(batch @ into + bias, 0)
    wrong = (1 / (1 + np.exp(-np.clip(hidden @ out + offset, -30, 30))) - target) / len(target)
    back = np.outer(wrong, out) * (hidden > 0)
    return [batch.T @ back + decay * into, back.sum(axis=0), hidden.T @ wrong + decay * out, np.asarray(wrong.sum())]


def _raw(values: list[Floats], mean: Floats, spread: Floats) -> tuple[Floats, Floats, Floats, float]:
    """The weights for inputs that are not normalised."""
    into = values[0] / spread[:, None]
    return into.astype(np.float32), (values[1] - mean @ into).astype(np.float32), values[2].copy(), float(values[3])
