"""Keys of the skills' stores: one each, in slots that are overwritten in place, so that a destroyed key is gone.

    skill-keys/stores.key   seals the slots, unless systemd holds the device key
    skill-keys/forgetting   is there while everything is being forgotten, so that a crash in between is finished
    skill-keys/slots        SLOTS slots of 128 bytes, as in the vault's key file
    skill-data/ID.store     "ASTOR1\\0\\0", nonce (12), ChaCha20-Poly1305 of the content

Apart from the vault: the skills room must seal and open, and is not to open the vault. With the key go all versions of
a store, also those that an earlier write left in free blocks.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from assistant.consent.device_key import load_device_key
from assistant.consent.folder import Folder
from assistant.consent.slots import FILE, SLOT, Slot, SlotTable
from assistant.errors import ConsentError, StoreError, Tampered

SLOTS = 256
KEY_FILE = "stores.key"
FORGETTING = "forgetting"
_MAGIC = b"ASTOR1\0\0"
_NONCE = 12
_KEY = 32
_PAD = 256
_NO_RECORD = "00" * 16


class StoreSeals:
    """Implements the skills' Seals. Nothing is on the disk before the first store is."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = environ

    def of(self, store: str) -> StoreSeal:
        """For a skill that starts now."""
        return StoreSeal(self, store)

    def destroy(self, store: str) -> bool:
        """Overwrite a store's key; whether there was one. Raises StoreError, Tampered."""
        with self.table(make=False) as table:
            doomed = [] if table is None else [slot.index for slot in table.used() if slot.clip == _name(store)]
            if table is not None and doomed:
                table.destroy(doomed)
            return bool(doomed)

    # Implements purge.Journal: an empty file says that everything is being forgotten.

    def begin(self) -> None:
        """Where no key is, nothing needs to be remembered."""
        with contextlib.suppress(ConsentError):
            if self._folder.exists() and not self.begun():
                home = Folder.open(self._folder)
                try:
                    home.put(FORGETTING)
                finally:
                    home.close()

    def begun(self) -> bool:
        return (self._folder / FORGETTING).exists()

    def end(self) -> None:
        if self._folder.exists():
            home = Folder.open(self._folder)
            try:
                home.remove([FORGETTING, f"new-{FORGETTING}"])
            finally:
                home.close()

    @contextlib.contextmanager
    def table(self, *, make: bool) -> Iterator[SlotTable | None]:
        """The slots, locked; None if there are none and none are to be made."""
        if not make and not (self._folder / FILE).exists():
            yield None
            return
        home = Folder.open(self._folder)
        try:
            key = load_device_key(self._folder, self._environ, KEY_FILE, make=make)
            if key is None:
                raise Tampered("the key of the stores is gone", where=home.where(KEY_FILE))
            if make and FILE not in home.names():
                home.remove([f"new-{FILE}"])
                home.put(FILE, bytes(SLOTS * SLOT))
            fd = home.open_file(FILE, os.O_RDWR)
            try:
                if os.fstat(fd).st_size != SLOTS * SLOT:
                    raise Tampered("the key file has the wrong size", where=home.where(FILE))
                fcntl.flock(fd, fcntl.LOCK_EX)
                yield SlotTable(home.where(FILE), fd, key.derive("skill stores"), 0, SLOTS)
            finally:
                os.close(fd)
        finally:
            home.close()


class StoreSeal:
    """Implements the skills' Seal."""

    def __init__(self, seals: StoreSeals, store: str) -> None:
        self._seals = seals
        self._store = store
        self._known = b""
        """The slot that this skill has used; another one means that the store was destroyed meanwhile."""

    def seal(self, plain: bytes) -> bytes:
        with self._seals.table(make=True) as table:
            assert table is not None
            slot = self._slot(table)
            if self._known and (slot is None or slot.sealed != self._known):
                raise StoreError("what this skill remembered was destroyed", hint="It starts afresh at the next start")
            slot = slot or table.put(_name(self._store), _NO_RECORD, os.urandom(_KEY))
            key = table.key(slot)
            self._known = slot.sealed
        nonce = os.urandom(_NONCE)
        # Spaces at its end: the length tells little, and JSON does not mind them.
        padded = plain.ljust(-(-len(plain) // _PAD) * _PAD)
        return _MAGIC + nonce + ChaCha20Poly1305(key).encrypt(nonce, padded, self._about())

    def open(self, sealed: bytes) -> bytes:
        with self._seals.table(make=False) as table:
            slot = None if table is None else self._slot(table)
            if table is None or slot is None:
                raise Tampered("its key is gone")
            key = table.key(slot)
        head = len(_MAGIC) + _NONCE
        try:
            if not sealed.startswith(_MAGIC):
                raise Tampered("this is no store")
            plain = ChaCha20Poly1305(key).decrypt(sealed[len(_MAGIC) : head], sealed[head:], self._about())
        except (InvalidTag, ValueError):
            raise Tampered("it was changed from outside") from None
        self._known = slot.sealed
        return plain

    def _slot(self, table: SlotTable) -> Slot | None:
        """The store's slot that the device key of today opens. One of a lost device key stays beside it: should that
        key come back, so does what was sealed under it."""
        for slot in table.used():
            if slot.clip == _name(self._store):
                with contextlib.suppress(Tampered):
                    table.key(slot)
                    return slot
        return None

    def _about(self) -> bytes:
        return f"assistant skill store v1 {self._store}".encode()


def _name(store: str) -> str:
    """Which slot is whose: 16 bytes as hex."""
    return hashlib.blake2b(store.encode(), digest_size=16).hexdigest()
