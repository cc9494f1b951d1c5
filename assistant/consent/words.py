"""What the room says aloud, from `locale/<language>/`, and how it says numbers, dates and lengths of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

import yaml

DAY = 86_400


class Words:
    """The lines of one language; English where it has none."""

    def __init__(self, language: str = "en") -> None:
        locale = files("assistant.consent") / "locale"
        wanted = language.split("-")[0].lower()
        folder = locale / wanted
        if not re.fullmatch(r"[a-z]{2,3}", wanted) or not folder.is_dir():
            folder = locale / "en"
        self._lines = {
            file.name.removesuffix(".dialog"): file.read_text(encoding="utf-8").strip()
            for file in folder.iterdir()
            if file.name.endswith(".dialog")
        }
        self._purposes: dict[str, str] = yaml.safe_load((folder / "purposes.yaml").read_text(encoding="utf-8"))

    def __call__(self, name: str, **values: object) -> str:
        """A line with its placeholders filled."""
        return self._lines[name].format_map({key: str(value) for key, value in values.items()})

    def purpose(self, spoken: str) -> str:
        """Which purpose people mean by these words; empty if none."""
        said = set(normal(spoken).split())
        return next((purpose for word, purpose in self._purposes.items() if word in said), "")


def normal(text: str) -> str:
    """Lower case letters and digits, single spaces: how two utterances are compared."""
    return " ".join(re.sub(r"[^a-z0-9 ]", "", text.lower()).split())


def duration(seconds: int) -> str:
    """ "7 days", "1 hour"."""
    for size, name in ((DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "a moment"


def date(seconds: int) -> str:
    """ "Monday 3 March", "today at 14:05"."""
    moment = datetime.fromtimestamp(seconds).astimezone()
    today = datetime.now().astimezone()
    if moment.date() == today.date():
        return f"today at {moment:%H:%M}"
    return f"{moment:%A} {moment.day} {moment:%B}"


def listing(names: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def digits(code: str) -> str:
    """A code to be heard digit by digit."""
    return " ".join(code)
