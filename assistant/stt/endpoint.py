"""Finds out when a person has finished speaking. Pure: sound goes in, events come out; nothing waits or reads a
clock.

Every 10 ms two things are measured. Power: in 16 bands between 150 Hz and 5 kHz it is compared with the noise in that
band by the likelihood ratio of Sohn, Kim and Sung (1999, IEEE SPL 6:1-3) with its maximum-likelihood estimate of the
signal, averaged over the bands. The noise of a band is a low percentile of its power over the last seconds (as in
minimum statistics, Martin 2001), so that even continuous speech, which leaves every band again and again, does not
become its own noise; and because the past is judged again when the estimate improves, speech that began before the
first frame counts. Pitch: the autocorrelation of the flattened spectrum at lags between 75 and 400 Hz (generalised
autocorrelation, Indefrey, Hess and Seeser 1985), which a running tap or a fan does not have and a voice keeps down to
0 dB. A moment is voiced when it has both, or when it is far above the noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import RATE, Samples

HOP = 160
"""Samples between two decisions: 10 ms."""
WINDOW = 640
"""Samples looked at for one decision: 40 ms."""
BLOCK = 8
"""Decisions made at a time (80 ms), so that the result does not depend on how the sound was cut into frames."""
_FFT = 1024
_BANDS = 16
_HISTORY = 400
"""Decisions looked back at for the noise: 4 s."""
_PERCENTILE = 20
_SMOOTH = 5
"""Hops averaged to judge a moment."""
_FLOOR = 0.1
"""Mean power of a spectral bin, in squared sample steps, below which a band counts as silent."""
MIN_RATIO = 0.4
"""Likelihood ratio of a voiced moment. White noise stays below 0.1."""
MIN_PITCH = 0.2
"""Pitch of a voiced moment. Speech in noise of 6 dB is above it for two thirds of the time, kitchen noise for 5 %."""
LOUD_DB = 15.0
"""So far above the noise, in the mean of all bands, a moment counts without pitch: creaky voices and whispers have
none."""
KEEP = 0.75
"""Speech that has begun goes on with this share of both: quiet endings belong to it."""
RANGE = 10**-2.2
"""What is 22 dB below the loudest moment of an utterance is not part of it."""
_FLATTEN = 0.35
"""Exponent of the power spectrum before the autocorrelation; of 0.35 to 1 the lowest separated best."""
MIN_VOICED = 10
"""Voiced hops within `ONSET_SPAN` that make speech: a click has fewer."""
ONSET_SPAN = 30
_MIN_RUN = 3
"""Voiced hops in a row that count as more speech later on."""

Cause = Literal["done", "limit", "silence"]
State = Literal["waiting", "speaking", "trailing", "ended"]
Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at `sample`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing has been voiced since `sample`; it may have been the end."""

    sample: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was not the end; voiced again until `sample`."""

    sample: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Stop listening. Samples count from the first one given.

    `cause` is done (silence after speech), limit (too long) or silence (nobody spoke). `voiced` is the end of the
    last voiced moment, `decided` where the decision fell.
    """

    cause: Cause
    voiced: int
    decided: int


Event = Started | Paused | Resumed | Ended


class Endpointer:
    """Waiting for speech, speaking, trailing off, ended."""

    def __init__(
        self,
        *,
        patience: float = 5.0,
        silence_seconds: float = 0.7,
        pause_seconds: float = 0.25,
        max_seconds: float = 12.0,
    ) -> None:
        """All in seconds: how long to wait for speech, how much silence ends it, how much is a pause, and the
        limit."""
        self.state: State = "waiting"
        self.silence_seconds = silence_seconds
        """May be changed while listening, when it becomes clear that more or less is to be expected."""
        self._patience = int(patience * RATE)
        self._pause = int(pause_seconds * RATE)
        self._max = int(max_seconds * RATE)
        self._rest: Samples = np.zeros(0, np.int16)
        self._features: Floats = np.zeros((_HISTORY, _BANDS + 1), np.float32)
        self._hops = 0
        self._began = 0
        self._voiced = 0

    @property
    def position(self) -> int:
        """Samples judged so far."""
        return self._hops * HOP

    @property
    def voiced(self) -> int:
        """End of the last voiced moment, in samples; 0 while nobody has spoken."""
        return self._voiced

    @property
    def began(self) -> int:
        """Where speech began, in samples; 0 while nobody has spoken."""
        return self._began

    def feed(self, samples: Samples) -> list[Event]:
        """Take more sound, any length; the events it caused, in order. After `Ended` nothing more comes."""
        if self.state == "ended":
            return []
        sound = np.concatenate((self._rest, samples))
        size = BLOCK * HOP
        events: list[Event] = []
        at = 0
        while at + size + WINDOW - HOP <= len(sound) and not _over(events):
            self._remember(measure(sound[at : at + size + WINDOW - HOP]))
            events += self._judge()
            at += size
        self._rest = sound[at:].copy()
        return events

    def finish(self) -> Ended | None:
        """There will be no more sound. None if it had ended before."""
        if self.state == "ended":
            return None
        return self._end("silence" if self.state == "waiting" else "done")

    def clear(self) -> None:
        """Forget the sound."""
        self.state = "ended"
        self._rest = np.zeros(0, np.int16)
        self._features.fill(0)

    def _remember(self, features: Floats) -> None:
        self._features[:-BLOCK] = self._features[BLOCK:]
        self._features[-BLOCK:] = features
        self._hops += BLOCK

    def _judge(self) -> list[Event]:
        known = min(self._hops, _HISTORY)
        flags = voiced_hops(self._features[-known:], 1.0 if self.state == "waiting" else KEEP)
        offset = self._hops - known
        if self.state == "waiting":
            first = _onset(flags)
            if first is None:
                return [self._end("silence")] if self.position >= self._patience else []
            self.state = "speaking"
            self._began = (offset + first) * HOP
            self._voiced = (offset + _last_run(flags, 1)) * HOP
            return [Started(self._began)]
        last = (offset + _last_run(flags, _MIN_RUN)) * HOP
        # A noise that had passed for speech is taken back once it is known to be steady, but never all of it.
        self._voiced = max(last, min(self._voiced, offset * HOP), self._began)
        quiet = self.position - self._voiced
        if quiet >= self.silence_seconds * RATE:
            return [self._end("done")]
        if self.position - self._began >= self._max:
            return [self._end("limit")]
        if self.state == "speaking" and quiet >= self._pause:
            self.state = "trailing"
            return [Paused(self._voiced)]
        if self.state == "trailing" and quiet < self._pause:
            self.state = "speaking"
            return [Resumed(self._voiced)]
        return []

    def _end(self, cause: Cause) -> Ended:
        self.clear()
        return Ended(cause, self._voiced, self.position)


def _over(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], Ended)


def voiced_hops(features: Floats, share: float = 1.0) -> npt.NDArray[np.bool_]:
    """Which hops are voiced, judged together: what `measure` gave, (n, 17) -> (n,). `share` scales the thresholds."""
    smooth = _running_mean(features, _SMOOTH)
    powers, pitch = np.maximum(smooth[:, :_BANDS], _FLOOR), smooth[:, _BANDS]
    level = powers.mean(axis=1)
    noise = np.percentile(powers, _PERCENTILE, axis=0) * _BIAS
    ratio = np.maximum(powers / np.maximum(noise, _FLOOR), 1.0)
    likely = (ratio - np.log(ratio) - 1.0).clip(max=_CAP).mean(axis=1) > MIN_RATIO * share
    loud = 10 * np.log10(ratio).mean(axis=1) > LOUD_DB * share
    voiced = likely & ((pitch > MIN_PITCH * share) | loud)
    result: npt.NDArray[np.bool_] = voiced & (level > RANGE * level.max(where=voiced, initial=0.0))
    return result


def _running_mean(values: Floats, size: int) -> Floats:
    padded = np.pad(values, ((size // 2 + 1, size // 2), (0, 0)), mode="edge").cumsum(axis=0, dtype=np.float64)
    result: Floats = ((padded[size:] - padded[:-size]) / size).astype(np.float32)
    return result


def _onset(flags: npt.NDArray[np.bool_]) -> int | None:
    """The first voiced hop of the first `ONSET_SPAN` that has enough of them."""
    total = np.concatenate(([0], np.cumsum(flags)))
    span = min(ONSET_SPAN, len(flags))
    enough = np.flatnonzero(total[span:] - total[:-span] >= MIN_VOICED)
    if len(enough) == 0:
        return None
    return int(enough[0]) + int(np.argmax(flags[enough[0] :]))


def _last_run(flags: npt.NDArray[np.bool_], size: int) -> int:
    """End of the last run of at least `size` voiced hops; 0 if there is none."""
    total = np.concatenate(([0], np.cumsum(flags)))
    if len(flags) < size:
        return 0
    full = np.flatnonzero(total[size:] - total[:-size] == size)
    return int(full[-1]) + size if len(full) else 0


def _make_bank() -> tuple[Floats, Floats]:
    """The band matrix (bins, bands), each column a mean, and the bias of the noise estimate per band."""
    bins = np.fft.rfftfreq(_FFT, 1 / RATE)
    edges = np.concatenate((np.linspace(150, 1000, 8)[:-1], np.geomspace(1000, 5000, _BANDS - 6)))
    bank = np.zeros((len(bins), _BANDS), np.float32)
    for band in range(_BANDS):
        inside = (bins >= edges[band]) & (bins < edges[band + 1])
        bank[inside, band] = 1 / inside.sum()
    # Mean over 20th percentile of smoothed white noise, measured: 1.45 for a band of 4 bins, 1.15 for one of 30.
    return bank, (1 + 0.9 / np.sqrt((bank > 0).sum(axis=0))).astype(np.float32)


def measure(sound: Samples) -> Floats:
    """Band powers and pitch of every hop: (n,) -> (hops, 17)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float32), WINDOW)[::HOP]
    spectrum = np.square(np.abs(np.fft.rfft(frames * _TAPER, _FFT))) / np.square(_TAPER).sum()
    features = np.empty((len(frames), _BANDS + 1), np.float32)
    features[:, :_BANDS] = spectrum @ _BANK
    # The inverse transform of a part of the spectrum at the lags that matter, as a product.
    flat = (spectrum[:, _PITCH_BINS] + 1e-9) ** _FLATTEN
    lags = flat @ _COSINES / flat.sum(axis=1, keepdims=True) - _COSINES.mean(axis=0)
    features[:, _BANDS] = lags.max(axis=1)
    return features


_BANK, _BIAS = _make_bank()
_TAPER = np.hanning(WINDOW).astype(np.float32)
_CAP = 4.0
"""A single band cannot decide alone: a whistle is not speech."""
_BINS = np.arange(_FFT // 2 + 1)
_PITCH_BINS = (_BINS * RATE >= 100 * _FFT) & (_BINS * RATE <= 2000 * _FFT)
_LAGS = np.arange(RATE // 400, RATE // 75)
_COSINES = np.cos(2 * np.pi * np.outer(_BINS[_PITCH_BINS], _LAGS) / _FFT).astype(np.float32)
"""Autocorrelation at lags of 75 to 400 Hz from the bins between 100 Hz and 2 kHz: (bins, lags)."""
