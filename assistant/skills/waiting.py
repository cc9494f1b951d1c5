"""Skills that wait: nobody allowed what they ask to reach, or nobody set it up. No process is started for them.

Their sentences are understood all the same, and answered with what is missing: the skill's own `not_allowed.dialog` or
`not_set_up.dialog`, else a sentence of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from assistant.config.allowed import Allowance
from assistant.skills.dialogs import Dialogs, sentence
from assistant.skills.manifest import Manifest
from assistant.skills.permissions import granted, wanted
from assistant.skills.settings import SettingValue

Missing = Literal["", "not_allowed", "not_set_up"]


def missing(manifest: Manifest, settings: dict[str, SettingValue], allowance: Allowance | None) -> Missing:
    """What a skill that asks for something waits for. Raises SkillError for a permission that cannot be."""
    if not manifest.permissions:
        return ""
    asked = wanted(manifest, settings)
    if not asked:
        return "not_set_up"
    return "" if granted(asked, allowance) else "not_allowed"


def own_words(folder: Path, language: str, what: Missing) -> str:
    """How the skill says what is missing; empty when it has no words for it. Raises SkillError."""
    dialogs = Dialogs(folder, language)
    return sentence(dialogs.render(what, {})) if dialogs.lines(what) else ""
