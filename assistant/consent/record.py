"""One line of the ledger: who agreed to what, or what was destroyed. Never a word that was said, never a clip.

The fields follow the spirit of a Kantara consent receipt and of ISO/IEC TS 27560; conformance is not claimed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SCHEMA = 1
GENESIS = "0" * 64
"""`prev` of the first record."""

Event = Literal[
    "created",
    "granted",
    "renewed",
    "denied",
    "withdrawn",
    "expired",
    "scrubbed",
    "exported",
    "guest",
    "repaired",
    "debug",
    "debug-ended",
    "allowed",
    "forbidden",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One event. Times are Unix seconds; a consent that began at `time`/`true_time` ends after `days`."""

    event: Event
    time: int
    true_time: int
    method: str
    """voice, cli, button, time (it ran out) or start (finished after a crash)."""
    actor: str
    """Who did it: `voice`, `uid:1000`, `assistant`."""
    schema: int = SCHEMA
    seq: int = 0
    record: str = ""
    """Id of the consent this is about; its renewals and its end carry the same."""
    subject: str = ""
    """Random pseudonym of the household."""
    purpose: str = ""
    kinds: tuple[str, ...] = ()
    notice: str = ""
    notice_sha256: str = ""
    language: str = ""
    controller: str = "this household"
    recipients: tuple[str, ...] = ()
    days: int = 0
    retention_days: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """For `scrubbed`: how many were destroyed, by surface of the data map; a surface that failed has -1."""
    detail: str = ""
    """`allowed`: what the skill that `purpose` names (`network:ID`) sends to the `recipients`;
    `debug`: for how long; `debug-ended`: why;
    `scrubbed`: the receipt's code; `exported`: the export's id; `created`: the public key; `repaired`: the fault."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    prev: str = GENESIS
    hash: str = ""
    signature: str = ""

    def chained(self, seq: int, prev: str, key: Ed25519PrivateKey) -> Record:
        """The same event as number `seq` of the ledger after the record with hash `prev`, signed."""
        placed = replace(self, seq=seq, prev=prev)
        digest = placed.digest()
        return replace(placed, hash=digest.hex(), signature=key.sign(digest).hex())

    def digest(self) -> bytes:
        """SHA-256 of all fields but hash and signature, as JSON with sorted keys and no spaces."""
        fields_ = {key: value for key, value in asdict(self).items() if key not in ("hash", "signature")}
        return hashlib.sha256(_canonical(fields_)).digest()

    def line(self) -> bytes:
        return _canonical(asdict(self)) + b"\n"

    def fault(self, seq: int, prev: str, key: Ed25519PublicKey) -> str:
        """What is wrong with this record as number `seq` after `prev`; empty if nothing is."""
        if self.seq != seq:
            return "has the wrong number"
        if self.prev != prev:
            return "does not follow the one before"
        digest = self.digest()
        if self.hash != digest.hex():
            return "was changed"
        try:
            signature = bytes.fromhex(self.signature)
            if signature.hex() != self.signature:
                return "was changed"
            key.verify(signature, digest)
        except (InvalidSignature, ValueError):
            return "is not signed by this device"
        return ""


def parse(line: bytes) -> Record | None:
    """A record from its line, or None if it is not exactly one."""
    try:
        raw: dict[str, Any] = json.loads(line)
        known = {one.name for one in fields(Record)}
        if set(raw) != known or raw["event"] not in get_args(Event):
            return None
        record = Record(**{**raw, "kinds": tuple(raw["kinds"]), "recipients": tuple(raw["recipients"])})
        return record if record.line() == line else None
    except (ValueError, TypeError, KeyError):
        return None


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()
