"""Sunrise and sunset by the equations of the NOAA Solar Calculator (after Meeus, Astronomical Algorithms, 1991)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import acos, asin, cos, degrees, radians, sin, tan
from pathlib import Path
from re import fullmatch
from zoneinfo import TZPATH

HORIZON = 90.833
"""Degrees from the zenith: half the sun's disk, and what the air bends."""


def rise_and_set(day: date, latitude: float, longitude: float) -> tuple[datetime, datetime] | None:
    """Sunrise and sunset of that day in UTC, to about a minute. None where the sun stays up or down."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    century = ((noon - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1) - longitude / 360) / 36525
    mean = radians((280.46646 + century * 36000.76983) % 360)
    anomaly = radians(357.52911 + century * 35999.05029)
    eccentric = 0.016708634 - century * 0.000042037
    centre = (
        sin(anomaly) * (1.914602 - century * 0.004817)
        + sin(2 * anomaly) * (0.019993 - century * 0.000101)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * century)
    seen = radians(degrees(mean) + centre - 0.00569 - 0.00478 * sin(node))
    tilt = radians(23.439291 - century * 0.0130042 + 0.00256 * cos(node))
    declination = asin(sin(tilt) * sin(seen))
    half = tan(tilt / 2) ** 2
    equation = 4 * degrees(
        half * sin(2 * mean)
        - 2 * eccentric * sin(anomaly)
        + 4 * eccentric * half * sin(anomaly) * cos(2 * mean)
        - 0.5 * half * half * sin(4 * mean)
        - 1.25 * eccentric * eccentric * sin(2 * anomaly)
    )
    here = radians(latitude)
    angle = cos(radians(HORIZON)) / (cos(here) * cos(declination)) - tan(here) * tan(declination)
    if not -1 <= angle <= 1:
        return None
    south = noon - timedelta(minutes=4 * longitude + equation)
    away = timedelta(minutes=4 * degrees(acos(angle)))
    return south - away, south + away


def zone_place(zone: str) -> tuple[float, float] | None:
    """Latitude and longitude of the city that a time zone is named after; None when that is not known."""
    for table in (Path(folder, "zone.tab") for folder in TZPATH):
        if table.is_file():
            for line in table.read_text(encoding="utf-8").splitlines():
                parts = line.split("\t")
                if len(parts) > 2 and parts[2] == zone:
                    return _degrees(parts[1])
    return None


def _degrees(written: str) -> tuple[float, float] | None:
    """From ISO 6709 as in zone.tab: "+5230+01322" or "+404251-0740023"."""
    found = fullmatch(r"([+-]\d{2})(\d{2})(\d{2})?([+-]\d{3})(\d{2})(\d{2})?", written)
    if found is None:
        return None
    parts = [float(part or 0) for part in found.groups()]
    north, east = (abs(a) + b / 60 + c / 3600 for a, b, c in (parts[:3], parts[3:]))
    return (-north if written[0] == "-" else north), (-east if found[4][0] == "-" else east)
