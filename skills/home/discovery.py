"""What devices say of themselves: the discovery messages of Home Assistant's MQTT convention.

`homeassistant/<component>/[<node>/]<object>/config` holds JSON; an empty payload takes the thing away.
Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery, its abbreviations included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("light", "switch", "fan", "cover", "sensor", "binary_sensor", "lock", "scene", "climate")
MOST = 400
"""Things that are known at a time."""

_SHORT = {
    "avty": "availability", "avty_t": "availability_topic", "avty_mode": "availability_mode",
    "bri_cmd_t": "brightness_command_topic", "bri_scl": "brightness_scale", "bri_stat_t": "brightness_state_topic",
    "clr_temp_cmd_t": "color_temp_command_topic", "clr_temp_k": "color_temp_kelvin", "cmd_t": "command_topic",
    "cmps": "components", "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template", "dev": "device", "dev_cla": "device_class",
    "hs_cmd_t": "hs_command_topic",
    "max_k": "max_kelvin", "mode_cmd_t": "mode_command_topic", "mode_cmd_tpl": "mode_command_template",
    "mode_stat_t": "mode_state_topic", "mode_stat_tpl": "mode_state_template", "pow_cmd_t": "power_command_topic",
    "temp_cmd_t": "temperature_command_topic", "temp_cmd_tpl": "temperature_command_template",
    "temp_stat_t": "temperature_state_topic", "temp_stat_tpl": "temperature_state_template",
    "max_mirs": "max_mireds", "min_k": "min_kelvin", "min_mirs": "min_mireds",
    "on_cmd_type": "on_command_type", "p": "platform", "pct_cmd_t": "percentage_command_topic",
    "pct_stat_t": "percentage_state_topic", "pl_avail": "payload_available", "pl_cls": "payload_close",
    "pl_lock": "payload_lock", "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on",
    "pl_open": "payload_open", "pl_stop": "payload_stop", "pl_unlk": "payload_unlock", "pos_clsd": "position_closed",
    "pos_open": "position_open", "pos_t": "position_topic", "pos_tpl": "position_template",
    "rgb_cmd_t": "rgb_command_topic", "set_pos_t": "set_position_topic", "spd_rng_max": "speed_range_max",
    "stat_clsd": "state_closed", "stat_locked": "state_locked", "stat_off": "state_off", "stat_on": "state_on",
    "stat_open": "state_open", "stat_t": "state_topic", "stat_val_tpl": "state_value_template",
    "sup_clrm": "supported_color_modes", "t": "topic", "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}  # fmt: skip
_SHORT_DEVICE = {"sa": "suggested_area"}


@dataclass(frozen=True, slots=True)
class Thing:
    """One light, switch, cover, sensor … as its discovery message describes it."""

    key: str
    """Under which it was told: component and object."""
    kind: str
    name: str
    device: str
    area: str
    config: Mapping[str, Any] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What people may call it, the plainest first."""
        both = f"{self.device} {self.name}" if self.device and self.device.lower() not in self.name.lower() else ""
        found = [self.name or self.device, both]
        plain = self.name or self.device
        if self.area and not plain.lower().startswith(self.area.lower()):
            found.append(f"{self.area} {plain}")
        return tuple(dict.fromkeys(" ".join(each.replace("_", " ").split()) for each in found if each))

    def text(self, key: str, default: str = "") -> str:
        """A value of the message that is a text or a number."""
        value = self.config.get(key, default)
        return str(value) if isinstance(value, (str, int, float)) else default

    def number(self, key: str, default: float) -> float:
        value = self.config.get(key)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def things(topic: str, payload: bytes, prefix: str = "homeassistant") -> tuple[str, list[Thing]] | None:
    """What a discovery message tells: its key, and the things (none: they are gone). None for any other message."""
    parts = topic.removeprefix(f"{prefix}/").split("/")
    if not topic.startswith(f"{prefix}/") or len(parts) not in (3, 4) or parts[-1] != "config":
        return None
    key = "/".join(parts[:-1])
    if not payload:
        return key, []
    try:
        config = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(config, dict):
        return None
    config = _expanded(config)
    if parts[0] != "device":
        return key, [_thing(key, parts[0], config)] if parts[0] in KINDS else []
    parts_of_it = config.pop("components", {})
    found = []
    for name, each in parts_of_it.items() if isinstance(parts_of_it, dict) else ():
        one = {**config, **_expanded(each)} if isinstance(each, dict) else {}
        if one.get("platform") in KINDS:
            found.append(_thing(f"{key}/{name}", str(one["platform"]), one))
    return key, found


def _thing(key: str, kind: str, config: dict[str, Any]) -> Thing:
    device = config.get("device")
    device = device if isinstance(device, dict) else {}
    name, of = (value if isinstance(value, str) else "" for value in (config.get("name"), device.get("name")))
    area = device.get("suggested_area")
    return Thing(key, kind, name, of, area if isinstance(area, str) else "", config)


def _expanded(config: dict[str, Any]) -> dict[str, Any]:
    """Long names in place of the short ones, and topics with their beginning or end (`~`)."""
    base = config.get("~")
    found = {}
    for short, value in config.items():
        key = _SHORT.get(short, short)
        if key == "device" and isinstance(value, dict):
            value = {_SHORT_DEVICE.get(name, name): each for name, each in value.items()}
        if key == "availability" and isinstance(value, list):
            value = [_expanded({"~": base, **each}) for each in value if isinstance(each, dict)]
        if isinstance(base, str) and isinstance(value, str) and (key.endswith("topic")):
            value = base + value[1:] if value.startswith("~") else value
            value = value[:-1] + base if value.endswith("~") else value
        found[key] = value
    return found
