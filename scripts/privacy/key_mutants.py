"""Planted leaks of keys: ways to keep them that look as if they could be deleted."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assistant.consent import data_map, slots
from privacy.mutants import mutant


@mutant("keeps the keys in SQLite")
def _sqlite_keys() -> None:
    def connect(self: Any) -> sqlite3.Connection:
        base = sqlite3.connect(str(Path(self._where).parent / "keys.db"), isolation_level=None)
        base.execute("create table if not exists k (slot integer primary key, clip, record, sealed)")
        return base

    def used(self: Any) -> list[Any]:
        with contextlib.closing(connect(self)) as base:
            rows = base.execute("select slot, clip, record, sealed from k").fetchall()
        return [slots.Slot(index=one[0], clip=one[1], record=one[2], sealed=one[3]) for one in rows]

    def put(self: Any, clip_id: str, record_id: str, key: bytes) -> Any:
        index = len(used(self))
        nonce = os.urandom(12)
        sealed = nonce + self._wrap.encrypt(nonce, key, slots._about(index, clip_id, record_id))
        with contextlib.closing(connect(self)) as base:
            base.execute("insert into k values (?, ?, ?, ?)", (index, clip_id, record_id, sealed))
        return slots.Slot(index=index, clip=clip_id, record=record_id, sealed=sealed)

    def destroy(self: Any, indices: Iterable[int]) -> int:
        gone = list(indices)
        with contextlib.closing(connect(self)) as base:
            base.executemany("delete from k where slot = ?", [(index,) for index in gone])
        return len(gone)

    slots.KeySlots.used = used  # type: ignore[method-assign]
    slots.KeySlots.put = put  # type: ignore[method-assign]
    slots.KeySlots.destroy = destroy  # type: ignore[method-assign]


@mutant("keeps each key in a file and unlinks it")
def _key_files() -> None:
    def folder_of(self: Any) -> Path:
        path = Path(self._where).with_name("keys")
        path.mkdir(exist_ok=True)
        return path

    def used(self: Any) -> list[Any]:
        found = []
        for path in sorted(folder_of(self).iterdir()):
            index, clip_id, record_id = path.name.split("-")
            found.append(slots.Slot(index=int(index), clip=clip_id, record=record_id, sealed=path.read_bytes()))
        return found

    def put(self: Any, clip_id: str, record_id: str, key: bytes) -> Any:
        index = len(used(self))
        nonce = os.urandom(12)
        sealed = nonce + self._wrap.encrypt(nonce, key, slots._about(index, clip_id, record_id))
        (folder_of(self) / f"{index}-{clip_id}-{record_id}").write_bytes(sealed)
        return slots.Slot(index=index, clip=clip_id, record=record_id, sealed=sealed)

    def destroy(self: Any, indices: Iterable[int]) -> int:
        gone = set(indices)
        for path in folder_of(self).iterdir():
            if int(path.name.split("-")[0]) in gone:
                path.unlink()
        return len(gone)

    slots.KeySlots.used = used  # type: ignore[method-assign]
    slots.KeySlots.put = put  # type: ignore[method-assign]
    slots.KeySlots.destroy = destroy  # type: ignore[method-assign]


@mutant("replaces the key file by rename")
def _renamed_slots() -> None:
    def destroy(self: Any, indices: Iterable[int]) -> int:
        gone = list(indices)
        path = Path(self._where)
        data = bytearray(path.read_bytes())
        for index in gone:
            data[8192 + index * 128 : 8192 + index * 128 + 128] = bytes(128)
        fresh = path.with_name("fresh")
        fresh.touch(mode=0o600)
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        fd = os.open(path, os.O_RDWR)
        os.dup2(fd, self._fd)
        os.close(fd)
        return len(gone)

    slots.KeySlots.destroy = destroy  # type: ignore[method-assign]


@mutant("only unlinks what skills remember")
def _unlinked_stores() -> None:
    def scrub(self: Any) -> int:
        return sum(path.exists() and path.unlink() is None for path in self.row.places)

    data_map.SkillStore.scrub = scrub  # type: ignore[method-assign]


@mutant("leaves a copy of each key in a temporary file")
def _plain_keys() -> None:
    put = slots.KeySlots.put

    def careless(self: Any, clip_id: str, record_id: str, key: bytes) -> Any:
        path = Path(self._where).with_name(f"tmp{clip_id[:4]}")
        with path.open("wb") as file:
            file.write(b"odd" + key)
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        return put(self, clip_id, record_id, key)

    slots.KeySlots.put = careless  # type: ignore[method-assign]
