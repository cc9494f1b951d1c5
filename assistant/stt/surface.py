"""How the words of a network are written, token by token.

A recogniser writes "Ten-minute", "10 minute" or "ten, minute" for the same words. Here each place of the network gets
a tree of tokens with all the ways to write the words that can follow, made when a search first comes to the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import yaml

from assistant.errors import EngineError
from assistant.grammar.machine import ListMachine
from assistant.grammar.network import START, Network, Place
from assistant.grammar.sound import FOLDER
from assistant.stt.numerals import Numerals, next_digits
from assistant.stt.tokenizer import EOS, Tokenizer

MOST_WORDS = 20_000
"""Words in all remembered trees together, before all trees are forgotten; a word takes about 1 kB."""
_UPPER = 4
"""Words up to this length may be written in capitals."""
_LONGEST_NUMBER = 5
"""Words of the longest number that is also looked for in digits inside the words of a skill."""

Words: TypeAlias = tuple[str, ...]
_Spell: TypeAlias = Callable[[str], tuple[tuple[int, ...], ...]]


class Node:
    """In a tree of tokens. `ends` are the words that are complete here, and the places behind them.

    Trees of digits are very large, so `later` adds branches only when they are first asked for.
    """

    __slots__ = ("_ids", "_later", "_next", "ends")

    def __init__(self, following: dict[int, Node] | None = None) -> None:
        self._next: dict[int, Node] = {} if following is None else following
        self._later: list[Callable[[], None]] = []
        self._ids: npt.NDArray[np.int64] | None = None
        self.ends: list[tuple[Words, tuple[Place, ...]]] = []

    @property
    def next(self) -> dict[int, Node]:
        """The nodes behind each token."""
        while self._later:
            self._later.pop()()
        return self._next

    def later(self, grow: Callable[[], None]) -> None:
        """Let `grow` add branches when they are needed."""
        self._later.append(grow)

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The tokens that can follow, as an array. Only once the tree is complete."""
        if self._ids is None:
            self._ids = np.fromiter(self.next, np.int64, len(self.next))
        return self._ids

    def insert(self, tokens: Iterable[int], words: Words, places: tuple[Place, ...]) -> None:
        """Add a way to write `words`."""
        node = self
        for token in tokens:
            node = node.next.setdefault(token, Node())
        if (words, places) not in node.ends:
            node.ends.append((words, places))


@dataclass(frozen=True, slots=True)
class Writing:
    """A language's other spellings."""

    instead: Mapping[str, Words]
    glued: Mapping[str, Words]


@cache
def read_writing(language: str) -> Writing:
    """From the language's file; without one nothing is spelled differently. Raises EngineError for a broken file."""
    path = FOLDER / f"{language.lower().split('-')[0]}.writing.yaml"
    if not path.is_file():
        return Writing({}, {})
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        tables = [
            {str(word): tuple(map(str, other)) for word, other in data[name].items()} for name in ("instead", "glued")
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"cannot be used ({error!r})", where=str(path), hint="Compare it with en.writing.yaml"
        ) from error
    return Writing(*tables)


class Surface:
    """The trees of one network."""

    def __init__(self, network: Network, tokenizer: Tokenizer) -> None:
        self.network = network
        self._tokenizer = tokenizer
        self._writing = read_writing(network.language)
        self._numerals = Numerals(network.language)
        self._spelled: dict[str, tuple[tuple[int, ...], ...]] = {}
        self._glued: dict[str, tuple[tuple[int, ...], ...]] = {}
        self._trees: dict[Place, Node] = {}
        self._words = 0
        self.comma = tokenizer.encode_glued(",")[0]
        self.hyphen = tokenizer.encode_glued("-")[0]
        self._space = tokenizer.encode("1")[0]
        self.stops = frozenset(tokenizer.encode_glued(mark)[0] for mark in ".?!")
        self.end = frozenset({EOS})

    def tree(self, place: Place) -> Node:
        """All ways to go on from `place`, which lies between two words."""
        known = self._trees.get(place)
        if known is None:
            if self._words > MOST_WORDS:
                start = self._trees.pop(START)
                self._trees.clear()
                self._trees[START] = start
                self._words = 0
            # Most places are only looked at from afar: a search gives them up before it takes a step there.
            known = self._trees[place] = Node()
            known.later(partial(self._grow, known, place))
        return known

    def _grow(self, root: Node, place: Place) -> None:
        nexts = self.network.nexts(place)
        self._add_words(root, nexts.words, self._spellings)
        for words, places in self._numbers(place):
            for digits in self._numerals.written(words):
                root.insert(self._tokenizer.encode(digits), words, places)
        for kind, places in nexts.digits.items():
            self._insert_digits(root, self._space, kind, places)
        if place == START or nexts.last:
            return
        spaced = Node(dict(root.next))
        hyphen = Node()
        hyphen.later(partial(self._add_glued, hyphen, place))
        root.next[self.comma] = spaced
        root.next[self.hyphen] = hyphen
        for word in self._writing.glued.keys() & nexts.words.keys():
            for sign in self._writing.glued[word]:
                root.insert(self._tokenizer.encode_glued(sign), (word,), nexts.words[word])

    def _add_words(self, root: Node, following: Mapping[str, tuple[Place, ...]], spell: _Spell) -> None:
        for word, places in following.items():
            self._words += 1
            for tokens in spell(word):
                root.insert(tokens, (word,), places)

    def _add_glued(self, root: Node, place: Place) -> None:
        """What can follow a hyphen."""
        self._add_words(root, self.network.nexts(place).words, self._glued_spellings)
        for words, places in self._numbers(place):
            for digits in self._numerals.written(words):
                root.insert(self._tokenizer.encode_glued(digits), words, places)

    def _insert_digits(self, root: Node, first: int, kind: str, places: tuple[Place, ...]) -> None:
        """Branches for all numbers of a kind, after the token `first`."""

        def branch(node: Node, prefix: str) -> None:
            for piece in next_digits(kind, prefix)[0]:
                here = node
                for token in self._tokenizer.encode_glued(piece):
                    here = here.next.setdefault(token, Node())
                whole = prefix + piece
                if next_digits(kind, whole)[1]:
                    here.ends.append(((self._numerals.spoken(kind, whole),), places))
                here.later(partial(branch, here, whole))

        branch(root.next.setdefault(first, Node()), "")

    def _numbers(self, place: Place) -> Iterator[tuple[Words, tuple[Place, ...]]]:
        """Numbers in words that the skill itself has written, as in "channel five"; typed values have theirs."""
        known = self._numerals.vocabulary
        waiting: list[tuple[Words, tuple[Place, ...]]] = [((), (place,))]
        while waiting:
            words, places = waiting.pop()
            if words and self._numerals.written(words):
                yield words, places
            if len(words) == _LONGEST_NUMBER:
                continue
            for here in places:
                for word, after in self.network.nexts(here).words.items():
                    if word in known:
                        own = tuple(target for target in after if self._is_own(target))
                        if own:
                            waiting.append(((*words, word), own))

    def _is_own(self, place: Place) -> bool:
        slot = self.network.slot_of(place)
        return slot is None or isinstance(slot.machine, ListMachine)

    def _spellings(self, word: str) -> tuple[tuple[int, ...], ...]:
        known = self._spelled.get(word)
        if known is None:
            spellings = [word, word[:1].upper() + word[1:]]
            if len(word) <= _UPPER:
                spellings.append(word.upper())
            for other in self._writing.instead.get(word, ()):
                spellings += [other, other[:1].upper() + other[1:]]
            known = self._spelled[word] = tuple(dict.fromkeys(map(self._tokenizer.encode, spellings)))
        return known

    def _glued_spellings(self, word: str) -> tuple[tuple[int, ...], ...]:
        known = self._glued.get(word)
        if known is None:
            spellings = [word, word[:1].upper() + word[1:]]
            known = self._glued[word] = tuple(dict.fromkeys(map(self._tokenizer.encode_glued, spellings)))
        return known
