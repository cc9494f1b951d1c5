"""The mute that survives a restart: a file that is there while the microphone is to stay closed."""

from __future__ import annotations

import os
from pathlib import Path

from assistant.errors import DeviceError

_WORD = b"muted\n"


class MuteFile:
    """Whatever stands at `path`, even if it is empty or cannot be read, means muted: when in doubt, closed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def there(self) -> bool:
        return os.path.lexists(self._path)

    def write(self) -> None:
        """On the disk once this returns. Raises DeviceError."""
        if self.there:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(self._path, flags, 0o600)
            try:
                os.write(fd, _WORD)
                os.fsync(fd)
            finally:
                os.close(fd)
            self._sync_folder()
        except OSError as error:
            raise DeviceError(
                f"the mute will not survive a restart: {error.strerror}", where=str(self._path), hint="Free some space"
            ) from error

    def remove(self) -> None:
        """Raises DeviceError."""
        try:
            self._path.unlink(missing_ok=True)
            if self._path.parent.is_dir():
                self._sync_folder()
        except OSError as error:
            raise DeviceError(
                f"it will be muted again after a restart: {error.strerror}", where=str(self._path), hint="Remove it"
            ) from error

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
