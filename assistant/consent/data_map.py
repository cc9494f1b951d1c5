"""The data map: every place where traces of a person may lie, and what is there now.

`data_map.yaml` lists the assistant's own places. What skills remember is not in it: each skill's manifest says so, and
becomes a row of its own. A store that no manifest speaks of (its skill is gone) has a row all the same.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from assistant.config.paths import Paths
from assistant.consent.erase import erase_file
from assistant.consent.stores import StoreSeals
from assistant.errors import ConsentError, StoreError

STORE = (".store", ".new", ".broken", ".json")
"""Names a skill's store may have: itself, while it is written, one that could not be read, its plain form of old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a skill's manifest says of its store."""

    skill: str
    holds: str
    retention: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One surface. `place` is None where it is not on this disk."""

    id: str
    owner: str
    kind: str
    place: Path | None
    personal: bool
    holds: str
    retention: str
    deletion: str
    on_everything: str
    names: tuple[Path, ...] = ()
    """Other files that belong to it."""

    @property
    def places(self) -> tuple[Path, ...]:
        return (() if self.place is None else (self.place,)) + self.names

    def files(self) -> Iterator[Path]:
        """What is there of it."""
        for place in self.places:
            yield from _files(place)

    def covers(self, path: Path) -> bool:
        return any(path == place or place in path.parents for place in self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies at a surface: number of files, bytes, and Unix times of the oldest and the newest."""

    row: Row
    files: int
    bytes: int
    oldest: int
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillStore:
    """One skill's store, a surface that can be scrubbed."""

    id: str
    row: Row
    seals: StoreSeals

    def scrub(self) -> int:
        """Destroy its key, then overwrite and unlink its files; 1 if there was something. Raises ConsentError."""
        failed: ConsentError | None = None
        gone = False
        try:
            gone = self.seals.destroy(self.id.partition(":")[2])
        except ConsentError as error:
            failed = error
        count = sum(erase_file(path) for path in self.row.places)
        if failed is not None:
            raise failed
        return int(gone or count > 0)


class DataMap:
    """The rows of one installation. `declared` is asked anew each time: skills come and go."""

    def __init__(self, paths: Paths, seals: StoreSeals, declared: Callable[[], Sequence[Declared]] = tuple) -> None:
        self._paths = paths
        self._seals = seals
        self._declared = declared

    def rows(self) -> list[Row]:
        """All rows with their places filled in."""
        raw = yaml.safe_load((files("assistant.consent") / "data_map.yaml").read_text(encoding="utf-8"))
        folders = {"state": self._paths.state, "cache": self._paths.cache, "runtime": self._paths.runtime}
        own = [Row(**{**one, "place": Path(one["place"].format(**folders)) if one["place"] else None}) for one in raw]
        return own + self._skills()

    def stores(self) -> list[SkillStore]:
        """Every skill's store that exists, whoever wrote it."""
        return [SkillStore(id=row.id, row=row, seals=self._seals) for row in self._skills() if any(row.files())]

    def store(self, skill: str) -> SkillStore:
        """One skill's store, whether it exists or not."""
        row = self._row(Declared(skill=skill, holds="", retention="", kind=""))
        return SkillStore(id=row.id, row=row, seals=self._seals)

    def inventory(self) -> list[Found]:
        """What lies at each surface of this disk now."""
        found = []
        for row in self.rows():
            if row.place is None:
                continue
            stats = [path.lstat() for path in row.files()]
            times = [int(one.st_mtime) for one in stats]
            found.append(
                Found(
                    row=row,
                    files=len(stats),
                    bytes=sum(one.st_size for one in stats),
                    oldest=min(times, default=0),
                    newest=max(times, default=0),
                )
            )
        return found

    def strays(self, rows: Sequence[Row] | None = None) -> list[Path]:
        """Files in our folders that no row (of these, if given) covers."""
        rows = self.rows() if rows is None else rows
        roots = (self._paths.state, self._paths.cache, self._paths.runtime)
        return [path for root in roots for path in _files(root) if not any(row.covers(path) for row in rows)]

    def _skills(self) -> list[Row]:
        """A row for each declared store, and for each that is there without being declared."""
        declared = {one.skill: one for one in self._declared()}
        for path in _files(self._paths.skill_data):
            if path.parent == self._paths.skill_data and path.suffix in STORE and path.stem not in declared:
                declared[path.stem] = Declared(
                    skill=path.stem,
                    holds="what a skill remembered that is not here any more, or says nothing of it",
                    retention="until everything is forgotten",
                    kind="words",
                )
        return [self._row(one) for _, one in sorted(declared.items())]

    def _row(self, one: Declared) -> Row:
        place, *names = (self._paths.skill_data / f"{one.skill}{suffix}" for suffix in STORE)
        return Row(
            id=f"skill:{one.skill}",
            owner="skills",
            kind="skills",
            place=place,
            personal=True,
            holds=one.holds,
            retention=one.retention,
            deletion="its key is overwritten in place, then its files are overwritten and unlinked",
            on_everything="destroyed",
            names=tuple(names),
        )


def _files(place: Path) -> Iterator[Path]:
    """The file itself, or all plain files below a folder. Links are not followed. Raises StoreError: a folder that
    cannot be read is not an empty one."""
    try:
        mode = place.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unread(error, place) from error
    if not stat.S_ISDIR(mode):
        if stat.S_ISREG(mode):
            yield place
        return

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise _unread(error, place) from error

    for folder, _, names in os.walk(place, onerror=refuse):
        for name in sorted(names):
            path = Path(folder) / name
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path


def _unread(error: OSError, place: Path) -> StoreError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(f"the disk refused: {reason.lower()}", where=error.filename or str(place), hint="Check the disk")
