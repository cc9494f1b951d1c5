"""The store's one changing page: how far the ledger goes, which generation of consent holds, what is half done.

It lives at the head of the slot file, twice, in preallocated blocks: writing it needs no free space, and a page torn by
a power cut leaves the other one. Each copy is authenticated with HMAC-SHA256 under a key of this device.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from assistant.consent.timekeeper import Moment

PAGE = 4096
"""Bytes of one copy."""
_MAC = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A withdrawal or deletion that was begun: written before anything is destroyed, cleared when all of it is."""

    why: str
    """withdraw, everything, delete or expire."""
    records: tuple[str, ...]
    """Ids of the consents whose clips go; for `everything` it is empty and all go."""
    clips: tuple[str, ...]
    """Ids of single clips that go; at most 64 at a time so that the page holds them."""
    method: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One state of the store."""

    store: str
    """Random id, made once."""
    serial: int
    """Goes up with every write of the page."""
    generation: int
    """Goes up with every withdrawal; a clip commits only under the generation it was offered under."""
    count: int
    """Records in the ledger."""
    head: str
    """Hash of the last record."""
    size: int
    """Bytes of the ledger."""
    pending: str
    """Hash of a record that may or may not have reached the ledger."""
    time: Moment
    """Latest time seen."""
    guest_until: int
    """Guest mode holds until then (true time); 0: off."""
    intent: Intent | None
    witnessed: bool = False
    """There is a witness outside of the store's folder: if it is gone, somebody took it."""

    def sealed(self, key: bytes) -> bytes:
        """PAGE bytes: MAC, length, JSON, zeros."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()
        body = len(text).to_bytes(4, "big") + text
        if len(body) > PAGE - _MAC:
            raise ValueError("the anchor does not fit its page")
        body = body.ljust(PAGE - _MAC, b"\0")
        mac = HMAC(key, SHA256())
        mac.update(body)
        return mac.finalize() + body


def unseal(page: bytes, key: bytes) -> Anchor | None:
    """The anchor in a page, or None if the page is torn or forged."""
    mac = HMAC(key, SHA256())
    mac.update(page[_MAC:])
    try:
        mac.verify(page[:_MAC])
    except InvalidSignature:
        return None
    length = int.from_bytes(page[_MAC : _MAC + 4], "big")
    raw: dict[str, Any] = json.loads(page[_MAC + 4 : _MAC + 4 + length])
    raw["time"] = Moment(**raw["time"])
    if raw["intent"] is not None:
        intent = raw["intent"]
        raw["intent"] = Intent(**{**intent, "records": tuple(intent["records"]), "clips": tuple(intent["clips"])})
    return Anchor(**raw)
