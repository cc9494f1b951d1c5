"""How a skill's store is sealed, as far as this room knows: what it needs of whoever holds the keys."""

from __future__ import annotations

from typing import Protocol


class Seal(Protocol):
    """Seals one store, from the start of its skill on. A destroyed store cannot be written by a skill that knew it."""

    def seal(self, plain: bytes) -> bytes:
        """Makes a key at the first use. Raises AssistantError: the disk refuses, or the store was destroyed since."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """Raises AssistantError when this was not sealed for this store, was changed, or its key is destroyed."""
        ...


class Seals(Protocol):
    """Gives every store a seal of its own."""

    def of(self, store: str) -> Seal:
        """For a skill that starts now."""
        ...
