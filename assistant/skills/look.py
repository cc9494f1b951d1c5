"""What lies in the skill folders, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.config.allowed import read_allowed
from assistant.skills.api import SkillInfo
from assistant.skills.dialogs import Dialogs
from assistant.skills.find import Found, Place, find_skills, fingerprint
from assistant.skills.manifest import Manifest


def look(where: Sequence[Place], allowed: Path) -> list[tuple[Found, str]]:
    """All skills, each with a mark that changes when the skill does, or what it may reach."""
    may = read_allowed(allowed)
    return [(one, f"{fingerprint(one.folder)} {may.get(one.id)}") for one in find_skills(where)]


def info_of(one: Found, manifest: Manifest, language: str) -> SkillInfo:
    """Raises SkillError for a reply file that cannot be read."""
    dialogs = Dialogs(one.folder, language)
    return SkillInfo(
        id=one.id,
        version=manifest.version,
        description=next(iter(dialogs.lines("description")), manifest.description),
        examples=dialogs.lines("examples"),
        bundled=one.origin == "bundled",
    )
