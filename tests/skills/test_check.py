"""The check finds what would fail later, without running the skill."""

from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.skills.check import check

from .conftest import MakeSkill

CODE = """
raise SystemExit("the check ran this")

class Probe(Skill):
    @intent("go")
    def go(self, request):
        return self.reply("went", thing=1)
"""


def findings(folder: Path) -> list[str]:
    return [f"{each.level}: {each}".replace(f"{folder}/", "") for each in check(folder)]


@pytest.mark.parametrize("folder", sorted((TREE / "skills").glob("*/skill.yaml")), ids=lambda path: path.parent.name)
def test_the_bundled_skills_are_without_findings(folder: Path) -> None:
    assert findings(folder.parent) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"intents": {"go": "go on", "more": "more"}}, "error: skill.py: no handler for en/more.intent."),
        ({"intents": {"stay": "stay"}}, "error: skill.py:8: the intent 'go' has no sentences."),
        ({"dialogs": {"wnt": "x"}}, "error: skill.py:9: there is no en/went.dialog. Did you mean 'wnt'?"),
        ({"dialogs": {"went": "{thing} {other}"}}, "error: skill.py:9: en/went.dialog needs a value for 'other'."),
        ({"dialogs": {"went": "{thing"}}, "error: locale/en/went.dialog: a placeholder cannot be read."),
        ({"intents": {"go": "go ("}}, "error: locale/en/go.intent:1:4: '(' is never closed."),
        ({"manifest": "languages: [en, fr]\n"}, "error: locale: there are no sentences in 'fr'."),
        ({"manifest": "permissions: [network:a b]\nsends: x\n"}, "error: skill.yaml: 'a b' is no host."),
        ({"manifest": "permissions: ['network:{b}']\nsends: x\n"}, "error: skill.yaml: there is no setting 'b'."),
        ({"code": CODE + "import assistant.bus.base\n"}, "warning: skill.py:10: it imports assistant.bus.base."),
        ({}, "warning: skill.yaml: it declares a store and uses none."),
        ({"code": "class Prob(Skill): pass"}, "error: skill.py: there is no class Probe. Did you mean 'Prob'?"),
        ({"code": "class Probe(:"}, "error: skill.py:3: this is no Python."),
        ({}, "warning: tests/sentences.yaml: there are no test sentences."),
    ],
)
def test_a_mistake_is_found(make_skill: MakeSkill, changes: dict[str, object], says: str) -> None:
    given = {"code": CODE, "intents": {"go": "go on"}, "dialogs": {"went": "went {thing}"}, **changes}
    folder = make_skill(given.pop("code"), **given)
    assert [line for line in findings(folder) if line.startswith(says)], findings(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "- say: go on\n  intent: gow\n",
            "error: tests/sentences.yaml:2: there is no intent 'gow'. Did you mean 'go'?",
        ),
        ("- say: go on\n", "error: tests/sentences.yaml:1: 'intent' is missing."),
        ("- say: go on\n  intent: go\n  slot: {}\n", "error: tests/sentences.yaml:1: unknown key 'slot'."),
        ("say: go on\n", "error: tests/sentences.yaml: this is no list of sentences."),
        ("- say: [go\n", "error: tests/sentences.yaml:"),
        ("- say: go on\n  intent: go\n- say: the sea\n  intent: null\n- say: 'no'\n  intent:\n", ""),
    ],
)
def test_a_mistake_in_the_test_sentences_is_found(make_skill: MakeSkill, text: str, says: str) -> None:
    folder = make_skill(CODE, intents={"go": "go on"}, dialogs={"went": "went {thing}"})
    (folder / "tests").mkdir()
    (folder / "tests" / "sentences.yaml").write_text(text)
    found = [line for line in findings(folder) if "sentences.yaml" in line]
    assert [line for line in found if line.startswith(says)] if says else not found, found


def test_a_store_that_the_manifest_does_not_declare_is_found(make_skill: MakeSkill) -> None:
    folder = make_skill(CODE.replace("return", "self.store['a'] = 1; return"), intents={"go": "go on"})
    assert not [line for line in findings(folder) if "store" in line]
    manifest = folder / "skill.yaml"
    manifest.write_text("\n".join(line for line in manifest.read_text().splitlines() if "store" not in line))
    assert [line for line in findings(folder) if line.startswith("error: skill.py:9: it stores something")]
