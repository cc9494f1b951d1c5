"""Template lines: what they mean, what they refuse, and that writing and reading agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import SkillError
from assistant.grammar.templates import (
    NOTHING,
    Choice,
    Node,
    SlotRef,
    Word,
    can_be_empty,
    choice,
    parse_line,
    parse_lines,
    sequence,
    slots,
    vocabulary,
    write,
)

LETTERS = st.text("abcdefg", min_size=1, max_size=4)
LEAVES = st.one_of(
    st.builds(Word, LETTERS),
    st.builds(SlotRef, LETTERS, st.sampled_from(["", "time", "place"])),
)


def _nodes(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    sequences = st.lists(inner, min_size=1, max_size=4).map(sequence)
    choices = st.lists(st.one_of(inner, st.just(NOTHING)), min_size=2, max_size=4).map(choice)
    return st.one_of(sequences, choices)


NODES = st.recursive(LEAVES, _nodes, max_leaves=12)


@given(NODES)
def test_a_written_tree_reads_back_as_itself(node: Node) -> None:
    if can_be_empty(node):
        node = sequence((Word("x"), node))
    assert parse_line(write(node)) == node


@given(st.text(alphabet="ab |()[]{}:#_1,", max_size=30))
def test_any_line_is_read_or_refused_with_its_place(line: str) -> None:
    try:
        node = parse_line(line, file="some.intent", number=7)
    except SkillError as error:
        assert error.where.startswith("some.intent:7:")
        assert error.hint
    else:
        assert any(True for _ in slots(node)) or any(True for _ in vocabulary(node))


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("turn [(a|an)] x", "turn (a|an|) x"),
        ("light[s] off", "(lights|light) off"),
        ("(un|)lock", "(unlock|lock)"),
        ("What's UP, twenty-five?", "what's up twenty five"),
        ("wake me at {{ time }}", "wake me at {time}"),
        ("from {start:time} to {end:time}", "from {start:time} to {end:time}"),
        ("(yes|no), please", "(yes|no) please"),
        ("say (a (b|c)|d)", "say (a (b|c)|d)"),
        ("{size}{roast} coffee", "{size} {roast} coffee"),
    ],
)
def test_different_spellings_mean_the_same(line: str, same: str) -> None:
    assert write(parse_line(line)) == same


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("set (a timer", 5),
        ("set a) timer", 6),
        ("set [a) timer", 7),
        ("set {name", 5),
        ("set {1name}", 6),
        ("set a} timer", 6),
        ("yes|no", 4),
        ("set () timer", 5),
        ("[please]", 1),
        ("set (a|[b) c", 10),
        ("((((((((((((((((((((((a))))))))))))))))))))))", 21),
    ],
)
def test_a_broken_line_is_refused_at_its_column(line: str, column: int) -> None:
    with pytest.raises(SkillError) as caught:
        parse_line(line, file="set.intent", number=4)
    assert caught.value.where == f"set.intent:4:{column}"


def test_comments_and_blank_lines_say_nothing() -> None:
    nodes = parse_lines(["\ufeff# heading", "", "   ", "one", "  # two", "three // four", "wait ## minutes"])
    assert [write(node) for node in nodes] == ["one", "three four", "wait {number:number} minutes"]


def test_a_line_that_stands_for_billions_is_read_at_once() -> None:
    node = parse_line(" ".join(["(a|b|c|d|e|f|g|h)"] * 40))
    assert isinstance(node.parts[0], Choice)  # type: ignore[union-attr]


def test_a_word_with_too_many_endings_is_refused() -> None:
    with pytest.raises(SkillError, match="glued"):
        parse_line("x" + "(a|b|c)" * 5)
