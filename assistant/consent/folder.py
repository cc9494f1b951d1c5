"""A folder held by its descriptor. Names are checked, links are never followed, new files never replace a stranger's.

Every system call that writes for the consent room is in this module, in `slots` and in `ledger`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import StoreError, Tampered

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}\Z")
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link is not followed, and a pipe in place of a file does not make us wait."""


@contextlib.contextmanager
def disk(where: str) -> Iterator[None]:
    """Turn an OSError into a StoreError that names the place and the next step."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StoreError(
            f"the disk refused: {reason.lower()}", where=where, hint="Free some space or check the disk"
        ) from error


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write everything; a short write is repeated with the rest."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Folder:
    """One private folder (mode 0700, our own uid)."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Open, creating it if needed. Raises Tampered if it is a link, a stranger's, or open to others."""
        with disk(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=0o700)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _SAFE)
        except OSError as error:
            raise Tampered("this is not a folder of ours", where=str(path), hint="Move it away") from error
        about = os.fstat(fd)
        stranger = about.st_uid != os.geteuid()
        if stranger or stat.S_IMODE(about.st_mode) & 0o077:
            os.close(fd)
            raise Tampered(
                f"this folder belongs to user {about.st_uid}" if stranger else "others can read this folder",
                where=str(path),
                hint="Run this as that user" if stranger else "chmod it to 0700",
            )
        return cls(path, fd)

    def close(self) -> None:
        os.close(self.fd)

    def where(self, name: str) -> str:
        return str(self.path / name)

    def names(self) -> list[str]:
        """All names in the folder, sorted."""
        return sorted(os.listdir(self.fd))  # noqa: PTH208 - by descriptor

    def open_file(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open an existing plain file of ours. Raises FileNotFoundError, Tampered."""
        try:
            fd = os.open(self._checked(name), flags | _SAFE, dir_fd=self.fd)
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Tampered("this is a link, not a file of ours", where=self.where(name)) from error
            raise StoreError(
                f"the disk refused: {os.strerror(error.errno or 0).lower()}",
                where=self.where(name),
                hint="Check the disk",
            ) from error
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_nlink > 1:
            os.close(fd)
            raise Tampered("this is not a plain file of ours", where=self.where(name))
        return fd

    def create(self, name: str) -> int:
        """A new empty file (mode 0600). Raises StoreError, also when the name is taken."""
        with disk(self.where(name)):
            return os.open(self._checked(name), os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFE, 0o600, dir_fd=self.fd)

    def read(self, name: str) -> bytes:
        """The whole file. Raises FileNotFoundError, Tampered."""
        fd = self.open_file(name)
        with os.fdopen(fd, "rb") as file:
            return file.read()

    def put(self, name: str, *pieces: bytes | bytearray) -> None:
        """Write a file so that it is there whole or not at all, and survives a power cut once this returns."""
        temporary = f"new-{name}"
        fd = self.create(temporary)
        try:
            with disk(self.where(name)):
                try:
                    for piece in pieces:
                        write_all(fd, piece)
                    os.fsync(fd)
                finally:
                    os.close(fd)
                os.rename(temporary, self._checked(name), src_dir_fd=self.fd, dst_dir_fd=self.fd)
                os.fsync(self.fd)
        except StoreError:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=self.fd)
            raise

    def remove(self, names: list[str]) -> int:
        """Unlink and sync; returns how many were there. Raises StoreError."""
        count = 0
        for name in names:
            with disk(self.where(name)), contextlib.suppress(FileNotFoundError):
                os.unlink(self._checked(name), dir_fd=self.fd)
                count += 1
        if count:
            with disk(str(self.path)):
                os.fsync(self.fd)
        return count

    def remove_all(self) -> int:
        """Unlink every file, whatever its name; returns how many. Raises StoreError."""
        with disk(str(self.path)):
            names = os.listdir(self.fd)  # noqa: PTH208 - by descriptor
            for name in names:
                os.unlink(name, dir_fd=self.fd)
            os.fsync(self.fd)
        return len(names)

    def set_aside(self, name: str, other: str) -> None:
        """Rename a file if it is there, over an older `other`. Raises StoreError."""
        with disk(self.where(name)), contextlib.suppress(FileNotFoundError):
            os.rename(self._checked(name), self._checked(other), src_dir_fd=self.fd, dst_dir_fd=self.fd)
            os.fsync(self.fd)

    def _checked(self, name: str) -> str:
        if not _NAME.match(name):
            raise Tampered("this is not a name of ours", where=str(self.path))
        return name
