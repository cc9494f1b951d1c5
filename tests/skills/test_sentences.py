"""Language as data: every sentence of every bundled skill is understood as its file says, and answered."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.config.paths import TREE
from assistant.testing.skills import SkillTester

FILES = sorted((TREE / "skills").glob("*/tests/sentences.yaml"))


def test_every_bundled_skill_has_sentences() -> None:
    with_sentences = {file.parent.parent.name for file in FILES}
    assert with_sentences == {file.parent.name for file in (TREE / "skills").glob("*/skill.yaml")}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.parent.name)
async def test_sentences(file: Path) -> None:
    """All bundled skills are loaded: one must not take another's sentences."""
    name = file.parent.parent.name
    wrong = []
    async with SkillTester(TREE / "skills") as tester:
        for case in yaml.safe_load(file.read_text()):
            wrong += [f"{case['say']!r}: {problem}" for problem in await _problems(name, case, tester)]
            await tester.forget()
    assert not wrong, "\n".join(wrong)


async def _problems(name: str, case: dict[str, Any], tester: SkillTester) -> list[str]:
    answer = await tester.ask(case["say"])
    wanted = f"{name}.{case['intent']}" if case["intent"] else None
    if answer.intent != wanted:
        return [f"is {answer.intent} ({answer.confidence:.2f}), not {wanted}"]
    found = {slot: answer.value(slot) for slot in case.get("slots", {})}
    problems = []
    if found != case.get("slots", {}):
        problems.append(f"slots are {found}")
    if wanted and not re.search(case.get("reply", "."), answer.text, re.IGNORECASE):
        problems.append(f"reply is {answer.text!r}")
    return problems
