"""A fake for the sealing of skills' stores: nothing on the disk, nothing secret."""

from __future__ import annotations

import hashlib
import secrets

from assistant.errors import StoreError, Tampered


class FakeSeals:
    """Implements skills.sealing.Seals: every byte turned over behind the store's key and a checksum."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}

    def of(self, store: str) -> FakeSeal:
        return FakeSeal(self, store)

    def destroy(self, store: str) -> bool:
        return self.keys.pop(store, None) is not None


class FakeSeal:
    """Implements skills.sealing.Seal."""

    def __init__(self, seals: FakeSeals, store: str) -> None:
        self._seals = seals
        self._store = store
        self._known = b""

    def seal(self, plain: bytes) -> bytes:
        key = self._seals.keys.get(self._store)
        if self._known and key != self._known:
            raise StoreError("what this skill remembered was destroyed")
        self._known = self._seals.keys.setdefault(self._store, key or secrets.token_bytes(8))
        turned = bytes(255 - byte for byte in plain)
        return self._known + hashlib.sha256(turned).digest() + turned

    def open(self, sealed: bytes) -> bytes:
        key = self._seals.keys.get(self._store)
        turned = sealed[40:]
        if key is None or sealed[:8] != key or sealed[8:40] != hashlib.sha256(turned).digest():
            raise Tampered("it was changed from outside")
        self._known = key
        return bytes(255 - byte for byte in turned)
