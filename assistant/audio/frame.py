"""The one shape of sound inside the assistant: 16 kHz, mono, signed 16 bit, 80 ms a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples per second."""
FRAME_SAMPLES = 1_280
"""Samples in a frame: 80 ms."""
FRAME_SECONDS = FRAME_SAMPLES / RATE

Samples: TypeAlias = npt.NDArray[np.int16]
"""Mono samples, shape (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """80 ms of sound. `index` counts frames since the microphone service started; `dropped` tells how many frames
    were lost before this one: the reader was slow, or the capture was interrupted (a mute or a lost device counts
    as one frame). Not 0 means a gap: whatever engine listens has to start afresh."""

    index: int
    samples: Samples
    dropped: int = 0

    @property
    def start(self) -> int:
        """Number of the first sample."""
        return self.index * FRAME_SAMPLES
