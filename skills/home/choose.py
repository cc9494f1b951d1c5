"""Which things are meant: by name, by room, by kind, or all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .discovery import Thing

SWITCHED = ("light", "switch", "fan")
"""What "everything" turns on and off: nothing that moves, nothing that locks."""

GUARDED = ("garage", "door", "gate")
"""Covers that let people in: meant only by their own name, and opened only after a yes."""


class Chooser:
    """Finds things by what people say."""

    def __init__(self, words: Mapping[str, str]) -> None:
        """`words` is what a word for a kind stands for: "lamps" -> "light"."""
        self._words = words
        self._things: Sequence[Thing] = ()
        self._names: dict[str, list[Thing]] = {}

    def know(self, things: Iterable[Thing]) -> None:
        """From now on these are there."""
        self._things = tuple(things)
        self._names = {}
        for thing in self._things:
            for name in thing.names:
                self._names.setdefault(name.lower(), []).append(thing)

    @property
    def names(self) -> list[str]:
        return list(self._names)

    @property
    def rooms(self) -> list[str]:
        return list(dict.fromkeys(thing.area for thing in self._things if thing.area))

    def kind(self, word: str) -> tuple[str, str]:
        """Kind and device class that a word stands for: "garage" -> cover, garage. Empty: any."""
        found = self._words.get(word.lower(), "").partition(".")
        return found[0], found[2]

    def named(self, name: str, kinds: Sequence[str] = ()) -> list[Thing]:
        """By name. One name may be several things: a lamp, and the sensor in it; `kinds` come first then."""
        found = self._names.get(name.lower(), [])
        return [thing for thing in found if thing.kind in kinds] or list(found)

    def chosen(self, room: str = "", word: str = "", kinds: Sequence[str] = SWITCHED) -> list[Thing]:
        """Those in a room, of a kind; without either, all of `kinds`."""
        kind, device_class = self.kind(word)
        return [
            thing
            for thing in self._things
            if (not room or thing.area.lower() == room.lower())
            and (thing.kind == kind if kind else thing.kind in kinds)
            and (thing.text("device_class") == device_class if device_class else not is_guarded(thing))
        ]


def is_guarded(thing: Thing) -> bool:
    """Whether it lets people in."""
    return thing.kind == "cover" and thing.text("device_class") in GUARDED
