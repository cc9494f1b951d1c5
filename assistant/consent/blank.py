"""What a store looks like that nobody's yes has made yet: everything is empty, and nothing is on the disk."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.consent.anchor import Anchor
from assistant.consent.clip import ClipInfo
from assistant.consent.folder import Folder
from assistant.consent.slots import KeySlots, Slot
from assistant.consent.timekeeper import Moment
from assistant.consent.vault import Vault


class NoSlots(KeySlots):
    """No key."""

    def __init__(self) -> None:
        return

    def used(self) -> list[Slot]:
        return []

    def blank(self, used: Iterable[int]) -> bool:
        return True

    def destroy(self, indices: Iterable[int]) -> int:
        return 0


class NoVault(Vault):
    """No clip."""

    def __init__(self) -> None:
        return

    def scan(self) -> tuple[list[ClipInfo], list[Slot]]:
        return [], []

    def files(self) -> dict[str, list[str]]:
        return {}

    def sweep_orphans(self) -> None:
        return


class NoFolder(Folder):
    """No file."""

    def __init__(self) -> None:
        return

    def names(self) -> list[str]:
        return []


def no_anchor(now: Moment) -> Anchor:
    """No generation, no record."""
    return Anchor(
        store="", serial=0, generation=0, count=0, head="", size=0, pending="", time=now, guest_until=0, intent=None
    )
