"""What is said of the house: how it is, what is not there, what does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.skills.api import Reply, Request

from .discovery import Thing

if TYPE_CHECKING:
    from .doing import Doing

STATES = ("light", "switch", "fan", "cover", "lock", "binary_sensor", "climate")
MANY = 6
"""More names than this are counted, not read out."""


class Answers:
    """Makes replies."""

    def __init__(self, home: Doing) -> None:
        self._home = home

    def called(self, request: Request, things: Sequence[Thing], *, bare: bool = False) -> str:
        """What the things are called: as the request called them, else by name. `bare`: without an article."""
        table = self._home.table("called")
        if "thing" in request and len(things) == 1:
            return self.spoken(request.text("thing"), bare=bare)
        if "room" in request or "kind" in request:
            kind = request.text("kind") or self._kind(things) or table["things"]
            return self.spoken(f"{request.text('room')} {kind}".strip(), bare=bare)
        if len(things) == 1:
            return self.spoken(things[0].names[0], bare=bare)
        if "all" in request:
            return table["everything"]
        kind = self._kind(things)
        return self.spoken(kind, bare=bare) if kind else table["them"]

    def _kind(self, things: Sequence[Thing]) -> str:
        """What to call things that are all of one kind."""
        kinds = {each.kind for each in things}
        return self._home.table("called").get("".join(kinds), "") if len(kinds) == 1 else ""

    def spoken(self, name: str, *, bare: bool = False) -> str:
        """A name as it stands within a sentence: "Reading Lamp" is "the reading lamp", "Anna's Lamp" stays itself."""
        if "'" in name:
            return name
        name = " ".join(word if word.isupper() else word.lower() for word in name.split())
        the = self._home.table("called")["the"]
        return name if bare or name.startswith(f"{the} ") else f"{the} {name}"

    def problem(self, request: Request, things: Sequence[Thing], able: Sequence[Thing]) -> Reply | None:
        """Why it cannot be done; None when it can."""
        home = self._home
        if (problem := self.unreachable()) is not None:
            return problem
        if not things:
            return self.nothing(request)
        if not able:
            return home.reply("cannot", what=self.called(request, things))
        if not any(home.house.state(thing).there for thing in able):
            return home.reply("silent", what=self.called(request, able))
        return None

    def unreachable(self) -> Reply | None:
        """Why nothing is known of the house; None when it is."""
        home = self._home
        if not home.setting("broker"):
            return home.reply("not_set_up")
        match home.house.broker.problem:
            case "":
                return None
            case "not_allowed":
                return home.reply("not_allowed")
            case "password":
                return home.reply("password")
        return home.reply("away")

    def nothing(self, request: Request) -> Reply:
        """There is no such thing."""
        home = self._home
        if (problem := self.unreachable()) is not None:
            return problem
        if not any(slot in request for slot in ("thing", "room", "kind", "all")):
            return home.reply("which_one")
        what = request.text("thing") or request.text("kind") or home.table("called")["things"]
        room = request.text("room")
        return home.reply("none_in", what=what, room=room) if room else home.reply("none", what=what)

    def is_it(self, request: Request) -> Reply:
        home = self._home
        things = [each for each in home.meant(request, STATES) if each.kind in STATES]
        known = [each for each in things if home.house.state(each).on is not None]
        if not known:
            able = things if things else []
            return self.problem(request, things, able) or home.reply("unknown", what=self.called(request, things))
        home.last = known
        word = request.text("state").lower()
        fits = [each for each in known if self._fits(each, word)]
        if len(known) == 1 and fits:
            return home.reply("yes", what=self.called(request, known), state=word)
        if len(known) == 1:
            return home.reply("no", what=self.called(request, known), state=self._said(known[0]))
        if len(fits) == len(known):
            return home.reply("all_are", state=word)
        return self._list(fits, word)

    def which(self, request: Request) -> Reply:
        home = self._home
        if (problem := self.unreachable()) is not None:
            return problem
        word = request.text("state").lower() or "on"
        things = home.chooser.chosen(
            request.text("room"), request.text("kind"), home.table("asked").get(word, "").split()
        )
        return self._list([each for each in things if self._fits(each, word)], word)

    def sensor(self, request: Request) -> Reply:
        home = self._home
        wanted = home.table("quantity").get(request.text("quantity").lower(), "")
        if "thing" in request:
            found = [each for each in home.chooser.named(request.text("thing")) if each.kind == "sensor"]
        else:
            found = home.chooser.chosen(request.text("room"), kinds=("sensor",))
        found = [each for each in found if not wanted or each.text("device_class") == wanted]
        known = [each for each in found if home.house.state(each).value]
        if not known and wanted in ("temperature", ""):  # a thermostat measures it, too
            for each in home.chooser.chosen(request.text("room"), kinds=("climate",)):
                if (degrees := home.house.state(each).current) is not None:
                    return home.reply("reading", value=degrees, unit=home.table("unit")["°C"])
        if not known:
            return self.unreachable() or home.reply("no_sensor")
        value = home.house.state(known[0]).value
        unit = known[0].text("unit_of_measurement")
        return home.reply("reading", value=_number(value), unit=home.table("unit").get(unit, unit))

    def _list(self, things: Sequence[Thing], word: str) -> Reply:
        home = self._home
        if not things:
            return home.reply("none_are", state=word)
        home.last = list(things)
        if len(things) > MANY:
            return home.reply("many_are", count=len(things), state=word)
        return home.reply(
            "these_are", names=[self.spoken(each.names[0]) for each in things], count=len(things), state=word
        )

    def _fits(self, thing: Thing, word: str) -> bool:
        return self._home.house.state(thing).on is (word not in self._home.table("shut"))

    def _said(self, thing: Thing) -> str:
        """The state in a word."""
        kind = {"cover": "cover", "lock": "lock"}.get(thing.kind, "")
        on = "on" if self._home.house.state(thing).on else "off"
        return self._home.table("states")[f"{kind}{on}"]


def _number(value: str) -> float | str:
    try:
        return round(float(value), 1)
    except ValueError:
        return value
