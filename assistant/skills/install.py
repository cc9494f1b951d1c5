"""Installing and removing skills. The running assistant learns of it by `skill.rescan`, without a restart.

All is made ready in a staging folder beside the installed skills and put in place by a rename: an installation that
fails leaves what was there.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SkillError
from assistant.skills.check import check
from assistant.skills.fetch import fetch
from assistant.skills.manifest import Manifest, is_skill, read_manifest

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A skill that was installed; `replaced` is the version that was there before, or empty."""

    id: str
    version: str
    folder: Path
    replaced: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A skill that was removed; `data` says whether something it had stored was deleted with it."""

    id: str
    data: bool


def install(
    source: str | Path, installed: Path, *, taken: Collection[str] = (), progress: Progress = lambda _: None
) -> Installed:
    """Install a skill from a folder, an archive (.zip, .tar.gz, …) or a git URL into the folder `installed`.

    `taken` are ids of bundled skills. `progress` is told each step, in words for a person. Raises SkillError; then
    everything is as it was before.
    """
    try:
        installed.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".staging-", dir=installed))
    except OSError as error:
        raise SkillError(
            f"cannot be written ({error.strerror})", where=str(installed), hint="Look at its rights"
        ) from error
    try:
        progress("Fetching")
        folder = _skill_folder(fetch(str(source), staging / "fetched"), str(source))
        progress("Checking")
        try:
            manifest, warnings = _checked(folder, taken)
        except SkillError as error:
            raise SkillError(error.problem, where=_inside(error.where, folder), hint=error.hint) from error
        target = installed / manifest.id
        before = _version(target)
        progress(f"Installing {manifest.id} {manifest.version}")
        _swap(folder, target, staging / "before")
    except OSError as error:
        raise SkillError(
            f"could not be installed ({error.strerror})", where=str(source), hint="Look at the disk"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Installed(id=manifest.id, version=manifest.version, folder=target, replaced=before, warnings=tuple(warnings))


def remove(identity: str, installed: Path, forget: Callable[[str], bool], *, bundled: Collection[str] = ()) -> Removed:
    """Remove an installed skill, and by `forget` what it stored. Raises SkillError when it is not there."""
    folder = installed / identity
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", identity) or not folder.is_dir():
        if identity in bundled:
            hint = f"Switch it off with skills.disabled: [{identity}]"
            raise SkillError("this skill is part of the assistant", where=identity, hint=hint)
        names = ", ".join(sorted(path.name for path in installed.glob("[a-z]*"))) if installed.is_dir() else ""
        raise SkillError("no such skill is installed", where=identity, hint=f"Installed: {names or 'none'}")
    try:
        # Out of sight first: half a folder must never be loaded.
        gone = Path(tempfile.mkdtemp(prefix=".removed-", dir=installed))
        folder.rename(gone / identity)
        shutil.rmtree(gone, ignore_errors=True)
        had_data = forget(identity)
    except OSError as error:
        raise SkillError(
            f"could not be removed ({error.strerror})", where=str(folder), hint="Look at its rights"
        ) from error
    return Removed(id=identity, data=had_data)


def _skill_folder(folder: Path, source: str) -> Path:
    """The skill in what was fetched: the folder itself, or the only one in it that is a skill."""
    if is_skill(folder):
        return folder
    inside = [path for path in folder.iterdir() if path.is_dir() and is_skill(path)]
    if len(inside) == 1:
        return inside[0]
    if inside:
        names = ", ".join(sorted(path.name for path in inside))
        raise SkillError(f"there are several skills in it: {names}", where=source, hint="Install one folder at a time")
    raise SkillError("there is no skill in it", where=source, hint="A skill has a skill.yaml; see docs/skills.md")


def _checked(folder: Path, taken: Collection[str]) -> tuple[Manifest, list[str]]:
    manifest = read_manifest(folder)
    if manifest.id in taken:
        hint = "Give it another id in skill.yaml"
        raise SkillError(f"'{manifest.id}' is the id of a bundled skill", where=manifest.id, hint=hint)
    findings = check(folder)
    for finding in findings:
        if finding.level == "error":
            raise SkillError(finding.problem, where=finding.where, hint=finding.hint)
    warnings = [str(finding).replace(f"{folder}/", "") for finding in findings]
    if manifest.permissions:
        asked = ", ".join(each.partition(":")[2] for each in manifest.permissions)
        warnings.append(f"it asks to reach {asked}. Let it with: assistant skills allow {manifest.id}")
    return manifest, warnings


def _inside(where: str, folder: Path) -> str:
    """A place as the author knows it, without the staging folder."""
    return where.replace(f"{folder}/", f"{folder.name}/")


def _version(folder: Path) -> str:
    if not folder.is_dir():
        return ""
    try:
        return read_manifest(folder).version
    except SkillError:
        return "a broken version"


def _swap(fresh: Path, target: Path, before: Path) -> None:
    """Put the new folder in the place of the old one; the old one comes back if that fails."""
    had = target.exists()
    if had:
        target.rename(before)
    try:
        fresh.rename(target)
    except OSError:
        if had:
            before.rename(target)
        raise
