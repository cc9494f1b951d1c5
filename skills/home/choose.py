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

    def __init__(self, words: Mapping[str, str], aliases: Mapping[str, str]) -> None:
        """`words` is what a word for a kind stands for: "lamps" -> "light". `aliases` are other words for rooms and
        things: "living room" -> "lounge, sitting room"."""
        self._words = words
        groups = [{name, *also.split(", ")} for name, also in aliases.items()]
        self._alike = {name: group - {name} for group in groups for name in group}
        self._rooms: dict[str, str] = {}
        """What a room may be called, in small letters, and the room."""
        self._things: Sequence[Thing] = ()
        self._names: dict[str, list[Thing]] = {}

    def know(self, things: Iterable[Thing]) -> None:
        """From now on these are there."""
        self._things = tuple(things)
        self._names = {}
        for thing in self._things:
            for name in thing.names:
                self._names.setdefault(name.lower(), []).append(thing)
        self._rooms = {thing.area.lower(): thing.area for thing in self._things if thing.area}
        for name, room in tuple(self._rooms.items()):
            for other in self._alike.get(name, ()):
                self._rooms.setdefault(other, room)
        for name, found in tuple(self._names.items()):
            for other in self._alike.get(name, frozenset()) - self._rooms.keys():
                self._names.setdefault(other, found)

    @property
    def names(self) -> list[str]:
        return list(self._names)

    @property
    def rooms(self) -> list[str]:
        real = list(dict.fromkeys(self._rooms.values()))
        small = {room.lower() for room in real}
        return [*real, *(name for name in self._rooms if name not in small)]

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
        room = self._rooms.get(room.lower(), room)
        return [
            thing
            for thing in self._things
            if (not room or thing.area.lower() == room.lower())
            and (thing.kind == kind if kind else thing.kind in kinds)
            and (thing.text("device_class") == device_class if device_class else not is_guarded(thing))
        ]

    def gates(self, place: str) -> list[Thing]:
        """What lets people into a place that is called like it."""
        return [
            thing
            for thing in self._things
            if is_guarded(thing) and place and any(name.lower().startswith(place.lower()) for name in thing.names)
        ]


def is_guarded(thing: Thing) -> bool:
    """Whether it lets people in."""
    return thing.kind == "cover" and thing.text("device_class") in GUARDED
