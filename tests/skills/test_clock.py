"""Time elsewhere, occasions, and the tables behind them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import yaml

from assistant.config.paths import TREE
from assistant.grammar.folder import read_sentences
from assistant.skills.words import calendar_date, number
from assistant.testing.skills import SkillTester

CLOCK = TREE / "skills" / "clock"
TABLES = {name: yaml.safe_load((CLOCK / f"locale/en/{name}.yaml").read_text()) for name in ("place", "holiday")}


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_of_a_list_has_a_meaning(name: str) -> None:
    assert set(read_sentences("clock", CLOCK, "en").entities[name]) == set(TABLES[name])


def test_every_place_has_a_time_zone() -> None:
    assert len(TABLES["place"]) >= 150
    for zone in TABLES["place"].values():
        ZoneInfo(zone.partition(",")[0])


async def test_every_occasion_has_a_day() -> None:
    async with SkillTester(CLOCK) as tester:
        for holiday in TABLES["holiday"]:
            reply = await tester.ask(f"how many days until {holiday}")
            assert reply.intent == "clock.days_until"
            assert " until " in reply.text, holiday


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("easter", date(2026, 4, 5)), ("good friday", date(2026, 4, 3)), ("easter monday", date(2026, 4, 6)),
        ("thanksgiving", date(2026, 11, 26)), ("mother's day", date(2026, 5, 10)), ("new year's day", date(2027, 1, 1)),
    ],
)  # fmt: skip
async def test_moving_occasions(asked: str, said: date) -> None:
    async with SkillTester(CLOCK) as tester:
        days = (said - date(2026, 3, 2)).days
        assert number(days) in (await tester.ask(f"how many days until {asked}")).text.lower()


@pytest.mark.parametrize(("year", "day"), [(1961, (4, 2)), (2000, (4, 23)), (2008, (3, 23)), (2038, (4, 25))])
async def test_easter(year: int, day: tuple[int, int]) -> None:
    async with SkillTester(CLOCK, now=datetime(year, 1, 1, tzinfo=ZoneInfo("Europe/London"))) as tester:
        spoken = (await tester.ask("when is easter")).text
        assert calendar_date(date(year, *day)) in spoken


async def test_the_time_follows_the_household_and_the_setting() -> None:
    evening = datetime(2026, 7, 1, 18, 5, tzinfo=ZoneInfo("Europe/Berlin"))
    async with SkillTester(CLOCK, now=evening) as tester:
        assert "six oh five" in (await tester.ask("what time is it")).text.lower()
        assert "five oh five in the afternoon" in (await tester.ask("what time is it in london")).text.lower()
    async with SkillTester(CLOCK, now=evening, settings={"clock.hours": "24"}) as tester:
        assert "eighteen oh five" in (await tester.ask("what time is it")).text.lower()


async def test_a_day_in_the_past_is_said_to_be_past() -> None:
    async with SkillTester(CLOCK) as tester:
        assert "ago" in (await tester.ask("how many days until yesterday")).text


async def test_an_occasion_that_is_today_is_today() -> None:
    async with SkillTester(CLOCK, now=datetime(2026, 12, 25, 23, 59, tzinfo=ZoneInfo("Europe/Berlin"))) as tester:
        assert "today" in (await tester.ask("how many days until christmas")).text
        assert "tomorrow" in (await tester.ask("how long until boxing day")).text


@pytest.mark.parametrize(
    ("settings", "zone", "rise", "fall"),
    [
        # As almanacs have it, in the zone's own time.
        ({}, "Europe/Berlin", "four forty three", "nine thirty three"),
        (
            {"clock.latitude": "51.5", "clock.longitude": "-0.13"},
            "Europe/London",
            "four forty three",
            "nine twenty one",
        ),
        ({}, "America/New_York", "five twenty five", "eight thirty one"),
        ({}, "Australia/Sydney", "seven o'clock", "four fifty four"),
    ],
)
async def test_sunrise_and_sunset_at_midsummer(settings: dict[str, str], zone: str, rise: str, fall: str) -> None:
    now = datetime(2026, 6, 21, 9, 0, tzinfo=ZoneInfo(zone))
    async with SkillTester(CLOCK, now=now, settings=settings) as tester:
        assert rise in (await tester.ask("when is sunrise")).text.lower()
        assert fall in (await tester.ask("when is sunset")).text.lower()


async def test_where_the_sun_does_not_set_it_says_so() -> None:
    now = datetime(2026, 6, 21, 9, 0, tzinfo=UTC)
    settings = {"clock.latitude": "70", "clock.longitude": "20"}
    async with SkillTester(CLOCK, now=now, settings=settings) as tester:
        assert "neither" in (await tester.ask("when is sunset")).text
