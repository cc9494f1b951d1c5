"""The store: one lock around the anchor, the ledger, the keys and the clips.

    consent-witness                how far the ledger went, apart from it: an older copy of the store shows
    consent/device.key             unless systemd holds it
    consent/vault/lock             flock, shared by the service and the owner's command line
    consent/vault/slots            anchor and keys (in place)
    consent/vault/ledger.jsonl     signed history, no speech in it
    consent/vault/clips/           encrypted clips, random names
    consent/vault/usage            how often each skill answered, sealed (in place)
    consent/vault/exports/         what was exported: random ids only

None of it is there before the first yes. Everything happens in a `Session`, which holds the lock and has checked the
ledger against its anchor and the witness.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.consent import ledger as ledgers
from assistant.consent import slots as keyslots
from assistant.consent.anchor import Anchor
from assistant.consent.blank import NoFolder, NoSlots, NoVault, no_anchor
from assistant.consent.device_key import CREDENTIAL, DeviceKey, load_device_key
from assistant.consent.device_key import FILE as DEVICE_FILE
from assistant.consent.folder import Folder
from assistant.consent.ledger import Ledger
from assistant.consent.pages import Pages
from assistant.consent.record import GENESIS, Record, parse
from assistant.consent.session import Session
from assistant.consent.slots import KeySlots
from assistant.consent.timekeeper import SystemTimekeeper, Timekeeper, moment
from assistant.consent.vault import Vault
from assistant.errors import StoreError, Tampered

_CLIPS = "clips"
_EXPORTS = "exports"
USAGE = "usage"
_AFRESH = "'assistant consent withdraw --everything' starts afresh"


class Store:
    """The folder and its lock. Threads and processes may share it; a session is short."""

    def __init__(self, home: Path, environ: Mapping[str, str], keeper: Timekeeper) -> None:
        self.home = home
        self.keeper = keeper
        self._environ = environ
        self._witness_path = home.with_name(f"{home.name}-witness")
        self._thread_lock = threading.Lock()
        self._verified: tuple[object, list[Record]] = (None, [])

    @classmethod
    def open(cls, home: Path, environ: Mapping[str, str], keeper: Timekeeper | None = None) -> Store:
        """Nothing is looked at or written yet."""
        return cls(home, environ, keeper or SystemTimekeeper())

    @cached_property
    def _device(self) -> DeviceKey:
        """Made when it is first asked for, which only a yes or a store that is there does. Raises StoreError,
        Tampered."""
        return load_device_key(self.home, self._environ)

    @property
    def public_key(self) -> str:
        """Hex of the Ed25519 key that checks the ledger and the exports. Only for a store that exists."""
        return self._device.signing_key().public_key().public_bytes_raw().hex()

    @property
    def exists(self) -> bool:
        """Whether there is a store, or should be one: what a crash left of a first yes does not count."""
        vault = self.home / "vault"
        if (vault / keyslots.FILE).exists() or self._witness_path.exists():
            return True
        ledger, clips = vault / ledgers.FILE, vault / _CLIPS
        return any(clips.glob("*")) or (ledger.exists() and ledger.read_bytes().count(b"\n") > 1)

    @contextlib.contextmanager
    def session(self, *, verify: bool = False, make: bool = False) -> Iterator[Session]:
        """Take the lock and load. With `verify` the whole ledger is checked again even if it looks unchanged. A store
        that is not there is made with `make`, which only a yes does; else the session is blank.

        Raises Tampered (with the first bad record) and StoreError.
        """
        if not make and not self.exists:
            yield self._blank()
            return
        with self._locked() as root, contextlib.ExitStack() as stack:
            self._check_key(root)
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
                usage=Pages(root.path / USAGE, self._device.derive("usage")),
                anchor=anchor,
                records=[],
                now=moment(self.keeper, anchor.time),
            )
            self._load(session, ledger, verify)
            seen = self._check_witness(session)
            if session.now.boot != anchor.time.boot:
                with contextlib.suppress(StoreError):  # a read-only disk keeps nothing anyway
                    session.write()  # from here on this run of the machine counts
            yield session
            with contextlib.suppress(StoreError):  # it stays behind, which the next session mends
                self._tell_witness(session, seen)
            self._verified = (_state(session.anchor, ledger), session.records)

    def _blank(self) -> Session:
        now = moment(self.keeper, None)
        return Session(
            device=None,
            slots=NoSlots(),
            ledger=None,
            vault=NoVault(),
            exports=NoFolder(),
            usage=None,
            anchor=no_anchor(now),
            records=[],
            now=now,
        )

    def _check_key(self, root: Folder) -> None:
        """A store whose device key is gone must not get a new one. Raises Tampered."""
        given = self._environ.get("CREDENTIALS_DIRECTORY", "")
        if given and (Path(given) / CREDENTIAL).exists():
            return
        if (root.path / keyslots.FILE).exists() and not (self.home / DEVICE_FILE).exists():
            raise Tampered("the device key is gone", where=str(self.home / DEVICE_FILE), hint=_AFRESH)

    @property
    def _witness(self) -> Pages:
        return Pages(self._witness_path, self._device.derive("witness"))

    def _check_witness(self, session: Session) -> dict[str, Any] | None:
        """What the witness saw last. Raises Tampered when the store is older than that, or the witness was taken."""
        seen = self._witness.read()
        anchor = session.anchor
        if seen is None:
            if anchor.witnessed:
                raise Tampered("the witness of the ledger is gone", where=str(self._witness_path), hint=_AFRESH)
            return None
        count = int(seen["count"])
        known = count <= len(session.records) and session.records[count - 1].hash == seen["head"]
        if seen["store"] != anchor.store or not known or seen["generation"] > anchor.generation:
            raise Tampered(
                "an older copy of the store was put back: it has not the last that the witness saw",
                where=str(self.home),
                hint=_AFRESH,
                seq=min(count, len(session.records)),
            )
        return seen

    def _tell_witness(self, session: Session, seen: dict[str, Any] | None) -> None:
        anchor = session.anchor
        now = {"store": anchor.store, "count": anchor.count, "head": anchor.head, "generation": anchor.generation}
        if now != seen:
            self._witness.write(now)
        if not anchor.witnessed:
            session.write(witnessed=True)

    def destroy(self, fault: str) -> int:
        """Destroy a store that can no longer be trusted and begin a new one; returns how many clip files there were.

        The old ledger is kept beside the new one for whoever wants to look into it. Raises StoreError, Tampered.
        """
        self.__dict__.pop("_device", None)  # it may be the key that is gone
        with self._locked() as root:
            keyslots.wipe(root)
            Pages(root.path / USAGE, bytes(32)).erase()
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
            Pages(self._witness_path, bytes(32)).erase()
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
        session.records, tail = ledger.read(session.anchor, self._device.signing_key().public_key())
        if tail.record is not None:
            session.confirm(tail.record, session.anchor.size + len(tail.record.line()), {})
        elif session.anchor.pending:
            if tail.torn:
                ledger.cut(session.anchor.size)
            session.write(pending="")

    def _slots(self, root: Folder, clips: Folder) -> KeySlots:
        try:
            return self._open_slots(root)
        except FileNotFoundError:
            self._create(root, clips)
            return self._open_slots(root)

    def _open_slots(self, root: Folder) -> KeySlots:
        return KeySlots.open(root, self._device.derive("key slots"), self._device.derive("anchor"))

    def _create(self, root: Folder, clips: Folder) -> None:
        """A fresh store. What a crash left of an earlier attempt is removed; anything more is not touched."""
        with contextlib.suppress(FileNotFoundError):
            lines = root.read(ledgers.FILE).splitlines(keepends=True)
            first = parse(lines[0]) if len(lines) == 1 else None
            if first is None or first.event not in ("created", "repaired") or clips.names():
                raise self._gone(root)
        if self._witness_path.exists():
            raise self._gone(root)
        create_store(root, self._device, self.keeper, fault="")

    def _gone(self, root: Folder) -> Tampered:
        return Tampered("the key file is gone", where=root.where(keyslots.FILE), hint=_AFRESH, seq=0)


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
        try:
            os.close(root.create("lock"))
        except StoreError:
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                return root.open_file("lock")
            raise
        return root.open_file("lock")


def _state(anchor: Anchor, ledger: Ledger) -> object:
    """Changes whenever the ledger does."""
    return anchor.store, anchor.count, anchor.head, ledger.fingerprint()
