"""The store: one lock around the anchor, the ledger, the keys and the clips.

    consent/device.key             unless systemd holds it
    consent/vault/lock             flock, shared by the service and the owner's command line
    consent/vault/slots            anchor and keys (in place)
    consent/vault/ledger.jsonl     signed history, no speech in it
    consent/vault/clips/           encrypted clips, random names
    consent/vault/exports/         what was exported: random ids only

Everything happens in a `Session`, which holds the lock and has checked the ledger against its anchor.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.consent import ledger as ledgers
from assistant.consent import slots as keyslots
from assistant.consent.anchor import Anchor
from assistant.consent.consents import Consent, fold
from assistant.consent.device_key import DeviceKey, load_device_key
from assistant.consent.folder import Folder
from assistant.consent.ledger import Ledger
from assistant.consent.record import GENESIS, Record, parse
from assistant.consent.slots import KeySlots
from assistant.consent.timekeeper import Moment, SystemTimekeeper, Timekeeper, moment
from assistant.consent.vault import Vault
from assistant.errors import StoreError, Tampered

_CLIPS = "clips"
_EXPORTS = "exports"


class Session:
    """One transaction. Use only inside `Store.session()`."""

    def __init__(
        self,
        *,
        device: DeviceKey,
        slots: KeySlots,
        ledger: Ledger,
        vault: Vault,
        exports: Folder,
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
        self.signing_key = device.signing_key()
        self._ledger = ledger

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
            size = self._ledger.append(full)
        except StoreError:
            self._ledger.cut(self.anchor.size)
            self.write(pending="")
            raise
        self.confirm(full, size, after)
        return full

    def confirm(self, record: Record, size: int, after: Mapping[str, Any]) -> None:
        """The announced record is safely in the ledger."""
        self.write(**after, pending="", count=self.anchor.count + 1, head=record.hash, size=size)
        self.records.append(record)
        self._ledger.reserve()


class Store:
    """The folder and its lock. Threads and processes may share it; a session is short."""

    def __init__(self, home: Path, device: DeviceKey, keeper: Timekeeper) -> None:
        self.home = home
        self.keeper = keeper
        self._device = device
        self._wrap = device.derive("key slots")
        self._seal = device.derive("anchor")
        self._public = device.signing_key().public_key()
        self._thread_lock = threading.Lock()
        self._verified: tuple[object, list[Record]] = (None, [])

    @classmethod
    def open(cls, home: Path, environ: Mapping[str, str], keeper: Timekeeper | None = None) -> Store:
        """`home` is made if it is not there. Raises StoreError, Tampered."""
        return cls(home, load_device_key(home, environ), keeper or SystemTimekeeper())

    @property
    def public_key(self) -> str:
        """Hex of the Ed25519 key that checks the ledger and the exports."""
        return self._public.public_bytes_raw().hex()

    @contextlib.contextmanager
    def session(self, *, verify: bool = False) -> Iterator[Session]:
        """Take the lock and load. With `verify` the whole ledger is checked again even if it looks unchanged.

        Raises Tampered (with the first bad record) and StoreError.
        """
        with self._locked() as root, contextlib.ExitStack() as stack:
            clips = Folder.open(self.home / "vault" / _CLIPS)
            stack.callback(clips.close)
            exports = Folder.open(self.home / "vault" / _EXPORTS)
            stack.callback(exports.close)
            slots = self._slots(root, clips)
            stack.callback(slots.close)
            ledger = Ledger.open(root)
            stack.callback(ledger.close)
            anchor = slots.anchor()
            session = Session(
                device=self._device,
                slots=slots,
                ledger=ledger,
                vault=Vault(clips, slots),
                exports=exports,
                anchor=anchor,
                records=[],
                now=moment(self.keeper, anchor.time),
            )
            self._load(session, ledger, verify)
            if session.now.boot != anchor.time.boot:
                with contextlib.suppress(StoreError):  # a read-only disk keeps nothing anyway
                    session.write()  # from here on this run of the machine counts
            yield session
            self._verified = (_state(session.anchor, ledger), session.records)

    def destroy(self, fault: str) -> int:
        """Destroy a store that can no longer be trusted and begin a new one; returns how many clip files there were.

        The old ledger is kept beside the new one for whoever wants to look into it. Raises StoreError, Tampered.
        """
        with self._locked() as root:
            keyslots.wipe(root)
            count = 0
            for name in (_CLIPS, _EXPORTS):
                folder = Folder.open(self.home / "vault" / name)
                try:
                    removed = folder.remove_all()
                    count += removed if name == _CLIPS else 0
                finally:
                    folder.close()
            root.set_aside(ledgers.FILE, "damaged.jsonl")
            root.remove([keyslots.FILE])
            create_store(root, self._device, self.keeper, fault=fault)
            self._verified = (None, [])
            return count

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Folder]:
        with self._thread_lock:
            root = Folder.open(self.home / "vault")
            try:
                fd = _lock_file(root)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX)
                    yield root
                finally:
                    os.close(fd)
            finally:
                root.close()

    def _load(self, session: Session, ledger: Ledger, verify: bool) -> None:
        state, records = self._verified
        if not verify and not session.anchor.pending and state == _state(session.anchor, ledger):
            session.records = list(records)
            return
        session.records, tail = ledger.read(session.anchor, self._public)
        if tail.record is not None:
            session.confirm(tail.record, session.anchor.size + len(tail.record.line()), {})
        elif session.anchor.pending:
            if tail.torn:
                ledger.cut(session.anchor.size)
            session.write(pending="")

    def _slots(self, root: Folder, clips: Folder) -> KeySlots:
        try:
            return KeySlots.open(root, self._wrap, self._seal)
        except FileNotFoundError:
            self._create(root, clips)
            return KeySlots.open(root, self._wrap, self._seal)

    def _create(self, root: Folder, clips: Folder) -> None:
        """A fresh store. What a crash left of an earlier attempt is removed; anything more is not touched."""
        with contextlib.suppress(FileNotFoundError):
            lines = root.read(ledgers.FILE).splitlines(keepends=True)
            first = parse(lines[0]) if len(lines) == 1 else None
            if first is None or first.event not in ("created", "repaired") or clips.names():
                raise Tampered(
                    "the key file is gone",
                    where=root.where(keyslots.FILE),
                    hint="'assistant consent withdraw --everything' starts afresh",
                    seq=0,
                )
        create_store(root, self._device, self.keeper, fault="")


def create_store(root: Folder, device: DeviceKey, keeper: Timekeeper, *, fault: str) -> None:
    """Write the first record, then the key file that anchors it. With `fault` it follows a store that was destroyed."""
    root.remove([ledgers.FILE, f"new-{ledgers.FILE}", f"new-{keyslots.FILE}"])
    now = moment(keeper, None)
    first = Record(
        event="repaired" if fault else "created",
        time=now.wall,
        true_time=now.true,
        method="start",
        actor="assistant",
        subject=secrets.token_hex(16),
        detail=f"{device.signing_key().public_key().public_bytes_raw().hex()} {fault}".strip(),
    ).chained(0, GENESIS, device.signing_key())
    anchor = Anchor(
        store=secrets.token_hex(16),
        serial=1,
        generation=1,
        count=1,
        head=first.hash,
        size=len(first.line()),
        pending="",
        time=now,
        guest_until=0,
        intent=None,
    )
    Ledger.create(root, first)
    KeySlots.create(root, device.derive("key slots"), device.derive("anchor"), anchor)


def _lock_file(root: Folder) -> int:
    try:
        return root.open_file("lock")
    except FileNotFoundError:
        with contextlib.suppress(StoreError):  # another process was faster
            os.close(root.create("lock"))
        return root.open_file("lock")


def _state(anchor: Anchor, ledger: Ledger) -> object:
    """Changes whenever the ledger does."""
    return anchor.store, anchor.count, anchor.head, ledger.fingerprint()
