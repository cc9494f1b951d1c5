"""Chance is fair, and a joke is not told twice in a row."""

from collections import Counter
from itertools import pairwise

import pytest

from assistant.config.paths import TREE
from assistant.skills.words import number
from assistant.testing.skills import MONDAY, SkillTester

SMALLTALK = TREE / "skills" / "smalltalk"


async def test_coins_and_dice_show_every_side() -> None:
    async with SkillTester(SMALLTALK) as tester:
        coins = Counter([(await tester.ask("flip a coin")).text for _ in range(20)])
        assert set(coins) == {"Heads.", "Tails."}
        points = Counter([(await tester.ask("roll a die")).text.removeprefix("It's ").lower() for _ in range(200)])
        assert set(points) == {f"{number(point)}." for point in range(1, 7)}


async def test_a_joke_is_not_told_twice_in_a_row() -> None:
    async with SkillTester(SMALLTALK) as tester:
        told = [(await tester.ask("tell me a joke")).text for _ in range(40)]
        assert all(one != other for one, other in pairwise(told))
        assert len(set(told)) > 5


@pytest.mark.parametrize("said", ["roll zero dice", "roll a one sided die", "roll a million dice", "roll half dice"])
async def test_dice_that_nobody_has_are_refused(said: str) -> None:
    async with SkillTester(SMALLTALK) as tester:
        assert "up to twenty dice" in (await tester.ask(said)).text
        assert not tester.failures


@pytest.mark.parametrize(("hour", "said"), [(5, "morning"), (13, "afternoon"), (20, "evening"), (2, "evening")])
async def test_a_greeting_knows_the_time(hour: int, said: str) -> None:
    async with SkillTester(SMALLTALK, now=MONDAY.replace(hour=hour)) as tester:
        assert said in (await tester.ask("good morning")).text
