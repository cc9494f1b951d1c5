"""Folders are followed hot, and a skill that cannot be loaded is a row with a reason."""

import shutil
import sys
from pathlib import Path

import pytest

from assistant.messages import skill
from assistant.skills.find import Place, find_skills
from assistant.testing.skills import SkillTester

from .conftest import GO, MakeSkill, next_message, threads_end


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("class Probe(Skill): pass\nraise ValueError('at import')", "skill.py:4: ValueError: at import"),
        (f"{GO}\n def start(self): raise KeyError('x')", "skill.py:6: KeyError at start"),
        (f"{GO}\n def start(self):\n  while True: pass", "did not start within"),
        ("while True: pass", "did not start within"),
        ("class Other(Skill): pass", "skill.py has no class Probe"),
        ("class Probe: pass", "skill.py has no class Probe"),
        ("class Probe(Skill)\n pass", "skill.py:3: SyntaxError"),
        ("class Probe(Skill): pass", "no handler for go.intent"),
        (
            "class Probe(Skill):\n @intent('go', 'gone')\n def a(self, r): pass",
            "answers the intent 'gone', which has no",
        ),
        (
            "class Probe(Skill):\n @intent('go')\n def a(self, r): ...\n @intent('go')\n def b(self, r): ...",
            "two handlers",
        ),
        ("import sys; sys.exit()", "SystemExit"),
        ("from .missing import x", "ModuleNotFoundError"),
    ],
)
async def test_a_skill_that_fails_to_load_is_a_row_with_a_reason(make_skill: MakeSkill, code: str, says: str) -> None:
    folder = make_skill(code, intents={"go": "go ahead"})
    make_skill("class Probe(Skill):\n @intent('hi')\n def hi(self, request): return 'hello'", name="good",
               intents={"hi": "hello there"})  # fmt: skip
    async with SkillTester(folder.parent, timeout=0.3, broken=True) as tester:
        assert [(failed.skill, failed.stage) for failed in tester.failures] == [("probe", "load")]
        assert says in tester.failures[0].reason
        assert (await tester.ask("hello there")).text == "hello"
        threads_end(but="good")
        names = {each.code.package for each in (one._running for one in tester._service.loaded) if each}
        assert {name.partition(".")[0] for name in sys.modules if name.startswith("assistant_skill_")} == names


async def test_folders_are_followed_without_a_restart(make_skill: MakeSkill) -> None:
    code = "class Probe(Skill):\n @intent('go')\n def go(self, request): return 'ONE'"
    folder = make_skill(code, intents={"go": "go ahead"})
    async with SkillTester(folder.parent) as tester:
        assert (await tester.ask("go ahead")).text == "ONE"
        # Same size, perhaps the same second: it is the content that counts.
        make_skill(code.replace("ONE", "TWO"), intents={"go": "go ahead"})
        assert await tester.rescan() == ("probe",)
        assert (await tester.ask("go ahead")).text == "TWO"
        make_skill(code.replace("ONE", "NEW"), name="added", intents={"go": "now that is new"})
        assert await tester.rescan() == ("probe", "added")
        assert (await tester.ask("now that is new")).text == "NEW"
        shutil.rmtree(folder)
        gone = tester._bus.subscribe((skill.Removed,), "spy")
        assert await tester.rescan() == ("added",)
        assert await next_message(gone) == skill.Removed(skill="probe")
        assert (await tester.ask("go ahead")).intent is None


async def test_only_what_changed_is_loaded_again(make_skill: MakeSkill) -> None:
    folder = make_skill("class Probe(Skill):\n @intent('go')\n def go(self, request): return str(id(self))",
                        intents={"go": "go ahead"})  # fmt: skip
    async with SkillTester(folder.parent) as tester:
        before = (await tester.ask("go ahead")).text
        await tester.rescan()
        assert (await tester.ask("go ahead")).text == before


async def test_a_changed_skill_that_is_broken_now_is_removed_with_a_reason(make_skill: MakeSkill) -> None:
    folder = make_skill(GO, intents={"go": "go on"})
    async with SkillTester(folder, broken=True) as tester:
        (folder / "skill.py").write_text("class Probe(")
        assert await tester.rescan() == ()
        assert "SyntaxError" in tester.failures[-1].reason


async def test_of_two_skills_with_one_id_the_more_explicit_place_counts(make_skill: MakeSkill, tmp_path: Path) -> None:
    mine = make_skill(GO, intents={"go": "go"}, where=tmp_path / "mine")
    theirs = make_skill(GO, intents={"go": "go"}, where=tmp_path / "theirs")
    found = find_skills((Place(mine.parent, "folder"), Place(theirs.parent, "bundled")))
    assert [(one.folder, one.hidden_by) for one in found] == [(mine, None), (theirs, mine)]
