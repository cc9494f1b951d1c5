"""Sample rates: a stream of mono sound from one rate to another, with little memory (soxr)."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.audio.frame import Samples


class Resampler:
    """Stateful: blocks given one after the other come out as one continuous signal."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._stream: Any = None
        if rate_in != rate_out:
            import soxr

            self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality="HQ")

    def process(self, samples: Samples, *, last: bool = False) -> Samples:
        """The sound that is ready, shape (m,); `last` also gives what is still inside."""
        if self._stream is None:
            return samples
        out: Samples = self._stream.resample_chunk(samples, last=last)
        return out


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """A whole sound at once."""
    return np.ascontiguousarray(Resampler(rate_in, rate_out).process(samples, last=True))
