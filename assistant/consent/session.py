"""One transaction on the store: what is there, and how it may be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assistant.consent.anchor import Anchor
from assistant.consent.consents import Consent, fold
from assistant.consent.device_key import DeviceKey
from assistant.consent.folder import Folder
from assistant.consent.ledger import Ledger
from assistant.consent.pages import Pages
from assistant.consent.record import Record
from assistant.consent.slots import KeySlots
from assistant.consent.timekeeper import Moment
from assistant.consent.vault import Vault
from assistant.errors import StoreError

T = TypeVar("T")


class Session:
    """One transaction. Use only inside `Store.session()`."""

    def __init__(
        self,
        *,
        device: DeviceKey | None,
        slots: KeySlots,
        ledger: Ledger | None,
        vault: Vault,
        exports: Folder,
        usage: Pages | None,
        anchor: Anchor,
        records: list[Record],
        now: Moment,
    ) -> None:
        self.slots = slots
        self.vault = vault
        self.exports = exports
        self.anchor = anchor
        self.records = records
        self.now = now
        self._device = device
        self._usage = usage
        self._ledger = ledger

    @property
    def blank(self) -> bool:
        """Nobody has ever agreed to anything: there is no store, and only a yes makes one."""
        return self._device is None

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        return _there(self._device).signing_key()

    @property
    def usage(self) -> Pages:
        """How often each skill answered."""
        return _there(self._usage)

    @property
    def subject(self) -> str:
        """The household's pseudonym."""
        return self.records[0].subject

    def consents(self) -> dict[str, Consent]:
        """All consents by record id; what a begun withdrawal takes counts as ended."""
        found = fold(self.records)
        intent = self.anchor.intent
        if intent is not None:
            taken = found if intent.why == "everything" else intent.records
            found |= {one: replace(found[one], ended="withdrawn") for one in taken if not found[one].ended}
        return found

    def live(self) -> list[Consent]:
        """Consents under which something may be kept now, guest mode aside."""
        return [one for one in self.consents().values() if one.live(self.now)]

    @property
    def guest(self) -> bool:
        return self.now.true < self.anchor.guest_until

    def write(self, **changes: Any) -> None:
        """Change the anchor, durably. Raises StoreError."""
        new = replace(self.anchor, **changes, serial=self.anchor.serial + 1, time=self.now)
        self.slots.write_anchor(new)
        self.anchor = new

    def append(self, record: Record, *, before: Mapping[str, Any] | None = None, **after: Any) -> Record:
        """Add a record: announce, append, confirm. `before` and `after` are anchor changes that go with the first and
        the last step. Raises StoreError; then the ledger is as it was."""
        full = replace(record, subject=self.subject).chained(self.anchor.count, self.anchor.head, self.signing_key)
        self.write(**(before or {}), pending=full.hash)
        try:
            size = _there(self._ledger).append(full)
        except StoreError:
            _there(self._ledger).cut(self.anchor.size)
            self.write(pending="")
            raise
        self.confirm(full, size, after)
        return full

    def confirm(self, record: Record, size: int, after: Mapping[str, Any]) -> None:
        """The announced record is safely in the ledger."""
        self.write(**after, pending="", count=self.anchor.count + 1, head=record.hash, size=size)
        self.records.append(record)
        _there(self._ledger).reserve()


def _there(thing: T | None) -> T:
    if thing is None:
        raise RuntimeError("this session is blank")
    return thing
