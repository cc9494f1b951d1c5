"""How things are, from what they publish. A thing that never said is None: not known, rather than off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .discovery import Thing
from .template import render

_WARMTH = ("temperature_state_topic", "current_temperature_topic", "mode_state_topic")


@dataclass(slots=True)
class State:
    """What is known of one thing. `level` is percent: of brightness, of speed, of how open it is."""

    on: bool | None = None
    level: float | None = None
    value: str = ""
    target: float | None = None
    """Degrees that a thermostat is set to, and those that it measures."""
    current: float | None = None
    available: dict[str, bool] = field(default_factory=dict)

    @property
    def there(self) -> bool:
        """Whether it can be reached, as far as it says."""
        return all(self.available.values())


def topics(thing: Thing) -> list[str]:
    """All that it publishes to."""
    own = ("state_topic", "brightness_state_topic", "percentage_state_topic", "position_topic", *_WARMTH)
    return [*(topic for key in own if (topic := thing.text(key))), *(topic for topic, _, _ in availability(thing))]


def availability(thing: Thing) -> Iterator[tuple[str, str, str]]:
    """Topic, and what is published there when it is and when it is not there."""
    rows = thing.config.get("availability")
    for row in [{**thing.config, "topic": thing.text("availability_topic")}, *(rows if isinstance(rows, list) else ())]:
        if topic := str(row.get("topic", "")):
            yield topic, str(row.get("payload_available", "online")), str(row.get("payload_not_available", "offline"))


def take(thing: Thing, state: State, topic: str, payload: bytes) -> None:
    """Bring a state up to date with what was published."""
    raw = payload.decode(errors="replace").strip()
    for where, there, gone in availability(thing):
        if where == topic:
            said = _plain(raw, "state")
            if said in (there, gone):
                state.available[topic] = said == there
    if topic == thing.text("state_topic"):
        if thing.kind == "light" and thing.text("schema") == "json":
            _take_json(thing, state, raw)
        else:
            _take_state(thing, state, _rendered(thing, raw, ("state_value_template", "value_template")))
    if thing.kind == "climate":
        _take_warmth(thing, state, topic, raw)
    for key, template, full in (
        ("brightness_state_topic", "brightness_value_template", thing.number("brightness_scale", 255)),
        ("percentage_state_topic", "percentage_value_template", thing.number("speed_range_max", 100)),
        ("position_topic", "position_template", thing.number("position_open", 100)),
    ):
        number = _number(_rendered(thing, raw, (template,))) if topic == thing.text(key) else None
        if number is not None:
            closed = thing.number("position_closed", 0) if key == "position_topic" else 0
            state.level = max(0.0, min(100.0, 100 * (number - closed) / ((full - closed) or 1)))
            if thing.kind == "cover":
                state.on = state.level > 0


def _take_warmth(thing: Thing, state: State, topic: str, raw: str) -> None:
    target, current, mode = (topic == thing.text(key) for key in _WARMTH)
    if target and (number := _number(_rendered(thing, raw, ("temperature_state_template",)))) is not None:
        state.target = number
    if current and (number := _number(_rendered(thing, raw, ("current_temperature_template",)))) is not None:
        state.current = number
    if mode and (said := _rendered(thing, raw, ("mode_state_template",))):
        state.on = said != "off"


def _take_json(thing: Thing, state: State, raw: str) -> None:
    found = _json(raw)
    if not isinstance(found, dict):
        return
    if found.get("state") in ("ON", "OFF"):
        state.on = found["state"] == "ON"
    level = found.get("brightness")
    if isinstance(level, (int, float)):
        state.level = 100 * level / (thing.number("brightness_scale", 255) or 255)


def _take_state(thing: Thing, state: State, said: str) -> None:
    match thing.kind:
        case "sensor":
            state.value = said
        case "cover":
            opened, closed = thing.text("state_open", "open"), thing.text("state_closed", "closed")
            moving = (thing.text("state_opening", "opening"), thing.text("state_closing", "closing"))
            if said in (opened, closed, *moving):
                state.on = said != closed
        case "lock":
            locked, unlocked = thing.text("state_locked", "LOCKED"), thing.text("state_unlocked", "UNLOCKED")
            if said in (locked, unlocked):
                state.on = said == locked
        case _:
            on = thing.text("state_on") or thing.text("payload_on", "ON")
            off = thing.text("state_off") or thing.text("payload_off", "OFF")
            if said in (on, off):
                state.on = said == on


def _rendered(thing: Thing, raw: str, keys: tuple[str, ...]) -> str:
    """The value that a template makes of a payload; of one that cannot be read the payload, unless it looks inside."""
    template = next((text for key in keys if (text := thing.text(key))), "")
    if not template:
        return raw
    return render(template, raw) or ("" if "json" in template else raw)


def _plain(raw: str, key: str) -> str:
    """Some publish `online`, some `{"state": "online"}`."""
    found = _json(raw)
    return str(found.get(key, raw)) if isinstance(found, dict) else raw


def _json(raw: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
