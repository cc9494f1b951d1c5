"""Unpack an archive from the network: nothing may leave the folder, be a link, or grow without bound."""

from __future__ import annotations

import errno
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from assistant.errors import ModelError

MOST_FILES = 10_000
MOST_BYTES = 4 << 30
MOST_TIMES = 50
"""An archive may unpack to this many times its size (speech models reach about 3), but 64 MB are always allowed."""


@dataclass(frozen=True, slots=True)
class _Member:
    path: PurePosixPath
    open: AbstractContextManager[IO[bytes]]


def unpack(archive: Path, folder: Path, *, where: str = "") -> None:
    """Unpack into `folder`, which must exist and be empty. One folder around everything is left out.

    Raises ModelError; `folder` may then hold a part and should be removed.
    """
    where = where or archive.name
    limit = min(MOST_BYTES, max(64 << 20, archive.stat().st_size * MOST_TIMES))
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, folder, limit, where)
        else:
            _unpack_tar(archive, folder, limit, where)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as error:
        raise ModelError("is damaged and cannot be unpacked", where=where, hint="Fetch it again") from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise ModelError(
            "the disk is full" if full else f"cannot be unpacked ({error.strerror or error})",
            where=str(folder) if full else where,
            hint="Make room and try again" if full else "",
        ) from error
    _lift(folder)


def _unpack_zip(archive: Path, folder: Path, limit: int, where: str) -> None:
    with zipfile.ZipFile(archive) as packed:
        members = []
        for info in packed.infolist():
            path = _safe(info.filename, where)
            kind = info.external_attr >> 28
            # The upper bits are the Unix file type where there is one: 8 is a file, 4 a folder, 0 unknown.
            if kind not in (0, 4, 8):
                raise ModelError(f"holds a link ({path})", where=where, hint="Do not use it")
            if info.flag_bits & 1:
                raise ModelError("is encrypted", where=where)
            if not info.is_dir():
                members.append(_Member(path, packed.open(info)))
            if len(members) > MOST_FILES:
                raise _too_big(where)
        _write(iter(members), folder, limit, where)


def _unpack_tar(archive: Path, folder: Path, limit: int, where: str) -> None:
    with tarfile.open(archive) as packed:
        _write(_tar_members(packed, where), folder, limit, where)


def _tar_members(packed: tarfile.TarFile, where: str) -> Iterator[_Member]:
    for info in packed:
        path = _safe(info.name, where)
        if info.isdir():
            continue
        if not info.isreg():
            raise ModelError(f"holds a link or a device ({path})", where=where, hint="Do not use it")
        yield _Member(path, cast("IO[bytes]", packed.extractfile(info)))


def _write(members: Iterator[_Member], folder: Path, limit: int, where: str) -> None:
    """Write the members, counting what really comes out of them, not what their headers announce."""
    left = limit
    for number, member in enumerate(members, 1):
        if number > MOST_FILES:
            raise _too_big(where)
        target = folder / member.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with member.open as source, target.open("xb") as file:
            while chunk := source.read(1 << 16):
                left -= len(chunk)
                if left < 0:
                    raise _too_big(where)
                file.write(chunk)


def _safe(name: str, where: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in name.split("/")[0]:
        raise ModelError(f"wants to write outside its folder ({name[:60]!r})", where=where, hint="Do not use it")
    return path


def _too_big(where: str) -> ModelError:
    return ModelError("unpacks to far more than its size allows", where=where, hint="Do not use it")


def _lift(folder: Path) -> None:
    """ "model-1.0/am/final.mdl" becomes "am/final.mdl"."""
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    top = entries[0].rename(folder / ".top")
    for entry in list(top.iterdir()):
        entry.rename(folder / entry.name)
    top.rmdir()
