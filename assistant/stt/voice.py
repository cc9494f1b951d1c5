"""Which moments of a sound are voiced. Pure numbers: sound in, decisions out.

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

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import RATE, Samples

Floats: TypeAlias = npt.NDArray[np.float32]

HOP = 160
"""Samples between two decisions: 10 ms."""
WINDOW = 640
"""Samples looked at for one decision: 40 ms."""
_FFT = 1024
BANDS = 16
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
NEAR = 10**-0.7
"""What is at most 7 dB below the usual loudness of an utterance that goes on belongs to it, with pitch or without: in
noise a breathy voice has none."""
CLEAR_DB, NOISY_DB = 30.0, 12.0
"""Speech so far above the noise is clear; so near to it, its quiet parts drown."""
LEAST_QUIET = 10
"""Hops that tell how loud it is when nobody speaks."""
_FLATTEN = 0.35
"""Exponent of the power spectrum before the autocorrelation; of 0.35 to 1 the lowest separated best."""


def voiced_hops(features: Floats, share: float = 1.0) -> npt.NDArray[np.bool_]:
    """Which hops are voiced, judged together: what `measure` gave, (n, 17) -> (n,). `share` scales the thresholds."""
    smooth = _running_mean(features, _SMOOTH)
    powers, pitch = np.maximum(smooth[:, :BANDS], _FLOOR), smooth[:, BANDS]
    level = powers.mean(axis=1)
    noise = np.percentile(powers, _PERCENTILE, axis=0) * _BIAS
    ratio = np.maximum(powers / np.maximum(noise, _FLOOR), 1.0)
    likely = (ratio - np.log(ratio) - 1.0).clip(max=_CAP).mean(axis=1) > MIN_RATIO * share
    loud = 10 * np.log10(ratio).mean(axis=1) > LOUD_DB * share
    voiced = likely & ((pitch > MIN_PITCH * share) | loud)
    if share < 1.0 and voiced.any():
        voiced |= likely & (level > NEAR * np.median(level[voiced]))
    result: npt.NDArray[np.bool_] = voiced & (level > RANGE * level.max(where=voiced, initial=0.0))
    return result


def _running_mean(values: Floats, size: int) -> Floats:
    padded = np.pad(values, ((size // 2 + 1, size // 2), (0, 0)), mode="edge").cumsum(axis=0, dtype=np.float64)
    result: Floats = ((padded[size:] - padded[:-size]) / size).astype(np.float32)
    return result


def noisiness(features: Floats, quiet: int = 0) -> float:
    """How much speech drowns in noise: 0 in a quiet room or without speech, up to 1. In the last `quiet` hops nobody
    spoke: who speaks for seconds without a breath leaves no other moment in which the noise alone is heard."""
    flags = voiced_hops(features, KEEP)
    if not flags.any():
        return 0.0
    level = np.maximum(features[:, :BANDS].mean(axis=1), _FLOOR)
    noise = np.percentile(level, _PERCENTILE)
    if quiet >= LEAST_QUIET:
        noise = min(noise, np.median(level[-quiet:]))
    clear = 10 * np.log10(np.median(level[flags]) / noise)
    return float(np.clip((CLEAR_DB - clear) / (CLEAR_DB - NOISY_DB), 0.0, 1.0))


def _make_bank() -> tuple[Floats, Floats]:
    """The band matrix (bins, bands), each column a mean, and the bias of the noise estimate per band."""
    bins = np.fft.rfftfreq(_FFT, 1 / RATE)
    edges = np.concatenate((np.linspace(150, 1000, 8)[:-1], np.geomspace(1000, 5000, BANDS - 6)))
    bank = np.zeros((len(bins), BANDS), np.float32)
    for band in range(BANDS):
        inside = (bins >= edges[band]) & (bins < edges[band + 1])
        bank[inside, band] = 1 / inside.sum()
    # Mean over 20th percentile of smoothed white noise, measured: 1.45 for a band of 4 bins, 1.15 for one of 30.
    return bank, (1 + 0.9 / np.sqrt((bank > 0).sum(axis=0))).astype(np.float32)


def measure(sound: Samples) -> Floats:
    """Band powers and pitch of every hop: (n,) -> (hops, 17)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float32), WINDOW)[::HOP]
    spectrum = np.square(np.abs(np.fft.rfft(frames * _TAPER, _FFT))) / np.square(_TAPER).sum()
    features = np.empty((len(frames), BANDS + 1), np.float32)
    features[:, :BANDS] = spectrum @ _BANK
    # The inverse transform of a part of the spectrum at the lags that matter, as a product.
    flat = (spectrum[:, _PITCH_BINS] + 1e-9) ** _FLATTEN
    lags = flat @ _COSINES / flat.sum(axis=1, keepdims=True) - _COSINES.mean(axis=0)
    features[:, BANDS] = lags.max(axis=1)
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
