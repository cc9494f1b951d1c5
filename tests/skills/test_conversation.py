"""Conversations, tested as data: what is said goes on from what was said before."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.config.paths import TREE
from assistant.intent.template_engine import TemplateEngine
from assistant.testing.skills import SkillTester

from .conftest import MakeSkill

FOLDER = TREE / "tests" / "sentences" / "en"
SAID = {
    name: lines
    for file in sorted(FOLDER.glob("conversations*.yaml"))
    for name, lines in yaml.safe_load(file.read_text(encoding="utf-8")).items()
}


class Kept(TemplateEngine):
    """Compiles the skills' sentences once for all tests."""

    def close(self) -> None:
        """It is used again."""


@pytest.fixture(scope="module")
def engine() -> Kept:
    return Kept()


@pytest.mark.parametrize("name", SAID)
async def test_conversation(name: str, tmp_path: Path, engine: Kept) -> None:
    async with SkillTester(TREE / "skills", data=tmp_path, engine=lambda: engine) as tester:
        for line in SAID[name]:
            said, wanted, wait = _line(line)
            await tester.advance(seconds=wait)
            answer = await tester.ask(said)
            assert re.search(wanted, answer.text, re.IGNORECASE), f"{said!r} is answered by {answer.text!r}"


def _line(line: dict[str, Any]) -> tuple[str, str, float]:
    if "say" in line:
        return line["say"], line["reply"], line.get("wait", 0)
    ((said, wanted),) = line.items()
    return said, wanted, 0


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   ",
        "🙂🙂🙂",
        "set a timer for 🍕 minutes",
        "milk " * 2000,
        "set a timer for five minutes " * 400,
        "add " + "milk and " * 1000 + "eggs to the shopping list",
        "x" * 20_000,
        "\x00\x07\x1b[2J",
        "set a timer for ninety nine trillion minutes",
        "wake me on the thirty first of february",
        "remind me yesterday at noon to call anna",
        "how many days until the thirtieth of february",
        "what is one divided by zero",
        "volume nine hundred percent",
        "roll a million dice with a billion sides",
        "what is " + "nine " * 50 + "times nine",
    ],
    ids=lambda said: said[:20].strip() or "nothing",
)
async def test_odd_input_gets_a_kind_answer_or_none_and_breaks_nothing(said: str, engine: Kept) -> None:
    async with SkillTester(TREE / "skills", engine=lambda: engine) as tester:
        await tester.ask("set a timer for five minutes")
        answer = await tester.ask(said)
        assert not tester.failures
        assert "did not work" not in answer.text and "took too long" not in answer.text
        assert "nine thirty" in (await tester.ask("what time is it")).text.lower()


async def test_stop_means_what_rings_before_what_plays(make_skill: MakeSkill) -> None:
    bell = "class Probe(Skill):\n on = True\n def hush(self):\n  was, self.on = self.on, False\n  return was\n"
    music = bell + " def duck(self, quiet): pass\n"
    one, other = make_skill(bell, name="bell"), make_skill(music, name="music")
    async with SkillTester(one, other) as tester:
        assert await tester.hush() == 1
        assert not (await tester.ask("stop")).text
        skills = {each.manifest.id: each for each in tester._service.loaded}
        assert not await skills["bell"].hush() and not await skills["music"].hush()
