"""The ledger: signed, hash-chained JSON lines. One writer, under the store's lock.

How far it goes is anchored in the key file, so that a cut-off, rolled-back or longer ledger shows. A new record is
first announced there (`pending`), then appended and synced, then confirmed: after a crash it is wholly there or gone.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assistant.consent.anchor import Anchor
from assistant.consent.folder import Folder, disk, write_all
from assistant.consent.record import GENESIS, Record, parse
from assistant.errors import Tampered

FILE = "ledger.jsonl"
RESERVE = 64 * 1024
"""Bytes kept allocated behind the end, so that a withdrawal can be written to a full disk."""
_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE of linux/falloc.h; the os module offers no flags
_libc = ctypes.CDLL(None)
_libc.fallocate64.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What lies behind the anchored end: nothing, the announced record, or a torn piece of it."""

    record: Record | None
    torn: bool


class Ledger:
    """The open file."""

    def __init__(self, folder: Folder, fd: int) -> None:
        self._where = folder.where(FILE)
        self._fd = fd

    @classmethod
    def create(cls, folder: Folder, first: Record) -> None:
        """A ledger of one record."""
        folder.put(FILE, first.line())

    @classmethod
    def open(cls, folder: Folder) -> Ledger:
        """Raises Tampered if the file is gone."""
        try:
            return cls(folder, folder.open_file(FILE, os.O_RDWR))
        except FileNotFoundError:
            raise Tampered("the ledger is gone", where=folder.where(FILE), seq=0) from None

    def close(self) -> None:
        os.close(self._fd)

    def fingerprint(self) -> tuple[int, int, int, int]:
        """Changes when anyone writes to the file or puts another in its place."""
        about = os.fstat(self._fd)
        return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns

    def reserve(self) -> None:
        """Allocate RESERVE bytes behind the end. Where the file system cannot, nothing happens."""
        size = os.fstat(self._fd).st_size
        _libc.fallocate64(self._fd, _KEEP_SIZE, size, RESERVE)

    def read(self, anchor: Anchor, key: Ed25519PublicKey) -> tuple[list[Record], Tail]:
        """All anchored records, verified, and what lies behind them. Raises Tampered with the first bad seq."""
        with disk(self._where):
            data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        records: list[Record] = []
        prev = GENESIS
        for seq, line in enumerate(data[: anchor.size].splitlines(keepends=True)):
            record = parse(line)
            if record is None:
                raise self._bad(seq, "cannot be read")
            if fault := record.fault(seq, prev, key):
                raise self._bad(seq, fault)
            records.append(record)
            prev = record.hash
        if len(records) != anchor.count or prev != anchor.head or len(data) < anchor.size:
            raise self._bad(min(len(records), anchor.count), "is missing")
        return records, self._tail(data[anchor.size :], anchor, key)

    def append(self, record: Record) -> int:
        """Write at the end and sync; returns the new size. Raises StoreError."""
        with disk(self._where):
            os.lseek(self._fd, 0, os.SEEK_END)
            write_all(self._fd, record.line())
            os.fdatasync(self._fd)
            return os.fstat(self._fd).st_size

    def cut(self, size: int) -> None:
        """Drop what lies behind `size`: a record that was never confirmed."""
        with disk(self._where):
            os.ftruncate(self._fd, size)
            os.fsync(self._fd)

    def _tail(self, data: bytes, anchor: Anchor, key: Ed25519PublicKey) -> Tail:
        if not data:
            return Tail(record=None, torn=False)
        if not anchor.pending:
            raise self._bad(anchor.count, "was added from outside")
        record = parse(data)
        if record is None or record.hash != anchor.pending or record.fault(anchor.count, anchor.head, key):
            return Tail(record=None, torn=True)
        return Tail(record=record, torn=False)

    def _bad(self, seq: int, fault: str) -> Tampered:
        return Tampered(
            f"ledger record {seq} {fault}",
            where=self._where,
            hint="Nothing will be kept; 'assistant consent withdraw --everything' starts afresh",
            seq=seq,
        )
