"""The values that the words of an answer contain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.messages import Spoken
from assistant.skills.answers import find_values
from assistant.testing.skills import MONDAY


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ("um five minutes please", "duration", 300),
        ("one hour and ten minutes", "duration", 4200),
        ("make it two hours and a half", "duration", 9000),
        ("twenty five", "number", 25),
        ("the day after tomorrow i think", "date", "2026-03-04"),
        ("purple", "duration", None),
        ("what about nine tomorrow then", "datetime", "2026-03-03T09:00:00+00:00"),
        ("how many days until the thirty first of june", "date", None),
    ],
)
def test_the_longest_value_of_a_kind_is_found(said: str, kind: str, value: object) -> None:
    found = find_values(Spoken(said), "en", MONDAY).get(kind)
    assert (found.value if found else None) == value


@given(st.text(max_size=200))
def test_any_words_at_all_are_looked_at_without_failing(said: str) -> None:
    find_values(Spoken(said), "en", MONDAY)


def test_a_language_without_rules_has_no_values() -> None:
    assert find_values(Spoken("fünf minuten"), "xx", MONDAY) == {}
