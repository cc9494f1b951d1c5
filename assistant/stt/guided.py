"""Hearing along the skills' sentences: search, judge, and tell what was meant; or say that it was none of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.grammar.network import JOINED, START, Network, Place, build
from assistant.grammar.sentences import SkillSentences
from assistant.grammar.words import words
from assistant.stt.acceptance import Acceptance, Fit, read_acceptance
from assistant.stt.engine import HeardSlot, Meaning, Outlook
from assistant.stt.guard import token_limit
from assistant.stt.moonshine_model import Cache, Floats, Heard, MoonshineModel
from assistant.stt.paths import Found, Result, Settings, Step, steps
from assistant.stt.search import Prior, Search
from assistant.stt.surface import Surface

NARROW = Settings(beam=5, inside=0.8, opening=(12, 8, 6, 5), margin=6.0, prior_tokens=1)
"""Enough for clear speech."""
WIDE = Settings(beam=8, opening=(40, 32, 20, 12))
"""When the narrow search finds nothing that fits well: in noise the first word is often swallowed."""
CUT = replace(NARROW, bonus=NARROW.bonus / 2)
"""To compare the beginning of a sentence with whole ones: the bonus is there to make sentences go on."""
POOR_LOGP = -0.4
"""Mean log-probability of a token below which the search is repeated more widely."""
SURE_LOGP = -0.3
"""When every token of free text is likelier, and it is a sentence, no search can find a better one."""
BROKEN_OFF_LOGP = -1.0
"""The same for the beginning of a sentence, which ends where none should."""
LIKELY = 0.9
"""Probability of its end from which on a sentence that could go on sounds as if it were over: after half a second
nearly all commands in a quiet room, and 5 of 34 pauses behind what could have been all."""
NEARLY = 0.975
"""The same nearly beyond doubt: in such pauses in a quiet room it was 0.973 at most in half of the recordings, which
this is chosen by, and 0.969 in the other half."""
OVER = 0.98
"""The same beyond doubt: in such pauses it was 0.969 at most, in noise of 15 dB 0.977."""
NOT_OVER = 0.5
"""A sentence that cannot go on, but sounds less over than this, was misheard."""
JOINED_EASE = 0.6
"""Several requests in one sentence fit noise more easily, so the thresholds are this much nearer."""
RIVALS = 3


@dataclass(frozen=True, slots=True)
class Start:
    """Where a search begins: the decoder's memory, and the log-probabilities (V,) of the next token."""

    heard: Heard
    first: Floats
    cache: Cache


@dataclass(frozen=True, slots=True)
class Free:
    """Free text: tokens without the end, and the log-probability of each, the end included."""

    tokens: tuple[int, ...]
    logps: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.logps) / len(self.logps)

    def after(self, prefix: int) -> Free:
        """Without the first `prefix` tokens."""
        return Free(self.tokens[prefix:], self.logps[prefix:])


@dataclass(frozen=True, slots=True)
class Trace:
    """One look at a sound, and what came of the search behind the first `prefix` tokens of the free text."""

    heard: Heard
    free: Free
    prefix: int
    result: Result
    fit: Fit | None

    def score(self, model: MoonshineModel, sentences: Sequence[Sequence[int]]) -> list[float]:
        """Log-probability of each of these rows of tokens behind the prefix."""
        before = self.free.tokens[: self.prefix]
        spent = sum(self.free.logps[: self.prefix])
        return [logp - spent for logp in model.score(self.heard, [(*before, *tokens) for tokens in sentences])]


@dataclass(frozen=True, slots=True)
class Understood:
    """A sentence that was heard, as words in the skill's spelling, with its meaning."""

    text: str
    confidence: float
    alternatives: tuple[str, ...]
    meaning: Meaning | None
    """None for several requests in one sentence."""
    outlook: Outlook
    ending: float
    """Probability that the sentence is over, as it sounds."""
    tokens: tuple[int, ...]
    """As it was heard, without its end."""
    closed: bool
    """Nothing can follow."""
    begun: bool
    """It ends in free text, and the same words begin a sentence without any ("what about the day after")."""


class Guide:
    """The sentences of the loaded skills, ready to be followed."""

    def __init__(
        self,
        model: MoonshineModel,
        skills: Sequence[SkillSentences],
        language: str,
        *,
        acceptance: Acceptance | None = None,
        like: Guide | None = None,
        asked: bool = False,
    ) -> None:
        """Compile the sentences. `like`: another guide of the same model, which saves listening to silence again and
        compiling what has not changed. `asked`: they are what a dialogue expects.
        Raises SkillError for a template that cannot be read."""
        self._model = model
        self.network: Network = build(skills, language, like.network if like is not None else None)
        self._surface = Surface(self.network, model.tokenizer)
        _ = self._surface.tree(START).ids  # the largest tree, once
        self._acceptance: Acceptance = acceptance or read_acceptance()
        self._asked = asked
        if like is not None:
            self._prior: Prior = like._prior
            return
        # Faint noise: what the decoder says when it hears nothing is what it expects anyway.
        silence = np.random.default_rng(0).normal(0, 300, 16_000).astype(np.int16)
        heard, scores, cache = model.begin(model.encode(silence))
        self._prior = Prior(heard, scores[0], cache)

    def follow(self, start: Start, free: Free, samples: int, *, thorough: bool = True) -> tuple[Result, Fit | None]:
        """Search, if `thorough` as widely as need be. `free` is the best free text after `start`."""
        if min(free.logps) > SURE_LOGP:
            plain = Search(self._model, self._surface, self._prior, NARROW).retrace(free.tokens, free.logps)
            if plain is not None:
                return plain, self._fit(plain, sum(free.logps))
        found, fit = self._search(NARROW, start, free, samples)
        if thorough and (fit is None or fit.mean < POOR_LOGP):
            wider, wider_fit = self._search(WIDE, start, free, samples)
            if wider_fit is not None and (fit is None or wider_fit.value >= fit.value):
                return wider, wider_fit
        return found, fit

    def together(self, traces: Sequence[Trace]) -> tuple[Result, Fit | None]:
        """What was found in several views of the same sound, each sentence judged by all of them: noise fits some
        sentence in one view, what was said fits in all, and what one search has missed another finds."""
        first = traces[0].result
        every = list({found.tokens: found for trace in traces for found in trace.result.found[:RIVALS]}.values())
        if not every:
            return first, None
        scores = np.mean([trace.score(self._model, [found.tokens for found in every]) for trace in traces], axis=0)
        pooled = [replace(found, logp=float(score)) for found, score in zip(every, scores, strict=True)]
        meaning = Search(self._model, self._surface, self._prior, NARROW).meaning
        best: dict[Hashable, Found] = {}
        for found in sorted(pooled, key=NARROW.judge, reverse=True):
            best.setdefault(meaning(found), found)
        result = Result(tuple(best.values()), first.broken_off)
        free_logp = float(np.mean([sum(trace.free.after(trace.prefix).logps) for trace in traces]))
        return result, self._fit(result, free_logp)

    def understand(self, result: Result, fit: Fit | None) -> Understood | None:
        """The best sentence, if it fits well enough."""
        if fit is None or not result.found or not self._acceptance.accepts(fit, asked=self._asked):
            return None
        if self.is_cut(result):
            return None
        best = self._plainest(result)
        joined = any(step.place.net == JOINED for step in steps(best.path))
        if joined and not self._acceptance.eased(JOINED_EASE).accepts(fit):
            return None
        nexts = self.network.nexts(best.place)
        gap, rival = self._rival(result, best)
        intent = nexts.intents[0]
        if len(nexts.intents) > 1:
            gap, rival = 0.0, nexts.intents[1]
        confidence = self._acceptance.confidence(fit)
        meaning = None
        if not joined:
            meaning = Meaning(
                intent=intent,
                skill=intent.partition(".")[0],
                slots=tuple(self.slots(best.path)),
                score=confidence,
                gap=gap,
                rival=rival,
            )
        text = self.text(best.path)
        begun = best.path is not None and not best.path.words and self.network.begins(text.split())
        return Understood(
            text=text,
            confidence=confidence,
            alternatives=tuple(self.text(other.path) for other in result.found[1:RIVALS]),
            meaning=meaning,
            outlook=_outlook(nexts.closed, best.ending, begun),
            ending=best.ending,
            tokens=self._surface.without_end(best.tokens),
            closed=nexts.closed,
            begun=begun,
        )

    def still(self, heard: Heard, before: Sequence[int], understood: Understood) -> Outlook:
        """What has been `understood` behind the tokens `before`, looked at again in the same sound and more of it."""
        ending = self._model.ending(heard, (*before, *understood.tokens), self._surface.ends)
        return _outlook(understood.closed, ending, understood.begun)

    def outlook(self, result: Result, understood: Understood | None) -> Outlook:
        """Whether more is to be expected."""
        cut = result.broken_off
        if cut is not None and self.is_cut(result):
            return "open" if cut.logp / len(cut.tokens) > BROKEN_OFF_LOGP else "unknown"
        return understood.outlook if understood is not None else "unknown"

    def is_cut(self, result: Result) -> bool:
        """Whether the beginning of a sentence fits better than every whole one."""
        cut = result.broken_off
        if cut is None:
            return False
        return not result.found or CUT.value(cut) > CUT.value(result.found[0])

    def text(self, path: Step | None) -> str:
        """The words of a path in the skill's spelling."""
        return " ".join(word for _, word in self._said(path))

    def slots(self, path: Step | None) -> list[HeardSlot]:
        """The slots of a path with their words, in the order they were said."""
        found: list[HeardSlot] = []
        before: Place | None = None
        for place, word in self._said(path):
            use = self.network.slot_of(place)
            if use is None:
                before = None
                continue
            if before is not None and (place.net, place.state, place.slot) == (before.net, before.state, before.slot):
                found[-1] = replace(found[-1], words=f"{found[-1].words} {word}")
            else:
                found.append(HeardSlot(name=use.name, kind=use.kind, words=word))
            before = place
        return found

    def _said(self, path: Step | None) -> list[tuple[Place, str]]:
        """The words of a path, each with the place behind it; free text is one word."""
        said: list[tuple[Place, str]] = []
        free: list[Step] = []
        for step in steps(path):
            if not step.words:
                free.append(step)
                continue
            said += self._free_words(free)
            free = []
            said.extend((step.place, word) for word in step.words)
        return said + self._free_words(free)

    def _free_words(self, free: Sequence[Step]) -> list[tuple[Place, str]]:
        text = self._model.tokenizer.decode(step.token for step in free)
        return [(free[-1].place, " ".join(words(text)))] if free else []

    def _search(self, settings: Settings, start: Start, free: Free, samples: int) -> tuple[Result, Fit | None]:
        settings = replace(settings, max_tokens=token_limit(samples))
        result = Search(self._model, self._surface, self._prior, settings).run(start.heard, start.first, start.cache)
        return result, self._fit(result, sum(free.logps))

    def _fit(self, result: Result, free_logp: float) -> Fit | None:
        if not result.found:
            return None
        best = result.found[0]
        return Fit(len(best.tokens), best.logp, free_logp, best.prior, NARROW.judge(best), best.cost)

    def _plainest(self, result: Result) -> Found:
        """Of the sentences with the words of the best one that with the least free text, then with the fewest slots:
        "today" as it is written in one sentence comes before "today" as a date of another."""
        text = self.text(result.found[0].path)
        same = [found for found in result.found if self.text(found.path) == text]
        return min(same, key=self._looseness)

    def _looseness(self, found: Found) -> tuple[float, int]:
        return found.cost, len(self.slots(found.path))

    def _rival(self, result: Result, best: Found) -> tuple[float, str]:
        """How far away the nearest other meaning is, and its intent. A looser reading of the same words is none."""
        gap, intent = math.inf, ""
        if best.rival is not None:
            gap, intent = best.rival.gap, self.network.nexts(best.place).intents[0]
        text, looseness = self.text(best.path), self._looseness(best)
        for other in result.found:
            if other is best or (self.text(other.path) == text and self._looseness(other) > looseness):
                continue
            ahead = NARROW.judge(best) - NARROW.judge(other)
            if ahead < gap:
                gap, intent = ahead, self.network.nexts(other.place).intents[0]
        return (gap, intent) if intent else (100.0, "")


def _outlook(closed: bool, ending: float, begun: bool) -> Outlook:
    if closed and ending >= NOT_OVER:
        return "closed"
    if closed or begun or ending < LIKELY:
        return "complete"
    if ending >= OVER:
        return "over"
    return "nearly" if ending >= NEARLY else "likely"


def start(model: MoonshineModel, heard: Heard) -> Start:
    """The decoder before its first token."""
    heard, scores, cache = model.begin(heard)
    return Start(heard, scores[0], cache)


def start_after(model: MoonshineModel, start: Start, prefix: Sequence[int]) -> Start:
    """The decoder after it has said `prefix` (the wake word)."""
    first, cache = start.first, start.cache
    for token in prefix:
        scores, cache = model.step(start.heard, np.array([token], np.int64), cache)
        first = scores[0]
    return Start(start.heard, first, cache)
