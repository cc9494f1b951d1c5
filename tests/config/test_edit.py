"""`assistant config set` changes one setting and leaves every other character of the file as it was."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.cli import context
from assistant.cli.main import main
from assistant.config import edit, keys
from assistant.config.load import load_text
from assistant.config.paths import SYSTEM_RUNTIME, SYSTEM_TREE, Paths, find_paths
from assistant.config.show import commented, to_yaml, value_of
from assistant.errors import ConfigError

MINE = """\
# mine
wake:   # the word
  words:  # both of us
    - alexa
    - hey_mycroft   # hers

  # not too nervous
  sensitivity: 0.4  # was 0.5
  thresholds: {alexa: 0.9}

audio: {volume: 0.5}
skills:
tts:
  #speed: 1.0
  #variation: 1.0
# the end
"""


def changed(text: str, name: str, value: str) -> str:
    return edit.changed(text, "mine.yaml", *edit.parse(name, value))


@pytest.mark.parametrize(
    ("name", "value", "old", "new"),
    [
        ("wake.sensitivity", "0.7", "sensitivity: 0.4  # was", "sensitivity: 0.7  # was"),
        ("wake.words", "[hey_jarvis]", "words:  # both of us\n    - alexa\n    - hey_mycroft   # hers",
         "words: [hey_jarvis]  # both of us   # hers"),
        ("wake.thresholds.alexa", "0.95", "{alexa: 0.9}", "{alexa: 0.95}"),
        ("wake.thresholds.hey_jarvis", ".8", "{alexa: 0.9}", "{alexa: 0.9, hey_jarvis: 0.8}"),
        ("wake.confirm", "no", "{alexa: 0.9}\n", "{alexa: 0.9}\n  confirm: false\n"),
        ("audio.volume", "1", "{volume: 0.5}", "{volume: 1.0}"),
        ("audio.microphone", "USB: #2", "{volume: 0.5}", '{volume: 0.5, microphone: "USB: #2"}'),
        ("skills.settings.weather.place", "Ulm", "skills:\n", "skills:\n  settings:\n    weather.place: Ulm\n"),
        ("tts.speed", "1.5", "  #speed: 1.0\n", "  #speed: 1.0\n  speed: 1.5\n"),
        ("language", "en-GB", "# the end\n", "# the end\nlanguage: en-GB\n"),
        ("logs.level", "debug", "# the end\n", "# the end\nlogs:\n  level: debug\n"),
    ],
)  # fmt: skip
def test_one_place_of_the_text_changes(name: str, value: str, old: str, new: str) -> None:
    expected = MINE.replace(old, new)
    if name in {"language", "logs.level"}:  # goes behind the last setting, before what is said after it
        assert load_text(changed(MINE, name, value)) == load_text(expected)
    else:
        assert changed(MINE, name, value) == expected


def test_lines_end_as_they_did_and_a_last_line_may_lack_its_end() -> None:
    assert changed("wake:\r\n  confirm: true\r\n", "wake.sensitivity", "1").count("\r\n") == 3
    assert changed("language: en", "wake.sensitivity", "1") == "language: en\nwake:\n  sensitivity: 1.0\n"


TEXTS = [MINE, "", "# nothing\n", commented(), commented(active=False), MINE.replace("\n", "\r\n"), "{}", "--- # one\n"]


def values_of(key: keys.Key) -> st.SearchStrategy[Any]:
    texts = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=8)
    numbers = st.floats(key.low or 0.0, 1.0 if key.high is None else key.high)
    if key.choices or key.name in {"language", "time_zone"}:
        return st.sampled_from(key.choices or {"language": ("en", "de"), "time_zone": ("", "Europe/Berlin")}[key.name])
    if keys.is_mapping(key):
        kind = key.kind.__args__[1]
        return st.dictionaries(texts, numbers if kind is float else texts, max_size=3)
    return {
        str: texts, bool: st.booleans(), float: numbers, int: st.integers(int(key.low or 0), int(key.high or 9)),
    }.get(key.kind, st.lists(texts.filter(bool), max_size=3).map(tuple))  # fmt: skip


@settings(max_examples=60)
@given(st.data(), st.sampled_from(TEXTS), st.sampled_from([*keys.all_keys().values()]))
def test_whatever_is_set_is_in_force_and_nothing_else_is_changed(data: st.DataObject, text: str, key: keys.Key) -> None:
    value = data.draw(values_of(key))
    try:
        new = edit.changed(text, "mine.yaml", key, "", value)
    except ConfigError as refused:
        assert text == "{}" or text.startswith("---")
        assert "by hand" in str(refused)
        return
    assert value_of(load_text(new), key.name) == value
    for other in keys.all_keys():
        if other != key.name:
            assert value_of(load_text(new), other) == value_of(load_text(text), other)
    comments = [line for line in text.splitlines() if line.lstrip().startswith("# ")]
    assert [line for line in new.splitlines() if line in comments] == comments
    assert edit.changed(new, "mine.yaml", key, "", value) == new


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    found = find_paths({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")})
    found = replace(found, config=(found.config[0], tmp_path / "etc.yaml", tmp_path / "config" / "assistant.yaml"))
    monkeypatch.setattr(context, "find_paths", lambda: found)
    return found


@pytest.mark.usefixtures("paths")
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("wake.sensitivity", "7", "'wake.sensitivity': expected a number from 0 to 1, found 7"),
        ("wake.words", "alexa", "'wake.words': expected a list, found 'alexa'. Write [alexa]"),
        ("wake.sensitivty", "1", "unknown key 'wake.sensitivty'. Did you mean 'wake.sensitivity'?"),
        ("wake", "1", "'wake' is a section. Name one of wake.engine, wake.words"),
        ("wake.thresholds.alexa", "x", "expected a number from 0 to 1, found 'x'"),
        ("logs.level", "loud", "expected one of debug, info, warning, error, found 'loud'"),
        ("time_zone", "Berlin", "Did you mean 'Europe/Berlin'?"),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, value: str, line: str
) -> None:
    assert main(["config", "set", name, value]) == 1
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert not (tmp_path / "config").exists()


def test_it_is_written_and_read_again(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "set", "audio.microphone", "USB Audio"]) == 0
    assert main(["config", "get", "audio.microphone"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "USB Audio"
    assert main(["config", "set", "wake.words", "[alexa, okay_nabu]"]) == 0
    assert main(["config", "get", "wake.words"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "[alexa, okay_nabu]"
    assert main(["config", "get", "wake.thresholds.alexa"]) == 1
    assert [file.name for file in paths.own_config.parent.iterdir()] == ["assistant.yaml"]


def test_a_wrong_value_in_the_file_can_be_mended_so(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    own = paths.own_config
    own.parent.mkdir()
    own.write_text("wake:\n  sensitivity: 9 # more!\n")
    own.chmod(0o600)
    assert main(["config", "set", "wake.sensitivity", "0.9"]) == 0
    assert own.read_text() == "wake:\n  sensitivity: 0.9 # more!\n"
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert capsys.readouterr().err == ""


def test_all_mistakes_are_named_at_once(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths.own_config.parent.mkdir()
    paths.own_config.write_text("wake:\n  sensitivity: 9\n  wordz: [a]\nlanguag: en\n")
    assert main(["config", "check"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_link_stays_a_link_and_a_file_that_counts_more_is_named(
    paths: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.own_config.parent.mkdir()
    real = tmp_path / "dotfiles.yaml"
    paths.own_config.symlink_to(real)
    assert main(["config", "set", "wake.sensitivity", "0.6"]) == 0
    assert paths.own_config.is_symlink()
    assert "0.6" in real.read_text()
    extra = tmp_path / "etc.yaml"
    assert main(["--set", "wake.sensitivity=0.1", "--config", str(real), "config", "set", "wake.sensitivity", "1"]) == 0
    assert "--set wake.sensitivity=0.1 sets wake.sensitivity, too" in capsys.readouterr().err
    assert not extra.exists()


def test_a_folder_that_cannot_be_written_is_one_line(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths.own_config.parent.write_text("a file")
    assert main(["config", "set", "wake.sensitivity", "0.6"]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_the_system_service_has_its_own_file() -> None:
    person = find_paths({"HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/7"}, tree=SYSTEM_TREE)
    assert person.own_config == Path("/home/ada/.config/assistant/assistant.yaml")
    assert replace(person, runtime=SYSTEM_RUNTIME).own_config == Path("/etc/assistant/assistant.yaml")


def test_a_text_is_quoted_where_yaml_would_take_it_for_something_else() -> None:
    assert to_yaml("no") == '"no"'
    assert changed("", "audio.speaker", "no") == 'audio:\n  speaker: "no"\n'
