"""The dialogue's own intents: stop, cancel, undo, again, what did you say, and answers to no question."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.dialog.context import Memory
from assistant.dialog.phrases import Phrases
from assistant.dialog.session import Session
from assistant.messages import Before, Message, Spoken, audio, intent, skill, tts

OWN = "dialog"
"""The name under which the dialogue's own sentences are understood."""
ANSWERS = frozenset({f"{OWN}.yes", f"{OWN}.no", f"{OWN}.choice"})
"""What is the answer to an open question, whatever else it may be."""
YIELDING = ANSWERS | {f"{OWN}.{name}" for name in ("drop", "undo", "again", "repeat")}
"""What a skill may also be told in the same words; then it is for the skill."""


@dataclass(frozen=True, slots=True)
class Done:
    """What to publish; a reply of None is still to come from a skill."""

    wishes: tuple[Message, ...] = ()
    reply: str | None = None


class Own:
    """Does what is asked of the dialogue itself."""

    def __init__(self, phrases: Phrases, memory: Memory) -> None:
        self._phrase = phrases
        self._memory = memory

    def do(self, session: Session, name: str, now: float) -> Done:
        """The intent `name`, for the asker of the session."""
        match name.removeprefix(f"{OWN}."):
            case "stop":
                return Done((*_silence(session), skill.Hush(session=session.id)))
            case "undo" | "drop" as wish if not session.answers:
                return self._undo(session, wish, now)
            case "repeat":
                return self._repeat(session, now)
            case "again" if not session.answers:
                return self._settle(session, self._memory.again(session.asker, now, question=False), "again.not")
            case "yes" | "no" | "choice" | "again":
                return Done(reply=self._phrase("nothing.asked"))
            case _:
                return Done(_silence(session), self._phrase("cancelled"))

    def _undo(self, session: Session, wish: str, now: float) -> Done:
        act = self._memory.act(session.asker, now)
        if act:
            return Done((skill.Undo(session=session.id, of=act),))
        if wish == "undo":
            return Done(reply=self._phrase("undone.not"))
        return Done(_silence(session), self._phrase("cancelled"))

    def _repeat(self, session: Session, now: float) -> Done:
        """The reply itself while it is there, else the same question once more. An open question stays open."""
        said = self._memory.reply(session.asker)
        if said is not None:
            session.ask, session.skill = bool(session.answers), session.answers or OWN
            return Done(reply=said.text)
        return self._settle(session, self._memory.again(session.asker, now, question=True), "forgotten")

    def _settle(self, session: Session, before: Before | None, otherwise: str) -> Done:
        if before is None:
            return Done(reply=self._phrase(otherwise))
        wish = intent.Settle(
            session=session.id, intent=before.intent, skill=before.skill, slots=before.slots, text=Spoken()
        )
        return Done((wish,))


def _silence(session: Session) -> tuple[Message, ...]:
    """A typed request silences what is being said; a spoken one has done so by its wake word."""
    return (tts.Stop(), audio.Quiet()) if session.why == "typed" else ()
