"""Conversations, tested as data: what is said goes on from what was said before."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.config.paths import TREE
from assistant.testing.skills import SkillTester

SAID = yaml.safe_load((TREE / "tests" / "sentences" / "en" / "conversations.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SAID)
async def test_conversation(name: str, tmp_path: Path) -> None:
    async with SkillTester(TREE / "skills", data=tmp_path) as tester:
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
