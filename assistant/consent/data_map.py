"""The data map: every place where traces of a person may lie, and what is there now."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from assistant.config.paths import Paths
from assistant.consent.erase import erase_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One surface, as `data_map.yaml` describes it. `place` is None where it is not on this disk."""

    id: str
    owner: str
    kind: str
    place: Path | None
    personal: bool
    holds: str
    retention: str
    deletion: str
    on_everything: str


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
    path: Path

    def scrub(self) -> int:
        """Overwrite and unlink; 1 if there was something. Raises StoreError."""
        return erase_file(self.path)


def load_rows(paths: Paths) -> list[Row]:
    """All rows with their places filled in."""
    raw = yaml.safe_load((files("assistant.consent") / "data_map.yaml").read_text(encoding="utf-8"))
    folders = {"state": paths.state, "cache": paths.cache, "runtime": paths.runtime}
    return [Row(**{**one, "place": Path(one["place"].format(**folders)) if one["place"] else None}) for one in raw]


def skill_stores(paths: Paths) -> list[SkillStore]:
    """Every skill's store that exists, whoever wrote it."""
    row = next(one for one in load_rows(paths) if one.kind == "skills")
    assert row.place is not None
    return [SkillStore(id=f"skill:{path.stem}", path=path) for path in _files(row.place)]


def inventory(paths: Paths) -> list[Found]:
    """What lies at each surface of this disk now."""
    found = []
    for row in load_rows(paths):
        if row.place is None:
            continue
        stats = [path.lstat() for path in _files(row.place)]
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


def strays(paths: Paths, rows: Sequence[Row]) -> list[Path]:
    """Files in our folders that no row covers."""
    places = [row.place for row in rows if row.place is not None]
    return [
        path
        for root in (paths.state, paths.cache, paths.runtime)
        for path in _files(root)
        if not any(path == place or place in path.parents for place in places)
    ]


def _files(place: Path) -> Iterator[Path]:
    """The file itself, or all plain files below a folder. Links are not followed."""
    try:
        mode = place.lstat().st_mode
    except OSError:
        return
    if not stat.S_ISDIR(mode):
        if stat.S_ISREG(mode):
            yield place
        return
    for folder, _, names in os.walk(place):
        for name in sorted(names):
            path = Path(folder) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
