"""The lists on the disk."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.skills.api import Request, Skill, StoreError


class Kept(Skill):
    """Reads and writes lists. What cannot be written is told by False."""

    last = ""
    """The list that was spoken of."""

    def lists(self) -> dict[str, list[str]]:
        """All lists of the store. What is no list is left out."""
        stored = self.store.get("lists")
        found = stored.items() if isinstance(stored, dict) else ()
        return {name: [str(thing) for thing in things] for name, things in found if isinstance(things, list)}

    def read(self, name: str) -> list[str] | None:
        return self.lists().get(name)

    def write(self, name: str, things: Sequence[str]) -> bool:
        return self.save({**self.lists(), name: list(things)})

    def save(self, lists: dict[str, list[str]]) -> bool:
        try:
            self.store["lists"] = {name: list(things) for name, things in lists.items()}
        except StoreError:
            return False
        return True

    def name(self, request: Request) -> str:
        """The list that is meant; the one for shopping when none is named."""
        said = (request.text("which") or request.text("name")).lower().removesuffix(" list")
        if not said and request.follows:
            return self.last
        return self.table("which").get(said, said) or self.table("which")[""]

    def title(self, name: str) -> str:
        return self.say("title", name=name)
