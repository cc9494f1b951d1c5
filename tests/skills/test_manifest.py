"""The manifest is read without running code, and every mistake is one line that names file, line and next step."""

from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.errors import SkillError
from assistant.skills.manifest import StoreSchema, read_manifest

GOOD = "id: probe\nversion: 1.10\napi: 1\nentry: skill.py:Probe\n"


def skill(folder: Path, text: str) -> Path:
    (folder / "skill.yaml").write_text(text)
    (folder / "skill.py").write_text("raise SystemExit('the manifest reader ran this')")
    return folder


def test_a_manifest_is_read_without_running_code(tmp_path: Path) -> None:
    manifest = read_manifest(
        skill(tmp_path, GOOD + "permissions: ['network:example.org']\nsends: x\nlanguages: [en, de]\n")
    )
    assert (manifest.id, manifest.version, manifest.file, manifest.cls) == ("probe", "1.10", "skill", "Probe")
    assert manifest.permissions == ("network:example.org",)
    assert manifest.languages == ("en", "de")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: probe\nversion: 1\napi: 1\n", "skill.yaml:1: 'entry' is missing"),
        (GOOD + "licens: MIT\n", "skill.yaml:5: unknown key 'licens'. Did you mean 'licence'?"),
        (GOOD.replace("api: 1", "api: 2"), "skill.yaml:3: 'api' is 2, this assistant has 1"),
        (GOOD.replace("id: probe", "id: Pro be"), "skill.yaml:1: 'id' cannot be 'Pro be'"),
        (GOOD.replace("id: probe", "id: dialog"), "skill.yaml:1: 'dialog' is a part of the assistant itself"),
        (GOOD.replace("skill.py", "other.py"), "skill.yaml:4: 'entry' names other.py, which is not there"),
        (GOOD.replace("skill.py", "../../x.py"), "skill.yaml:4: 'entry' cannot be"),
        (GOOD + "permissions: [netwrk]\n", "skill.yaml:5: unknown permission 'netwrk'. Did you mean 'network'?"),
        (GOOD + "languages: en\n", "skill.yaml:5: 'languages' must be a list"),
        (GOOD + "languages: [english language]\n", "skill.yaml:5: 'languages' cannot be"),
        (GOOD + "settings:\n  n: {type: nummer, default: 1}\n", "skill.yaml:6: 'settings.n.type' is 'nummer'. Did you"),
        (GOOD + "settings:\n  n: {type: number}\n", "skill.yaml:6: 'settings.n.default' is missing"),
        (GOOD + "settings:\n  n: {type: number, default: x}\n", "skill.yaml:6: 'settings.n.default' is no number"),
        (GOOD + "settings:\n  n: {type: number, default: 9, high: 5}\n", "skill.yaml:6: 9.0 is too high"),
        (GOOD + "settings:\n  n: {type: text, default: a, choices: [b]}\n", "skill.yaml:6: 'a' is not offered"),
        (GOOD + "store: yes\n", "skill.yaml:5: 'store' must be lines of 'key: value'"),
        (GOOD + "store:\n  holds: ends of timers\n", "skill.yaml:6: 'store.retention' is missing"),
        (GOOD + "store: {holds: a, retention: b, kinds: words}\n", "unknown key 'kinds'. Did you mean 'kind'?"),
        (GOOD + "store: {holds: a, retention: b, kind: word}\n", "'store.kind' is 'word'. Did you mean 'words'?"),
        (GOOD + "author: &a x\nlicence: *a\n", "skill.yaml:5: anchors and aliases"),
        ("", "skill.yaml: this file is empty"),
        ("[1, 2]", "must be lines of 'key: value'"),
        ("id: [", "skill.yaml:1:"),
        ("x" * 70_000, "too large"),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SkillError) as error:
        read_manifest(skill(tmp_path, text))
    assert says in str(error.value).replace(f"{tmp_path}/", "")
    assert "\n" not in str(error.value)


def test_a_folder_of_sentences_alone_is_a_skill(tmp_path: Path) -> None:
    folder = tmp_path / "Coffee Machine"
    (folder / "locale" / "en").mkdir(parents=True)
    manifest = read_manifest(folder)
    assert (manifest.id, manifest.has_code, manifest.languages) == ("coffee-machine", False, ("en",))


def test_a_store_is_declared_in_words_for_a_person(tmp_path: Path) -> None:
    assert read_manifest(skill(tmp_path, GOOD)).store is None
    found = read_manifest(skill(tmp_path, GOOD + "store: {holds: ends of timers, retention: until they ring}\n")).store
    assert found == StoreSchema(holds="ends of timers", retention="until they ring", kind="words")


def test_the_bundled_skills_have_short_code() -> None:
    for folder in (TREE / "skills").iterdir():
        if (folder / "skill.py").is_file():
            assert len((folder / "skill.py").read_text().splitlines()) < 150, folder.name
