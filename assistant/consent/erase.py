"""Erasing a file that is not encrypted: overwrite its blocks in place, sync, unlink, sync the folder."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.consent.folder import disk

_BLOCK = bytes(64 * 1024)


def erase_file(path: Path) -> int:
    """1 if there was a file, 0 if not. Links are unlinked, not followed. Raises StoreError."""
    with disk(str(path)):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return 0
        except OSError:
            path.unlink()
            return 1
        try:
            size = os.fstat(fd).st_size
            for offset in range(0, size, len(_BLOCK)):
                os.pwrite(fd, _BLOCK[: size - offset], offset)
            os.fdatasync(fd)
        finally:
            os.close(fd)
        path.unlink()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return 1
