"""Whether an answer is a yes or a no."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml

_TABLE: Mapping[str, Mapping[str, list[str]]] = MappingProxyType(
    yaml.safe_load(Path(__file__).with_name("agreement.yaml").read_text(encoding="utf-8"))
)


def agrees(said: str, language: str) -> bool | None:
    """True for a yes, False for a no; None when the words are neither. A no anywhere outweighs a yes."""
    table = _TABLE.get(language.split("-")[0].lower(), _TABLE["en"])
    words = f" {' '.join(said.lower().replace(',', ' ').replace('.', ' ').replace('!', ' ').split())} "
    if any(f" {no} " in words for no in table["no"]):
        return False
    return True if any(f" {yes} " in words for yes in table["yes"]) else None
