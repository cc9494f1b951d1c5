"""What a person can say yes to. Every purpose stands alone and is off until somebody grants it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

import yaml

from assistant.errors import Refused

_SHARE = re.compile(r"share:[a-z0-9][a-z0-9-]{0,31}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One purpose, as `notices/<language>.yaml` describes it."""

    name: str
    called: str
    """How people say it: "your wake words"."""
    what: str
    """What exactly is kept, as a sentence."""
    recipients: tuple[str, ...]
    """Who hears it."""
    kinds: tuple[str, ...]
    """Kinds of data: audio, transcript, counters, model."""
    max_days: int
    notice: str
    """Id of the text that was read out."""
    notice_sha256: str
    language: str
    offered: bool
    """False where nothing on this device would make use of a yes."""


def load_purposes(language: str = "en") -> Mapping[str, Purpose]:
    """The purposes with their notices in a language. Raises Refused for a language without notices."""
    path = files("assistant.consent") / "notices" / f"{language}.yaml"
    if not re.match(r"[a-z]{2,3}\Z", language) or not path.is_file():
        raise Refused(f"there is no consent notice in the language {language!r}", hint="Use en")
    text = path.read_text(encoding="utf-8")
    found = {}
    for name, raw in yaml.safe_load(text).items():
        spoken = f"{raw['called']}\n{raw['what']}\n{', '.join(raw['recipients'])}"
        found[name] = Purpose(
            name=name,
            called=raw["called"],
            what=raw["what"],
            recipients=tuple(raw["recipients"]),
            kinds=tuple(raw["kinds"]),
            max_days=raw["max_days"],
            notice=f"{name}/{language}/1",
            notice_sha256=hashlib.sha256(spoken.encode()).hexdigest(),
            language=language,
            offered=raw.get("offered", True),
        )
    return MappingProxyType(found)


def find_purpose(name: str, language: str = "en") -> Purpose:
    """A purpose by its name; `share:<dataset>` names one of its own per dataset. Raises Refused."""
    purposes = load_purposes(language)
    if _SHARE.match(name):
        base = purposes["share"]
        dataset = name.partition(":")[2]
        return Purpose(
            name=name,
            called=base.called.format(dataset=dataset),
            what=base.what.format(dataset=dataset),
            recipients=tuple(one.format(dataset=dataset) for one in base.recipients),
            kinds=base.kinds,
            max_days=base.max_days,
            notice=base.notice,
            notice_sha256=base.notice_sha256,
            language=base.language,
            offered=base.offered,
        )
    if name not in purposes or name == "share":
        known = ", ".join([*(one for one in purposes if one != "share"), "share:<dataset>"])
        raise Refused(f"there is no purpose {name!r}", hint=f"Known: {known}")
    return purposes[name]
