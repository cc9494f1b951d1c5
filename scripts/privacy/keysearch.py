"""Finds the keys of old clips in the image of a disk, as somebody would who has the disk and the device key.

Every window of the image, at every byte, is tried twice against every old ciphertext that is found on it: as the key
itself, and as a sealed key that the device key opens. Nothing about the keys is known beforehand.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from assistant.consent.clip import ClipInfo
from privacy.box import need, scratch
from privacy.row import CannotProve

CLIP, STORE = b"ACLIP1\0\0", b"ASTOR1\0\0"
CLIP_BEGINS = ('{"' + min(field.name for field in fields(ClipInfo)) + '":"').encode()[:8]
"""What the description of a clip begins with: JSON with sorted names."""
STORE_BEGINS = b'{"note":'
"""What a skill's store begins with, if it remembers a note."""
STORE_SIZE = 256 + 16
RAW, SEALED = 32, 44
"""Bytes that a window must have: a key; or a nonce and a sealed key without its tag."""
ROOM = 4096


@dataclass(frozen=True, slots=True)
class Old:
    """A ciphertext as it lies on the disk: a clip's description, or what a skill remembered."""

    nonce: bytes
    sealed: bytes
    begins: bytes
    """What it should decrypt to."""
    skill: str = ""

    def about(self, text: bytes) -> tuple[str, bytes]:
        """Its name, and what is authenticated with it, which follows from its text."""
        if self.skill:
            return self.skill, f"assistant skill store v1 {self.skill}".encode()
        name = text.split(b'"')[3].decode(errors="replace") if text.count(b'"') > 3 else ""
        record = text.partition(b'"record":"')[2][:32].decode(errors="replace")
        return name, f"assistant clip v1 description {name} {record}".encode()


@dataclass(frozen=True, slots=True)
class Search:
    """What was tried, and which ciphertexts opened."""

    windows: int
    """Different places of the image at which something was tried."""
    tries: int
    """Keys tried times ciphertexts."""
    opened: frozenset[Old]
    names: frozenset[str]
    """The clips and skills whose they are."""


def carve(image: bytes, skill: str = "") -> list[Old]:
    """Everything on the disk, in files or free blocks, that looks like a clip; or, with `skill`, like its store."""
    found, magic = [], STORE if skill else CLIP
    at = image.find(magic)
    while at >= 0:
        nonce, rest = image[at + 8 : at + 20], image[at + 20 :][: 4 + 65_536]
        if skill:
            found.append(Old(nonce, rest[:STORE_SIZE], STORE_BEGINS, skill))
        elif 16 < (length := int.from_bytes(rest[:4], "big")) <= 65_536:
            found.append(Old(nonce, rest[4 : 4 + length], CLIP_BEGINS))
        at = image.find(magic, at + 1)
    return list(dict.fromkeys(found))


def search(image: bytes, wrap: bytes, targets: list[Old], *more: bytes) -> Search:
    """Try all windows; `wrap` and `more` open sealed keys. A fit counts only if it opens the whole, authenticated."""
    windows, tries = 0, 0
    opened: set[Old] = set()
    names: set[str] = set()
    data = np.frombuffer(image, dtype=np.uint8)
    for key in (None, wrap, *more):
        offsets = _places(data, RAW if key is None else SEALED)
        windows = max(windows, len(offsets))
        tries += len(offsets) * len(targets)
        for offset, number in _run(image, offsets, key, targets):
            one = targets[number]
            found = image[offset : offset + RAW] if key is None else _unwrap(image[offset : offset + SEALED], key)
            name, about = one.about(_plain(found, one))
            try:
                ChaCha20Poly1305(found).decrypt(one.nonce, one.sealed, about)
            except InvalidTag:
                continue
            opened.add(one)
            names.add(name)
    return Search(windows, tries, frozenset(opened), frozenset(names))


def _places(data: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint32]:
    """Every offset whose window does not repeat one single byte, and the first of those for each byte."""
    changes = np.concatenate([[0], np.cumsum(data[1:] != data[:-1], dtype=np.int64)])
    last = len(data) - length + 1
    flat = changes[length - 1 :] == changes[:last]
    alike = np.flatnonzero(flat)
    _, first = np.unique(data[alike], return_index=True)
    return np.sort(np.concatenate([np.flatnonzero(~flat), alike[first]])).astype(np.uint32)


def _run(
    image: bytes, offsets: npt.NDArray[np.uint32], wrap: bytes | None, targets: list[Old]
) -> list[tuple[int, int]]:
    table = np.zeros((len(targets), 5), dtype=np.uint32)
    for row, one in zip(table, targets, strict=True):
        row[:3] = np.frombuffer(one.nonce, dtype="<u4")
        row[3:] = np.frombuffer(bytes(a ^ b for a, b in zip(one.sealed[:8], one.begins, strict=True)), dtype="<u4")
    hits = np.zeros((ROOM, 2), dtype=np.uint32)
    count = _library().search(
        image, _pointer(offsets), len(offsets), wrap, _pointer(table), len(targets), _pointer(hits), ROOM
    )
    return [(int(offset), int(number)) for offset, number in hits[: min(count, ROOM)]]


def _pointer(array: npt.NDArray[np.uint32]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def _stream(key: bytes, nonce: bytes) -> Any:
    return Cipher(ChaCha20(key, (1).to_bytes(4, "little") + nonce), None).encryptor()


def _unwrap(window: bytes, wrap: bytes) -> bytes:
    return bytes(_stream(wrap, window[:12]).update(window[12:SEALED]))


def _plain(key: bytes, one: Old) -> bytes:
    return bytes(_stream(key, one.nonce).update(one.sealed[:-16]))


@cache
def _library() -> ctypes.CDLL:
    """The search as machine code for this processor, once it has found known keys. Raises CannotProve."""
    need("cc")
    if sys.byteorder != "little":
        raise CannotProve("the search is written for little endian processors")
    with scratch() as folder:
        target, source = folder / "keysearch.so", Path(__file__).with_suffix(".c")
        done = subprocess.run(
            ["cc", "-O3", "-march=native", "-shared", "-fPIC", "-o", str(target), str(source)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise CannotProve(f"the search does not compile: {done.stderr[-200:]}")
        library = ctypes.CDLL(str(target))
    library.search.restype = ctypes.c_size_t
    library.search.argtypes = [
        ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t,
        ctypes.c_void_p, ctypes.c_size_t,
    ]  # fmt: skip
    return library
