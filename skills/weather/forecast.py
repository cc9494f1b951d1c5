"""What a forecast is, and what can provide one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on earth, in degrees. `name` is empty for the house."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sky:
    """Weather at one time, or the worst of a day. `code` is the number of WMO table 4677 as Open-Meteo reduces it."""

    code: int
    temperature: float
    wind: float


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour, in the place's own time. `chance` of rain or snow is in percent."""

    time: datetime
    sky: Sky
    chance: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day, in the place's own time."""

    date: date
    sky: Sky
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """From now on; `days` begin today."""

    now: Sky
    days: tuple[Day, ...]
    hours: tuple[Hour, ...]


class Provider(Protocol):
    """Somebody who knows the weather."""

    async def find(self, name: str, language: str) -> Spot | None:
        """A place by its name. Raises NotAllowed, Unreachable."""
        ...

    async def forecast(self, spot: Spot, *, imperial: bool) -> Forecast:
        """Raises NotAllowed, Unreachable."""
        ...
