"""Which consents live, computed from the ledger and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from assistant.consent.record import Record
from assistant.consent.timekeeper import Moment

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent as the ledger tells it. `ended` is empty, withdrawn or expired."""

    record: str
    purpose: str
    subject: str
    language: str
    method: str
    time: int
    true_time: int
    days: int
    retention_days: int
    ended: str = ""

    @property
    def until(self) -> int:
        """True time at which it runs out."""
        return self.true_time + self.days * DAY

    def live(self, now: Moment) -> bool:
        """Neither ended nor run out, by the true time and by the clock alike."""
        return not self.ended and now.true < self.until and now.wall < self.time + self.days * DAY


def fold(records: Iterable[Record]) -> dict[str, Consent]:
    """All consents that ever were, by record id. Once ended, a consent never lives again."""
    found: dict[str, Consent] = {}
    for one in records:
        if one.event in ("granted", "renewed"):
            before = found.get(one.record)
            if before is not None and before.ended:
                continue
            found[one.record] = Consent(
                record=one.record,
                purpose=one.purpose,
                subject=one.subject,
                language=one.language,
                method=one.method,
                time=one.time,
                true_time=one.true_time,
                days=one.days,
                retention_days=one.retention_days,
            )
        elif one.event in ("withdrawn", "expired") and one.record in found:
            found[one.record] = replace(found[one.record], ended=one.event)
    return found
