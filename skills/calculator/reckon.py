"""What the words for reckoning mean. No text is ever run as code."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType

HIGHEST = 1e15
"""Results from here on are not said: nobody could follow."""


def power(base: float, exponent: float) -> float:
    """Raises ValueError where there is no real result, OverflowError where it is too large."""
    if base == 0 and exponent < 0:
        raise ZeroDivisionError
    return math.pow(base, exponent)


def factorial(number: float) -> float:
    """Raises ValueError for what has none."""
    if number < 0 or number != int(number):
        raise ValueError("no factorial")
    if number > 17:
        raise OverflowError
    return float(math.factorial(int(number)))


def remainder(number: float, by: float) -> float:
    """With the sign of the divisor, as in clock arithmetic."""
    return number % by


BINARY: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {
        "plus": operator.add,
        "minus": operator.sub,
        "times": operator.mul,
        "over": operator.truediv,
        "power": power,
        "remainder": remainder,
    }
)
UNARY: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {
        "square": lambda number: number * number,
        "cube": lambda number: number**3,
        "root": math.sqrt,
        "cube root": math.cbrt,
        "double": lambda number: number * 2,
        "triple": lambda number: number * 3,
        "factorial": factorial,
    }
)
_RANK = {"plus": 0, "minus": 0, "times": 1, "over": 1, "remainder": 1, "power": 2}


def chain(first: float, one: str, second: float, other: str, third: float) -> float:
    """Two operations: powers come first, then multiplying and dividing, then adding and taking away."""
    if _RANK[other] > _RANK[one]:
        return BINARY[one](first, BINARY[other](second, third))
    return BINARY[other](BINARY[one](first, second), third)
