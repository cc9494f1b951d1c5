"""Results are right, and what has no result is said kindly."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from assistant.config.paths import TREE
from assistant.grammar.folder import read_sentences
from assistant.skills.dialogs import Dialogs
from assistant.testing.skills import SkillTester

CALCULATOR = TREE / "skills" / "calculator"
TABLES = Dialogs(CALCULATOR, "en")
LISTS = read_sentences("calculator", CALCULATOR, "en").entities


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


units = load(CALCULATOR / "units.py")
reckon = load(CALCULATOR / "reckon.py")


def test_every_word_of_a_list_has_a_meaning() -> None:
    assert set(LISTS["unit"]) == set(TABLES.table("unit"))
    assert set(TABLES.table("unit").values()) == set(TABLES.table("units"))
    assert set(TABLES.table("units")) == {unit for sizes in units.SIZES.values() for unit in sizes} | set(units.DEGREES)
    for name in ("operator", "verb"):
        assert {TABLES.table("operator")[word] for word in LISTS[name]} <= set(reckon.BINARY)
    for name in ("function", "power"):
        assert {TABLES.table("operator")[word] for word in LISTS[name]} <= set(reckon.UNARY)


@pytest.mark.parametrize(
    ("count", "unit", "to", "result"),
    [
        (1, "inch", "centimetre", 2.54), (26.2, "mile", "kilometre", 42.1648), (1, "stone", "pound", 14),
        (1, "kilogram", "ounce", 35.27396), (1, "gallon", "litre", 3.785412), (3, "teaspoon", "tablespoon", 1),
        (1, "pint", "ounce", 16), (-40, "celsius", "fahrenheit", -40), (100, "celsius", "fahrenheit", 212),
        (0, "kelvin", "celsius", -273.15), (100, "kilometre an hour", "mile an hour", 62.1371),
        (1, "acre", "hectare", 0.404686),
        (1, "kilowatt hour", "calorie", 860.4207), (1, "day", "minute", 1440),
    ],
)  # fmt: skip
def test_units(count: float, unit: str, to: str, result: float) -> None:
    assert units.convert(count, unit, to) == pytest.approx(result, rel=1e-5)
    assert units.convert(units.convert(count, unit, to), to, unit) == pytest.approx(count)


def test_a_british_pint_is_larger_and_kinds_do_not_mix() -> None:
    assert units.convert(1, "pint", "millilitre", imperial=True) == pytest.approx(568.26125)
    assert units.convert(1, "cup", "ounce", imperial=True) == pytest.approx(8.799, rel=1e-3)
    assert units.convert(1, "celsius", "metre") is None
    assert units.convert(1, "hour", "metre") is None


async def test_the_household_chooses_its_gallon() -> None:
    async with SkillTester(CALCULATOR, settings={"calculator.gallons": "uk"}) as tester:
        assert "four point five five litres" in (await tester.ask("how many litres in a gallon")).text
    async with SkillTester(CALCULATOR) as tester:
        assert "three point seven nine litres" in (await tester.ask("how many litres in a gallon")).text


@pytest.mark.parametrize(
    "said",
    [
        "zero divided by zero", "what is five modulo zero", "square root of minus one", "one percent of zero",
        "a billion times a billion", "a thousand to the power of a thousand", "minus two to the power of half",
        "zero to the power of minus one", "a million factorial", "minus three factorial", "half factorial",
        "what percentage of 0 is 12", "ninety nine trillion squared", "a trillion light years in millimetres",
        "one millimetre in light years", "minus one hundred degrees celsius in kelvin",
    ],
)  # fmt: skip
async def test_odd_questions_get_an_answer(said: str) -> None:
    async with SkillTester(CALCULATOR) as tester:
        reply = await tester.ask(said)
        assert reply.intent is not None
        assert reply.text
        assert not tester.failures


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("two plus three times four", "fourteen"), ("two times three plus four", "ten"),
        ("two times three to the power of two", "eighteen"), ("twelve divided by three times four", "sixteen"),
    ],
)  # fmt: skip
async def test_what_comes_first(said: str, result: str) -> None:
    async with SkillTester(CALCULATOR) as tester:
        assert result in (await tester.ask(said)).text.lower()
