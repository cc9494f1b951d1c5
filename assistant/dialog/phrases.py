"""What the dialogue itself says, from `locale/<language>/*.dialog`: one line is chosen, never the last one again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
"""The dialogue's own sentences: "stop" and "cancel" are understood like any skill's."""

Phrases = Callable[..., str]
"""`phrases(name, **values)` gives one line of `name.dialog` with its placeholders filled."""


def load(language: str, choose: Callable[[list[str]], str] = random.choice) -> Phrases:
    """The phrases of a language, English where it has none."""
    folder = LOCALE / language.split("-")[0].lower()
    lines = _read(folder if folder.is_dir() else LOCALE / "en")
    last: dict[str, str] = {}

    def phrase(name: str, **values: str) -> str:
        fresh = [line for line in lines[name] if line != last.get(name)] or list(lines[name])
        last[name] = choose(fresh)
        return last[name].format_map(values)

    return phrase


def _read(folder: Path) -> Mapping[str, tuple[str, ...]]:
    return {
        file.stem: tuple(line.strip() for line in file.read_text("utf-8").splitlines() if line.strip())
        for file in sorted(folder.glob("*.dialog"))
    }
