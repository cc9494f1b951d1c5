"""Numbers, durations, times and dates as people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.grammar.sentences import TYPED
from assistant.grammar.values.read import read_value, typed_words
from assistant.grammar.values.speak import date_words, duration_words, number_words, time_words

DATA: dict[str, Any] = yaml.load(
    (Path(__file__).parents[1] / "sentences" / "en" / "values.yaml").read_text(encoding="utf-8"), yaml.BaseLoader
)
ZONE = ZoneInfo(DATA["zone"])
NOW = datetime.fromisoformat(DATA["now"]).replace(tzinfo=ZONE)
KINDS = ("number", "percentage", "duration", "time", "date", "datetime")
FORMS = [(kind, said, expected or None) for kind in KINDS for said, expected in DATA[kind].items()]


@pytest.mark.parametrize(("kind", "said", "expected"), FORMS, ids=[f"{kind}: {said}" for kind, said, _ in FORMS])
def test_what_people_say_means_what_they_mean(kind: Any, said: str, expected: str | None) -> None:
    value = read_value(kind, said, "en", NOW)
    if kind in ("number", "percentage", "duration") and expected is not None:
        assert value == pytest.approx(float(expected))
    else:
        assert value == expected


def test_there_are_enough_forms() -> None:
    assert len(FORMS) >= 200


NUMBERS = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.integers(-(10**9), 10**9).map(lambda n: n / 1000),
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(ZONE))


@given(NUMBERS)
def test_every_number_said_reads_back(value: float) -> None:
    assert read_value("number", number_words(value), "en", NOW) == value


@given(st.integers(1, 400 * 86400))
def test_every_duration_said_reads_back(value: int) -> None:
    assert read_value("duration", duration_words(value), "en", NOW) == value


@given(st.times(), MOMENTS)
def test_every_time_said_with_its_half_reads_back_whenever_it_is_said(value: time, now: datetime) -> None:
    assert read_value("time", time_words(value), "en", now) == value.strftime("%H:%M")


@given(st.dates(date(1100, 1, 1), date(2999, 12, 31)), MOMENTS)
def test_every_date_said_reads_back_whenever_it_is_said(value: date, now: datetime) -> None:
    assert read_value("date", date_words(value), "en", now) == value.isoformat()


@given(st.integers(1, 12), st.integers(0, 59), MOMENTS)
def test_a_bare_time_is_its_next_reading(hour: int, minute: int, now: datetime) -> None:
    said = f"{hour}:{minute:02}"
    found = datetime.fromisoformat(str(read_value("datetime", said, "en", now)))
    assert timedelta() < found - now <= timedelta(hours=25)
    assert found.minute == minute or found.utcoffset() != now.utcoffset()
    same = datetime.combine(found, time.fromisoformat(str(read_value("time", said, "en", now))), ZONE)
    assert same.astimezone(UTC) == found.astimezone(UTC)


@given(MOMENTS, st.integers(1, 100_000))
def test_a_duration_from_now_counts_real_time_through_clock_changes(now: datetime, minutes: int) -> None:
    found = datetime.fromisoformat(
        str(read_value("datetime", f"in {minutes} minutes", "en", now.replace(microsecond=0)))
    )
    assert found.astimezone(UTC) - now.replace(microsecond=0).astimezone(UTC) == timedelta(minutes=minutes)


@given(st.lists(st.sampled_from(sorted(typed_words("en", "datetime"))), max_size=8).map(" ".join), MOMENTS)
def test_any_words_of_time_mean_something_valid_or_nothing(text: str, now: datetime) -> None:
    for kind in TYPED:
        value = read_value(kind, text, "en", now)
        if kind == "datetime" and value is not None:
            assert datetime.fromisoformat(str(value)).tzinfo is not None
        if kind == "time" and value is not None:
            time.fromisoformat(str(value))


@pytest.mark.parametrize(
    ("now", "said", "meant"),
    [
        # set in the evening, seven is tomorrow morning; set in the morning it is the evening
        ("2026-11-23T20:00", "seven", "2026-11-24T07:00:00+01:00"),
        ("2026-11-23T06:59", "seven", "2026-11-23T07:00:00+01:00"),
        ("2026-11-23T07:00", "seven", "2026-11-23T19:00:00+01:00"),
        ("2026-11-23T23:50", "midnight", "2026-11-24T00:00:00+01:00"),
        ("2026-11-23T23:50", "tonight at one", "2026-11-24T01:00:00+01:00"),
        ("2026-11-23T20:00", "monday at seven", "2026-11-30T07:00:00+01:00"),
        # the clocks go forward on 28 March 2027 and back on 31 October 2027
        ("2027-03-27T12:00", "tomorrow at half past two am", "2027-03-28T03:30:00+02:00"),
        ("2027-03-28T01:30", "in an hour", "2027-03-28T03:30:00+02:00"),
        ("2027-03-27T10:00", "in a day", "2027-03-28T10:00:00+02:00"),
        ("2027-10-31T01:30", "in two hours", "2027-10-31T02:30:00+01:00"),
        ("2026-12-31T23:59", "in two minutes", "2027-01-01T00:01:00+01:00"),
    ],
)
def test_what_is_meant_depends_on_when_it_is_said(now: str, said: str, meant: str) -> None:
    assert read_value("datetime", said, "en", datetime.fromisoformat(now).replace(tzinfo=ZONE)) == meant


def test_a_time_that_a_clock_change_skips_is_still_called_what_it_was_called() -> None:
    now = datetime(2027, 3, 27, 23, 0, tzinfo=ZONE)
    assert read_value("time", "half past two in the morning", "en", now) == "02:30"
    assert read_value("datetime", "half past two in the morning", "en", now) == "2027-03-28T03:30:00+02:00"


def test_too_much_means_nothing() -> None:
    for said in ("in nine trillion years", "in ninety nine trillion minutes", "9" * 400 + " minutes"):
        assert read_value("datetime", said, "en", NOW) is None
    assert read_value("number", "nine " * 3000, "en", NOW) is None


def test_a_language_without_data_has_no_values() -> None:
    assert read_value("number", "sieben", "de", NOW) is None
