"""The key of this device. Everything else is derived from it by HKDF-SHA256 (RFC 5869).

It comes from systemd (`LoadCredentialEncrypted=assistant-device-key`) or, where there is none, lies in a file that only
the service's user can read, outside the vault's folder so that a copy of the vault alone opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import overload

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assistant.consent.folder import Folder
from assistant.errors import StoreError, Tampered

CREDENTIAL = "assistant-device-key"
FILE = "device.key"
_BYTES = 32


class DeviceKey:
    """32 random bytes that never leave this object."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _BYTES:
            raise StoreError("the device key is too short", hint=f"It needs {_BYTES} random bytes")
        self._secret = secret

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        info = f"assistant consent v1 {purpose}".encode()
        return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=info).derive(self._secret)

    def signing_key(self) -> Ed25519PrivateKey:
        """Signs the ledger and what is exported."""
        return Ed25519PrivateKey.from_private_bytes(self.derive("signing"))

    def __repr__(self) -> str:
        return "<device key>"


@overload
def load_device_key(folder: Path, environ: Mapping[str, str], name: str = ...) -> DeviceKey: ...


@overload
def load_device_key(folder: Path, environ: Mapping[str, str], name: str = ..., *, make: bool) -> DeviceKey | None: ...


def load_device_key(
    folder: Path, environ: Mapping[str, str], name: str = FILE, *, make: bool = True
) -> DeviceKey | None:
    """From systemd's credentials, else from the file `name` in `folder`. If there is none one is made, or with `make`
    off None is returned. Raises StoreError, Tampered."""
    credentials = environ.get("CREDENTIALS_DIRECTORY", "")
    given = Path(credentials) / CREDENTIAL
    if credentials and given.exists():
        return DeviceKey(given.read_bytes())
    if not make and not (folder / name).exists():
        return None
    home = Folder.open(folder)
    try:
        try:
            secret = home.read(name)
        except FileNotFoundError:
            home.remove([f"new-{name}"])
            secret = os.urandom(_BYTES)
            home.put(name, secret)
        if len(secret) != _BYTES:
            raise Tampered("the device key is damaged", where=home.where(name), hint="Restore it, or delete the vault")
        return DeviceKey(secret)
    finally:
        home.close()
