"""Where skills lie: folders, looked at without running anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.config.paths import Paths
from assistant.errors import SkillError
from assistant.skills.manifest import Manifest, is_skill, read_manifest

Origin = Literal["bundled", "installed", "folder"]

_SKIPPED = {"__pycache__", "tests", "node_modules"}
_HASHED = 1 << 20
"""Files up to this many bytes count by content, larger ones by size and time."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to look in. A folder that is a skill itself is one skill, else each folder in it may be one."""

    folder: Path
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A skill folder. `manifest` is None when `problem` says why it cannot be used; `hidden_by` is the folder of a
    skill with the same id that counts instead."""

    id: str
    folder: Path
    origin: Origin
    manifest: Manifest | None = None
    problem: SkillError | None = None
    hidden_by: Path | None = None


def places(paths: Paths, folders: Iterable[str] = ()) -> tuple[Place, ...]:
    """Where to look, most telling first: what the configuration names, what was installed, what is bundled."""
    named = [Place(Path(folder).expanduser(), "folder") for folder in folders]
    return (*named, Place(paths.installed_skills, "installed"), Place(paths.bundled_skills, "bundled"))


def find_skills(where: Sequence[Place]) -> tuple[Found, ...]:
    """Every skill in these places, in their order. Of two with one id the first counts; the other names it."""
    found: list[Found] = []
    first: dict[str, Path] = {}
    for place in where:
        for one in _look(place):
            if one.manifest is not None:
                hidden_by = first.setdefault(one.id, one.folder)
                if hidden_by != one.folder:
                    one = Found(
                        id=one.id, folder=one.folder, origin=one.origin, manifest=one.manifest, hidden_by=hidden_by
                    )
                elif any(each.folder == one.folder for each in found):
                    continue
            found.append(one)
    return tuple(found)


def fingerprint(folder: Path) -> str:
    """A hash of all that a skill folder holds; another one means that the skill changed."""
    digest = hashlib.blake2b(digest_size=16)
    for path in _files(folder):
        try:
            stat = path.stat()
            content = path.read_bytes() if stat.st_size <= _HASHED else f"{stat.st_size} {stat.st_mtime_ns}".encode()
        except OSError:
            continue
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    for path in inside:
        if path.name.startswith(".") or path.name in _SKIPPED:
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from _files(path)
        elif path.is_file():
            yield path


def _look(place: Place) -> Iterator[Found]:
    try:
        folder = place.folder.resolve(strict=True)
        if is_skill(folder):
            yield _read(folder, place.origin)
            return
        inside = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except OSError as error:
        if place.origin == "folder":
            problem = SkillError(
                f"this skill folder cannot be read ({error.strerror})",
                where=str(place.folder),
                hint="Create it, or remove it from skills.folders",
            )
            yield Found(id=place.folder.name or "skills", folder=place.folder, origin=place.origin, problem=problem)
        return
    for path in inside:
        if is_skill(path):
            yield _read(path, place.origin)


def _read(folder: Path, origin: Origin) -> Found:
    try:
        manifest = read_manifest(folder)
    except SkillError as problem:
        return Found(id=folder.name, folder=folder, origin=origin, problem=problem)
    return Found(id=manifest.id, folder=folder, origin=origin, manifest=manifest)
