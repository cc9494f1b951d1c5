"""Fetch one file: resumed where it was cut, counted, and checked before anyone may use it."""

from __future__ import annotations

import errno
import hashlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeAlias
from urllib.parse import urlsplit

from assistant.errors import ModelError
from assistant.models_store.catalog import LOCAL_HOSTS, Download

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that have arrived, and all its bytes (0 when not known)."""

CHUNK = 1 << 16
LARGEST = 4 << 30
"""No model is bigger than this many bytes; a server that sends more is cut off."""
ATTEMPTS = 5


def fetch(
    download: Download,
    target: Path,
    *,
    progress: Progress | None = None,
    timeout: float = 30.0,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Fetch into `target`, which must not exist, and return its SHA-256.

    Bytes are gathered in `target` + ".part". It stays when the connection is cut, so that the next call goes on from
    there; it is removed when the hash is wrong. Raises ModelError.
    """
    part = target.with_name(target.name + ".part")
    show = progress or _silent
    for attempt in range(1, ATTEMPTS + 1):
        resumed = _size(part)
        try:
            _receive(download, part, show, timeout)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if _is_full(error):
                raise _full(part, download) from error
            if not _is_passing(error) or attempt == ATTEMPTS:
                raise _unreachable(download, part, error) from error
            pause(min(2.0**attempt, 10.0))
            continue
        found = sha256_of(part)
        if not download.sha256 or found == download.sha256:
            part.replace(target)
            return found
        part.unlink()
        if not resumed:
            raise ModelError(
                f"{download.file} has the wrong checksum and was removed (expected {download.sha256[:12]}…, "
                f"got {found[:12]}…)",
                where=download.url,
                hint="Try again; if it stays wrong, do not use it",
            )
        # The file may have changed on the server between the two halves: once more from the start.
    raise _unreachable(download, part, OSError("the connection was cut again and again"))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _receive(download: Download, part: Path, progress: Progress, timeout: float) -> None:
    """Append what is missing to `part`. Returns only when the server has sent all that it announced."""
    have = _size(part)
    if download.size and have > download.size:
        part.unlink()
        have = 0
    if download.size and have == download.size:
        return
    request = urllib.request.Request(
        download.url, headers={"User-Agent": "assistant-models", "Accept-Encoding": "identity"}
    )
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = _OPENER.open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise http.client.IncompleteRead(b"") from error
        raise
    with answer:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT or not _starts_at(
            answer.headers.get("Content-Range"), have
        ):
            have = 0
        length = int(answer.headers.get("Content-Length") or 0)
        total = download.size or (have + length if length else 0)
        _check_space(part, download, max(0, total - have))
        with part.open("ab" if have else "wb") as file:
            arrived = _copy(answer, file, download, have, total, progress)
    if total and arrived < total:
        raise http.client.IncompleteRead(b"", total - arrived)


def _copy(answer: IO[bytes], file: IO[bytes], download: Download, have: int, total: int, progress: Progress) -> int:
    limit = download.size or LARGEST
    progress(download.file, have, total)
    while chunk := answer.read(CHUNK):
        have += len(chunk)
        if have > limit:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise ModelError(
                f"{download.file} is larger than the {limit} bytes it should have, and was removed",
                where=download.url,
                hint="Do not use it",
            )
        file.write(chunk)
        progress(download.file, have, total)
    return have


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to https only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        to, origin = urlsplit(newurl), urlsplit(req.full_url)
        if to.scheme != "https" and not (to.hostname in LOCAL_HOSTS and origin.hostname in LOCAL_HOSTS):
            raise urllib.error.HTTPError(newurl, code, "it leads to a place that is not https", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SafeRedirects)


def _starts_at(content_range: str | None, have: int) -> bool:
    return content_range is not None and content_range.startswith(f"bytes {have}-")


def _check_space(part: Path, download: Download, missing: int) -> None:
    # An archive is unpacked beside itself, so there must be room for about twice its size more.
    needed = missing * 3 if download.is_archive else missing
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise ModelError(
            f"{download.file} needs {needed >> 20} MB, and {free >> 20} MB are free",
            where=str(part.parent),
            hint="Make room and try again",
        )


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _is_passing(error: Exception) -> bool:
    """Whether it may work a moment later."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= 500
    if isinstance(error, urllib.error.URLError):
        return isinstance(error.reason, (TimeoutError, ConnectionError))
    return isinstance(error, (http.client.HTTPException, ConnectionError, TimeoutError))


def _full(part: Path, download: Download) -> ModelError:
    part.unlink(missing_ok=True)
    return ModelError(
        f"the disk is full; {download.file} was not kept", where=str(part.parent), hint="Make room and try again"
    )


def _unreachable(download: Download, part: Path, error: Exception) -> ModelError:
    if isinstance(error, urllib.error.HTTPError):
        reason = f"the server says {error.code} {error.reason}"
    elif isinstance(error, urllib.error.URLError):
        reason = str(error.reason)
    else:
        reason = str(error) or type(error).__name__
    kept = _size(part)
    hint = (
        f"{kept >> 10} kB are kept: the same command goes on from there" if kept else "Check the network and try again"
    )
    return ModelError(f"{download.file} cannot be fetched ({reason})", where=urlsplit(download.url).netloc, hint=hint)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _silent(_file: str, _done: int, _total: int) -> None:
    """No progress is shown."""
