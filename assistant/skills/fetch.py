"""A skill's files from a folder, an archive or a git repository into an empty folder. Nothing of it is run.

Links, devices and names that lead out of the folder are refused; sizes are counted while they are read, whatever an
archive's headers claim.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from assistant.errors import SkillError

MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 2000
GIT_SECONDS = 120.0

_GIT = re.compile(r"(https://|file://|ssh://|[\w.-]+@[\w.-]+:)\S+")
_ARCHIVE = re.compile(r"\.(zip|tar|tar\.gz|tgz|tar\.xz|tar\.bz2)$", re.IGNORECASE)
_SKIPPED = frozenset((".git", ".hg", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"))


def fetch(source: str, into: Path) -> Path:
    """Copy the skill of `source` into `into`; the folder in it that has the skill's own name.

    Raises SkillError: not found, too large, a link, a name that leads out, no network, no git.
    """
    into.mkdir(parents=True)
    if _GIT.fullmatch(source) and not _ARCHIVE.search(source):
        return _from_git(source, into)
    path = Path(source).expanduser()
    if path.is_dir():
        name = path.resolve().name
        _copy(path, into / name, Budget(source))
        return into / name
    if path.is_file():
        if not _ARCHIVE.search(path.name):
            raise SkillError("this is no archive", where=source, hint="Give a folder, a .zip or .tar.gz, or a git URL")
        return _from_archive(path, into / _ARCHIVE.sub("", path.name))
    if "://" in source:
        hint = "Give a git URL (https://, file://, git@), or download the archive first"
        raise SkillError("this address cannot be used", where=_without_secret(source), hint=hint)
    raise SkillError("there is no such folder or archive", where=source, hint="Look at the path")


class Budget:
    """Counts bytes and files."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._bytes = 0
        self._files = 0

    def file(self) -> None:
        """One more file. Raises SkillError when there are too many."""
        self._files += 1
        if self._files > MOST_FILES:
            raise SkillError(f"more than {MOST_FILES} files", where=self._source, hint="Is this a skill's folder?")

    def copy(self, read: IO[bytes], path: Path) -> None:
        """Write a file, without rights to run it. Raises SkillError when all files together are too large."""
        self.file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            while chunk := read.read(1 << 16):
                self._bytes += len(chunk)
                if self._bytes > MOST_BYTES:
                    hint = "Large files do not belong into a skill"
                    raise SkillError(f"more than {MOST_BYTES >> 20} MB", where=self._source, hint=hint)
                file.write(chunk)
        path.chmod(0o644)


def _copy(source: Path, target: Path, budget: Budget) -> None:
    target.mkdir()
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in _SKIPPED:
                continue
            if entry.is_dir(follow_symlinks=False):
                _copy(Path(entry.path), target / entry.name, budget)
            elif entry.is_file(follow_symlinks=False):
                with Path(entry.path).open("rb") as read:
                    budget.copy(read, target / entry.name)
            else:
                raise SkillError(
                    "links and devices are not allowed", where=entry.path, hint="Put the file itself there"
                )


def _from_archive(path: Path, target: Path) -> Path:
    budget = Budget(str(path))
    members = _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path)
    target.mkdir()
    try:
        for name, read in members:
            budget.copy(read, target / _safe(name, path))
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        EOFError,
        OSError,
        RuntimeError,
        NotImplementedError,
        ValueError,
    ) as error:
        if isinstance(error, FileExistsError):
            raise SkillError("two files of one name", where=str(path), hint="Pack it anew") from error
        raise SkillError("this archive cannot be read", where=str(path), hint="Pack it anew") from error
    inside = list(target.iterdir())
    # Most archives hold one folder; the skill has its name then.
    return inside[0] if len(inside) == 1 and inside[0].is_dir() and inside[0].name != "locale" else target


def _zip_members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                raise _link(path, member.filename)
            if not member.is_dir() and not _skipped(member.filename):
                with archive.open(member) as read:
                    yield member.filename, read


def _tar_members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir():
                continue
            read = archive.extractfile(member) if member.isreg() else None
            if read is None:
                raise _link(path, member.name)
            if not _skipped(member.name):
                yield member.name, read


def _skipped(name: str) -> bool:
    return any(part in _SKIPPED for part in PurePosixPath(name).parts)


def _safe(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        raise SkillError(f"the name '{name[:80]}' leads out of the archive", where=str(archive), hint="Do not trust it")
    return path


def _link(archive: Path, name: str) -> SkillError:
    return SkillError(f"'{name[:80]}' is a link or device", where=str(archive), hint="Pack the file itself")


def _from_git(url: str, into: Path) -> Path:
    name = re.sub(r"\.git/?$", "", url.rstrip("/")).replace(":", "/").rpartition("/")[2] or "skill"
    git = shutil.which("git")
    if git is None:
        raise SkillError("git is not installed", where="git", hint="Run: sudo apt install git")
    clone = into / "clone"
    command = [
        git, "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "core.fsmonitor=false",
        "clone", "--quiet", "--depth", "1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template=",
        "--", url, str(clone),
    ]  # fmt: skip
    environ = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
    place = _without_secret(url)
    try:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=GIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise SkillError(f"not there within {GIT_SECONDS:g} s", where=place, hint="Look at the network") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith(("fatal:", "error:"))]
        problem = said[0].partition(": ")[2].replace(url, place) if said else "it cannot be fetched"
        raise SkillError(f"git: {problem}", where=place, hint="Look at the address and the network")
    _copy(clone, into / name, Budget(place))
    shutil.rmtree(clone)
    return into / name


def _without_secret(url: str) -> str:
    """The address without the user and password that an https URL may hold."""
    return re.sub(r"//[^/@]*@", "//", url)
