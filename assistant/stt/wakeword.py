"""Takes the wake word off the front of a transcript, however the recogniser wrote it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

SIMILAR = 0.7
"""Least likeness of letters, 0 to 1: "hey mike, croft" and "hey microsoft" pass for "hey mycroft", "play" not for
"alexa"."""
SIMILAR_END = 0.8
"""The same for the second half of the wake word, when its beginning was cut off."""
_MIN_END = 4
"""Letters that a cut-off wake word must have left."""

_WORD = re.compile(r"[\w']+", re.UNICODE)


def strip_wake_word(text: str, wake_word: str) -> str:
    """`text` without a leading `wake_word` ("hey_mycroft" or "hey mycroft") or the end of one; else unchanged.

    Written apart, together or misheard a little; punctuation after it goes too.
    """
    target = _letters(wake_word.replace("_", " "))
    if not target:
        return text
    words = list(_WORD.finditer(text))
    parts = wake_word.replace("_", " ").lower().split()
    ends = {_letters(" ".join(parts[at:])) for at in range(1, len(parts))}
    ends |= {_letters(parts[-1])[at:] for at in range(1, len(_letters(parts[-1])))}
    ends = {end for end in ends if len(end) >= _MIN_END}
    best, cut = 0.0, 0
    for count in range(1, min(len(words), len(parts) + 2) + 1):
        head = _letters(" ".join(word.group() for word in words[:count]))
        whole = _likeness(head, target)
        part = max((_likeness(head, end) for end in ends), default=0.0)
        score = max(whole if whole >= SIMILAR else 0.0, part if part >= SIMILAR_END else 0.0)
        if score > best:
            best, cut = score, words[count - 1].end()
    if cut == 0:
        return text
    rest = text[cut:].lstrip(" ,.!?;:-–—…")
    return rest[:1].upper() + rest[1:]


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _likeness(one: str, other: str) -> float:
    # Letters that sound alike are one letter, so that "mike" and "my" are near.
    table = str.maketrans({"y": "i", "k": "c", "q": "c", "z": "s", "x": "s"})
    return SequenceMatcher(None, one.translate(table), other.translate(table), autojunk=False).ratio()
