"""A skill's own small store: one sealed file, written at once and whole.

A write goes to a temporary file beside it, is flushed to the disk (fsync), and then takes the place of the old file
(rename). So a power cut leaves the old file or the new one, never half of one. What is in it is never on the disk in
plain: it is sealed by whoever holds the keys (`sealing.Seal`).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from assistant.errors import AssistantError, SkillError
from assistant.skills.sealing import Seal

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What can be stored."""

QUOTA = 64 * 1024
"""Bytes a skill may store."""
SUFFIX = ".store"
PLAIN = ".json"
"""Stores were plain files once; one that is found is sealed, and its plain form overwritten."""

_log = logging.getLogger("assistant.skills")


class StoreError(SkillError):
    """The store could not be written; what was in it before is still there."""


class Store(MutableMapping[str, Json]):
    """A dictionary that is on the disk when an assignment returns.

    What you take out is a copy: change it, then assign it again. A file that cannot be read is set aside as
    `*.broken`, reported, and the store starts empty.
    """

    def __init__(self, path: Path, seal: Seal, *, quota: int = QUOTA) -> None:
        """`path` ends in SUFFIX."""
        self._path = path
        self._seal = seal
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
        plain = self._path.with_suffix(PLAIN)
        try:
            found = self._parse(self._seal.open(self._bytes(self._path)))
        except FileNotFoundError:
            return self._migrated(plain)
        except (AssistantError, ValueError, RecursionError, OSError):
            # Its content may be anything, so the reason is not logged, only that it happened.
            aside = self._path.with_suffix(".broken")
            with contextlib.suppress(OSError):
                self._path.replace(aside)
            _log.warning("%s could not be read: set aside as %s, started fresh", self._path.name, aside)
            return self._migrated(plain)
        with contextlib.suppress(OSError):
            _overwrite(plain)  # the power went while it was being sealed
        return found

    def _migrated(self, plain: Path) -> dict[str, str]:
        """What a plain file of an earlier version holds, which is sealed now. A broken one is sealed and set aside."""
        try:
            raw = self._bytes(plain)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            _log.warning("%s could not be read, started fresh", plain.name)
            return {}
        place = self._path
        try:
            found = self._parse(raw)
        except (ValueError, RecursionError):
            found, place = {}, self._path.with_suffix(".broken")
            _log.warning("%s could not be read: set aside as %s, started fresh", plain.name, place)
        try:
            self._put(place, self._seal.seal(raw))
            _overwrite(plain)
        except (AssistantError, OSError):
            _log.warning("%s could not be sealed and stays as it is", plain.name)
        return found

    def _bytes(self, path: Path) -> bytes:
        if path.stat().st_size > 2 * self._quota:
            raise ValueError("larger than anything that was written")
        return path.read_bytes()

    @staticmethod
    def _parse(raw: bytes) -> dict[str, str]:
        """Raises ValueError, RecursionError."""
        found = json.loads(raw.decode())
        if not isinstance(found, dict):
            raise ValueError("not a dictionary")
        return {key: json.dumps(value) for key, value in found.items()}

    def _write(self, entries: dict[str, str]) -> None:
        if self._closed:
            raise self._refused("this store is closed", "The skill was stopped")
        whole = "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in entries.items()) + "}\n"
        data = whole.encode()
        if len(data) > self._quota:
            raise self._refused(f"the store would exceed {self._quota} bytes", "Keep less")
        try:
            self._put(self._path, self._seal.seal(data))
        except OSError as error:
            raise self._refused(f"could not be written ({error.strerror})", "Check the disk") from error
        except AssistantError as error:
            raise self._refused(f"could not be written ({error.problem})", error.hint) from error
        self._text = entries

    def _put(self, path: Path, data: bytes) -> None:
        """Raises OSError; then the old file is still there."""
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            _sync_folder(path.parent)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise

    def _refused(self, problem: str, hint: str) -> StoreError:
        return StoreError(problem, where=str(self._path), hint=hint)


class NoStore(Store):
    """In place of the store of a skill whose manifest declares none: it is empty, and asking it for anything says how
    to declare one."""

    def __init__(self, manifest: Path) -> None:  # nothing of a store's own is needed
        self._manifest = manifest

    def __getitem__(self, key: str) -> Json:
        raise self._missing()

    def __setitem__(self, key: str, value: Json) -> None:
        raise self._missing()

    def __delitem__(self, key: str) -> None:
        raise self._missing()

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "<no store>"

    def close(self) -> None:
        return

    def _missing(self) -> StoreError:
        return StoreError(
            "this skill stores something, and its manifest does not say so",
            where=str(self._manifest),
            hint="Add the line: store: {holds: what it remembers, retention: until when}",
        )


def _overwrite(path: Path) -> None:
    """Zeros over a plain file in place, then unlink it. A link is unlinked, not followed. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        file.write(bytes(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    path.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A rename lasts through a power cut only when the folder is flushed too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
