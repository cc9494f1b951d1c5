"""Lists keep what is put on them, each thing once, until somebody takes it off and means it."""

from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.grammar.folder import read_sentences
from assistant.skills.dialogs import Dialogs
from assistant.testing.skills import SkillTester

LIST = TREE / "skills" / "list"


@pytest.mark.parametrize("name", ["which", "goods"])
def test_every_entry_of_a_list_has_a_meaning(name: str) -> None:
    assert set(read_sentences("list", LIST, "en").entities[name]) == set(Dialogs(LIST, "en").table(name)) - {""}


async def on_it(tester: SkillTester, name: str = "shopping") -> str:
    return (await tester.ask(f"what's on the {name} list")).text.lower()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("milk, eggs and bread", "milk, eggs and bread"),
        ("milk eggs bread salt and pepper and tea bags", "milk, eggs, bread, salt and pepper and tea bags"),
        ("a bottle of red wine, the good cheese and some blu tack", "bottle of red wine, good cheese and blu tack"),
        ("mac and cheese", "mac and cheese"),
        ("milk and milk", "milk"),
        ("batteries and", "batteries"),
        ("two litres of milk", "two litres of milk"),
        ("Milk, bread.", "milk and bread"),
    ],
)
async def test_several_things_are_parted(said: str, kept: str) -> None:
    async with SkillTester(LIST) as tester:
        await tester.ask("add something to my shopping list")
        await tester.ask(said)
        assert f": {kept}." in await on_it(tester)


async def test_a_list_survives_a_restart_and_holds_each_thing_once(tmp_path: Path) -> None:
    async with SkillTester(LIST, data=tmp_path) as tester:
        await tester.ask("add milk and eggs to the shopping list")
        assert "already" in (await tester.ask("add egg to the shopping list")).text
        await tester.restart(reboot=True)
        assert ": milk and eggs." in await on_it(tester)


async def test_lists_are_kept_apart_and_named() -> None:
    async with SkillTester(LIST) as tester:
        await tester.ask("add milk to my grocery list")
        await tester.ask("add call the plumber to my to do list")
        await tester.ask("create a list called garden party")
        await tester.ask("add lanterns to my garden party list")
        assert ": milk." in await on_it(tester)
        assert ": call the plumber." in await on_it(tester, "to do")
        assert ": lanterns." in await on_it(tester, "garden party")
        assert "three lists" in (await tester.ask("what lists do i have")).text.lower()


async def test_things_are_found_and_taken_off_by_a_part_of_their_name() -> None:
    async with SkillTester(LIST) as tester:
        await tester.ask("add two litres of milk, eggs and bread to the shopping list")
        assert (await tester.ask("is milk on the shopping list")).text.startswith("Yes")
        assert "two litres of milk" in (await tester.ask("take milk off the shopping list")).text.lower()
        await tester.ask("remove the eggs and the bread from the shopping list")
        assert ":" not in await on_it(tester)


@pytest.mark.parametrize(
    ("answer", "gone"),
    [
        ("yes", True),
        ("yes please", True),
        ("sure", True),
        ("no", False),
        ("um what", False),
        ("no don't clear it", False),
    ],
)
async def test_a_list_is_cleared_only_after_a_yes(answer: str, gone: bool) -> None:
    async with SkillTester(LIST) as tester:
        await tester.ask("add milk to the shopping list")
        assert (await tester.ask("clear the shopping list")).ask
        await tester.ask(answer)
        assert ("milk" not in await on_it(tester)) is gone


async def test_a_list_that_nobody_made_is_made_after_a_yes() -> None:
    async with SkillTester(LIST) as tester:
        for answer, kept in (("no", False), ("yes", True)):
            assert (await tester.ask("add milk to the chopping list")).ask
            await tester.ask(answer)
            assert ("milk" in await on_it(tester, "chopping")) is kept
        assert not (await tester.ask("add eggs to the chopping list")).ask


async def test_a_question_that_is_refused_adds_nothing() -> None:
    async with SkillTester(LIST) as tester:
        await tester.ask("add something to my shopping list")
        await tester.ask("never mind")
        assert "nothing on it" in await on_it(tester)


async def test_a_full_list_and_a_full_disk_are_said(tmp_path: Path) -> None:
    async with SkillTester(LIST) as tester:
        await tester.ask("add something to my shopping list")
        await tester.ask(", ".join(f"thing {number}" for number in range(201)))
        assert "nothing on it" in await on_it(tester)
    (tmp_path / "skill-data").write_text("a file where the folder should be")
    async with SkillTester(LIST, data=tmp_path) as tester:
        assert "can't save" in (await tester.ask("add milk to the shopping list")).text
        assert not tester.failures


@pytest.mark.parametrize("broken", ["{", '{"lists": 5}', '{"lists": {"shopping": 5, "to do": [1, null]}}'])
async def test_a_broken_store_does_not_stop_a_new_list(tmp_path: Path, broken: str) -> None:
    (tmp_path / "skill-data").mkdir()
    (tmp_path / "skill-data" / "list.json").write_text(broken)
    async with SkillTester(LIST, data=tmp_path) as tester:
        await tester.ask("add milk to the shopping list")
        assert "milk" in await on_it(tester)
