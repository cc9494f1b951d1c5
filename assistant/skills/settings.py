"""The settings that a skill declares in its manifest, and the values its owner chose."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from assistant.errors import SkillError

SettingType = Literal["text", "number", "integer", "switch"]
SettingValue = bool | int | float | str

PLAIN = {"text": "text", "number": "number", "integer": "whole number", "switch": "yes or no"}
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSchema:
    """One setting that a skill declares."""

    name: str
    type: SettingType
    default: SettingValue
    about: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def parse(self, text: str, where: str) -> SettingValue:
        """The value that the owner wrote. Raises SkillError when it is of the wrong type or out of range."""
        value = convert(self.type, text)
        if value is None:
            raise SkillError(f"'{text}' is no {PLAIN[self.type]}", where=where, hint=f"The default is {self.default}")
        return self.check(value, where)

    def check(self, value: SettingValue, where: str) -> SettingValue:
        """The value, if it is within the limits. Raises SkillError."""
        if self.choices and value not in self.choices:
            raise SkillError(f"'{value}' is not offered", where=where, hint=f"Choose one of {', '.join(self.choices)}")
        if isinstance(value, (int, float)):
            if self.low is not None and value < self.low:
                raise SkillError(f"{value} is too low", where=where, hint=f"At least {self.low:g}")
            if self.high is not None and value > self.high:
                raise SkillError(f"{value} is too high", where=where, hint=f"At most {self.high:g}")
        return value


def read_settings(
    identity: str, schemas: Mapping[str, SettingSchema], chosen: Mapping[str, str]
) -> dict[str, SettingValue]:
    """The values of a skill's settings: what the owner chose as `skill.setting`, else the defaults.

    Raises SkillError for a value that the manifest does not allow.
    """
    values: dict[str, SettingValue] = {name: schema.default for name, schema in schemas.items()}
    for key, text in chosen.items():
        skill, _, name = key.partition(".")
        if skill != identity:
            continue
        schema = schemas.get(name)
        if schema is None:
            hint = meant(name, schemas) if schemas else "It has no settings"
            raise SkillError(f"'{name}' is no setting of this skill", where=f"skills.settings {key}", hint=hint)
        values[name] = schema.parse(text, f"skills.settings {key}")
    return values


def meant(word: str, known: Iterable[str]) -> str:
    """'Did you mean X?', or the whole choice."""
    known = tuple(known)
    close = difflib.get_close_matches(word, known, 1)
    return f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known)}"


def convert(kind: SettingType, text: str) -> SettingValue | None:
    """The text as that type; None if it is none."""
    try:
        match kind:
            case "text":
                return text
            case "switch":
                return _SWITCH.get(text.strip().lower())
            case "integer":
                return int(text)
            case "number":
                number = float(text)
                return number if math.isfinite(number) else None
    except ValueError:
        return None
