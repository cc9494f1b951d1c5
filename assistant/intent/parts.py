"""Several requests in one sentence, and what people take back while they speak: pure rules over a way to match text.

Both are decided by what is understood, never by a word alone: "milk and eggs" stays one item, "no bread" stays itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from assistant.grammar.words import Token, tokens, words
from assistant.intent.engine import Match
from assistant.intent.joints import Joints, Phrases, found, read_joints

SURE = 0.9
"""The confidence that each part, or a corrected sentence, needs."""
MOST_PARTS = 4
_LONGEST = 40
"""A text of more words than this is no row of requests."""
_LONGEST_SLIP = 4
"""Words that a correction takes back, unless it takes back everything."""
_LONGEST_GAP = 6
"""Words at the beginning of a request that the next one may leave out."""
_MOST_TRIES = 48

Understand = Callable[[str], Match | None]
"""The best match of a text, if any."""
Lean = Callable[[Match, str], bool]
"""Whether a text goes on from a request: "read it to me" from "add eggs to the list"."""


def requests(
    text: str, understand: Understand, language: str, lean: Lean = lambda first, part: False
) -> tuple[str, ...]:
    """The requests that a sentence holds, in order and as they were meant. The sentence itself where it is one.

    A sentence that fits exactly is left alone, unless its free text swallowed a correction ("cancel the pasta no the
    egg timer") or a request: "put milk on my list and stop the timer" is two, since the first is over before the joint;
    "remind me to eat and drink" is one.
    """
    understand = _sparing(understand)
    if len(tokens(text)) > _LONGEST:
        return (text,)
    whole = understand(text)
    joints = read_joints(language)
    if whole is not None and whole.confidence == 1.0:
        if _holds(whole, joints.corrections):
            meant = _corrected(text, _exact(understand, free=False), joints.corrections)
            meant = meant or _corrected(text, _exact(understand, free=True), joints.plain)
            if meant is not None:
                return (meant,)
        if _holds(whole, joints.joints):
            closed = _only_closed(understand)
            return _split(text, closed, replace(joints, starts=frozenset()), MOST_PARTS, lean, gaps=False) or (text,)
        return (text,)
    surely = whole is not None and whole.confidence >= SURE
    # Without free text an "and" was foreseen, whatever else was said a little differently: "can you add tea and milk".
    foreseen = whole is not None and surely and not _holds(whole, joints.joints)
    parts = (
        ()
        if foreseen
        else _split(text, understand, replace(joints, starts=frozenset()), MOST_PARTS, lean, gaps=not surely)
    )
    if parts:
        return parts
    if surely:
        return (_corrected(text, _exact(understand, free=False), joints.corrections) or text,)
    meant = _corrected(text, understand, joints.corrections)
    if meant is not None:
        return (meant,)
    # A correction inside one of several requests: "set an alarm for six no seven and turn off the lights".
    meant = _without_remark(text, understand, joints)
    if meant is not None:
        return (meant,)
    return _split(text, understand, joints, MOST_PARTS, lean, joints.corrections) or (text,)


def _without_remark(text: str, understand: Understand, joints: Joints) -> str | None:
    """The request in "it's too loud, turn it down" and in "lights off, I'm going out"; None where there is none such.

    A remark that names a place could say where: such a sentence is not cut.
    """

    def plain(part: str) -> bool:
        match = understand(part)
        return match is not None and match.confidence >= SURE and all(slot.kind != "text" for slot in match.slots)

    said = tokens(text)[:_LONGEST]
    texts = [token.text for token in said]
    for start, _ in found(said, joints.remarks):
        if start:
            request = text[: said[start - 1].end]
            if texts[start - 1] not in joints.leading and plain(request):
                return request
        for at in range(start + 2, len(said) - 1) if not start else ():
            places = any(one == "in" and two not in ("here", "there") for one, two in pairwise(texts[:at]))
            if texts[at] in joints.starts and texts[at - 1] not in joints.leading and not places:
                request = text[said[at].start :]
                if plain(request):
                    return request
    return None


def _holds(match: Match, phrases: Phrases) -> bool:
    """Whether one of the phrases stands inside of free text."""
    texts = [tokens(slot.spoken.text) for slot in match.slots if slot.kind == "text"]
    return any(0 < start < end < len(said) for said in texts for start, end in found(said, phrases))


def _exact(understand: Understand, *, free: bool) -> Understand:
    """Only exact matches; with free text only if `free`."""

    def exact(text: str) -> Match | None:
        match = understand(text)
        fits = match is not None and match.confidence == 1.0
        return match if match and fits and (free or all(slot.kind != "text" for slot in match.slots)) else None

    return exact


def _only_closed(understand: Understand) -> Understand:
    """Only exact matches that do not end with free text, which could go on."""

    def closed(text: str) -> Match | None:
        match = understand(text)
        if match is None or match.confidence < 1.0:
            return None
        said = words(text)
        open_ends = (words(slot.spoken.text) for slot in match.slots if slot.kind == "text")
        return None if any(end == said[len(said) - len(end) :] for end in open_ends) else match

    return closed


def _sparing(understand: Understand) -> Understand:
    """The same, but no text twice, and not more than a few: a long ramble must not keep the next one waiting."""
    known: dict[str, Match | None] = {}

    def ask(text: str) -> Match | None:
        if text not in known:
            if len(known) >= _MOST_TRIES:
                return None
            known[text] = understand(text)
        return known[text]

    return ask


def _split(
    text: str,
    understand: Understand,
    joints: Joints,
    most: int,
    lean: Lean,
    corrections: Phrases = (),
    *,
    gaps: bool = True,
) -> tuple[str, ...]:
    """Two or more parts that are all understood surely, by themselves or as going on from the one before, or nothing.
    The first joint that works counts."""

    def sure(part: str) -> str | None:
        return part if _is_sure(understand(part)) else _corrected(part, understand, corrections)

    if most < 2:
        return ()
    said = tokens(text)[:_LONGEST]
    for start, end in sorted({*found(said, joints.joints), *_seams(said, joints)}, key=lambda at: (at[0], -at[1])):
        if not 0 < start <= end < len(said):
            continue
        first = sure(text[: said[start - 1].end].strip())
        if first is None:
            continue
        rest = text[said[end].start :]
        further = _split(rest, understand, joints, most - 1, lean, corrections, gaps=gaps)
        if further:
            return (first, *further)
        last = sure(rest) or (_gapped(first, rest, understand) if gaps and start < end else None)
        if last is None and start < end and any(token.text in joints.pronouns for token in said[end:]):
            done = understand(first)
            last = rest if done is not None and lean(done, rest) else None
        if last is not None:
            return first, last
    return ()


def _seams(said: Sequence[Token], joints: Joints) -> Iterator[tuple[int, int]]:
    """Where a request may begin without a word between: "set a timer for five minutes, add flour to the list"."""
    for at in range(2, len(said) - 1):
        if said[at].text in joints.starts and said[at - 1].text not in joints.leading:
            yield at, at


def _gapped(first: str, rest: str, understand: Understand) -> str | None:
    """The second request where it leaves out how the first began: "turn on the kitchen light and the bedroom light"."""
    begun = words(first)
    done = understand(first)
    best: tuple[float, str] | None = None
    for count in range(1, min(len(begun), _LONGEST_GAP + 1)):
        meant = " ".join([*begun[:count], *words(rest)])
        match = understand(meant)
        if match is None or done is None or any(slot.kind == "text" for slot in match.slots):
            continue
        needed = SURE if match.intent == done.intent else 1.0
        if match.confidence >= needed and (best is None or match.confidence > best[0]):
            best = match.confidence, meant
    return best[1] if best is not None else None


def _corrected(text: str, understand: Understand, corrections: Phrases) -> str | None:
    """The sentence with what was taken back replaced; None where nothing was.

    Of what makes a sentence that which fits best counts. Among equals: who says a word again begins anew there ("ten
    plus five no ten plus six"); then the fewest words are taken back, late ones first.
    """
    said = tokens(text)[:_LONGEST]
    for start, end in found(said, corrections):
        if not 0 < start < end < len(said):
            continue
        before, after = [token.text for token in said[:start]], [token.text for token in said[end:]]
        best: tuple[float, str] | None = None
        again = [at for at, word in enumerate(before) if word == after[0] and at]
        for gone, kept in [*((at, len(before)) for at in again[-1:]), *_slips(len(before))]:
            meant = " ".join([*before[:gone], *after, *before[kept:]])
            match = understand(meant)
            needed = SURE if gone or kept < len(before) else 1.0  # all that was said before would be gone
            if match is not None and match.confidence >= needed and (best is None or match.confidence > best[0]):
                best = match.confidence, meant
                if match.confidence == 1.0:
                    break
        if best is not None:
            return best[1]
    return None


def _slips(length: int) -> Iterator[tuple[int, int]]:
    """What can have been taken back of so many words, as (from, to): short before long, late before early."""
    for size in range(1, min(_LONGEST_SLIP, length - 1) + 1):
        for end in range(length, max(size, length - _LONGEST_SLIP), -1):
            yield end - size, end
    yield 0, length


def _is_sure(match: Match | None) -> bool:
    return match is not None and match.confidence >= SURE
