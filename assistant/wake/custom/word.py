"""A trained wake word as a file: its head, its thresholds, how the recogniser writes it, and how good it is.

JSON, about 60 kB. Nothing of the sound that it was trained on is in it. What was also learnt from a person's own takes
lies in a folder of its own, so that it can be forgotten alone.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelError
from assistant.wake.custom.embedding import Floats
from assistant.wake.custom.head import HIDDEN, INPUT, Head

FORMAT = 1
MOST_BYTES = 200_000
MIN_LETTERS, MAX_LETTERS, MAX_WORDS = 4, 30, 4
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{1,40}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good it is, measured on voices and sound that it was not trained on. Shares from 0 to 1."""

    missed: float
    """Held-out voices that the first stage does not suspect."""
    missed_alone: float
    """The same without a second stage."""
    suspected_per_hour: float
    """How often other speech of the bank is suspected; the second stage hears each of these."""
    accepted_per_hour: float
    """False accepts without a second stage."""
    hours: float
    """Of the bank that this was measured on."""
    rooms: str = ""
    """What the held-out voices were heard in."""
    missed_confirmed: float | None = None
    """Missed by both stages together: held-out voices by the first, natural ones by the second. None without it."""
    near_accepted: float | None = None
    """Words that sound alike which both stages took for it."""
    voices: int = 0
    held_out: int = 0
    near: tuple[str, ...] = ()
    """Words that sound alike and were suspected most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedWord:
    """`low` and `alone` are logits of the head: from the first on it is suspected, from the second it needs no second
    stage. `lag` is how many samples before the end of a frame the word usually ended."""

    name: str
    text: str
    head: Head = field(repr=False)
    low: float
    alone: float
    lag: int
    spellings: tuple[str, ...] = ()
    needed: float = 0.0
    """What the recogniser's log-probability of a spelling must be."""
    score: Score
    takes: int = 0
    """Takes of a person that it was trained on as well."""


def name_of(text: str) -> str:
    """The name a phrase has in the configuration: "Hey Pebble" -> hey_pebble."""
    return "_".join(text.lower().replace("'", "").split())


def check_text(text: str, taken: Sequence[str] = ()) -> str:
    """The phrase in small letters and single spaces. Raises ModelError when nobody could be woken by it."""
    plain = " ".join(text.lower().replace("’", "'").split())
    where = f'"{plain[:40]}"'
    if not plain or any(not (each.isalpha() or each in "' ") for each in plain):
        hint = 'Letters and spaces only, numbers as words: assistant wake train "hey pebble"'
        raise ModelError("a wake word is made of letters", where=where, hint=hint)
    letters = sum(each.isalpha() for each in plain)
    if letters < MIN_LETTERS:
        raise ModelError(
            "is too short for a wake word", where=where, hint='Two to four syllables are best: "hey pebble"'
        )
    if letters > MAX_LETTERS or len(plain.split()) > MAX_WORDS:
        raise ModelError("is too long for a wake word", where=where, hint="It has to be said within a second")
    name = name_of(plain)
    if name in taken:
        hint = f"Use it as it is: assistant --set 'wake.words=[{name}]' run"
        raise ModelError("is built in already", where=where, hint=hint)
    if not _NAME.match(name):
        raise ModelError(
            "only the letters a to z can be a name in the settings", where=where, hint="Spell it with them"
        )
    return plain


class WordStore:
    """The trained words of this installation, in `folder`; those that were also learnt from somebody's takes have
    another version in `own`. Both are made by the first word."""

    def __init__(self, folder: Path, own: Path) -> None:
        self._folder = folder
        self._own = own

    def names(self) -> list[str]:
        """Of all words, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json") if _NAME.match(path.stem))

    def load(self, name: str, *, own: bool = True) -> TrainedWord:
        """One word; the version that knows somebody's voice if there is one and `own`. Raises ModelError."""
        if name not in self.names():
            raise self.unknown(name)
        path = self._path(self._own, name)
        if not own or not path.is_file():
            path = self._path(self._folder, name)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError("too large")
            return _decode(json.loads(path.read_text("utf-8")), name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            hint = f'Train it again: assistant wake train "{name.replace("_", " ")}"'
            raise ModelError("the trained word cannot be read", where=str(path), hint=hint) from error

    def knows_voice(self, name: str) -> bool:
        """Whether there is a version that knows somebody's voice. It is gone once nobody may keep it any more."""
        return self._path(self._own, name).is_file()

    def save(self, word: TrainedWord) -> Path:
        """Keep it, in place of one of the same name and kind. Raises ModelError."""
        folder = self._own if word.takes else self._folder
        path = self._path(folder, word.name)
        new = path.with_name(path.name + ".new")
        try:
            folder.mkdir(mode=0o700 if word.takes else 0o755, parents=True, exist_ok=True)
            new.write_text(json.dumps(_encode(word), indent=1), "utf-8")
            new.replace(path)
        except OSError as error:
            hint = "Check its owner, or run with sudo"
            raise ModelError(f"cannot be written ({error.strerror})", where=str(folder), hint=hint) from error
        return path

    def remove(self, name: str) -> None:
        """Delete a word, with what was learnt of anybody's voice. Raises ModelError."""
        if name not in self.names():
            raise self.unknown(name)
        self.forget_own(name)
        self._delete(self._path(self._folder, name))

    def forget_own(self, name: str) -> None:
        """Delete only what was learnt of anybody's voice. Raises ModelError."""
        self._delete(self._path(self._own, name))

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(f"cannot be deleted ({error.strerror})", where=str(path)) from error

    def unknown(self, name: str) -> ModelError:
        """There is no such word."""
        names = self.names()
        close = difflib.get_close_matches(name_of(name), names, n=1, cutoff=0.5)
        guess = f"Did you mean {close[0]}? " if close else ""
        known = f"Trained are {', '.join(names)}" if names else 'Train one: assistant wake train "hey pebble"'
        return ModelError(f"no trained wake word is called {name!r}", where="wake words", hint=guess + known)

    def _path(self, folder: Path, name: str) -> Path:
        return folder / f"{name}.json"


def _encode(word: TrainedWord) -> dict[str, Any]:
    head = word.head
    packed = np.concatenate([head.into.ravel(), head.bias, head.out, [head.offset]]).astype("<f4")
    data = {key: value for key, value in asdict(word).items() if key != "head"}
    return {"format": FORMAT, **data, "head": base64.b64encode(packed.tobytes()).decode("ascii")}


def _decode(data: dict[str, Any], name: str) -> TrainedWord:
    if data.pop("format") != FORMAT or data["name"] != name:
        raise ValueError("another format or name")
    values: Floats = np.frombuffer(base64.b64decode(data.pop("head")), "<f4").astype(np.float32)
    if len(values) != INPUT * HIDDEN + 2 * HIDDEN + 1 or not np.isfinite(values).all():
        raise ValueError("not a head")
    parts = np.split(values, np.cumsum([INPUT * HIDDEN, HIDDEN, HIDDEN]))
    head = Head(parts[0].reshape(INPUT, HIDDEN), parts[1], parts[2], float(parts[3][0]))
    score = data.pop("score")
    score["near"] = tuple(score["near"])
    data["spellings"] = tuple(data["spellings"])
    return TrainedWord(**data, head=head, score=Score(**score))
