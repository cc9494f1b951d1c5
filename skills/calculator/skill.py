"""Arithmetic as people say it, and units."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import reduce

from assistant.skills.api import Reply, Request, Skill, intent, words

from .reckon import BINARY, HIGHEST, UNARY, chain
from .units import DEGREES, convert

SMALLEST = 0.001
KEPT = timedelta(minutes=2)
NUMBERS = ("number", "number_2", "number_3")
INCH, INCHES = "inch", 12
"""Of a foot."""


class Calculator(Skill):
    result: float | None = None
    """The last one, for as long as people may go on from it."""

    @intent("infix", "verb", "product", question=True)
    def two(self, request: Request) -> Reply:
        """ "Seven times eight"; "add two and two"."""
        first, second = request.number("number") or 0.0, request.number("number_2") or 0.0
        spoken = request.text("operator") or request.text("verb")
        name = self.table("operator")[spoken.lower()] if spoken else "times"
        return self.told(lambda: BINARY[name](first, second))

    @intent("sum", question=True)
    def sum(self, request: Request) -> Reply:
        said = [number for slot in NUMBERS if (number := request.number(slot)) is not None]
        return self.told(lambda: reduce(BINARY["plus"], said))

    @intent("three", question=True)
    def three(self, request: Request) -> Reply:
        first, second, third = (request.number(slot) or 0.0 for slot in NUMBERS)
        one, other = (self.table("operator")[request.text(slot).lower()] for slot in ("operator", "then"))
        return self.told(lambda: chain(first, one, second, other, third))

    @intent("subtract", question=True)
    def subtract(self, request: Request) -> Reply:
        """ "Subtract nine from forty": the number that is said first is taken away."""
        first, second = request.number("number") or 0.0, request.number("number_2") or 0.0
        return self.told(lambda: second - first)

    @intent("difference", question=True)
    def difference(self, request: Request) -> Reply:
        first, second = request.number("number") or 0.0, request.number("number_2") or 0.0
        return self.told(lambda: abs(second - first))

    @intent("function", "power", question=True)
    def one(self, request: Request) -> Reply:
        number = request.number() or 0.0
        name = self.table("operator")[(request.text("function") or request.text("power")).lower()]
        return self.told(lambda: UNARY[name](number))

    @intent("percent", "discount", "surcharge", question=True)
    def percent(self, request: Request) -> Reply:
        share, whole = request.number("percent") or 0.0, request.number() or 0.0
        part = share * whole / 100
        results = {"discount": whole - part, "surcharge": whole + part}
        return self.told(lambda: results.get(request.intent, part))

    @intent("fraction", question=True)
    def fraction(self, request: Request) -> Reply:
        part, whole = self.table("fraction")[request.text("fraction").lower()].split("/"), request.number() or 0.0
        return self.told(lambda: whole * int(part[0]) / int(part[1]))

    @intent("share", question=True)
    def share(self, request: Request) -> Reply:
        part, whole = request.number() or 0.0, request.number("number_2") or 0.0
        return self.told(lambda: 100 * part / whole, "percentage")

    @intent("convert", question=True)
    def convert(self, request: Request) -> Reply:
        said = request.number()
        count = 1.0 if said is None else said
        to = self.table("unit")[request.text("to").lower()]
        unit = self.table("unit")[request.text("unit").lower()] if "unit" in request else "foot"
        inches = request.number("inches") or 0.0
        count += inches / INCHES  # "six foot two"
        if unit == to and unit in DEGREES:  # "degrees" alone are the other ones
            unit = "fahrenheit" if to == "celsius" else "celsius"
        result = convert(count, unit, to, imperial=self.setting("gallons") == "uk")
        if result is None:
            return self.reply("other_kind", unit=self.units(2, unit), to=self.units(2, to))
        if abs(result) >= HIGHEST:
            return self.reply("too_large")
        left = self.measure(count, unit)
        if inches:
            left = f"{self.measure(said or 0.0, unit)} {self.measure(inches, INCH)}"
        return self.reply("converted", left=left, right=self.measure(result, to))

    @intent("on")
    def on(self, request: Request) -> Reply:
        """ "Plus four", "and half of that", "squared": with the result before."""
        before = self.result
        if before is None:
            return self.reply("no_result")
        if request.named("fraction"):
            part = self.table("fraction")[request.text("fraction").lower()].split("/")
            return self.told(lambda: before * int(part[0]) / int(part[1]))
        if request.named("power"):
            return self.told(lambda: UNARY[self.table("operator")[request.text("power").lower()]](before))
        other = request.number("number_2") or 0.0
        return self.told(lambda: BINARY[self.table("operator")[request.text("operator").lower()]](before, other))

    def told(self, reckon: Callable[[], float], dialog: str = "result") -> Reply:
        """The result in words, or why there is none."""
        try:
            result = reckon()
        except ZeroDivisionError:
            return self.reply("by_zero")
        except ValueError:
            return self.reply("impossible")
        except OverflowError:
            return self.reply("too_large")
        if abs(result) >= HIGHEST:
            return self.reply("too_large")
        self.result = result
        self.schedule.after(KEPT, "result", self.forget)
        return self.reply(dialog, result=self.number(result))

    def forget(self) -> None:
        self.result = None

    def number(self, value: float) -> str:
        """In words, with two decimals, or three of what is less than one."""
        if 0 < abs(value) < SMALLEST:
            return self.say("tiny")
        short = round(value, 3 if abs(value) < 1 else 2)
        spoken = words.number(short)
        return spoken if math.isclose(short, value, rel_tol=1e-9) else self.say("about", result=spoken)

    def measure(self, value: float, unit: str) -> str:
        return f"{self.number(value)} {self.units(value, unit)}"

    def units(self, count: float, unit: str) -> str:
        one, _, many = self.table("units")[unit].partition(", ")
        return one if count == 1 else many
