"""Tell the card which blocks are free, so that its controller may erase them. Needs root; a bonus, no promise."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

_FITRIM = 0xC0185879  # _IOWR('X', 121, struct fstrim_range) of linux/fs.h
_WHOLE = struct.pack("QQQ", 0, 2**64 - 1, 0)


def trim(path: Path) -> bool:
    """Trim the file system that `path` lies on. False if the kernel or the card would not."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.sync()  # only blocks whose freeing is on the disk can be trimmed
        fcntl.ioctl(fd, _FITRIM, _WHOLE)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
