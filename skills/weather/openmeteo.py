"""Open-Meteo: no key, no account, and it can be run at home. Source: https://open-meteo.com/en/docs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from assistant.skills.api import Response, Unreachable

from .forecast import Day, Forecast, Hour, Sky, Spot

DAYS = 8
SECONDS = 2.2
"""For each of the two questions; a skill has to answer within five seconds."""

_CURRENT = "weather_code,temperature_2m,wind_speed_10m"
_HOURLY = "weather_code,temperature_2m,wind_speed_10m,precipitation_probability"
_DAILY = "weather_code,temperature_2m_min,temperature_2m_max,precipitation_probability_max,wind_speed_10m_max"

Fetch = Callable[..., Awaitable[Response]]


class OpenMeteo:
    """A provider; `fetch` is the skill's."""

    def __init__(self, fetch: Fetch, forecast: str, places: str) -> None:
        self._fetch = fetch
        self._forecast = forecast.rstrip("/")
        self._places = places.rstrip("/")

    async def find(self, name: str, language: str) -> Spot | None:
        query = {"name": name, "count": 1, "language": language.split("-")[0], "format": "json"}
        found = await self._ask(f"{self._places}/v1/search?{urlencode(query)}")
        try:
            rows = found.get("results") or []
            return Spot(float(rows[0]["latitude"]), float(rows[0]["longitude"]), str(rows[0]["name"])) if rows else None
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Unreachable("the answer is no list of places") from error

    async def forecast(self, spot: Spot, *, imperial: bool) -> Forecast:
        units = {"temperature_unit": "fahrenheit", "wind_speed_unit": "mph"} if imperial else {}
        query = {
            # Weather does not tell one street from the next, and nobody needs to know which it is.
            "latitude": round(spot.latitude, 1),
            "longitude": round(spot.longitude, 1),
            "current": _CURRENT,
            "hourly": _HOURLY,
            "daily": _DAILY,
            "forecast_days": DAYS,
            "timezone": "auto",
            **units,
        }
        found = await self._ask(f"{self._forecast}/v1/forecast?{urlencode(query)}")
        try:
            return Forecast(_sky(found["current"], "temperature_2m", "wind_speed_10m"), _days(found), _hours(found))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise Unreachable("the answer is no forecast") from error

    async def _ask(self, url: str) -> Any:
        response = await self._fetch(url, seconds=SECONDS)
        if response.status != 200:
            raise Unreachable(f"the weather service says {response.status}")
        return response.json()


def _days(found: Any) -> tuple[Day, ...]:
    return tuple(
        Day(
            date=date.fromisoformat(row["time"]),
            sky=_sky(row, "temperature_2m_max", "wind_speed_10m_max"),
            low=float(row["temperature_2m_min"]),
            high=float(row["temperature_2m_max"]),
            chance=float(row["precipitation_probability_max"] or 0),
        )
        for row in _rows(found["daily"])
    )


def _hours(found: Any) -> tuple[Hour, ...]:
    return tuple(
        Hour(
            time=datetime.fromisoformat(row["time"]),
            sky=_sky(row, "temperature_2m", "wind_speed_10m"),
            chance=float(row["precipitation_probability"] or 0),
        )
        for row in _rows(found["hourly"])
    )


def _rows(columns: Any) -> list[dict[str, Any]]:
    """Columns as rows; those that are not known to their end are left out."""
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return [row for row in rows if all(row[name] is not None for name in row if "precipitation" not in name)]


def _sky(row: Any, temperature: str, wind: str) -> Sky:
    return Sky(int(row["weather_code"]), float(row[temperature]), float(row[wind]))
