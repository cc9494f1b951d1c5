"""The whole room in one object: what the service and the command line both start from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.config.paths import Paths
from assistant.consent.data_map import DataMap, Declared
from assistant.consent.debug import debug_files
from assistant.consent.gate import Gate
from assistant.consent.purge import Purge
from assistant.consent.rights import Rights
from assistant.consent.store import Store
from assistant.consent.stores import StoreSeals
from assistant.consent.taught import taught_voices
from assistant.consent.timekeeper import Timekeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything about consent on this machine."""

    paths: Paths
    store: Store
    gate: Gate
    purge: Purge
    rights: Rights
    data: DataMap


def open_room(
    paths: Paths,
    *,
    forbidden: Iterable[str] = (),
    environ: Mapping[str, str] | None = None,
    keeper: Timekeeper | None = None,
    declared: Callable[[], Sequence[Declared]] = tuple,
    seals: StoreSeals | None = None,
) -> Room:
    """Everything on its place. Nothing is recovered yet: call `purge.recover()`.

    `declared` tells what the manifests of the skills say that they store. Raises StoreError, Tampered.
    """
    env = os.environ if environ is None else environ
    store = Store.open(paths.state / "consent", env, keeper)
    seals = seals or StoreSeals(paths.skill_keys, env)
    data = DataMap(paths, seals, declared)
    return Room(
        paths=paths,
        store=store,
        gate=Gate(store, forbidden=forbidden),
        purge=Purge(
            store,
            lambda: [*data.stores(), *debug_files(paths), *taught_voices(paths)],
            seals,
            lambda: taught_voices(paths),
        ),
        rights=Rights(store),
        data=data,
    )
