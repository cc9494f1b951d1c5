"""What to publish so that a thing does something: topic and payload, or nothing when it cannot do that."""

from __future__ import annotations

import json
from collections.abc import Callable

from .discovery import Thing
from .state import State
from .template import render

Command = tuple[str, str]
Rgb = tuple[int, int, int]
MODES = ("auto", "off", "cool", "heat", "dry", "fan_only")
"""Of a thermostat that does not say what it can do. Source: Home Assistant's MQTT climate."""
WARMING = ("heat", "auto", "heat_cool", "cool")
"""What "on" is, the first that it can do."""


def switch(thing: Thing, on: bool) -> list[Command]:
    """On or off; a cover opens or closes, a lock locks or unlocks, a scene is only ever put on."""
    if thing.kind == "cover":
        return move(thing, "open" if on else "close")
    if thing.kind == "lock":
        return _said(thing, *(("payload_lock", "LOCK") if on else ("payload_unlock", "UNLOCK")))
    if thing.kind == "climate":
        if topic := thing.text("power_command_topic"):
            return [(topic, thing.text("payload_on", "ON") if on else thing.text("payload_off", "OFF"))]
        return next(filter(None, (mode(thing, each) for each in (WARMING if on else ("off",)))), [])
    if thing.kind not in ("light", "switch", "fan", "scene") or (thing.kind == "scene" and not on):
        return []
    if _is_json(thing):
        return _json(thing, state="ON" if on else "OFF")
    return _said(thing, *(("payload_on", "ON") if on else ("payload_off", "OFF")))


def move(thing: Thing, how: str) -> list[Command]:
    """A cover: "open", "close" or "stop"."""
    if thing.kind != "cover":
        return []
    return _said(thing, f"payload_{how}", how.upper())


def level(thing: Thing, percent: float) -> list[Command]:
    """So bright, so fast, so far open; nothing at all is off."""
    if thing.kind == "cover":
        topic = thing.text("set_position_topic")
        opened, closed = thing.number("position_open", 100), thing.number("position_closed", 0)
        return [(topic, str(round(closed + (opened - closed) * percent / 100)))] if topic else []
    if percent <= 0:
        return switch(thing, False)
    if thing.kind == "fan":
        topic, most = thing.text("percentage_command_topic"), thing.number("speed_range_max", 100)
        return [(topic, str(max(1, round(most * percent / 100)))), *switch(thing, True)] if topic else []
    amount = max(1, round(thing.number("brightness_scale", 255) * percent / 100))
    if thing.kind == "light" and _is_json(thing):
        can = thing.config.get("brightness") is True or set(_modes(thing)) - {"onoff"}
        return _json(thing, state="ON", brightness=amount) if can else []
    topic = thing.text("brightness_command_topic")
    return _with_on(thing, [(topic, str(amount))]) if thing.kind == "light" and topic else []


def step(thing: Thing, state: Callable[[Thing], State], by: float) -> list[Command]:
    """Brighter or darker by so many percent, but not off."""
    is_now = state(thing)
    now = (50.0 if is_now.level is None else is_now.level) if is_now.on is not False else 0.0
    return level(thing, max(1.0, min(100.0, now + by)))


def degrees(thing: Thing, degrees: float) -> list[Command]:
    """So warm, in the unit that it has."""
    topic = thing.text("temperature_command_topic") if thing.kind == "climate" else ""
    return [(topic, _templated(thing, "temperature_command_template", f"{degrees:g}"))] if topic else []


def span(thing: Thing) -> tuple[float, float]:
    """The lowest and the highest temperature it can be set to. Source of 7 and 35: Home Assistant, in Celsius."""
    fahrenheit = thing.text("temperature_unit") == "F"
    return thing.number("min_temp", 44 if fahrenheit else 7), thing.number("max_temp", 95 if fahrenheit else 35)


def mode(thing: Thing, mode: str) -> list[Command]:
    """How it heats or cools."""
    topic = thing.text("mode_command_topic") if thing.kind == "climate" else ""
    known = thing.config.get("modes", MODES)
    if not topic or not isinstance(known, (list, tuple)) or mode not in known:
        return []
    return [(topic, _templated(thing, "mode_command_template", mode))]


def _templated(thing: Thing, key: str, value: str) -> str:
    template = thing.text(key)
    return (render(template, value) or value) if template else value


def rgb(digits: str) -> Rgb:
    """A colour of six hexadecimal digits."""
    red, green, blue = (int(digits[at : at + 2] or "0", 16) for at in (0, 2, 4))
    return red, green, blue


def colour(thing: Thing, rgb: Rgb) -> list[Command]:
    """A light in this colour."""
    if thing.kind != "light":
        return []
    if _is_json(thing):
        modes = _modes(thing)
        if {"rgb", "rgbw", "rgbww"} & set(modes):
            red, green, blue = rgb
            return _json(thing, state="ON", color={"r": red, "g": green, "b": blue})
        if "hs" in modes:
            hue, saturation = _hue(rgb)
            return _json(thing, state="ON", color={"h": hue, "s": saturation})
        if "xy" in modes:
            x, y = _xy(rgb)
            return _json(thing, state="ON", color={"x": x, "y": y})
        return []
    if topic := thing.text("rgb_command_topic"):
        return _with_on(thing, [(topic, ",".join(map(str, rgb)))])
    if topic := thing.text("hs_command_topic"):
        return _with_on(thing, [(topic, ",".join(f"{each:g}" for each in _hue(rgb)))])
    return []


def warmth(thing: Thing, kelvin: float) -> list[Command]:
    """A light in this white, as near as it can."""
    if thing.kind != "light":
        return []
    in_kelvin = thing.config.get("color_temp_kelvin") is True
    if in_kelvin:
        amount = min(max(kelvin, thing.number("min_kelvin", 2000)), thing.number("max_kelvin", 6535))
    else:
        amount = min(max(1_000_000 / kelvin, thing.number("min_mireds", 153)), thing.number("max_mireds", 500))
    if _is_json(thing):
        return _json(thing, state="ON", color_temp=round(amount)) if "color_temp" in _modes(thing) else []
    topic = thing.text("color_temp_command_topic")
    return _with_on(thing, [(topic, str(round(amount)))]) if topic else []


def _said(thing: Thing, key: str, default: str) -> list[Command]:
    topic, payload = thing.text("command_topic"), thing.config.get(key, default)
    # `null` says that it cannot do this.
    return [(topic, str(payload))] if topic and payload is not None else []


def _with_on(thing: Thing, commands: list[Command]) -> list[Command]:
    match thing.text("on_command_type", "last"):
        case "brightness":
            return commands
        case "first":
            return [*switch(thing, True), *commands]
    return [*commands, *switch(thing, True)]


def _is_json(thing: Thing) -> bool:
    return thing.kind == "light" and thing.text("schema") == "json"


def _json(thing: Thing, **values: object) -> list[Command]:
    topic = thing.text("command_topic")
    return [(topic, json.dumps(values))] if topic else []


def _modes(thing: Thing) -> list[str]:
    modes = thing.config.get("supported_color_modes")
    return [str(each) for each in modes] if isinstance(modes, list) else []


def _hue(rgb: Rgb) -> tuple[float, float]:
    """Hue in degrees and saturation in percent."""
    high, low = max(rgb), min(rgb)
    red, green, blue = rgb
    if high == low:
        return 0.0, 0.0
    if high == red:
        turn = (green - blue) / (high - low) % 6
    elif high == green:
        turn = (blue - red) / (high - low) + 2
    else:
        turn = (red - green) / (high - low) + 4
    return round(60 * turn, 1), round(100 * (high - low) / high, 1)


def _xy(rgb: Rgb) -> tuple[float, float]:
    """Chromaticity of an sRGB colour. Source: IEC 61966-2-1."""
    red, green, blue = (((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in rgb)
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    total = x + y + z or 1.0
    return round(x / total, 4), round(y / total, 4)
