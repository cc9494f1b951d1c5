"""Replies are words that are pleasant to hear."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grammar.values.read import read_value
from assistant.skills import words
from assistant.testing.skills import MONDAY


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (0, "zero"), (13, "thirteen"), (21, "twenty one"), (100, "one hundred"), (115, "one hundred and fifteen"),
        (1_002, "one thousand and two"), (1_000_000, "one million"),
        (-2.5, "minus two point five"), (3.25, "three point two five"),
    ],
)  # fmt: skip
def test_numbers(value: float, spoken: str) -> None:
    assert words.number(value) == spoken


@given(st.integers(min_value=0, max_value=10**6))
def test_a_number_that_is_said_is_understood_as_itself(value: int) -> None:
    assert read_value("number", words.number(value), "en", MONDAY) == value


@given(st.integers(min_value=1, max_value=10 * 86400).map(lambda seconds: seconds // 60 * 60 or seconds))
def test_a_length_that_is_said_is_understood_as_itself(seconds: int) -> None:
    spoken = words.duration(timedelta(seconds=seconds))
    heard = read_value("duration", spoken, "en", MONDAY)
    assert isinstance(heard, (int, float))
    assert 0 <= seconds - heard < (3600 if seconds >= 86400 else 60)


@pytest.mark.parametrize(
    ("seconds", "spoken", "adjective"),
    [
        (300, "five minutes", "five minute"), (60, "one minute", "one minute"),
        (90, "one minute and thirty seconds", "one minute thirty second"),
        (86_400, "one day", "one day"), (5400, "one hour and thirty minutes", "one hour thirty minute"),
        (-5, "no time", "no time"),
    ],
)  # fmt: skip
def test_lengths(seconds: int, spoken: str, adjective: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == spoken
    assert words.duration(timedelta(seconds=seconds), adjective=True) == adjective


@pytest.mark.parametrize(
    ("moment", "twelve", "twenty_four"),
    [
        (time(18, 5), "six oh five", "eighteen oh five"), (time(0, 0), "twelve o'clock", "zero hundred hours"),
        (time(9, 30), "nine thirty", "nine thirty"), (time(12, 45), "twelve forty five", "twelve forty five"),
    ],
)  # fmt: skip
def test_times(moment: time, twelve: str, twenty_four: str) -> None:
    assert words.clock_time(moment) == twelve
    assert words.clock_time(moment, hours=24) == twenty_four


@pytest.mark.parametrize(
    ("day", "spoken"),
    [
        (date(2026, 3, 2), "Monday the second of March twenty twenty six"),
        (date(2005, 5, 31), "Tuesday the thirty first of May two thousand and five"),
        (date(1999, 12, 12), "Sunday the twelfth of December nineteen ninety nine"),
        (date(1900, 1, 20), "Saturday the twentieth of January nineteen hundred"),
    ],
)
def test_dates(day: date, spoken: str) -> None:
    assert words.calendar_date(day, year=True) == spoken


def test_lists() -> None:
    assert [words.listing(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_another_language_gets_numerals() -> None:
    assert words.say(21, "de") == "21"
    assert words.say(time(18, 5), "de") == "18:05"
