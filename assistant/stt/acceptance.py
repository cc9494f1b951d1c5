"""Whether a sentence that was found is what was said, or only the nearest thing a skill knows.

Three measures, all per token: how likely the decoder finds the sentence, how much less likely than what it would write
if it were free, and how much more likely than without any sound. The last keeps out what fits any noise, such as "I
don't know what to do". And one of the whole sentence, its evidence: how much more likely the sound makes it in all. A
word or two are the nearest thing to very many other words, and the sound cannot say much for them; so the first two
thresholds come nearer in proportion, unless the sentence was expected: "hello" has to fit better than an order of ten
words. The thresholds are fitted by `scripts/bench_hearing.py --calibrate` to recordings and written to
`acceptance.yaml`; only that of the evidence still stands as it was chosen from tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from assistant.errors import EngineError

FILE = Path(__file__).with_name("acceptance.yaml")

EVIDENT = 24.0
EVIDENT_GAIN = 3.4
EVIDENT_EASE = 1.4
"""A sentence for which the sound says so much, in all and per token, is believed where the thresholds are so much
further away: names that the decoder writes otherwise ("Siouxsie" as "sushi"), odd voices, noise. Of 518 commands of
domains that it was not fitted to, 16 of the 35 that were found and refused are of this kind; of 152 recordings of
other speech none, the nearest with an evidence of 21. Free text fits whatever was said, so it proves nothing."""

NEAREST = 0.01
"""Share of the thresholds that is left where the sound says nothing."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a sentence fits the sound. Log-probabilities are sums over tokens."""

    tokens: int
    logp: float
    free_logp: float
    """Of the best free text."""
    prior: float
    """Of the sentence without any sound."""
    value: float
    """What the search compares sentences by."""
    cost: float = 0.0
    """Of free text in it."""

    @property
    def mean(self) -> float:
        """Log-probability of a token."""
        return self.logp / self.tokens

    @property
    def lag(self) -> float:
        """How much less likely a token is than in free text; near 0 is good."""
        return (self.logp - self.free_logp) / self.tokens

    @property
    def evidence(self) -> float:
        """How much more likely the sound makes the whole sentence."""
        return self.logp - self.prior

    @property
    def is_evident(self) -> bool:
        """Whether the sound says so much that a poor fit will do."""
        return not self.cost and self.evidence > EVIDENT and self.gain > EVIDENT_GAIN

    def ease(self, weight: float) -> float:
        """How far away the thresholds are for this sentence, where evidence below `weight` brings them nearer."""
        if self.is_evident:
            return EVIDENT_EASE
        return 1.0 if self.evidence >= weight or not weight else max(NEAREST, self.evidence / weight)

    @property
    def gain(self) -> float:
        """How much more likely the sound makes a token."""
        return (self.logp - self.prior) / self.tokens


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Least values of the measures, and how they make a confidence."""

    mean: float
    lag: float
    gain: float
    weight: float = 0.0
    """Evidence below which the first two come nearer in proportion."""
    sure: float = 0.0
    """Least confidence of free text of three words and more, where nothing was asked (`guard.is_scrap`)."""

    def accepts(self, fit: Fit, *, asked: bool = False) -> bool:
        """Whether the sentence was said. `asked`: it is one of those that are expected."""
        ease = fit.ease(0.0 if asked else self.weight)
        return fit.mean > ease * self.mean and fit.lag > ease * self.lag and fit.gain > self.gain

    def eased(self, factor: float) -> Acceptance:
        """Thresholds `factor` times as far away."""
        return replace(self, mean=self.mean * factor, lag=self.lag * factor, gain=self.gain / factor)

    def confidence(self, fit: Fit) -> float:
        """0..1: 1 for a sentence that free text would be too, 0.5 at the threshold of a long one."""
        return 0.5 + 0.5 * min(1.0, max(0.0, min(1 - fit.lag / self.lag, 1 - fit.mean / self.mean)))


@cache
def read_acceptance(path: Path = FILE) -> Acceptance:
    """The thresholds. Raises EngineError when the file cannot be used."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = Acceptance(**{name: float(data[name]) for name in ("mean", "lag", "gain", "weight", "sure")})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise EngineError("the thresholds cannot be read", where=str(path), hint="Install the program again") from error
    negative = -math.inf < found.mean < 0 and -math.inf < found.lag < 0
    if not (negative and 0 <= found.gain < math.inf and 0 <= found.weight < math.inf and 0 <= found.sure < 1):
        raise EngineError("the thresholds make no sense", where=str(path), hint="Install the program again")
    return found
