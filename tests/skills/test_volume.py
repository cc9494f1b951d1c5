"""The volume goes where it is asked to, within what can be heard."""

import pytest

from assistant.config.paths import TREE
from assistant.grammar.folder import read_sentences
from assistant.skills.dialogs import Dialogs
from assistant.testing.skills import SkillTester

VOLUME = TREE / "skills" / "volume"


def test_every_entry_of_a_list_has_a_meaning() -> None:
    assert set(read_sentences("volume", VOLUME, "en").entities["much"]) == set(Dialogs(VOLUME, "en").table("much"))


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("louder", 0.6), ("quieter", 0.4), ("a lot louder", 0.75), ("a bit quieter", 0.45),
        ("volume eighty percent", 0.8),
        ("set the volume to three", 0.3), ("set the volume to three percent", 0.05), ("volume 33", 0.33),
        ("turn it up by thirty percent", 0.8), ("turn it down by thirty percent", 0.2), ("full volume", 1.0),
        ("turn the volume all the way down", 0.05), ("volume nothing", 0.05), ("what's the volume", 0.5),
    ],
)  # fmt: skip
async def test_what_is_asked_is_what_is_heard(said: str, level: float) -> None:
    async with SkillTester(VOLUME) as tester:
        await tester.ask(said)
        assert tester.volume == pytest.approx(level)


async def test_it_stays_where_it_can_be_heard() -> None:
    async with SkillTester(VOLUME, settings={"volume.lowest": "20", "volume.step": "40"}) as tester:
        for level in (0.2, 0.2):
            assert "alarms" in (await tester.ask("quieter")).text
            assert tester.volume == level
        for level in (0.6, 1.0, 1.0):
            reply = await tester.ask("louder")
            assert tester.volume == level
        assert reply.text == "That's as loud as I can."


async def test_how_loud_is_asked_where_it_was_not_said() -> None:
    async with SkillTester(VOLUME) as tester:
        assert (await tester.ask("set the volume")).ask
        await tester.ask("to seventy percent")
        assert tester.volume == 0.7
        await tester.ask("set the volume")
        await tester.ask("never mind that")
        assert tester.volume == 0.7
