"""Destroying: withdrawal, deletion, expiry, and the end of whatever a crash left half done.

First the intent is written into preallocated space, with a new generation, so that nothing that was offered before can
still commit. Then keys are overwritten in place, files unlinked, every surface of the data map walked, and at last the
ledger says what was destroyed. A crash anywhere in between is finished by `recover`, before the microphone opens.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from assistant.consent.anchor import Intent
from assistant.consent.clip import ClipInfo
from assistant.consent.consents import fold
from assistant.consent.gate import USAGE
from assistant.consent.recall import copies
from assistant.consent.record import Event, Record
from assistant.consent.session import Session
from assistant.consent.store import Store
from assistant.consent.trim import trim
from assistant.errors import AssistantError, Tampered

WAKE_WORD = "wake_word"
BATCH = 64
"""Clips named in one intent; more are deleted batch by batch."""


class Surface(Protocol):
    """A place outside the vault where traces of a person may lie."""

    @property
    def id(self) -> str:
        """Its row in the data map."""
        ...

    def scrub(self) -> int:
        """Destroy what is there; returns how many things. Raises AssistantError."""
        ...


class Journal(Protocol):
    """Remembers that the surfaces are being walked, where there is no store to write that into."""

    def begin(self) -> None:
        """Never fails: what cannot be remembered is done all the same."""
        ...

    def begun(self) -> bool: ...

    def end(self) -> None:
        """Raises StoreError."""
        ...


class NoJournal:
    """Remembers nothing."""

    def begin(self) -> None:
        return

    def begun(self) -> bool:
        return False

    def end(self) -> None:
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was destroyed. `code` finds it in the ledger; it is empty where nobody has ever agreed to anything, so that
    there is no ledger."""

    code: str
    counts: dict[str, int] = field(default_factory=dict)
    """By surface of the data map; -1 where it failed."""
    copies: int = 0
    """Clips of these that had been exported: copies you took."""
    trimmed: bool = False
    """The card was told which blocks are free."""

    @property
    def clips(self) -> int:
        return self.counts.get("clips", 0)

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(surface for surface, number in self.counts.items() if number < 0)


NOTHING = Receipt(code="", counts={"clips": 0})


class Purge:
    """Works on the store; `surfaces` are walked when everything is to be forgotten, `learnt` (what wake words learnt
    from somebody's takes) also when the yes to keep wake words ends."""

    def __init__(
        self,
        store: Store,
        surfaces: Callable[[], Sequence[Surface]] = tuple,
        journal: Journal | None = None,
        learnt: Callable[[], Sequence[Surface]] = tuple,
    ) -> None:
        self._store = store
        self._learnt = learnt
        self._surfaces = surfaces
        self._journal = journal or NoJournal()

    def withdraw(self, purposes: Iterable[str] | None, *, method: str, actor: str) -> Receipt:
        """Take back the yes to these purposes (None: to all) and destroy every clip kept under it.

        Raises StoreError when something could not be destroyed, Tampered.
        """
        wanted = None if purposes is None else frozenset(purposes)
        with self._store.session() as session:
            if session.blank:
                return NOTHING
            held = {slot.record for slot in session.slots.used()}
            records = tuple(
                one.record
                for one in session.consents().values()
                if (wanted is None or one.purpose in wanted) and (not one.ended or one.record in held)
            )
            self._begin(session, Intent(why="withdraw", records=records, clips=(), method=method, actor=actor))
            return self._finish(session)

    def everything(self, *, method: str, actor: str) -> Receipt:
        """Forget everything: all consents, all clips, all surfaces. Works on a store that was tampered with, too."""
        try:
            with self._store.session() as session:
                if session.blank:
                    return replace(NOTHING, counts=NOTHING.counts | self._walk_once())
                self._begin(session, Intent(why="everything", records=(), clips=(), method=method, actor=actor))
                receipt = self._finish(session)
        except Tampered as fault:
            clips = self._store.destroy(str(fault.problem))
            receipt = Receipt(code=_code(), counts={"clips": clips} | self._walk())
            with self._store.session() as session:
                event = _event(session, "scrubbed", method, actor)
                session.append(replace(event, counts=receipt.counts, detail=receipt.code))
        return receipt

    def delete(self, wanted: Callable[[ClipInfo], bool], *, method: str, actor: str) -> Receipt:
        """Destroy single clips; consents stay. Raises StoreError, Tampered."""
        with self._store.session() as session:
            found, _ = session.vault.scan()
            return self._delete(session, "delete", [one.clip for one in found if wanted(one)], method, actor)

    def delete_ids(self, clips: Sequence[str], *, method: str, actor: str) -> Receipt:
        """The same by id, which works for damaged clips as well. Ids that are not there count nothing."""
        with self._store.session() as session:
            return self._delete(session, "delete", clips, method, actor)

    def expire(self) -> Receipt | None:
        """End what has run out: consents, retention, quarantine. None if nothing had. To be called every hour."""
        with self._store.session() as session:
            if session.blank:
                return None
            now = session.now
            over = tuple(one.record for one in fold(session.records).values() if not one.ended and not one.live(now))
            found, _ = session.vault.scan()
            late = [one.clip for one in found if _late(one, now.true, now.wall) and one.record not in over]
            receipts = []
            if over:
                self._begin(session, Intent(why="expire", records=over, clips=(), method="time", actor="assistant"))
                receipts.append(self._finish(session))
            if late:
                receipts.append(self._delete(session, "expire", late, "time", "assistant"))
            session.write()  # keeps the latest time seen
        return _sum(receipts) if receipts else None

    def recover(self) -> Receipt | None:
        """At start-up, before anything listens: finish what was begun, remove what a crash left behind."""
        with self._store.session(verify=True) as session:
            receipt = self._finish(session) if session.anchor.intent is not None else None
            session.vault.sweep_orphans()
            if not session.blank and not any(one.purpose == USAGE for one in session.live()):
                session.usage.erase()
            elif session.blank and self._journal.begun():
                receipt = replace(NOTHING, counts=NOTHING.counts | self._walk_once())
        return receipt

    def trim(self, receipt: Receipt) -> Receipt:
        """Let the card erase the blocks that became free. Takes seconds; nothing else waits for it."""
        return replace(receipt, trimmed=receipt.clips > 0 and trim(self._store.home))

    def _delete(self, session: Session, why: str, clips: Sequence[str], method: str, actor: str) -> Receipt:
        if session.blank:
            return NOTHING
        receipts = []
        for first in range(0, max(1, len(clips)), BATCH):
            batch = tuple(clips[first : first + BATCH])
            self._begin(session, Intent(why=why, records=(), clips=batch, method=method, actor=actor))
            receipts.append(self._finish(session))
        return _sum(receipts)

    def _begin(self, session: Session, intent: Intent) -> None:
        if session.anchor.intent is not None:
            self._finish(session)
        # A deletion leaves the permits of others alone; a withdrawal ends them all.
        step = 0 if intent.clips else 1
        session.write(intent=intent, generation=session.anchor.generation + step)

    def _finish(self, session: Session) -> Receipt:
        intent = session.anchor.intent
        assert intent is not None
        everything = intent.why == "everything"
        doomed = [
            slot
            for slot in session.slots.used()
            if everything or slot.record in intent.records or slot.clip in intent.clips
        ]
        taken = copies(session.exports, {slot.clip for slot in doomed})
        session.slots.destroy(slot.index for slot in doomed)
        session.vault.remove([slot.clip for slot in doomed])
        counts = {"clips": len(doomed)}
        found = fold(session.records)
        usage = {one.record for one in found.values() if one.purpose == USAGE}
        if (everything or usage & set(intent.records)) and session.usage.erase():
            counts[USAGE] = 1
        if not everything and any(one.purpose == WAKE_WORD and one.record in intent.records for one in found.values()):
            counts |= _scrubbed(self._learnt())
        if everything:
            session.vault.sweep_orphans()
            counts |= self._walk()
        for consent in found.values():
            if not consent.ended and (everything or consent.record in intent.records):
                event = _event(
                    session, "expired" if intent.why == "expire" else "withdrawn", intent.method, intent.actor
                )
                session.append(replace(event, record=consent.record, purpose=consent.purpose))
        receipt = Receipt(code=_code(), counts=counts, copies=taken)
        event = _event(session, "scrubbed", intent.method, intent.actor)
        session.append(replace(event, counts=counts, detail=receipt.code), intent=None)
        return receipt

    def _walk_once(self) -> dict[str, int]:
        """Walk where there is no store whose anchor could remember that it was begun."""
        self._journal.begin()
        counts = self._walk()
        if all(count >= 0 for count in counts.values()):
            self._journal.end()
        return counts

    def _walk(self) -> dict[str, int]:
        try:
            return _scrubbed(self._surfaces())
        except AssistantError:
            return {"skill-data": -1}  # what cannot be read was not destroyed


def _scrubbed(surfaces: Iterable[Surface]) -> dict[str, int]:
    counts = {}
    for surface in surfaces:
        try:
            counts[surface.id] = surface.scrub()
        except AssistantError:
            counts[surface.id] = -1
    return counts


def _event(session: Session, event: Event, method: str, actor: str) -> Record:
    return Record(event=event, time=session.now.wall, true_time=session.now.true, method=method, actor=actor)


def _late(info: ClipInfo, true: int, wall: int) -> bool:
    return true >= info.ends or wall - info.wall >= info.ends - info.created


def _sum(receipts: Sequence[Receipt]) -> Receipt:
    """Several receipts as one; the last code stands for all."""
    counts: dict[str, int] = {}
    for receipt in receipts:
        for surface, number in receipt.counts.items():
            counts[surface] = counts.get(surface, 0) + number
    return Receipt(code=receipts[-1].code, counts=counts, copies=sum(one.copies for one in receipts))


def _code() -> str:
    """Six digits, easy to say and to write down."""
    return f"{secrets.randbelow(10**6):06d}"
