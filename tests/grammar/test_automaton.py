"""Templates as an automaton: it says exactly what they say, and stays small."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import SkillError
from assistant.grammar.automaton import Automaton, compile_templates
from assistant.grammar.folder import read_sentences
from assistant.grammar.sample import sample, samples
from assistant.grammar.templates import Node, SlotRef, Word, can_be_empty, choice, parse_line, parse_lines
from tests.grammar.test_templates import NODES

COFFEE = Path(__file__).parents[3] / "shared" / "recordings" / "commands"


def accepts(automaton: Automaton, sentence: tuple[Word | SlotRef, ...]) -> tuple[int, ...]:
    state: int | None = automaton.start
    for each in sentence:
        assert state is not None
        if isinstance(each, Word):
            state = automaton.words[state].get(each.text)
        else:
            state = dict(automaton.slots[state]).get(each)
        if state is None:
            return ()
    assert state is not None
    return automaton.final[state]


@given(st.lists(NODES.filter(lambda node: not can_be_empty(node)), min_size=1, max_size=4), st.integers())
def test_it_accepts_every_sentence_of_every_template(nodes: list[Node], seed: int) -> None:
    automaton = compile_templates(nodes)
    for number, node in enumerate(nodes):
        assert number in accepts(automaton, sample(node, Random(seed)))


@given(NODES, st.lists(st.sampled_from("abcdefg"), max_size=5), st.integers())
def test_it_accepts_nothing_else(node: Node, words: list[str], seed: int) -> None:
    said = tuple(Word(word) for word in words)
    random = Random(seed)
    if accepts(compile_templates([node]), said):
        every = set()
        for _ in range(3000):
            every.add(sample(node, random))
            if said in every:
                return
        raise AssertionError(f"{said} is no sentence")


def test_equal_beginnings_and_endings_are_shared() -> None:
    lines = [f"{verb} the {thing} {place}" for verb in "abcdef" for thing in "ghijk" for place in "lmnop"]
    assert len(compile_templates([choice(parse_lines(lines))]).words) == 5


def test_a_line_that_stands_for_billions_stays_small() -> None:
    node = parse_line(" ".join(["[(a|b|c|d|e|f|g|h)]"] * 40) + " end")
    assert len(compile_templates([node]).words) <= 42


def test_an_endless_sentence_is_refused() -> None:
    with pytest.raises(SkillError, match="too long"):
        compile_templates([parse_line("a " * 200)], "x.intent")


def test_samples_are_different_and_no_more_than_asked_for() -> None:
    nodes = parse_lines(["(a|b|c|d) (e|f|g)", "one"])
    found = samples(nodes, 6, Random(1))
    assert len(found) == len(set(found)) == 6
    assert samples(nodes, 6, Random(1)) == found


@pytest.mark.skipif(not COFFEE.is_dir(), reason="needs the recordings beside the project")
def test_eighty_lines_of_coffee_share_nearly_all_their_states() -> None:
    sentences = read_sentences("coffee", COFFEE, "en")
    automaton = compile_templates([choice(parse_lines(sentences.intents["orderDrink"]))])
    assert len(sentences.intents["orderDrink"]) == 80
    assert len(automaton.words) < 80
