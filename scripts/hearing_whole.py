"""Whole recordings through the recogniser alone, without an endpointer; and the thresholds that follow from them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hearing_cases import NOISE, Case, plain
from hearing_short import COMMANDS, OTHERS, is_meant

from assistant.grammar.sentences import is_follow
from assistant.stt import guard
from assistant.stt.acceptance import Acceptance, Fit
from assistant.stt.guided import Guide, start
from assistant.stt.listener import ANSWERS
from assistant.stt.memory import release_memory
from assistant.stt.moonshine_engine import greedy
from assistant.stt.moonshine_model import MoonshineModel
from assistant.stt.paths import Result

FALSE_ACCEPTS = 0.005
"""Share of other sound that a calibration lets through at most."""
PRICE = 2
"""Commands that a calibration gives up to refuse one that was heard wrongly, or a word that only sounds like one. Of
such words, unlike other sound, some cannot be told apart: "pie" from "bye"."""
NEAR = 0.01
"""Share of the commands by which thresholds may be worse than the best."""
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
    if dynamics < guard.STEADY_DB or (case.wanted is None and result.found and not acts(guide, result)):
        fit = None
    said = model.tokenizer.decode(free.tokens)
    believed = not (guard.loops(free.tokens) or guard.is_invented(said, free.mean, dynamics))
    longer = len(said.split()) >= len(guard.LEAST_SURE)
    confidence = math.exp(min(free.mean, 0.0)) if believed and longer else 0.0
    release_memory()
    return Trial(case.group, case.half, right, fit, guide.is_cut(result), confidence)


def acts(guide: Guide, result: Result) -> bool:
    """Whether the best sentence would do anything where nothing was asked or answered before."""
    intents = guide.network.nexts(result.found[0].place).intents
    return not all(is_follow(intent) or intent in ANSWERS for intent in intents)


def calibrate(trials: Sequence[Trial]) -> Acceptance:
    """The thresholds that keep most commands while recordings of other sound stay out; the middle of those that do
    hardly worse than the best, so that no single recording decides."""
    counted = [(trial, trial.fit) for trial in trials if trial.fit and trial.counts]
    commands = [fit for trial, fit in counted if trial.right]
    wrong = [fit for trial, fit in counted if trial.right is False or trial.group == OTHERS]
    other = [fit for trial, fit in counted if trial.right is None and trial.group != OTHERS]
    allowed = FALSE_ACCEPTS * sum(trial.right is None and trial.group != OTHERS for trial in trials)
    rows: list[tuple[float, ...]] = []
    for weight in WEIGHTS:
        kept_of, wrong_of, other_of = (measures(fits, weight) for fits in (commands, wrong, other))
        for mean in np.arange(-3, -0.6, 0.1):
            for lag in np.arange(-2, -0.5, 0.1):
                for gain in np.arange(0, 2.5, 0.1):
                    least = (mean, lag, gain)
                    if (other_of > least).all(axis=1).sum() > allowed:
                        continue
                    lost = PRICE * int((wrong_of > least).all(axis=1).sum())
                    rows.append((int((kept_of > least).all(axis=1).sum()) - lost, *least, float(weight)))
    if not rows:
        sys.exit("no thresholds keep the other sound out")
    found = np.array(rows)
    near = found[found[:, 0] >= found[:, 0].max() - NEAR * len(commands)]
    mean, lag, gain, weight = np.median(near[:, 1:], axis=0).tolist()
    sure = surest([trial.text for trial in trials if trial.group == NOISE])
    return Acceptance(mean=mean, lag=lag, gain=gain, weight=weight, sure=sure)


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
    """Thresholds fitted to either half, and what they give on the other."""
    return {key: value for half, rest in ("AB", "BA") for key, value in held_out(trials, half, rest).items()}


def held_out(trials: Sequence[Trial], half: str, other_half: str) -> dict[str, str]:
    fitted = calibrate([trial for trial in trials if trial.half == half])
    rest = [trial for trial in trials if trial.half == other_half]
    said = [trial for trial in rest if trial.right is not None]
    other = [trial for trial in rest if trial.right is None and trial.group != OTHERS]
    words = [trial for trial in rest if trial.group == OTHERS]
    noise = [trial for trial in rest if trial.group == NOISE]
    found = {name: round(getattr(fitted, name), 2) for name in ("mean", "lag", "gain", "weight", "sure")}
    on = f"on {other_half}"
    return {
        f"fitted to {half}": ", ".join(f"{name} {value}" for name, value in found.items()),
        f"{on}, commands right": f"{sum(bool(t.right) and t.accepted(fitted) for t in said)} of {len(said)}",
        f"{on}, commands wrong": f"{sum(not t.right and t.accepted(fitted) for t in said)} of {len(said)}",
        f"{on}, other accepted": f"{sum(trial.accepted(fitted) for trial in other)} of {len(other)}",
        f"{on}, short words accepted": f"{sum(trial.accepted(fitted) for trial in words)} of {len(words)}",
        f"{on}, free text of noise": f"{sum(t.text >= fitted.sure > 0 for t in noise)} of {len(noise)}",
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
