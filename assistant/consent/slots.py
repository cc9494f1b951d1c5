"""The key file: one slot per clip, preallocated and overwritten in place, because only that erases.

A key deleted from a database or by unlinking a file stays readable on the block device. Here a slot is overwritten with
zeros, synced, dropped from the page cache, and read back. On flash the controller may still hold an older copy of the
block: it is erased as far as the card allows.

    page 0, page 1      the anchor, alternating
    from byte 8192      SLOTS slots of 128 bytes: used, clip id (16), record id (16), nonce (12), sealed key (48)

The key of a clip is sealed with ChaCha20-Poly1305 (RFC 8439) under a key of this device; index, clip and record are
authenticated with it, so that slots cannot be swapped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from assistant.consent.anchor import PAGE, Anchor, unseal
from assistant.consent.folder import Folder, disk
from assistant.errors import StoreError, Tampered

SLOTS = 4096
SLOT = _SLOT = 128
_TABLE = 2 * PAGE
_SIZE = _TABLE + SLOTS * _SLOT
_EMPTY = bytes(_SLOT)
_NONCE = 12
FILE = "slots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A used slot. `clip` and `record` are hex ids; the key is fetched with `KeySlots.key`."""

    index: int
    clip: str
    record: str
    sealed: bytes


class SlotTable:
    """`capacity` slots of an open file, from a byte on. Callers hold a lock."""

    def __init__(self, where: str, fd: int, wrap: bytes, start: int, size: int) -> None:
        self._where = where
        self._fd = fd
        self._wrap = ChaCha20Poly1305(wrap)
        self._start = start
        self._size = size

    capacity = SLOTS

    def close(self) -> None:
        os.close(self._fd)

    def used(self) -> list[Slot]:
        """All used slots."""
        table = self._read(self._start, self._size * _SLOT)
        found = []
        for index in range(self._size):
            at = index * _SLOT
            if table[at]:
                raw = table[at : at + _SLOT]
                found.append(Slot(index=index, clip=raw[1:17].hex(), record=raw[17:33].hex(), sealed=raw[33:93]))
        return found

    def put(self, clip: str, record: str, key: bytes) -> Slot:
        """Seal a key into a free slot. Raises StoreError when the vault is full."""
        taken = {slot.index for slot in self.used()}
        index = next((number for number in range(min(self.capacity, self._size)) if number not in taken), None)
        if index is None:
            raise StoreError(f"the vault holds {len(taken)} clips and is full", hint="Delete or export some")
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._wrap.encrypt(nonce, key, _about(index, clip, record))
        raw = b"\1" + bytes.fromhex(clip) + bytes.fromhex(record) + sealed
        self._overwrite({self._start + index * _SLOT: raw.ljust(_SLOT, b"\0")})
        return Slot(index=index, clip=clip, record=record, sealed=sealed)

    def key(self, slot: Slot) -> bytes:
        """The key of a clip. Raises Tampered."""
        try:
            return self._wrap.decrypt(
                slot.sealed[:_NONCE], slot.sealed[_NONCE:], _about(slot.index, slot.clip, slot.record)
            )
        except InvalidTag:
            raise Tampered(f"key slot {slot.index} was changed", where=self._where, hint="Delete that clip") from None

    def blank(self, used: Iterable[int]) -> bool:
        """Whether every slot but these holds zeros only."""
        table = bytearray(self._read(self._start, self._size * _SLOT))
        for index in used:
            table[index * _SLOT : (index + 1) * _SLOT] = _EMPTY
        return not any(table)

    def destroy(self, indices: Iterable[int]) -> int:
        """Overwrite slots in place, sync, read back; returns how many. Raises StoreError if any is still there."""
        pages = {self._start + index * _SLOT: _EMPTY for index in indices}
        self._overwrite(pages)
        return len(pages)

    def _overwrite(self, pieces: dict[int, bytes]) -> None:
        with disk(self._where):
            for offset, data in pieces.items():
                if os.pwrite(self._fd, data, offset) != len(data):
                    raise StoreError("the disk took only a part", where=self._where, hint="Check the disk")
            os.fdatasync(self._fd)
            os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
        for offset, data in pieces.items():
            if self._read(offset, len(data)) != data:
                raise StoreError("the disk did not keep what was written", where=self._where, hint="Replace the card")

    def _read(self, offset: int, length: int) -> bytes:
        with disk(self._where):
            return os.pread(self._fd, length, offset)


class KeySlots(SlotTable):
    """The vault's key file: anchor and slots. Callers hold the store's lock."""

    def __init__(self, folder: Folder, fd: int, wrap: bytes, seal: bytes) -> None:
        super().__init__(folder.where(FILE), fd, wrap, _TABLE, SLOTS)
        self._seal = seal

    @classmethod
    def create(cls, folder: Folder, wrap: bytes, seal: bytes, first: Anchor) -> None:
        """Make the file with an anchor and no used slot; it appears whole or not at all."""
        folder.put(FILE, bytes(PAGE), first.sealed(seal), bytes(SLOTS * _SLOT))

    @classmethod
    def open(cls, folder: Folder, wrap: bytes, seal: bytes) -> KeySlots:
        """Raises FileNotFoundError, Tampered."""
        fd = folder.open_file(FILE, os.O_RDWR)
        if os.fstat(fd).st_size != _SIZE:
            os.close(fd)
            raise Tampered("the key file has the wrong size", where=folder.where(FILE))
        return cls(folder, fd, wrap, seal)

    def anchor(self) -> Anchor:
        """The newest whole copy. Raises Tampered if there is none."""
        copies = [unseal(self._read(number * PAGE, PAGE), self._seal) for number in (0, 1)]
        whole = [copy for copy in copies if copy is not None]
        if not whole:
            raise Tampered("the key file's anchor is damaged, or belongs to another device key", where=self._where)
        return max(whole, key=lambda copy: copy.serial)

    def write_anchor(self, anchor: Anchor) -> None:
        """Over the older copy. Raises StoreError."""
        self._overwrite({anchor.serial % 2 * PAGE: anchor.sealed(self._seal)})


def wipe(folder: Folder) -> None:
    """Overwrite a whole key file with zeros, whatever is in it. Raises StoreError."""
    try:
        fd = folder.open_file(FILE, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        with disk(folder.where(FILE)):
            os.pwrite(fd, bytes(max(_SIZE, os.fstat(fd).st_size)), 0)
            os.fdatasync(fd)
    finally:
        os.close(fd)


def _about(index: int, clip: str, record: str) -> bytes:
    return b"assistant key slot v1" + index.to_bytes(4, "big") + bytes.fromhex(clip) + bytes.fromhex(record)
