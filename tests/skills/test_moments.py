"""A moment in words, as seen from another."""

from datetime import datetime

import pytest

from assistant.skills.words import moment

NOW = datetime(2026, 3, 2, 9, 30)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (datetime(2026, 3, 2, 18, 5), "today at six oh five in the evening"),
        (datetime(2026, 3, 3, 7, 0), "tomorrow at seven o'clock in the morning"),
        (datetime(2026, 3, 3, 0, 0), "tomorrow at midnight"),
        (datetime(2026, 3, 6, 12, 0), "on Friday at noon"),
        (datetime(2026, 3, 9, 12, 15), "on Monday the ninth of March at twelve fifteen in the afternoon"),
        (datetime(2027, 1, 1, 23, 0), "on Friday the first of January twenty twenty seven at eleven o'clock at night"),
        (datetime(2026, 3, 1, 7, 0), "yesterday at seven o'clock in the morning"),
    ],
)
def test_a_moment_is_said_as_seen_from_now(then: datetime, said: str) -> None:
    assert moment(then, NOW) == said
