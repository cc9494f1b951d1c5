"""What stands in the kitchen: music on a shelf, and how the assistant is set up for it."""

from __future__ import annotations

import wave
from pathlib import Path
from types import TracebackType

SONGS = ("Ann Lee/First Light/01 - Rain.wav", "Ann Lee/First Light/02 - Sun.wav", "The Hats/Blue Bus.wav")
RATE = 8000


class House:
    """Everything in it is made in `folder`, and gone at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> House:
        for name in SONGS:
            path = self.folder / "music" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(bytes(2 * RATE * 300))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None

    def settings(self) -> str:
        """The household's assistant.yaml."""
        return f"""
time_zone: Europe/Berlin
skills:
  settings:
    media.folder: {self.folder / "music"}
"""
