"""The examples of docs/skills.md work as they stand there."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.skills.check import check
from assistant.testing.skills import SkillTester

BLOCKS = re.findall(r"```(\w*)\n(.*?)```", (TREE / "docs" / "skills.md").read_text(), re.DOTALL)
CODE = [text for kind, text in BLOCKS if kind == "python"]
YAML = [text for kind, text in BLOCKS if kind == "yaml"]
PLAIN = [text for kind, text in BLOCKS if not kind]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def dice(tmp_path: Path) -> Path:
    return write(
        tmp_path / "dice",
        {
            "skill.yaml": YAML[0],
            "skill.py": CODE[0],
            "locale/en/roll.intent": PLAIN[1],
            "locale/en/rolled.dialog": PLAIN[2],
            "tests/sentences.yaml": YAML[2],
        },
    )


@pytest.fixture
def laundry(tmp_path: Path) -> Path:
    return write(
        tmp_path / "laundry",
        {
            "skill.yaml": f"id: laundry\nversion: 1.0.0\napi: 1\nentry: skill.py:Laundry\n{YAML[1]}",
            "skill.py": CODE[1],
            "locale/en/started.intent": "i started the washing machine [with the {programme} programme]\n",
            "locale/en/programme.entity": "short\nlong\n",
            "locale/en/how_long.dialog": "how long does the {programme} programme take?\n",
            "locale/en/not_understood.dialog": "sorry?\n",
            "locale/en/unsaved.dialog": "{length}, not saved.\n",
            "locale/en/begun.dialog": "{length} to go.\n",
            "locale/en/done.dialog": "the laundry is done.\n",
            "tests/sentences.yaml": "[]",
        },
    )


def test_the_examples_are_as_short_as_promised() -> None:
    assert len(CODE[0].splitlines()) <= 15
    assert len(CODE[1].splitlines()) <= 60


async def test_the_short_example(dice: Path) -> None:
    assert check(dice) == []
    async with SkillTester(dice) as tester:
        assert re.search("points?", (await tester.ask("roll two dice")).text)
        assert (await tester.ask("the die is cast")).intent is None


async def test_the_long_example_and_its_test(laundry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert check(laundry) == []
    (tmp_path / "skills").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(CODE[2], "docs/skills.md", "exec"), names)
    test = names["test_the_laundry_rings"]
    assert callable(test)
    await test()
    async with SkillTester(laundry) as tester:
        await tester.ask("i started the washing machine with the short programme")
        await tester.ask("half an hour")
        await tester.advance(hours=1)
        await tester.hush()
        assert (
            await tester.ask("i started the washing machine with the short programme")
        ).text == "Thirty minutes to go."
        assert await tester.advance(length=timedelta(minutes=29)) == []
