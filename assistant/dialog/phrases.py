"""What the dialogue itself says, from `locale/<language>/*.dialog`: one line is chosen, never the last one again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

LOCALE = Path(__file__).parent / "locale"
"""The dialogue's own sentences: "stop" and "cancel" are understood like any skill's."""


class Phrases:
    """`phrases(name, **values)` gives one line of `name.dialog` with its placeholders filled."""

    def __init__(self, folder: Path, choose: Callable[[list[str]], str]) -> None:
        self._lines = _read(folder)
        self._choose = choose
        self._last: dict[str, str] = {}
        table = yaml.safe_load((folder / "choice.yaml").read_text("utf-8"))
        self.choices: Mapping[str, str] = {str(word): str(place) for word, place in table.items()}
        """Words in the answer to "this or that?", and what they choose."""

    def __call__(self, name: str, **values: str) -> str:
        fresh = [line for line in self._lines[name] if line != self._last.get(name)] or list(self._lines[name])
        self._last[name] = self._choose(fresh)
        return self._last[name].format_map(values)


def load(language: str, choose: Callable[[list[str]], str] = random.choice) -> Phrases:
    """The phrases of a language, English where it has none."""
    folder = LOCALE / language.split("-")[0].lower()
    return Phrases(folder if folder.is_dir() else LOCALE / "en", choose)


def _read(folder: Path) -> Mapping[str, tuple[str, ...]]:
    return {
        file.stem: tuple(line.strip() for line in file.read_text("utf-8").splitlines() if line.strip())
        for file in sorted(folder.glob("*.dialog"))
    }
