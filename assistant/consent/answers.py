"""Privacy commands as plain synchronous code: an intent in, a spoken answer out. Runs in the service's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assistant.config.allowed import read_allowed
from assistant.consent.consents import Consent
from assistant.consent.debug import DEBUG_LOG, debug_files
from assistant.consent.gate import USAGE
from assistant.consent.purge import Receipt
from assistant.consent.room import Room
from assistant.consent.words import Words, date, digits, duration, listing
from assistant.errors import ConsentError, Refused, Tampered

GUEST_HOURS = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to say, and what happened."""

    text: str
    receipt: Receipt | None = None
    why: str = ""
    mute: bool = False


@dataclass(slots=True, kw_only=True)
class Answers:
    """One household's answers. `recent` are the sessions of the last questions, newest last."""

    room: Room
    words: Words
    language: str = "en"
    recent: list[str] = field(default_factory=list)

    def answer(self, intent: str, slots: Mapping[str, float | str | None]) -> Answer:
        """Do what a privacy command asks for, except to grant. Never raises for what can go wrong with the store."""
        try:
            return self._answer(intent, slots)
        except Tampered:
            return Answer(text=self.words("locked"))
        except ConsentError as error:
            return Answer(text=self.words("failed", reason=error.problem))

    def _answer(self, intent: str, slots: Mapping[str, float | str | None]) -> Answer:
        match intent:
            case "withdraw":
                return self._withdraw(str(slots.get("purpose") or ""))
            case "forget_everything":
                receipt = self.room.purge.everything(method="voice", actor="voice")
                return self._receipt("forget.done", receipt, "everything")
            case "forget_today":
                start = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
                receipt = self.room.purge.delete(lambda info: info.wall >= start, method="voice", actor="voice")
                return self._receipt("delete.done", receipt, "delete")
            case "forget_last":
                return self._forget_last()
            case "recording":
                microphone = slots.get("microphone") or "unseen"
                return Answer(text=self.words(f"recording.{microphone}", kept=self._kept()))
            case "stop_listening":
                return Answer(text=self.words("mute.done"), mute=True)
            case "guest":
                hours = float(slots.get("duration") or GUEST_HOURS * 3600) / 3600
                self.room.gate.guest(hours, method="voice", actor="voice")
                return Answer(text=self.words("guest.on", duration=duration(int(hours * 3600))))
            case "guest_end":
                self.room.gate.guest(0, method="voice", actor="voice")
                return Answer(text=self.words("guest.off"))
            case _:
                return Answer(text=self.know())

    def know(self) -> str:
        """Everything that is kept, from the data map: counts and dates."""
        clips, damaged = self.room.rights.clips()
        said = []
        if clips or damaged:
            count = len(clips) + len(damaged)
            oldest, newest = (min(one.wall for one in clips), max(one.wall for one in clips)) if clips else (0, 0)
            number = f"{count} recording{'' if count == 1 else 's'}"
            said.append(self.words("know.clips", clips=number, oldest=date(oldest), newest=date(newest)))
        if counts := self.room.rights.usage():
            told = [f"{name} {number} time{'' if number == 1 else 's'}" for name, number in sorted(counts.items())]
            said.append(self.words("know.usage", counts=listing(told)))
        if stores := self.room.data.stores():
            said.append(self.words("know.skills", skills=listing([one.id.partition(":")[2] for one in stores])))
        said += [self.words("know.consents", called=self._called(one), date=date(one.until)) for one in self._live()]
        for skill, allowance in sorted(read_allowed(self.room.paths.allowed).items()):
            hosts = listing(sorted({each.host for each in allowance.hosts}))
            said.append(self.words("know.allowed", skill=skill, hosts=hosts, sends=allowance.sends))
        if debug_files(self.room.paths):
            said.append(self.words("know.debug"))
        others = [one for one in self.room.data.inventory() if one.row.personal and one.files]
        assert {one.row.kind for one in others} <= {"clips", "counters", "skills", "debug"}, (
            "a personal surface without words"
        )
        return " ".join(said) or self.words("know.nothing")

    def _withdraw(self, purpose: str) -> Answer:
        receipt = self.room.purge.withdraw([purpose] if purpose else None, method="voice", actor="voice")
        return self._receipt("withdraw.done", receipt, "withdraw")

    def _forget_last(self) -> Answer:
        wanted = frozenset(self.recent)
        receipt = self.room.purge.delete(lambda info: info.session in wanted, method="voice", actor="voice")
        if not receipt.clips:
            return Answer(text=self.words("delete.nothing"))
        return self._receipt("delete.done", receipt, "delete")

    def _receipt(self, name: str, receipt: Receipt, why: str) -> Answer:
        number = receipt.clips
        how = "none" if number == 0 else "one" if number == 1 else "many"
        gone = [one for one, count in receipt.counts.items() if count > 0]
        skills = [one.partition(":")[2] for one in gone if one.startswith("skill:")]
        usage = USAGE in gone
        debugged = DEBUG_LOG in gone
        said = [] if (skills or usage or debugged) and not number else [self.words(f"deleted.{how}", count=number)]
        if skills:
            said.append(self.words("deleted.skills", skills=listing(skills)))
        if usage:
            said.append(self.words("deleted.usage"))
        if debugged:
            said.append(self.words("deleted.debug"))
        if receipt.copies:
            said.append(self.words("deleted.copies", count=receipt.copies))
        if receipt.failed:
            said.append(self.words("deleted.failed", what=listing(receipt.failed)))
        if receipt.code:
            said.append(self.words("receipt", code=digits(receipt.code)))
        text = self.words(name, deleted=" ".join(said))
        return Answer(text=text, receipt=receipt, why=why)

    def _kept(self) -> str:
        with self.room.store.session() as session:
            if session.guest:
                return self.words("recording.guest")
        live = self._live()
        if debug_files(self.room.paths):
            return self.words("know.debug")
        if not live:
            return self.words("recording.none")
        return self.words(
            "recording.some",
            called=listing([self._called(one) for one in live]),
            date=date(max(one.until for one in live)),
        )

    def _live(self) -> list[Consent]:
        return self.room.gate.live()

    def _called(self, consent: Consent) -> str:
        try:
            return self.room.gate.purpose(consent.purpose, self.language).called
        except Refused:
            return consent.purpose
