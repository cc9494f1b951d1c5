"""A small sealed file of two pages that are overwritten in place, in turn: a torn write leaves the older page, no free
space is needed, and nothing of an older content is left in free blocks.

    page 0, page 1      nonce (12), ChaCha20-Poly1305 of JSON {"serial", "value"} with spaces after it
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from assistant.consent.erase import erase_file
from assistant.consent.folder import disk, write_all
from assistant.errors import StoreError, Tampered

PAGE = 4096
_NONCE = 12
_ROOM = PAGE - _NONCE - 16


class Pages:
    """The file at `path`, in a folder that is there. Callers hold the store's lock."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._cipher = ChaCha20Poly1305(key)

    def read(self) -> dict[str, Any] | None:
        """The newest whole page; None if there is no file. Raises Tampered if no page can be opened."""
        with disk(str(self.path)):
            try:
                fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            except FileNotFoundError:
                return None
            with os.fdopen(fd, "rb") as file:
                data = file.read(2 * PAGE)
        return self._newest(data)[1]

    def write(self, value: dict[str, Any]) -> None:
        """Over the older page, durably. Raises StoreError, Tampered."""
        if not self.path.exists():
            self._create()
        with disk(str(self.path)):
            fd = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            with disk(str(self.path)):
                data = os.pread(fd, 2 * PAGE, 0)
            serial = self._newest(data)[0] + 1 if any(data) else 1
            text = json.dumps({"serial": serial, "value": value}, sort_keys=True, separators=(",", ":")).encode()
            if len(text) > _ROOM:
                raise StoreError("there is no more room in it", where=str(self.path))
            nonce = os.urandom(_NONCE)
            page = nonce + self._cipher.encrypt(nonce, text.ljust(_ROOM), self._about())
            with disk(str(self.path)):
                os.pwrite(fd, page, serial % 2 * PAGE)
                os.fdatasync(fd)
                kept = os.pread(fd, PAGE, serial % 2 * PAGE)
            if kept != page:
                raise StoreError("the disk did not keep what was written", where=str(self.path))
        finally:
            os.close(fd)

    def erase(self) -> bool:
        """Overwrite in place and unlink; whether there was one. Raises StoreError."""
        return bool(erase_file(self.path))

    def _create(self) -> None:
        """Two pages of zeros; they are there whole or not at all."""
        fresh = self.path.with_name(f"new-{self.path.name}")
        with disk(str(self.path)):
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                write_all(fd, bytes(2 * PAGE))
                os.fsync(fd)
            finally:
                os.close(fd)
            fresh.rename(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _newest(self, data: bytes) -> tuple[int, dict[str, Any] | None]:
        """Serial and value of the newest whole page; (0, None) for a file that was never written. Raises Tampered."""
        found: list[tuple[int, dict[str, Any] | None]] = [] if any(data) else [(0, None)]
        for at in (0, PAGE):
            page = data[at : at + PAGE]
            with contextlib.suppress(InvalidTag, ValueError):
                raw = json.loads(self._cipher.decrypt(page[:_NONCE], page[_NONCE:], self._about()))
                found.append((raw["serial"], raw["value"]))
        if not found:
            raise Tampered("it was changed from outside", where=str(self.path))
        return max(found, key=lambda one: one[0])

    def _about(self) -> bytes:
        return f"assistant page v1 {self.path.name}".encode()
