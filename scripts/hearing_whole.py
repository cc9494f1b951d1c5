"""Whole recordings through the recogniser alone, without an endpointer; and the thresholds that follow from them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hearing_cases import NOISE, Case, plain
from hearing_short import COMMANDS, is_meant

from assistant.stt import guard
from assistant.stt.acceptance import Acceptance, Fit
from assistant.stt.guided import Guide, start
from assistant.stt.memory import release_memory
from assistant.stt.moonshine_engine import greedy
from assistant.stt.moonshine_model import MoonshineModel

FALSE_ACCEPTS = 0.005
"""Share of other sound that a calibration lets through at most."""
WEIGHTS = range(0, 32, 2)
TEXTS = 0.02
"""Share of the pieces of noise alone whose free text a calibration lets through at most."""


@dataclass(frozen=True)
class Trial:
    """What the recogniser made of one recording. `right` is None for sound that is no command."""

    group: str
    half: str
    right: bool | None
    fit: Fit | None
    cut: bool
    """The beginning of a sentence fitted better than every whole one."""
    text: float = 0.0
    """Confidence of its free text, if that has three words and more and may have been said."""

    @property
    def counts(self) -> bool:
        """Whether it could be accepted with thresholds low enough."""
        return self.fit is not None and not self.cut

    def accepted(self, acceptance: Acceptance) -> bool:
        return self.counts and self.fit is not None and acceptance.accepts(self.fit)


def listen(model: MoonshineModel, guide: Guide, case: Case) -> Trial:
    """Decode all of it."""
    begun = start(model, model.encode(case.sound))
    free = greedy(model, begun, guard.token_limit(len(case.sound)))
    result, fit = guide.follow(begun, free, len(case.sound))
    right: bool | None = None
    if case.wanted is not None:
        right = False
        if result.found:
            intents = guide.network.nexts(result.found[0].place).intents
            slots = {slot.name: plain(slot.words) for slot in guide.slots(result.found[0].path)}
            right = (
                is_meant(case, intents)
                if case.group == COMMANDS
                else ([intent.split(".", 1)[1] for intent in intents], slots) == ([case.wanted[0]], case.wanted[1])
            )
    dynamics = guard.loudness_range(case.sound)
    if dynamics < guard.STEADY_DB:
        fit = None
    said = model.tokenizer.decode(free.tokens)
    believed = not (guard.loops(free.tokens) or guard.is_invented(said, free.mean, dynamics))
    confidence = math.exp(min(free.mean, 0.0)) if believed and not guard.is_scrap(said, 1.0, math.inf) else 0.0
    release_memory()
    return Trial(case.group, case.half, right, fit, guide.is_cut(result), confidence)


def calibrate(trials: Sequence[Trial]) -> Acceptance:
    """The thresholds that keep most commands while other sound stays out; of all that do equally well, the middle."""
    commands = [trial.fit for trial in trials if trial.right and trial.fit and trial.counts]
    other = [trial.fit for trial in trials if trial.right is None and trial.fit and trial.counts]
    allowed = FALSE_ACCEPTS * sum(trial.right is None for trial in trials)
    best, equal = -1, []
    for weight in WEIGHTS:
        kept_of, accepted_of = measures(commands, weight), measures(other, weight)
        for mean in np.arange(-3, -0.6, 0.1):
            for lag in np.arange(-2, -0.5, 0.1):
                for gain in np.arange(0, 2.5, 0.1):
                    least = (mean, lag, gain)
                    kept = int((kept_of > least).all(axis=1).sum())
                    if kept < best or (accepted_of > least).all(axis=1).sum() > allowed:
                        continue
                    if kept > best:
                        best, equal = kept, []
                    equal.append((*least, float(weight)))
    if not equal:
        sys.exit("no thresholds keep the other sound out")
    middle = np.median(np.array(equal), axis=0)
    return Acceptance(*(float(value) for value in middle), sure=surest([t.text for t in trials if t.group == NOISE]))


def surest(texts: Sequence[float]) -> float:
    """The confidence that of so many free texts of noise alone only the share `TEXTS` has, in steps of 0.05."""
    allowed = TEXTS * len(texts)
    steps = (step / 20 for step in range(20))
    return next((step for step in steps if sum(text >= step for text in texts) <= allowed), 0.95)


def measures(fits: Sequence[Fit], weight: float) -> npt.NDArray[np.float64]:
    """What is compared with thresholds of this weight: (n, 3)."""
    rows = [(fit.mean / fit.ease(weight), fit.lag / fit.ease(weight), fit.gain) for fit in fits]
    return np.array(rows).reshape(-1, 3)


def halves(trials: Sequence[Trial]) -> dict[str, str]:
    """Thresholds fitted to half A, and what they give on half B."""
    fitted = calibrate([trial for trial in trials if trial.half == "A"])
    rest = [trial for trial in trials if trial.half == "B"]
    said = [trial for trial in rest if trial.right is not None]
    other = [trial for trial in rest if trial.right is None]
    noise = [trial for trial in rest if trial.group == NOISE]
    found = {name: round(getattr(fitted, name), 2) for name in ("mean", "lag", "gain", "weight", "sure")}
    return {
        "fitted to A": ", ".join(f"{name} {value}" for name, value in found.items()),
        "on B, commands right": f"{sum(bool(t.right) and t.accepted(fitted) for t in said)} of {len(said)}",
        "on B, commands wrong": f"{sum(not t.right and t.accepted(fitted) for t in said)} of {len(said)}",
        "on B, other accepted": f"{sum(trial.accepted(fitted) for trial in other)} of {len(other)}",
        "on B, free text of noise": f"{sum(t.text >= fitted.sure > 0 for t in noise)} of {len(noise)}",
    }


def by_group(trials: Sequence[Trial], acceptance: Acceptance) -> dict[str, dict[str, float]]:
    """Per group: how many, the share right, accepted and right, accepted and wrong (percent)."""
    rows: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(trial.group for trial in trials):
        group = [trial for trial in trials if trial.group == name]
        accepted = [trial for trial in group if trial.accepted(acceptance)]
        row: dict[str, float] = {"count": len(group)}
        if group[0].right is None:
            row["false accepts"] = len(accepted)
        else:
            row["right"] = percent(sum(bool(trial.right) for trial in group), len(group))
            row["accepted and right"] = percent(sum(bool(trial.right) for trial in accepted), len(group))
            row["accepted and wrong"] = percent(sum(not trial.right for trial in accepted), len(group))
        rows[name] = row
    return rows


def percent(part: int, whole: int) -> float:
    return round(100 * part / max(1, whole), 1)
