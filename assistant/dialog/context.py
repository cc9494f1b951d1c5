"""What may be gone on from, undone or repeated: for each asker the last requests, the last act and the last reply.

Of a request only the intent and typed values are held, never words or sound; of an act only the name of its session. A
reply may repeat words that were said, so it goes a few seconds after it was heard. All in memory only.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from assistant.messages import Before, Slot, Spoken, intent

KEPT_SECONDS = 120.0
"""After this time nobody goes on from a request or takes an act back."""
KEPT_REQUESTS = 4
"""So many requests are held: "make it twelve minutes" may be about the timer of two requests ago."""
REPLY_SECONDS = 2.5
"""So long after its end a reply can be repeated word for word; after that the question is asked again."""


@dataclass(slots=True)
class _Kept:
    """`whole`: no value is missing because it was free text. `question`: it may be asked again, it changes nothing."""

    before: Before
    at: float
    whole: bool
    question: bool = False


class Memory:
    """What is remembered of each asker. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._requests: dict[str, tuple[_Kept, ...]] = {}
        """Of each asker, the newest first."""
        self._acts: dict[str, tuple[str, float]] = {}
        self._replies: dict[str, tuple[Spoken, float]] = {}

    @property
    def deadline(self) -> float | None:
        """When something has to be forgotten next."""
        times = [
            *(kept.at + KEPT_SECONDS for each in self._requests.values() for kept in each),
            *(at + KEPT_SECONDS for _, at in self._acts.values()),
            *(at + REPLY_SECONDS for _, at in self._replies.values()),
        ]
        return min(times, default=None)

    def expire(self, now: float, talking: Container[str] = ()) -> bool:
        """Forget what is over; the reply to those who are `talking` stays until they have finished. Whether a reply
        went."""
        fresh = {asker: self._all_fresh(asker, now) for asker in self._requests}
        self._requests = {asker: each for asker, each in fresh.items() if each}
        self._acts = {asker: act for asker, act in self._acts.items() if now < act[1] + KEPT_SECONDS}
        count = len(self._replies)
        for asker, (text, at) in tuple(self._replies.items()):
            if now >= at + REPLY_SECONDS:
                if asker in talking:
                    self._replies[asker] = (text, now)
                else:
                    del self._replies[asker]
        return len(self._replies) < count

    def forget(self) -> None:
        """All of it, at once."""
        self._requests.clear()
        self._acts.clear()
        self._replies.clear()

    def asked(self, asker: str, matched: intent.Matched, now: float) -> None:
        """A skill works on this."""
        typed = tuple(_typed(slot) for slot in matched.slots if slot.kind != "text")
        before = Before(skill=matched.skill, intent=matched.intent, slots=typed)
        self._keep(asker, _Kept(before, now, whole=len(typed) == len(matched.slots)))

    def answered(self, asker: str, skill: str, now: float, *, question: bool) -> None:
        """The skill has replied."""
        kept = next(iter(self._requests.get(asker, ())), None)
        if kept is not None and kept.before.skill == skill:
            kept.at, kept.question = now, question

    def alerted(self, asker: str, skill: str, now: float) -> None:
        """A skill spoke up by itself: what is said next, by `asker` or anybody else, may be about that."""
        for each in {asker, *self._requests}:
            self._keep(each, _Kept(Before(skill=skill, intent="", slots=()), now, whole=False))

    def before(self, asker: str, now: float) -> Before | None:
        """The request that can be gone on from."""
        kept = self._fresh(asker, now)
        return kept.before if kept is not None else None

    def earlier(self, asker: str, now: float) -> tuple[Before, ...]:
        """The requests before that one, the newest first, for what goes on from none of the last's."""
        return tuple(kept.before for kept in self._all_fresh(asker, now)[1:])

    def again(self, asker: str, now: float, *, question: bool) -> Before | None:
        """The request that can be done once more; only one that changes nothing, if it has to be a `question`."""
        kept = self._fresh(asker, now)
        usable = kept is not None and kept.whole and (kept.question or not question)
        return kept.before if kept is not None and usable else None

    def acted(self, asker: str, session: str, now: float) -> None:
        """Something was done in that session that can be taken back."""
        self._acts[asker] = (session, now)

    def act(self, asker: str, now: float) -> str:
        """The session whose act is to be taken back, once; empty when there is none."""
        session, at = self._acts.pop(asker, ("", 0.0))
        return session if session and now < at + KEPT_SECONDS else ""

    def said(self, asker: str, text: Spoken, now: float) -> None:
        """The reply has been heard."""
        self._replies[asker] = (text, now)

    def reply(self, asker: str) -> Spoken | None:
        """The last reply, as long as it is there."""
        return self._replies.get(asker, (None, 0.0))[0]

    def _fresh(self, asker: str, now: float) -> _Kept | None:
        return next(iter(self._all_fresh(asker, now)[:1]), None)

    def _all_fresh(self, asker: str, now: float) -> tuple[_Kept, ...]:
        return tuple(kept for kept in self._requests.get(asker, ()) if now < kept.at + KEPT_SECONDS)

    def _keep(self, asker: str, kept: _Kept) -> None:
        self._requests[asker] = (kept, *self._requests.get(asker, ()))[:KEPT_REQUESTS]


def _typed(slot: Slot) -> Slot:
    """The value without the words it was said with."""
    return replace(slot, spoken=Spoken())
