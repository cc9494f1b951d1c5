"""Recordings through the door that people use (`assistant hear --no-wake`), and what each cost."""

from __future__ import annotations

import argparse
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from assistant.audio.frame import RATE, Samples
from assistant.build import Builder
from assistant.cli import context
from assistant.cli.hear import ears
from assistant.cli.output import said
from assistant.grammar.sentences import SkillSentences
from assistant.pipeline import Pipeline
from assistant.stt.engine import Hypothesis, Outlook, SttEngine
from assistant.stt.expected import ANYTHING, Expected

T = TypeVar("T")
LOOK = ["begin", "accept"]
"""What comes before the end of a second look."""


class Call(NamedTuple):
    """One call of the engine: its processor seconds, and how many samples it had been given so far."""

    what: str
    seconds: float
    given: int


@dataclass(frozen=True)
class Heard:
    """What came of one recording."""

    intent: str
    slots: dict[str, str]
    endpoint: float
    """Seconds from the last voiced sample to the decision that it was over; below 0 when nothing was heard."""
    wait: float
    """Seconds from the last voiced sample to the transcript on a processor that has nothing else to do."""
    after: float
    """Processor seconds of the recogniser after the end of the command."""
    whole: float
    """All processor seconds of the recogniser."""
    decodes: int
    closed: bool
    """The sentence could not go on, so that nothing had to be waited for."""


class Metered:
    """An engine, and the processor time it takes."""

    def __init__(self, engine: SttEngine) -> None:
        self._engine = engine
        self.name, self.language = engine.name, engine.language
        self.calls: list[Call] = []
        self.last: Outlook = "unknown"
        """What the last look at a pause said."""
        self.given = 0

    def start(self) -> None:
        self._engine.start()

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        self._engine.learn(skills)

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        self._timed("begin", lambda: self._engine.begin(wake_word=wake_word, expected=expected))

    def accept(self, samples: Samples) -> str | None:
        return self._timed("accept", lambda: self._engine.accept(samples), len(samples))

    def outlook(self) -> Outlook:
        self.last = self._timed("outlook", self._engine.outlook)
        return self.last

    def glance(self) -> Outlook:
        self.last = self._timed("glance", self._engine.glance)
        return self.last

    def finish(self, *, settled: bool = False) -> Hypothesis:
        return self._timed("settled" if settled else "finish", lambda: self._engine.finish(settled=settled))

    def close(self) -> None:
        self._engine.close()

    def _timed(self, what: str, job: Callable[[], T], length: int = 0) -> T:
        began = time.thread_time()
        try:
            return job()
        finally:
            self.given += length
            self.calls.append(Call(what, time.thread_time() - began, self.given))

    def at_the_end(self) -> tuple[float, float]:
        """Processor seconds after the last sound: all of them, and those that were not spent while the endpointer still
        waited. A look at a pause counts if it was still good in the end."""
        calls = self.calls
        last = max((at for at, call in enumerate(calls) if call.what in ("settled", "finish")), default=-1)
        if last < 0:
            return 0.0, 0.0
        first = last
        if calls[last].what == "finish" and last > 2 and [call.what for call in calls[last - 2 : last]] == LOOK:
            last = first = last - 3
        end = calls[last].given / RATE
        if calls[last].what == "settled":
            first = max((at for at, call in enumerate(calls[:last]) if call.what == "outlook"), default=last)
        ready = 0.0
        for call in calls[first:]:
            ready = max(ready, min(call.given / RATE, end)) + call.seconds
        return sum(call.seconds for call in calls[first:]), ready - end


class Door:
    """The pipeline of `assistant hear --no-wake --skills DIR`, kept for many recordings."""

    def __init__(self, pipeline: Pipeline, engine: Metered) -> None:
        self._pipeline = pipeline
        self._engine = engine

    async def hear(self, sound: Samples) -> Heard:
        """Play one recording and wait for what comes of it."""
        calls = self._engine.calls
        calls.clear()
        self._engine.last = "unknown"
        answer = (await self._pipeline.hear(sound.copy(), wake_word=False)).answer
        times = {} if answer is None else {each.stage: each.seconds for each in answer.seconds}
        after, late = self._engine.at_the_end()
        endpoint = times.get("endpoint", -1.0)
        return Heard(
            intent=(answer.intent or "") if answer is not None else "",
            slots={} if answer is None else {slot.name: said(slot) for slot in answer.slots},
            endpoint=endpoint,
            wait=endpoint + late if endpoint >= 0 else -1.0,
            after=after,
            whole=sum(call.seconds for call in calls),
            decodes=sum(call.what in ("outlook", "finish") for call in calls),
            closed=self._engine.last == "closed",
        )


@asynccontextmanager
async def door(folders: Iterable[Path], settings: Sequence[str] = ()) -> AsyncIterator[Door]:
    """Open it with the sentences of `folders` beside those of the bundled skills. `settings` as of `--set`."""
    engines: list[Metered] = []

    class MeteredBuilder(Builder):
        def recogniser(self) -> SttEngine:
            engines.append(Metered(super().recogniser()))
            return engines[-1]

    made: Any = context.make(argparse.Namespace(config=None, set=list(settings)))
    async with ears(made, [str(folder) for folder in folders], wake_word=False, build=MeteredBuilder) as pipeline:
        yield Door(pipeline, engines[-1])
