"""The gate: who may keep what, asked again at the very moment of writing.

A holder of sound asks for a permit and later offers a clip with it. Between the two anything may have happened, so
`keep` looks at the ledger, the generation and the clock again under the store's lock, and only then writes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.consent.clip import ClipInfo, NewClip
from assistant.consent.consents import DAY, Consent
from assistant.consent.purposes import Purpose, find_purpose
from assistant.consent.record import Record
from assistant.consent.session import Session
from assistant.consent.store import Store
from assistant.errors import Refused

QUARANTINE = 47 * 3600
"""Seconds that a new clip waits for its owner to hear it. Looked at every hour, so it is gone within 48 h."""


USAGE = "usage"
MOST_COUNTED = 60
"""Skills that are counted by name; more are counted together."""
OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave to offer clips for one purpose, until anything is withdrawn."""

    purpose: str
    record: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a person said yes to."""

    purpose: str
    days: int
    method: str
    """voice, button or cli."""
    actor: str
    language: str = "en"
    retention_days: int = 0
    """How long each clip is kept; 0: as long as the consent holds."""


class Gate:
    """Grants and commits. `forbidden` comes from the configuration, which may only forbid, never grant."""

    def __init__(self, store: Store, *, forbidden: Iterable[str] = ()) -> None:
        self._store = store
        self._forbidden = frozenset(forbidden)
        self._guest_until = 0
        """Guest mode that was begun before there was a store to write it into."""

    def forbids(self, name: str) -> bool:
        """Whether the configuration does."""
        return name in self._forbidden

    def purpose(self, name: str, language: str = "en") -> Purpose:
        """Raises Refused for a purpose that is not known or that the configuration forbids."""
        found = find_purpose(name, language)
        if name in self._forbidden or name.partition(":")[0] in self._forbidden:
            raise Refused(f"the configuration forbids {name}", where="consent.forbid")
        return found

    def offered(self, name: str, language: str = "en") -> Purpose:
        """The same for a purpose that somebody could say yes to. Raises Refused where nothing would come of a yes."""
        found = self.purpose(name, language)
        if not found.offered:
            raise Refused("nothing on this device learns from recordings yet, so there is nothing to allow", where=name)
        return found

    def grant(self, grant: Grant) -> Consent:
        """Write a yes. A second yes to the same purpose renews it. Raises Refused, Tampered, StoreError."""
        purpose = self.offered(grant.purpose, grant.language)
        if not 1 <= grant.days <= purpose.max_days or not 0 <= grant.retention_days <= grant.days:
            raise Refused(f"{grant.days} days are not possible for {grant.purpose}", hint=f"1 to {purpose.max_days}")
        with self._store.session(make=True) as session:
            before = next((one for one in session.live() if one.purpose == grant.purpose), None)
            session.append(
                Record(
                    event="renewed" if before else "granted",
                    time=session.now.wall,
                    true_time=session.now.true,
                    method=grant.method,
                    actor=grant.actor,
                    record=before.record if before else secrets.token_hex(16),
                    purpose=grant.purpose,
                    kinds=purpose.kinds,
                    notice=purpose.notice,
                    notice_sha256=purpose.notice_sha256,
                    language=purpose.language,
                    recipients=purpose.recipients,
                    days=grant.days,
                    retention_days=grant.retention_days or grant.days,
                )
            )
            if self._guest_until > max(session.now.true, session.anchor.guest_until):
                session.write(guest_until=self._guest_until)
            return session.consents()[session.records[-1].record]

    def deny(self, purpose: str, *, method: str, actor: str) -> None:
        """Write down that the question was asked and the answer was no, or no valid yes. Before the first yes there is
        nothing to write it into."""
        with self._store.session() as session:
            if session.blank:
                return
            session.append(
                Record(
                    event="denied",
                    time=session.now.wall,
                    true_time=session.now.true,
                    method=method,
                    actor=actor,
                    purpose=purpose,
                )
            )

    def live(self) -> list[Consent]:
        """The consents that hold now; none in guest mode."""
        with self._store.session() as session:
            return [] if session.guest else self._allowed(session)

    def permits(self) -> dict[str, Permit]:
        """A permit for every purpose that something may be kept for now."""
        with self._store.session() as session:
            if session.guest:
                return {}
            return {
                one.purpose: Permit(purpose=one.purpose, record=one.record, generation=session.anchor.generation)
                for one in self._allowed(session)
            }

    def keep(self, permit: Permit, new: NewClip) -> ClipInfo:
        """Store a clip in quarantine. Whatever happens, the offered samples are zeros afterwards.

        Raises Refused when the permit is no longer good, Tampered, StoreError.
        """
        try:
            with self._store.session() as session:
                consent = self._check(session, permit)
                now = session.now
                info = ClipInfo(
                    clip=os.urandom(16).hex(),
                    record=consent.record,
                    purpose=consent.purpose,
                    created=now.true,
                    wall=now.wall,
                    session=new.session,
                    language=new.language,
                    word=new.word,
                    samples=len(new.samples),
                    transcript=new.transcript if consent.purpose == "transcript" else "",
                    label="",
                    kept=False,
                    ends=min(now.true + QUARANTINE, now.true + consent.retention_days * DAY, consent.until),
                )
                session.vault.write(info, new.samples)
                return info
        finally:
            new.samples[:] = 0

    def count(self, skill: str) -> bool:
        """A skill has answered: count it, if somebody agreed to that; whether it was. No words and no times are kept.

        Raises Tampered, StoreError.
        """
        with self._store.session() as session:
            consent = next((one for one in self._allowed(session) if one.purpose == USAGE), None)
            if consent is None or session.guest:
                return False
            kept = session.usage.read() or {}
            counts = dict(kept["counts"]) if kept.get("record") == consent.record else {}
            name = skill if skill in counts or len(counts) < MOST_COUNTED else OTHERS
            counts[name] = counts.get(name, 0) + 1
            session.usage.write({"record": consent.record, "counts": counts})
            return True

    def guest(self, hours: float, *, method: str, actor: str) -> int:
        """Keep nothing for a while, whatever was granted; 0 hours ends it. Returns when it ends (true time).

        Where nobody has agreed to anything yet, it is remembered until this process ends and not written down.
        """
        if not 0 <= hours <= 24 * 30:
            raise Refused("guest mode lasts from 1 hour to 30 days")
        with self._store.session() as session:
            until = session.now.true + int(hours * 3600) if hours else 0
            self._guest_until = until
            if session.blank:
                return until
            record = Record(
                event="guest",
                time=session.now.wall,
                true_time=session.now.true,
                method=method,
                actor=actor,
                counts={"hours": int(hours)},
            )
            if hours:
                session.append(record, before={"guest_until": until, "generation": session.anchor.generation + 1})
            else:
                session.append(record, guest_until=0)
            return until

    def network(self, skill: str, hosts: Sequence[str], sends: str, *, actor: str) -> None:
        """Write down that a skill may reach these hosts from now on; no hosts: nothing any more.

        Before the first yes to keeping something there is nothing to write it into. Raises StoreError, Tampered.
        """
        with self._store.session() as session:
            if session.blank:
                return
            session.append(
                Record(
                    event="allowed" if hosts else "forbidden",
                    time=session.now.wall,
                    true_time=session.now.true,
                    method="cli",
                    actor=actor,
                    purpose=f"network:{skill}",
                    recipients=tuple(hosts),
                    detail=sends,
                )
            )

    def _allowed(self, session: Session) -> list[Consent]:
        return [
            one
            for one in session.live()
            if one.purpose not in self._forbidden and one.purpose.partition(":")[0] not in self._forbidden
        ]

    def _check(self, session: Session, permit: Permit) -> Consent:
        if session.guest:
            raise Refused("guest mode is on")
        if session.anchor.generation != permit.generation:
            raise Refused("something was withdrawn in the meantime")
        for consent in self._allowed(session):
            if consent.record == permit.record and consent.purpose == permit.purpose:
                return consent
        raise Refused(f"nobody agrees to {permit.purpose} any more")
