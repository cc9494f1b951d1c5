"""Units by their size in the unit of their kind: metres, kilograms, litres, seconds, square metres, bytes, and so on.

A table rather than the library pint, which takes 19 MB of memory and 0.3 s to load (this: 1 MB, 2 ms; pint 0.25.3,
x86-64) for what a kitchen asks for.

Exact by definition where there is one: the international yard and pound of 1959, the US gallon of 231 cubic inches, the
imperial gallon of 4.54609 litres.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INCH, POUND, US_GALLON, UK_GALLON = 0.0254, 0.45359237, 3.785411784, 4.54609

SIZES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "length": {
            "millimetre": 0.001, "centimetre": 0.01, "metre": 1, "kilometre": 1000, "inch": INCH, "foot": 12 * INCH,
            "yard": 36 * INCH, "mile": 63360 * INCH, "nautical mile": 1852, "light year": 9.4607304725808e15,
        },
        "weight": {
            "milligram": 1e-6, "gram": 0.001, "kilogram": 1, "tonne": 1000, "ounce": POUND / 16, "pound": POUND,
            "stone": 14 * POUND, "ton": 2000 * POUND,
        },
        "volume": {
            "millilitre": 0.001, "centilitre": 0.01, "decilitre": 0.1, "litre": 1, "cubic metre": 1000,
            "teaspoon": US_GALLON / 768, "tablespoon": US_GALLON / 256, "fluid ounce": US_GALLON / 128,
            "cup": US_GALLON / 16, "pint": US_GALLON / 8, "quart": US_GALLON / 4, "gallon": US_GALLON,
        },
        "time": {
            "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "year": 31557600,
            "leap year": 31622400,
        },
        "area": {
            "square metre": 1, "square kilometre": 1e6, "square foot": 144 * INCH**2, "square yard": 1296 * INCH**2,
            "square mile": (63360 * INCH) ** 2, "acre": 4840 * 1296 * INCH**2, "hectare": 10000,
        },
        "speed": {
            "kilometre an hour": 1 / 3.6, "mile an hour": 63360 * INCH / 3600, "metre a second": 1, "knot": 1852 / 3600,
        },
        "data": {
            "byte": 1, "kilobyte": 1e3, "megabyte": 1e6, "gigabyte": 1e9, "terabyte": 1e12,
        },
        "energy": {
            "joule": 1, "kilojoule": 1000, "calorie": 4184, "kilowatt hour": 3.6e6,
        },
    }
)  # fmt: skip

IMPERIAL: Mapping[str, float] = MappingProxyType(
    {
        "teaspoon": 0.005, "tablespoon": 0.015, "fluid ounce": UK_GALLON / 160, "cup": 0.25, "pint": UK_GALLON / 8,
        "quart": UK_GALLON / 4, "gallon": UK_GALLON, "ton": 2240 * POUND,
    }
)  # fmt: skip
"""What these are in Britain."""

# Kelvin = (degrees + offset) * scale.
DEGREES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"celsius": (273.15, 1.0), "fahrenheit": (459.67, 5 / 9), "kelvin": (0.0, 1.0)}
)

LIQUID = ("volume", "fluid ounce")
"""An ounce of a volume is a fluid one."""


def convert(count: float, unit: str, to: str, *, imperial: bool = False) -> float | None:
    """So many of a unit in another. None when one is no measure of the other."""
    if unit in DEGREES and to in DEGREES:
        (offset, scale), (offset_to, scale_to) = DEGREES[unit], DEGREES[to]
        return (count + offset) * scale / scale_to - offset_to
    kind, kind_to = kind_of(unit), kind_of(to)
    if {unit, to} & {"ounce"} and LIQUID[0] in (kind, kind_to):
        unit, to = (LIQUID[1] if each == "ounce" else each for each in (unit, to))
        kind = kind_to = LIQUID[0]
    if not kind or kind != kind_to:
        return None
    return count * size(kind, unit, imperial) / size(kind, to, imperial)


def kind_of(unit: str) -> str:
    """Length, weight and so on; empty for degrees and what is no unit."""
    return next((kind for kind, sizes in SIZES.items() if unit in sizes), "")


def size(kind: str, unit: str, imperial: bool) -> float:
    """How large a unit is in the unit of its kind."""
    return IMPERIAL[unit] if imperial and unit in IMPERIAL else SIZES[kind][unit]
