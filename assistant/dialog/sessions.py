"""The sessions that are under way, what each asker may go on from, and what skills say by themselves meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistant.dialog.context import Memory
from assistant.dialog.session import Session, Stage, Why
from assistant.messages import Message, Seconds, Spoken, audio, dialog, skill, tts

SPOKEN = "voice"
"""Who speaks is not told apart."""
RINGS = 3
RINGING_SECONDS = 10.0
"""So long after it began to ring "stop" is what a person says: three rings, and the time to notice."""


class Sessions:
    """Opens and closes them. At most one is spoken: `_voice`."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._sessions: dict[str, Session] = {}
        self._voice: Session | None = None
        self._memory = Memory()
        self._alerts: list[skill.Alerted] = []
        self._rang = -RINGING_SECONDS
        """When it last began to ring."""

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do next, if ever."""
        times = [each.deadline for each in self._sessions.values()]
        return min([*times, *filter(None, [self._memory.deadline])], default=None)

    @property
    def open(self) -> int:
        """How many sessions are under way."""
        return len(self._sessions)

    def _alert(self, message: skill.Alerted, now: float) -> Iterator[Message]:
        """Ring at once, whatever goes on; the words wait until nobody is being listened to."""
        self._memory.alerted(SPOKEN, message.skill, now)
        if message.ring:
            self._rang = now
            yield audio.Chime(name="ring", times=RINGS)
        if self._voice is not None and self._voice.stage == "listening":
            self._alerts.append(message)
        elif message.text:
            yield tts.Say(session=f"alert:{message.skill}", text=message.text, language=message.language)

    def _open(self, why: Why, stage: Stage, now: float, deadline: float) -> Session:
        session = Session(id=self._new_id(), why=why, stage=stage, since=now, deadline=deadline)
        self._sessions[session.id] = session
        return session

    def _enter(self, session: Session, stage: Stage, now: float, seconds: float) -> None:
        session.stage, session.since, session.deadline = stage, now, now + seconds

    def _mark(self, session: Session, stage: str, now: float) -> None:
        """Note how long a stage took, and start to measure the next."""
        session.seconds.append(Seconds(stage=stage, seconds=round(now - session.since, 6)))
        session.since = now

    def _close(self, session: Session, outcome: dialog.Outcome, now: float) -> Iterator[Message]:
        if self._sessions.pop(session.id, None) is None:
            return
        if self._voice is session:
            self._voice = None
        if session.reply:
            self._memory.said(session.asker, session.reply, now)
            session.reply = Spoken()
        yield dialog.Closed(session=session.id, outcome=outcome)
        if self._voice is None and self._alerts:
            waiting, self._alerts = self._alerts, []
            for alert in waiting:
                yield tts.Say(session=f"alert:{alert.skill}", text=alert.text, language=alert.language)
