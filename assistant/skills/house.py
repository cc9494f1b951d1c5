"""What the skills service gives to every skill: its store, its cell, and the ways to make itself known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.clock import Clock
from assistant.config.allowed import read_allowed
from assistant.grammar.sentences import SkillSentences
from assistant.skills.api import Setting, SkillInfo
from assistant.skills.doorway import Doorway
from assistant.skills.find import Found
from assistant.skills.host import Cell
from assistant.skills.manifest import FILE, Manifest
from assistant.skills.permissions import granted, wanted
from assistant.skills.schedule import boot_id
from assistant.skills.sealing import Seals
from assistant.skills.store import SUFFIX, NoStore, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every skill is given by the service."""

    language: str
    clock: Clock
    timeout: float
    data: Path
    seals: Seals
    settings: Mapping[str, str]
    alert: Callable[[str, str, bool], None]
    """Called with skill, text, ring, on the service's loop."""
    failed: Callable[[str, str], None]
    """Called with skill and reason, on the service's loop. The reason holds nothing that was said."""
    skills: Callable[[], Sequence[SkillInfo]]
    volume: Callable[[], float | None]
    set_volume: Callable[[float], None]
    """Called on the service's loop."""
    sensitivity: Callable[[], float | None]
    set_sensitivity: Callable[[float], None]
    """Called on the service's loop."""
    listed: Callable[[str, str, tuple[str, ...]], None]
    """Called with skill, entity and its new entries, on the service's loop."""
    doorway: Doorway
    allowed: Path
    """The file that says which skill may reach what."""
    boot: str = ""

    def store(self, found: Found, manifest: Manifest) -> Store:
        """Where the skill remembers; one without a store in its manifest is refused there."""
        if manifest.store is None:
            return NoStore(found.folder / FILE)
        return Store(self.data / f"{manifest.id}{SUFFIX}", self.seals.of(manifest.id))

    def cell(
        self, found: Found, manifest: Manifest, sentences: SkillSentences, settings: Mapping[str, Setting]
    ) -> Cell:
        """What it runs in, when it is contained. Raises SkillError for a permission that cannot be."""
        return Cell(
            folder=found.folder,
            manifest=manifest,
            sentences=sentences,
            doorway=self.doorway,
            reaches=granted(wanted(manifest, settings), read_allowed(self.allowed).get(manifest.id)),
            boot=self.boot or boot_id(),
        )
