"""What a skill asks to reach, and what of it the household allowed.

A manifest names a host (`network:api.example.org`, `network:api.example.org:8443`) or, in braces, a setting that holds
an address (`network:{broker}`).
"""

from __future__ import annotations

from collections.abc import Mapping

from assistant.config.allowed import Allowance, Reach
from assistant.errors import SkillError
from assistant.skills.manifest import Manifest
from assistant.skills.settings import SettingValue

NETWORK = "network:"


def wanted(manifest: Manifest, settings: Mapping[str, SettingValue]) -> tuple[Reach, ...]:
    """The hosts that the skill asks for, each once. A setting that is empty asks for nothing. Raises SkillError."""
    found: dict[Reach, None] = {}
    for permission in manifest.permissions:
        if not permission.startswith(NETWORK):
            raise SkillError(f"'{permission}' cannot be given to a skill", where=manifest.id, hint="Only network: can")
        written = permission.removeprefix(NETWORK)
        where = f"{manifest.id}: permissions"
        if written.startswith("{") and written.endswith("}"):
            name = written[1:-1]
            if name not in manifest.settings:
                raise SkillError(f"there is no setting '{name}'", where=where, hint="Add it to 'settings'")
            written = str(settings[name]).strip()
            where = f"skills.settings {manifest.id}.{name}"
            if not written:
                continue
        try:
            found[Reach.parse(written)] = None
        except ValueError as error:
            raise SkillError(f"'{written[:80]}' is no host", where=where, hint="Write HOST or HOST:PORT") from error
    return tuple(found)


def granted(asked: tuple[Reach, ...], allowance: Allowance | None) -> tuple[Reach, ...]:
    """Those that the household said yes to."""
    return tuple(each for each in asked if allowance is not None and each in allowance.hosts)


def is_contained(manifest: Manifest, origin: str) -> bool:
    """Whether a skill runs in a process of its own: all that were not shipped with the assistant, and all that ask
    for something."""
    return manifest.has_code and (origin != "bundled" or bool(manifest.permissions))
