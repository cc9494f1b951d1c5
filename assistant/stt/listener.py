"""Hears one request: utterance after utterance, until one of them is understood.

No sound is given up before it was understood. What a clatter or a pause has cut off stays, and is looked at again
together with what follows; then what follows alone. Where the sound has a definite end, all of it is looked at last.
"""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from assistant.audio.frame import RATE, Frame
from assistant.config.schema import Stt
from assistant.messages import Seconds, Slot, Spoken, dialog, stt
from assistant.stt.buffer import SessionBuffer
from assistant.stt.endpoint import CLEARLY_NOISY, Ended, Endpointer, Paused, Resumed, Started
from assistant.stt.engine import Hypothesis, Meaning, Outlook, SttEngine
from assistant.stt.expected import Expected
from assistant.stt.wakeword import strip_wake_word

OPEN_SECONDS = 0.8
"""So much more silence is allowed when a sentence has been begun that cannot end yet."""
LIKELY_SECONDS = 0.5
"""Silence that ends a sentence which sounds as if it were over: of 34 pauses in a quiet room behind what could have
been all, 1 was longer."""
OVER_SECONDS = 0.28
"""The same where there is no doubt; in a quiet room also where there is hardly any."""
QUIET_SECONDS = 0.02
"""A room is quiet where the noise asks for at most so much more silence."""
GLANCED = frozenset({"complete", "likely", "nearly"})
"""What can still turn out to be over, the longer nothing follows."""
GLANCE_SECONDS = 0.075
"""So much more silence is worth another glance."""
LEAD_SECONDS = 1.0
"""Sound before the first voiced moment that is listened to: in noise a quiet beginning is not noticed."""
JOIN_SECONDS = 2.0
"""What was not understood belongs to what follows within this time."""
DOUBTFUL_SECONDS = 0.6
DOUBTFUL_CONFIDENCE = 0.6
"""Words from less voice than this, and less sure than this, may have been a cough or a clatter."""
CERTAIN = 0.75
"""The same for sentences of a skill."""
ANSWERS = frozenset({"dialog.yes", "dialog.no", "dialog.choice"})
"""Where nothing was asked these mean nothing, and a breath or a clatter sounds like them."""
DOUBT_SECONDS = 1.5
"""How long to wait for something better."""

T = TypeVar("T")


class Work(Protocol):
    """Runs a job in the engine's thread."""

    def __call__(self, job: Callable[[], T], /) -> Awaitable[T]: ...


@dataclass(slots=True)
class _Utterance:
    """One stretch of speech in the sound of the session; all in samples from its beginning."""

    began: int
    ended: Ended
    start: int
    """Where the sound begins that the engine was given."""
    heard: Hypothesis
    seconds: tuple[Seconds, ...]

    @property
    def understood(self) -> bool:
        return self.heard.meaning is not None or self.heard.several

    @property
    def is_doubtful(self) -> bool:
        """Short and unlikely."""
        if self.heard.confidence > (CERTAIN if self.understood else DOUBTFUL_CONFIDENCE):
            return False
        return self.ended.voiced - self.began < DOUBTFUL_SECONDS * RATE


class Listener:
    """One session. `hear` once; `clear` overwrites the sound, whatever came of it."""

    def __init__(
        self,
        engine: SttEngine,
        work: Work,
        config: Stt,
        wish: dialog.Listening,
        frames: AsyncIterator[Frame | None],
        partial: Callable[[str], None],
    ) -> None:
        """`frames` gives None once the sound is over. `partial` is told the text so far where the engine has one."""
        self._engine = engine
        self._work = work
        self._config = config
        self._wish = wish
        self._expected = Expected(wish.expects, wish.skill, tuple(option.text for option in wish.options))
        self._frames = frames
        self._partial = partial
        self._wake_word = wish.wake_word
        self._sound = SessionBuffer()
        self._endpointer = Endpointer(
            patience=wish.patience, silence_seconds=config.silence_seconds, max_seconds=config.max_seconds
        )
        self._given = 0
        """End of the sound that the engine was given."""
        self._kept: tuple[int, int] | None = None
        """Sound that was not understood: its beginning, and the end of its last voice."""
        self._voiced = 0
        """End of the last voice before this utterance."""
        self._heard = 0
        """The longest part that was looked at."""
        self._over = False

    def clear(self) -> None:
        """Overwrite the sound."""
        self._sound.clear()
        self._endpointer.clear()

    async def hear(self) -> stt.Transcript | stt.Nothing:
        """Until something has words in it: a clatter, or the wake word alone, is not a request."""
        session, patience = self._wish.session, self._wish.patience
        doubtful: stt.Transcript | None = None
        while True:
            found = await self._utterance()
            patience -= (self._endpointer.position - self._endpointer.since) / RATE
            text = strip_wake_word(found.heard.text, self._wake_word)
            if text and not self._may_go_on(found, text, doubtful):
                return _transcript(session, text, found)
            if text:
                # A breath or a cough also gives words. If nothing better follows soon, they were meant.
                doubtful = doubtful if self._wish.whole and doubtful is not None else _transcript(session, text, found)
                patience = self._wish.patience if self._wish.whole else DOUBT_SECONDS
            elif found.ended.cause == "limit" and doubtful is None and not self._wish.whole:
                return stt.Nothing(session=session, cause="too-long")
            if found.heard.text and not text:
                # The wake word alone: the request is still to come, with full patience.
                self._wake_word, self._kept, patience = "", None, self._wish.patience
            if self._over or patience <= 0 or (doubtful is not None and found.ended.cause == "silence"):
                break
            self._endpointer.again(patience)
        if self._wish.whole and self._heard and self._sound.end - self._heard > LEAD_SECONDS * RATE:
            found.heard = await self._look(0, self._voiced + round(LEAD_SECONDS * RATE))
            text = strip_wake_word(found.heard.text, self._wake_word)
            if text and (found.understood or doubtful is None):
                return _transcript(session, text, found)
        if doubtful is not None:
            return doubtful
        return stt.Nothing(session=session, cause="silence" if found.ended.cause == "silence" else "noise")

    def _asked(self, heard: Hypothesis) -> Hypothesis:
        """Nothing, where it answers a question that nobody asked."""
        asked = self._wish.skill or self._wish.expects
        if asked or heard.meaning is None or heard.meaning.intent not in ANSWERS:
            return heard
        return Hypothesis(text="", confidence=0.0, language=heard.language)

    def _may_go_on(self, found: _Utterance, text: str, doubtful: stt.Transcript | None) -> bool:
        """Whether what was heard is to be taken only when nothing better follows."""
        if self._wish.whole and not found.understood:
            return True
        if doubtful is None:
            return found.is_doubtful and not self._over
        # A word that noise made of itself, after a sentence that was not understood, is not what was asked for.
        short = 2 * len(text.split()) < len(doubtful.text.text.split())
        return self._wish.whole and short and found.heard.confidence <= CERTAIN

    async def _utterance(self) -> _Utterance:
        """Sound up to the end of one stretch of speech, and what was said in it."""
        endpointer = self._endpointer
        ended: Ended | None = None
        outlook: Outlook | None = None
        start, looked = -1, 0
        ready, patience = 0.0, GLANCE_SECONDS
        while ended is None:
            frame = await anext(self._frames)
            if frame is None:
                self._over, ended = True, endpointer.finish()
                break
            self._sound.append(frame.samples)
            events = endpointer.feed(frame.samples)
            frame.samples.fill(0)
            for event in events:
                match event:
                    case Started():
                        start = await self._begin(event.sample)
                    case Ended():
                        ended = event
                    case Paused():
                        # While it may still go on, find out what it would be if it were all.
                        began, looked = time.perf_counter(), endpointer.position
                        await self._give()
                        outlook = await self._ask(self._engine.outlook)
                        ended = self._wait(outlook)
                        ready = looked / RATE + time.perf_counter() - began
                    case Resumed():
                        outlook = None
                        endpointer.silence_seconds = self._config.silence_seconds
            if start >= 0:
                await self._give()
            if ended is None and outlook in GLANCED and endpointer.position - looked >= patience * RATE:
                began, looked = time.perf_counter(), endpointer.position
                outlook = await self._ask(self._engine.glance)
                ended = self._wait(outlook)
                taken = time.perf_counter() - began
                ready = max(ready, looked / RATE) + taken
                patience = max(GLANCE_SECONDS, 2 * taken)  # a slow machine must not fall behind the sound
        if ended is None:
            raise RuntimeError("the endpointer ended twice")
        if ended.cause == "silence":
            nothing = Hypothesis(text="", confidence=0.0, language=self._engine.language)
            return _Utterance(endpointer.began, ended, 0, nothing, ())
        began = time.perf_counter()
        heard = self._asked(await self._work(functools.partial(self._engine.finish, settled=outlook is not None)))
        found = _Utterance(endpointer.began, ended, start, heard, ())
        if not found.understood and self._kept is not None:
            # Not together with what came before; then alone.
            found.start = max(self._kept[1], found.began - round(LEAD_SECONDS * RATE))
            found.heard = await self._look(found.start, endpointer.position)
        self._kept, self._voiced = (start, ended.voiced), ended.voiced
        self._heard = max(self._heard, endpointer.position - start)
        # Looking at a pause takes time only as far as it goes on when the end has been decided.
        late = max(0.0, ready - ended.decided / RATE) if outlook is not None else 0.0
        found.seconds = (
            Seconds(stage="endpoint", seconds=(ended.decided - ended.voiced) / RATE),
            Seconds(stage="stt", seconds=late + time.perf_counter() - began),
        )
        return found

    async def _begin(self, voiced: int) -> int:
        """Give the engine the sound around the first voiced moment; tell where it begins."""
        start = max(self._sound.start, self._voiced, voiced - round(LEAD_SECONDS * RATE))
        kept, self._kept = self._kept, None
        most = self._config.max_seconds * RATE
        if kept is not None and voiced - kept[1] <= JOIN_SECONDS * RATE and voiced - kept[0] <= most:
            self._kept, start = kept, max(kept[0], self._sound.start)
        begin = functools.partial(self._engine.begin, wake_word=self._wake_word, expected=self._expected)
        await self._work(begin)
        self._given = start
        return start

    async def _give(self) -> None:
        """What the engine was not given yet."""
        new = self._sound.part(self._given, self._sound.end)
        self._given = self._sound.end
        partial = await self._work(functools.partial(self._engine.accept, new))
        if partial:
            self._partial(partial)

    async def _ask(self, look: Callable[[], Outlook]) -> Outlook:
        return await self._work(look)

    def _wait(self, outlook: Outlook) -> Ended | None:
        """Set how long to wait for more; the end if that is over, or nothing is to come."""
        seconds = self._config.silence_seconds
        if outlook == "nearly" and self._endpointer.noisy_seconds() <= QUIET_SECONDS:
            outlook = "over"
        if outlook == "over":
            seconds = min(OVER_SECONDS, seconds)
        elif outlook in ("likely", "nearly"):
            seconds = min(LIKELY_SECONDS, seconds)
        elif outlook == "open":
            seconds += OPEN_SECONDS
        above = CLEARLY_NOISY if outlook == "over" else 0.0
        self._endpointer.silence_seconds = seconds + self._endpointer.noisy_seconds(above)
        quiet = (self._endpointer.position - self._endpointer.voiced) / RATE
        return self._endpointer.finish() if outlook == "closed" or quiet >= self._endpointer.silence_seconds else None

    async def _look(self, start: int, end: int) -> Hypothesis:
        """What was said in a part of the sound, without what came before it."""
        part = self._sound.part(start, end)

        def look() -> Hypothesis:
            self._engine.begin(wake_word=self._wake_word, expected=self._expected)
            self._engine.accept(part)
            return self._engine.finish()

        return self._asked(await self._work(look))


def _transcript(session: str, text: str, found: _Utterance) -> stt.Transcript:
    return stt.Transcript(
        session=session,
        text=Spoken(text),
        confidence=found.heard.confidence,
        language=found.heard.language,
        alternatives=tuple(Spoken(other) for other in found.heard.alternatives),
        seconds=found.seconds,
        meaning=_meaning(found.heard.meaning),
    )


def _meaning(found: Meaning | None) -> stt.Meaning | None:
    if found is None:
        return None
    return stt.Meaning(
        intent=found.intent,
        skill=found.skill,
        slots=tuple(Slot(name=slot.name, spoken=Spoken(slot.words), kind=slot.kind) for slot in found.slots),
        score=found.score,
        gap=found.gap,
        rival=found.rival,
    )
