"""What wake words learnt from somebody's own voice: it goes with the yes to keep wake words, and with everything. The
words themselves stay, as synthetic voices taught them."""

from __future__ import annotations

from assistant.config.paths import Paths
from assistant.consent.erase import erase_file


class TaughtVoices:
    """A surface of the data map."""

    id = "own-wake-words"

    def __init__(self, paths: Paths) -> None:
        self._folder = paths.own_wake_words

    def scrub(self) -> int:
        """Overwrite and unlink; how many words there were. Raises StoreError."""
        return sum(erase_file(path) for path in sorted(self._folder.glob("*.json*")))


def taught_voices(paths: Paths) -> list[TaughtVoices]:
    """Those that are there."""
    return [TaughtVoices(paths)] if any(paths.own_wake_words.glob("*.json*")) else []
