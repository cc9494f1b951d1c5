"""Every configuration is either usable or refused with one line that says where, what and how to go on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import document
from assistant.config.load import check, load, load_text, load_with_origins
from assistant.config.paths import Paths, find_paths
from assistant.config.schema import Config
from assistant.errors import ConfigError

MISTAKES = [
    # text, line, part of the problem, part of the hint
    ("wake:\n  word: [alexa]", 2, "unknown key 'wake.word'", "Did you mean 'wake.words'?"),
    ("words: [alexa]", 1, "unknown key 'words'", "Did you mean 'wake.words'?"),
    ("wak:\n  words: [alexa]", 1, "unknown key 'wak'", "Did you mean 'wake'?"),
    ("\n\nzzzzzz: 1", 3, "unknown key 'zzzzzz'", "lists every key"),
    ("wake:\n  words: alexa", 2, "'wake.words': expected a list, found 'alexa'", "Write [alexa]"),
    ("wake:\n  words: [[alexa]]", 2, "'wake.words': expected a text, found a list", ""),
    ("wake:\n  words:\n    - alexa\n    -\n", 4, "'wake.words' has an empty item", "Remove it"),
    ("wake: alexa", 1, "'wake' is a section", "indented below"),
    ("- wake", 1, "expected 'key: value' lines", ""),
    ("wake:\n  thresholds: 0.5", 2, "'wake.thresholds': expected 'name: value' pairs, found '0.5'", ""),
    ("wake:\n  thresholds: {alexa: 1.5}", 2, "'wake.thresholds.alexa': expected a number from 0 to 1, found 1.5", ""),
    ("wake:\n  thresholds: {alexa: high}", 2, "'wake.thresholds.alexa': expected a number", ""),
    ("audio:\n  volume: 1.01", 2, "'audio.volume': expected a number from 0 to 1, found 1.01", ""),
    ("audio:\n  volume: .nan", 2, "'audio.volume': expected a number from 0 to 1, found '.nan'", ""),
    ("audio:\n  volume: 1e-400e", 2, "'audio.volume': expected a number", ""),
    ("audio:\n  volume: '0.5'", 2, "found a quoted text", "Remove the quotes"),
    ("audio:\n  chimes: 1", 2, "'audio.chimes': expected true or false, found '1'", ""),
    ("audio:\n  chimes: 'no'", 2, "found a quoted text", "Remove the quotes"),
    ("audio:\n  microphone:", 2, "'audio.microphone' has no value", 'Write ""'),
    ('audio:\n  microphone: "a\\nb"', 2, "'audio.microphone' has a line break", ""),
    ("stt:\n  threads: 1:30", 2, "'stt.threads': expected a whole number from 1 to 8, found '1:30'", ""),
    ("stt:\n  threads: 0x4", 2, "found '0x4'", ""),
    ("stt:\n  threads: 2.0", 2, "found '2.0'", ""),
    ("stt:\n  engine: moonshin", 2, "one of moonshine, vosk, found 'moonshin'", "Did you mean 'moonshine'?"),
    ("time_zone: Europe/Berln", 1, "'Europe/Berln' is not a known time zone", "Did you mean 'Europe/Berlin'?"),
    ("time_zone: new york", 1, "not a known time zone", "Did you mean 'America/New_York'?"),
    ("time_zone: ../../etc/passwd", 1, "not a known time zone", ""),
    ("time_zone: Europe", 1, "not a known time zone", ""),
    ("language: english please", 1, "is not a language", "en-GB"),
    ("language: en\nlanguage: de", 2, "the key 'language' occurs twice (first at f.yaml:1)", "Remove one"),
    ("wake:\n\twords: [alexa]", 2, "a tab at the start of the line", "Indent with spaces"),
    ("wake:\n  words: [alexa", 2, "not valid YAML", "closing quotes and brackets"),
    ("wake:\n words: []\n  engine: x", 3, "not valid YAML", "indentation"),
    ("a: &x [1]\nb: *x", 1, "anchors and aliases", "quote"),
    ("audio:\n  microphone: *usb", 2, "anchors and aliases", "quote"),
    ("tts:\n  voice: !!python/name:os.system x", 2, "tag", "quote"),
    ("? [a]\n: b", 1, "a key must be a word", ""),
    ("language: en\n---\nlanguage: de", 2, "a second YAML document", ""),
    ("language: \x00", 1, "a character that YAML does not allow", ""),
    ("[" * 30 + "]" * 30, 1, "nested deeper than 20 levels", ""),
]


@pytest.mark.parametrize(("text", "line", "problem", "hint"), MISTAKES)
def test_a_mistake_is_one_line_with_the_place_the_key_and_the_next_step(
    text: str, line: int, problem: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text, "f.yaml")
    error = caught.value
    assert error.where.startswith("f.yaml:"), error
    assert int(error.where.removeprefix("f.yaml:")) in (line, line + 1), error
    assert problem in error.problem
    assert hint in error.hint
    assert "\n" not in str(error)


def test_the_schema_decides_the_type_never_yaml() -> None:
    config = load_text("language: no\naudio: {chimes: no, microphone: 1.10}\nwake: {words: [on, 007]}\n")
    assert config.language == "no"
    assert config.audio.chimes is False
    assert config.audio.microphone == "1.10"
    assert config.wake.words == ("on", "007")
    assert load_text("skills: {settings: {clock.hours: 24}}").skills.settings == {"clock.hours": "24"}
    assert load_text("audio: {volume: 1}").audio.volume == 1.0


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "wake:\n", "wake:\n  #words: [alexa]\nstt: ~\n", "\ufeff"]
)
def test_a_file_that_sets_nothing_gives_the_defaults(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    assert load(paths_of(), file=tmp_path / "c.yaml") == Config()


def paths_of(*files: Path) -> Paths:
    root = Path("/nonexistent")
    return Paths(tree=root, config=files, state=root, cache=root, runtime=root, models=root)


def test_later_files_and_set_override_earlier_ones_and_each_value_knows_its_origin(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first.yaml", "second.yaml", "third.yaml"))
    first.write_text("language: en\nwake:\n  words: [alexa]\n  thresholds: {alexa: 0.3, okay_nabu: 0.4}\n")
    second.write_text("wake:\n  thresholds:\n    alexa: 0.5\nstt: {threads: 2}\n")
    third.write_text("stt:\n  threads: 3\n")
    missing = tmp_path / "missing.yaml"
    sets = ["stt.threads=4", "wake.thresholds.hey_jarvis=0.6", "skills.settings.clock.city=Rome", "tts={speed: 1.5}"]
    loaded = load_with_origins(paths_of(first, missing, second), sets, file=third)
    assert loaded.files == (first, second, third)
    assert loaded.config.wake.words == ("alexa",)
    assert loaded.config.wake.thresholds == {"alexa": 0.5, "okay_nabu": 0.4, "hey_jarvis": 0.6}
    assert loaded.config.skills.settings == {"clock.city": "Rome"}
    assert (loaded.config.stt.threads, loaded.config.tts.speed) == (4, 1.5)
    assert loaded.origin("stt.threads") == "--set stt.threads=4"
    assert loaded.origin("wake.words") == f"{first}:3"
    assert loaded.origin("wake.thresholds.alexa") == f"{second}:3"
    assert loaded.origin("wake.thresholds.okay_nabu") == f"{first}:4"
    assert loaded.origin("audio.volume") == "default"


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("wake.words", "expected key=value"),
        ("wake.word=[x]", "unknown key 'wake.word'"),
        ("=1", "unknown key ''"),
        ("wake.words=alexa", "expected a list"),
        ("wake.words=[", "not valid YAML"),
        ("wake.thresholds.alexa=2", "'wake.thresholds.alexa': expected a number from 0 to 1"),
        ("audio.microphone=\udcff", "not valid UTF-8"),
        ("language.x=1", "unknown key 'language.x'"),
    ],
)
def test_a_wrong_set_names_the_argument(argument: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(paths_of(), [argument])
    assert problem in caught.value.problem
    assert caught.value.where.startswith("--set")
    str(caught.value).encode()  # can be printed on any terminal


def test_set_with_nothing_after_the_equals_sign_empties_a_text() -> None:
    assert load(paths_of(), ["audio.microphone=usb", "audio.microphone="]).audio.microphone == ""


def test_check_names_every_mistake_of_every_file(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("wake:\n  word: [alexa]\naudio:\n  volume: 7\n")
    second.write_text("stt: [")
    assert [error.where.rpartition("/")[2] for error in check(paths_of(first, second), ["x=1"])] == [
        "first.yaml:2",
        "first.yaml:4",
        "second.yaml:1",
        "--set x=1",
    ]


def test_a_file_named_on_the_command_line_has_to_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(paths_of(), file=tmp_path / "none.yaml")


@pytest.mark.parametrize("kind", ["folder", "pipe", "not_utf8", "large", "unreadable"])
def test_a_file_that_cannot_be_used_is_named(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "not_utf8":
        path.write_bytes(b"language: en\ntts: {voice: \xff}\n")
    elif kind == "large":
        path.write_bytes(b"#" * (document.MAX_BYTES + 1))
    else:
        path.symlink_to(path)  # a loop: the kernel refuses even root
    with pytest.raises(ConfigError) as caught:
        load(paths_of(path))
    assert caught.value.where == (f"{path}:2" if kind == "not_utf8" else str(path))


def test_a_bomb_of_aliases_is_refused_before_it_is_expanded() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(ConfigError, match="anchors and aliases"):
        load_text(bomb)


yaml_like = st.text(
    st.sampled_from(list("abwakeords:[]{},-?&*!|>'\"%@#\n \t\\~.0123456789\x00\x85\u2028\ufeff\U0001f600"))
) | st.lists(
    st.sampled_from(
        ["wake:", "words:", "thresholds:", "audio:", "volume:", "language:", "\n", "\n  ", "[", "]", "{", "}", " ", ",",
         "- ", "no", "1", "0.5", "---", "...", "&a", "*a", "!!str", '"', "'", "|", "%YAML 1.1", "<<:", "#", "\t"]
    )
).map("".join)  # fmt: skip


@given(yaml_like | st.text())
def test_any_text_gives_a_config_or_a_config_error(text: str) -> None:
    try:
        assert isinstance(load_text(text), Config)
    except ConfigError as error:
        assert "\n" not in str(error)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_config_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    try:
        assert isinstance(load(paths_of(path)), Config)
    except ConfigError as error:
        assert str(error).startswith(str(path))


@given(
    st.text(st.characters())
    | st.builds("{}={}".format, st.sampled_from(["wake.words", "tts", "audio.volume"]), yaml_like)
)
def test_any_set_argument_gives_a_config_or_a_config_error(argument: str) -> None:
    try:
        assert isinstance(load(paths_of(), [argument]), Config)
    except ConfigError as error:
        str(error).encode()


def test_a_person_sees_the_service_of_the_machine_as_well_as_his_own(tmp_path: Path) -> None:
    paths = find_paths({"HOME": "/home/ada", "XDG_RUNTIME_DIR": "/run/user/7", "XDG_CONFIG_HOME": "relative"})
    assert paths.hub_sockets == (Path("/run/user/7/assistant/hub.sock"), Path("/run/assistant/hub.sock"))
    assert paths.config[1:] == (
        Path("/etc/assistant/assistant.yaml"),
        Path("/home/ada/.config/assistant/assistant.yaml"),
    )


def test_the_service_takes_its_folders_from_systemd() -> None:
    paths = find_paths(
        {
            "STATE_DIRECTORY": "/var/lib/assistant",
            "CACHE_DIRECTORY": "/var/cache/assistant",
            "RUNTIME_DIRECTORY": "/run/assistant",
        }
    )
    assert (paths.state, paths.cache) == (Path("/var/lib/assistant"), Path("/var/cache/assistant"))
    assert paths.hub_sockets == (Path("/run/assistant/hub.sock"),)


def test_a_client_joins_the_hub_that_is_there(tmp_path: Path) -> None:
    paths = find_paths({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert paths.running_hub() in paths.hub_sockets
    paths.hub_socket.parent.mkdir()
    paths.hub_socket.touch()
    assert paths.running_hub() == paths.hub_socket
