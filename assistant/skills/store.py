"""A skill's own small store: one JSON file, written at once and whole.

A write goes to a temporary file beside it, is flushed to the disk (fsync), and then takes the place of the old file
(rename). So a power cut leaves the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from assistant.errors import SkillError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What can be stored."""

QUOTA = 64 * 1024
"""Bytes a skill may store."""

_log = logging.getLogger("assistant.skills")


class StoreError(SkillError):
    """The store could not be written; what was in it before is still there."""


class Store(MutableMapping[str, Json]):
    """A dictionary that is on the disk when an assignment returns.

    What you take out is a copy: change it, then assign it again. A file that cannot be read is set aside as
    `*.broken`, reported, and the store starts empty.
    """

    def __init__(self, path: Path, *, quota: int = QUOTA) -> None:
        self._path = path
        self._quota = quota
        self._text: dict[str, str] | None = None
        self._closed = False

    def close(self) -> None:
        """From now on writing is refused: the skill was replaced or removed."""
        self._closed = True

    def __getitem__(self, key: str) -> Json:
        found: Json = json.loads(self._load()[key])
        return found

    def __setitem__(self, key: str, value: Json) -> None:
        """Raises StoreError when the value is no JSON, the store would be too large, or the disk refuses."""
        try:
            written = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise self._refused("this value cannot be stored", "Store numbers, texts, lists and dicts") from error
        self._write({**self._load(), key: written})

    def __delitem__(self, key: str) -> None:
        kept = dict(self._load())
        del kept[key]
        self._write(kept)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._load()))

    def __len__(self) -> int:
        return len(self._load())

    def __repr__(self) -> str:
        return f"<store of {self._path.stem}>"

    def _load(self) -> dict[str, str]:
        if self._text is None:
            self._text = self._read()
        return self._text

    def _read(self) -> dict[str, str]:
        try:
            if self._path.stat().st_size > 2 * self._quota:
                raise ValueError("larger than anything that was written")
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError("not a dictionary")
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError, OSError):
            # Its content may be anything, so the reason is not logged, only that it happened.
            aside = self._path.with_suffix(".broken")
            with contextlib.suppress(OSError):
                self._path.replace(aside)
            _log.warning("%s could not be read: set aside as %s, started fresh", self._path.name, aside)
            return {}
        return {key: json.dumps(value) for key, value in found.items()}

    def _write(self, entries: dict[str, str]) -> None:
        if self._closed:
            raise self._refused("this store is closed", "The skill was stopped")
        whole = "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in entries.items()) + "}\n"
        data = whole.encode()
        if len(data) > self._quota:
            raise self._refused(f"the store would exceed {self._quota} bytes", "Keep less")
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise self._refused(f"could not be written ({error.strerror})", "Check the disk") from error
        self._text = entries

    def _refused(self, problem: str, hint: str) -> StoreError:
        return StoreError(problem, where=str(self._path), hint=hint)


def _sync_folder(folder: Path) -> None:
    """A rename lasts through a power cut only when the folder is flushed too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
