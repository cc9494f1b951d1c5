"""The whole room in one object: what the service and the command line both start from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.config.paths import Paths
from assistant.consent.data_map import skill_stores
from assistant.consent.gate import Gate
from assistant.consent.purge import Purge
from assistant.consent.rights import Rights
from assistant.consent.store import Store
from assistant.consent.timekeeper import Timekeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything about consent on this machine."""

    paths: Paths
    store: Store
    gate: Gate
    purge: Purge
    rights: Rights


def open_room(
    paths: Paths,
    *,
    forbidden: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    keeper: Timekeeper | None = None,
) -> Room:
    """Open or make the store. Nothing is recovered yet: call `purge.recover()`. Raises StoreError, Tampered."""
    store = Store.open(paths.state / "consent", os.environ if environ is None else environ, keeper)
    return Room(
        paths=paths,
        store=store,
        gate=Gate(store, forbidden=forbidden),
        purge=Purge(store, lambda: skill_stores(paths)),
        rights=Rights(store),
    )
