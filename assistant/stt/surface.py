"""How the words of a network are written, token by token.

A recogniser writes "Ten-minute", "10 minute" or "ten, minute" for the same words. Here each place of the network gets
a tree of tokens with all the ways to write the words that can follow, made when a search first comes to the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from assistant.grammar.machine import ListMachine
from assistant.grammar.network import START, Network, Place
from assistant.stt.numerals import Numerals, next_digits
from assistant.stt.spelling import Spelling
from assistant.stt.tokenizer import EOS, Tokenizer

MOST_WORDS = 10_000
"""Words in all remembered trees together, before all trees are forgotten."""
_CODE_LETTERS = 2
_CODE_PARTS = 3
"""Of names such as M25 and 4x4."""
_MOST_LETTERS = 5
"""Of names such as R.E.M."""
_FEW = 24
"""Where no more words can follow, they may also be written together with the word before."""
_LONGEST_NUMBER = 5
"""Words of the longest number that is also looked for in digits inside the words of a skill."""

Words: TypeAlias = tuple[str, ...]
Grow: TypeAlias = "Callable[[Node], None]"
_Entry: TypeAlias = "tuple[tuple[int, ...], int, Words, tuple[Place, ...], Grow | None]"
"""Tokens, how many of them lie behind, and what is written with them."""
_Spell: TypeAlias = Callable[[str], tuple[tuple[int, ...], ...]]


class Node:
    """In a tree of tokens. `ends` are the words that are complete here, and the places behind them.

    A search takes a few of thousands of branches, so a branch is made when it is first taken; until then it is a list
    of what it holds. A wide search takes tens of thousands, so a node has only what it needs.
    """

    __slots__ = ("_branches", "_ids", "_waiting", "ends")

    def __init__(self) -> None:
        self._waiting: list[_Entry | Grow] = []
        self._branches: dict[int, _Entry | list[_Entry] | Node] | None = None
        self._ids: npt.NDArray[np.int64] | None = None
        self.ends: tuple[tuple[Words, tuple[Place, ...]], ...] = ()

    @property
    def leaf(self) -> bool:
        """Whether nothing can follow."""
        return not (self._waiting or self._branches)

    def later(self, grow: Grow) -> None:
        """Let `grow` add to this node when it is needed."""
        self._waiting.append(grow)

    def insert(self, tokens: tuple[int, ...], words: Words, places: tuple[Place, ...]) -> None:
        """Add a way to write `words`. Only before the node is looked at."""
        self._waiting.append((tokens, 0, words, places, None))

    def branch(self, tokens: tuple[int, ...], grow: Grow) -> None:
        """Let `grow` add to the node behind `tokens` as soon as there is one."""
        self._waiting.append((tokens, 0, (), (), grow))

    def end(self, words: Words, places: tuple[Place, ...]) -> None:
        """Let `words` be complete here."""
        if (words, places) not in self.ends:
            self.ends += ((words, places),)

    def next(self, token: int) -> Node | None:
        """The node behind `token`."""
        branches = self._open()
        known = branches.get(token)
        if known is None or isinstance(known, Node):
            return known
        branches[token] = node = Node()
        node._fill([known] if isinstance(known, tuple) else known)
        return node

    @property
    def ids(self) -> npt.NDArray[np.int64]:
        """The tokens that can follow, as an array."""
        if self._ids is None:
            self._ids = np.array([*self._open()], np.int64)
        return self._ids

    def _open(self) -> dict[int, _Entry | list[_Entry] | Node]:
        """The branches, once they are needed."""
        if self._branches is None:
            self._branches = {}
            for entry in self._waiting:  # which may grow meanwhile
                if not isinstance(entry, tuple):
                    entry(self)
                    continue
                known = self._branches.setdefault(token := entry[0][entry[1]], entry)
                if isinstance(known, list):
                    known.append(entry)
                elif isinstance(known, tuple) and known is not entry:
                    self._branches[token] = [known, entry]
            self._waiting.clear()
        return self._branches

    def _fill(self, entries: Iterable[_Entry]) -> None:
        for tokens, place, words, places, grow in entries:
            if place + 1 < len(tokens):
                self._waiting.append((tokens, place + 1, words, places, grow))
            elif grow is not None:
                grow(self)
            else:
                self.end(words, places)


class Surface:
    """The trees of one network."""

    def __init__(self, network: Network, tokenizer: Tokenizer) -> None:
        self.network = network
        self._tokenizer = tokenizer
        self._numerals = Numerals(network.language)
        self._spelling = Spelling(network.language, tokenizer, self._numerals)
        self.same: Mapping[str | int, str] = self._spelling.same
        """Word -> the one that stands for all its spellings."""
        self._trees: dict[Place, Node] = {}
        self._words = 0
        self.comma = tokenizer.encode_glued(",")[0]
        self.hyphen = tokenizer.encode_glued("-")[0]
        self._space = tokenizer.encode("1")[0]
        self.stops = frozenset(tokenizer.encode_glued(mark)[0] for mark in ".?!")
        self.ends = np.array([EOS, *self.stops])
        """What can come behind the last word."""

    def without_end(self, tokens: tuple[int, ...]) -> tuple[int, ...]:
        """A sentence up to its last word."""
        words = tokens[: -1 if tokens[-1] == EOS else None]
        return words[:-1] if words[-1] in self.stops else words

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
            known.later(partial(self._grow, place))
        return known

    def _grow(self, place: Place, root: Node) -> None:
        nexts = self.network.nexts(place)
        self._add_spaced(place, root)
        if place == START or nexts.last:
            return
        root.branch((self.comma,), partial(_add_later, partial(self._add_spaced, place)))
        root.branch((self.hyphen,), partial(_add_later, partial(self._add_glued, place)))
        few = len(nexts.words) <= _FEW
        for word, places in nexts.words.items():
            for tokens in (*self._spelling.joined(word), *(self._spelling.behind(word) if few else ())):
                root.insert(tokens, (word,), places)

    def _add_spaced(self, place: Place, node: Node) -> None:
        """What can follow a space."""
        nexts = self.network.nexts(place)
        self._add_words(node, nexts.words, self._spelling.spaced)
        for words, places in self._numbers(place):
            for digits in self._numerals.written(words):
                node.insert(self._tokenizer.encode(digits), words, places)
        for words, places in self._codes(place):
            for tokens in self._spelling.code(words):
                node.insert(tokens, words, places)
        for kind, places in nexts.digits.items():
            node.branch((self._space,), partial(self._digits, kind, "", places))

    def _add_glued(self, place: Place, node: Node) -> None:
        """What can follow a hyphen."""
        self._add_words(node, self.network.nexts(place).words, self._spelling.glued)
        for words, places in self._numbers(place):
            for digits in self._numerals.written(words):
                node.insert(self._tokenizer.encode_glued(digits), words, places)

    def _add_words(self, node: Node, following: Mapping[str, tuple[Place, ...]], spell: _Spell) -> None:
        self._words += len(following)
        for word, places in following.items():
            said = (word,)
            for tokens in spell(word):
                node.insert(tokens, said, places)

    def _digits(self, kind: str, prefix: str, places: tuple[Place, ...], node: Node) -> None:
        """Numbers of a kind that begin with `prefix`, at whose end `node` is."""
        following, complete = next_digits(kind, prefix)
        if complete:
            node.end((self._numerals.spoken(kind, prefix),), places)
        if following:
            # A digit stands in the way of many words and is given up at once.
            node.later(partial(self._add_digits, kind, prefix, places))

    def _add_digits(self, kind: str, prefix: str, places: tuple[Place, ...], node: Node) -> None:
        for piece in next_digits(kind, prefix)[0]:
            node.branch(self._tokenizer.encode_glued(piece), partial(self._digits, kind, prefix + piece, places))

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
                following = self.network.nexts(here).words
                for word in following.keys() & known:
                    own = tuple(target for target in following[word] if self._is_own(target))
                    if own:
                        waiting.append(((*words, word), own))

    def _codes(self, place: Place) -> Iterator[tuple[Words, tuple[Place, ...]]]:
        """Letters and digits in turn, and single letters, that may be written as one word: M25, 3D, 4x4, REM."""
        waiting: list[tuple[Words, tuple[Place, ...]]] = [((), (place,))]
        while waiting:
            words, places = waiting.pop()
            for here in places:
                for word, after in self.network.nexts(here).words.items():
                    if not word.isdecimal() and len(word) > _CODE_LETTERS:
                        continue
                    if words and word.isdecimal() == words[-1].isdecimal() and not self._are_letters(*words, word):
                        continue
                    own = tuple(target for target in after if self._is_own(target))
                    if own and words:
                        yield (*words, word), own
                    if own and len(words) + 1 < (_MOST_LETTERS if self._are_letters(*words, word) else _CODE_PARTS):
                        waiting.append(((*words, word), own))

    @staticmethod
    def _are_letters(*words: str) -> bool:
        return all(len(word) == 1 and word.isalpha() for word in words)

    def _is_own(self, place: Place) -> bool:
        slot = self.network.slot_of(place)
        return slot is None or isinstance(slot.machine, ListMachine)


def _add_later(grow: Grow, node: Node) -> None:
    node.later(grow)
