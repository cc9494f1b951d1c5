"""What one clip is, in RAM and as an encrypted file.

    "ACLIP1\\0\\0", nonce (12), length (4), sealed description, nonce (12), sealed samples

Both parts are sealed with ChaCha20-Poly1305 under the clip's own key. The description is JSON, padded to 256 bytes so
that its length tells little; it can be listed without touching the sound. Samples: 16 bit little endian, mono, 16 kHz.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from assistant.audio.frame import RATE, Samples

KEY_BYTES = 32
_MAGIC = b"ACLIP1\0\0"
_NONCE = 12
_TAG = 16
_PAD = 256
_HEAD = len(_MAGIC) + _NONCE + 4

Label = Literal["", "good", "wrong-wake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClip:
    """What a holder offers. `samples` is overwritten with zeros once the gate has decided. `transcript` is only stored
    under the purpose `transcript` or when its owner typed it."""

    samples: Samples
    session: str
    language: str = "en"
    word: str = ""
    """The wake word, as configured."""
    transcript: str = ""

    def __repr__(self) -> str:
        return f"<clip of {len(self.samples) / RATE:.1f} s>"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipInfo:
    """The description of a stored clip. Times are Unix seconds of the true time; `wall` is what the clock showed."""

    clip: str
    record: str
    purpose: str
    created: int
    wall: int
    session: str
    language: str
    word: str
    samples: int
    transcript: str
    label: Label
    kept: bool
    """Its owner listened and kept it; until then it is quarantined."""
    ends: int
    """True time at which it is deleted: the end of the quarantine, of its retention or of the consent."""

    @property
    def seconds(self) -> float:
        return self.samples / RATE

    def __repr__(self) -> str:
        return f"<clip {self.clip[:8]} of {self.seconds:.1f} s>"


def seal_info(info: ClipInfo, key: bytes) -> bytes:
    """The head of the file."""
    text = json.dumps(asdict(info), sort_keys=True, separators=(",", ":")).encode()
    text = text.ljust(-(-len(text) // _PAD) * _PAD)
    nonce = os.urandom(_NONCE)
    sealed = ChaCha20Poly1305(key).encrypt(nonce, text, _about("description", info.clip, info.record))
    return _MAGIC + nonce + len(sealed).to_bytes(4, "big") + sealed


def seal_samples(samples: Samples, clip: str, record: str, key: bytes) -> bytearray:
    """The rest of the file. The samples go straight from their array into the cipher."""
    plain = np.ascontiguousarray(samples, dtype="<i2").view(np.uint8).data
    sealed = bytearray(_NONCE + len(plain) + _TAG)
    sealed[:_NONCE] = os.urandom(_NONCE)
    about = _about("samples", clip, record)
    ChaCha20Poly1305(key).encrypt_into(bytes(sealed[:_NONCE]), plain, about, memoryview(sealed)[_NONCE:])
    return sealed


def head_length(start: bytes) -> int:
    """Length of the sealed description including everything before it. Raises ValueError."""
    if len(start) < _HEAD or not start.startswith(_MAGIC):
        raise ValueError("not a clip")
    return _HEAD + int.from_bytes(start[_HEAD - 4 : _HEAD], "big")


def open_info(data: bytes, clip: str, record: str, key: bytes) -> ClipInfo:
    """The description from the start of a file. Raises ValueError if it was changed or belongs to another clip."""
    end = head_length(data)
    nonce = data[len(_MAGIC) : len(_MAGIC) + _NONCE]
    try:
        text = ChaCha20Poly1305(key).decrypt(nonce, data[_HEAD:end], _about("description", clip, record))
    except InvalidTag:
        raise ValueError("changed") from None
    info = ClipInfo(**json.loads(text))
    if (info.clip, info.record) != (clip, record):
        raise ValueError("of another clip")
    return info


def open_samples(data: bytes, clip: str, record: str, key: bytes) -> Samples:
    """The sound of a whole file, shape (n,). Raises ValueError if it was changed."""
    sealed = memoryview(data)[head_length(data) :]
    if len(sealed) < _NONCE + _TAG or (len(sealed) - _NONCE - _TAG) % 2:
        raise ValueError("cut off")
    samples = np.zeros((len(sealed) - _NONCE - _TAG) // 2, dtype=np.int16)
    about = _about("samples", clip, record)
    try:
        ChaCha20Poly1305(key).decrypt_into(bytes(sealed[:_NONCE]), sealed[_NONCE:], about, samples.view(np.uint8).data)
    except InvalidTag:
        raise ValueError("changed") from None
    return samples


def _about(part: str, clip: str, record: str) -> bytes:
    return f"assistant clip v1 {part} {clip} {record}".encode()
