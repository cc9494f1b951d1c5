"""Which clips were exported, under which public ids: so that copies can be named and called back after deletion.

One JSON file per export in `vault/exports/`: random ids only. A recall id says nothing about clip, person or time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from assistant.consent.folder import Folder
from assistant.errors import Tampered

_NAME = re.compile(r"[0-9a-f]{32}\.json\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export. `recalls` maps clip ids to recall ids."""

    export: str
    dataset: str
    recalls: dict[str, str]


def write_export(folder: Folder, export: Export) -> None:
    """Raises StoreError."""
    text = json.dumps({"dataset": export.dataset, "recalls": export.recalls}, sort_keys=True)
    folder.put(f"{export.export}.json", text.encode())


def read_exports(folder: Folder) -> list[Export]:
    """All exports ever made. Raises Tampered."""
    found = []
    for name in folder.names():
        if not _NAME.match(name):
            continue
        try:
            raw = json.loads(folder.read(name))
            found.append(Export(export=name[:32], dataset=str(raw["dataset"]), recalls=dict(raw["recalls"])))
        except (ValueError, KeyError, TypeError):
            raise Tampered("a list of exported clips was changed", where=folder.where(name)) from None
    return found


def copies(folder: Folder, clips: set[str]) -> int:
    """How many of these clips were exported before."""
    try:
        exported = {clip for export in read_exports(folder) for clip in export.recalls}
    except Tampered:
        return 0
    return len(exported & clips)
