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

REMAINS = 0.34
"""Most that the consonants of a first word may differ from the end of the wake word's: "rocked", "crypt," and "across"
are what is left of "mycroft" when its beginning was cut off, "set", "don't" and "start" are not."""
_MIN_BONES = 3

_WORD = re.compile(r"[\w']+", re.UNICODE)
_BONES = (("ough", "f"), ("augh", "f"), ("ph", "f"), ("ck", "k"), ("th", "f"), ("sh", "s"), ("ch", "k"), ("x", "ks"))
_KEPT = re.compile(r"[^bcdfgjklmnpqrstvz]")
_SAME = str.maketrans("cqz", "kks")
_NASAL = frozenset("mn")
_PAIRS = frozenset(map(frozenset, ("td", "pb", "kg", "fv", "sj", "lr", "mn")))
_NOISY = frozenset("ptkbdgfvsj")


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


def possible_remains(text: str, wake_word: str) -> list[int]:
    """Where in `text` the request may begin: behind its first word, or its first two, if they sound like the end of
    `wake_word`, of which the beginning was cut off. That alone is no proof: "cross out" may also have been meant.
    """
    word = _bones(wake_word.replace("_", " "))
    ends = [word[at:] for at in range(len(word) - _MIN_BONES + 1)]
    found = []
    words = list(_WORD.finditer(text))
    for count in (1, 2):
        head = _bones(" ".join(each.group() for each in words[:count]))
        if len(words) > count and any(_apart(head, end) <= REMAINS for end in ends):
            found.append(words[count].start())
    return found


def _bones(text: str) -> str:
    """The consonants, one for those that are spelled apart and sound alike."""
    text = text.lower()
    for letters, sound in _BONES:
        text = text.replace(letters, sound)
    bones = _KEPT.sub("", text).translate(_SAME)
    return re.sub(r"(.)\1+", r"\1", bones)


def _apart(one: str, other: str) -> float:
    """How far apart two rows of consonants are: an edit distance, by the length of the longer."""
    if not one or not other or bool(_NASAL & set(one)) > bool(_NASAL & set(other)):
        return 1.0
    row = [0.6 * at for at in range(len(other) + 1)]
    for left in one:
        diagonal, row[0] = row[0], row[0] + 0.6
        for at, right in enumerate(other, 1):
            diagonal, row[at] = row[at], min(row[at] + 0.6, row[at - 1] + 0.6, diagonal + _change(left, right))
    return row[-1] / max(len(one), len(other))


def _change(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if frozenset((one, other)) in _PAIRS:
        return 0.2
    return 0.5 if one in _NOISY and other in _NOISY else 1.0


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _likeness(one: str, other: str) -> float:
    # Letters that sound alike are one letter, so that "mike" and "my" are near.
    table = str.maketrans({"y": "i", "k": "c", "q": "c", "z": "s", "x": "s"})
    return SequenceMatcher(None, one.translate(table), other.translate(table), autojunk=False).ratio()
