"""What a score means, in words a person can act on."""

from __future__ import annotations

from typing import Literal

from assistant.wake.custom.word import Score

Grade = Literal["good", "fair", "poor"]
GOOD_MISSED, FAIR_MISSED = 0.15, 0.3
"""Shares of held-out synthetic voices in noise. Of people fewer are missed: where it was 8 to 19 % here, 1 to 4 %."""
GOOD_NEAR, FAIR_NEAR = 0.08, 0.2


def grade(score: Score) -> Grade:
    """One word for it."""
    missed = score.missed_alone if score.missed_confirmed is None else score.missed_confirmed
    near = score.near_accepted or 0.0
    if missed <= GOOD_MISSED and near <= GOOD_NEAR:
        return "good"
    return "fair" if missed <= FAIR_MISSED and near <= FAIR_NEAR else "poor"


def share(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.1f} %" if value < 0.1 else f"{100 * value:.0f} %"


def report(text: str, score: Score) -> list[str]:
    """Lines for a person: what was measured, and what follows from it."""
    lines = [
        f"voices: {score.voices}, of which {score.held_out} were kept apart and asked only now ({score.rooms})",
        f"missed by the detector: {share(score.missed)}; it suspects {score.suspected_per_hour:.0f} times an hour of "
        "other speech without a pause",
    ]
    if score.missed_confirmed is not None:
        lines.append(f"missed with the recogniser's second opinion, as it is used: {share(score.missed_confirmed)}")
        if score.near_accepted is not None:
            lines.append(f"phrases that sound alike and woke it: {share(score.near_accepted)}")
    lines.append(
        f"without a second opinion: {share(score.missed_alone)} missed at {score.accepted_per_hour:.1f} false accepts "
        f"an hour (on {score.hours:.2f} h of synthetic speech and noise)"
    )
    return [*lines, f"quality: {grade(score)}", *advice(text, score)]


def advice(text: str, score: Score) -> list[str]:
    """What to do about a score that is not good."""
    if grade(score) == "good":
        return []
    lines = []
    missed = score.missed_alone if score.missed_confirmed is None else score.missed_confirmed
    if (score.near_accepted or 0.0) > GOOD_NEAR and score.near:
        lines.append(f"It is near to other words: {', '.join(score.near[:4])}.")
    if missed > GOOD_MISSED and sum(each.isalpha() for each in text) < 7:
        lines.append("It is short: two words, or three syllables, are heard more surely.")
    elif missed > GOOD_MISSED:
        lines.append("The voices say it in too many ways, or it sounds like much else.")
    if score.voices < 50:
        lines.append("There are few voices here: sudo apt install espeak-ng flite, then train again.")
    lines.append("Better choose another word, or add takes of your own voice: --takes 4." if grade(score) == "poor"
                 else "Takes of your own voice help: --takes 4.")  # fmt: skip
    return lines
