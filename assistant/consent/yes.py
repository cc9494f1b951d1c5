"""A yes by voice: asked for, read back with two words, answered by exactly these.

`challenge` has the rules; this is their place in the conversation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

from assistant.clock import Clock
from assistant.consent.challenge import Challenge
from assistant.consent.gate import Gate, Grant
from assistant.consent.words import DAY, Words, date, duration, listing
from assistant.errors import ConsentError, Refused
from assistant.messages import Message, Slot, consent, skill

DAYS = 7
"""How long a consent holds when nobody says how long."""


class Reply(Protocol):
    """Says something in a session."""

    def __call__(self, session: str, text: str, *, ask: bool = False) -> None: ...


class SpokenYes:
    """At most one question for a yes at a time. Lives inside the consent service, whose words, worker and voice it
    uses; `quietly` is its worker for what may fail without being told."""

    def __init__(
        self,
        *,
        gate: Gate,
        clock: Clock,
        words: Words,
        language: str,
        phrase: Callable[[], str],
        say: Callable[[Message], None],
        reply: Reply,
        work: Callable[[Callable[[], Any]], Awaitable[Any]],
        quietly: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._gate = gate
        self._clock = clock
        self._words = words
        self._language = language
        self._phrase = phrase
        self._say = say
        self._reply = reply
        self._work = work
        self._quietly = quietly
        self._challenge: Challenge | None = None

    def drop(self) -> None:
        """Something else was asked for: the question is void."""
        self._challenge = None

    def opened(self, session: str, why: str) -> None:
        """A session was opened."""
        if self._challenge is not None:
            self._challenge.opened(session, why)

    def closed(self, session: str) -> None:
        """A session is over."""
        if self._challenge is not None and session == self._challenge.answer_session:
            self._challenge = None  # the answer never came

    def started(self, session: str) -> None:
        """The assistant began to say something."""
        if self._challenge is not None:
            self._challenge.started(session)

    def ended(self, session: str, cause: str) -> None:
        """It stopped saying something."""
        if self._challenge is None:
            return
        if session == self._challenge.session and cause != "said":
            self._challenge = None  # nobody heard the whole read-back
        else:
            self._challenge.ended(session, self._clock.monotonic())

    async def ask(self, session: str, slots: Mapping[str, Slot], *, typed: bool) -> None:
        """Read back what a yes would mean, with the two words."""
        if typed:
            self._say(consent.Refused(purpose="", why="typed"))
            self._reply(session, self._words("grant.aloud"))
            return
        purpose_name = self._words.purpose(slots["purpose"].spoken.text) if "purpose" in slots else ""
        if not purpose_name:
            self._reply(session, self._words("grant.which"))
            return
        try:
            purpose = self._gate.purpose(purpose_name, self._language)
            if not purpose.offered:
                self._say(consent.Refused(purpose=purpose_name, why="nothing"))
                self._reply(session, self._words("grant.nothing"))
                return
        except Refused:
            self._say(consent.Refused(purpose=purpose_name, why="forbidden"))
            self._reply(session, self._words("grant.forbidden"))
            return
        asked = slots["duration"].value if "duration" in slots else None
        days = min(purpose.max_days, max(1, round(float(asked) / DAY))) if asked else DAYS
        self._challenge = Challenge(purpose=purpose_name, days=days, phrase=self._phrase(), session=session)
        text = self._words(
            "grant.ask",
            what=purpose.what,
            recipients=listing(purpose.recipients),
            duration=duration(days * DAY),
            phrase=self._challenge.phrase,
        )
        self._reply(session, text, ask=True)

    async def answered(self, message: skill.Answer) -> None:
        """The answer to the read-back: one try."""
        challenge, self._challenge = self._challenge, None
        if challenge is None:
            self._reply(message.session, self._words("grant.late"))
            return
        verdict = challenge.judge(message.session, message.text.text, self._clock.monotonic())
        if verdict != "yes":
            self._say(consent.Refused(purpose=challenge.purpose, why=verdict))
            await self._quietly(partial(self._gate.deny, challenge.purpose, method="voice", actor="voice"))
            self._reply(message.session, self._words(f"grant.{verdict}"))
            return
        grant = Grant(
            purpose=challenge.purpose, days=challenge.days, method="voice", actor="voice", language=self._language
        )
        try:
            given = await self._work(partial(self._gate.grant, grant))
        except ConsentError as error:
            self._reply(message.session, self._words("failed", reason=error.problem))
            return
        self._say(consent.Granted(purpose=given.purpose, until=given.until))
        called = self._gate.purpose(given.purpose, self._language).called
        self._reply(message.session, self._words("grant.done", date=date(given.until), called=called))
