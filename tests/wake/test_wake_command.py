"""`assistant wake`: training on tone voices and a fake embedding, takes under consent, every error one line."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.audio.queue_device import QueueSource
from assistant.build import Builder
from assistant.cli import main, wake_takes
from assistant.cli.context import Context
from assistant.consent.gate import Grant
from assistant.testing.wake import FakeEmbedder, trained_word
from assistant.wake.custom.bank import Clip, pack_bank
from assistant.wake.custom.embedding import Floats
from assistant.wake.custom.head import Head
from assistant.wake.custom.word import WordStore
from tests.wake.conftest import Tones

TEXT = "hey pebble"


def take(number: int) -> Samples:
    """Somebody says the word: what no file may hold without a yes."""
    return np.concatenate([Tones(number).say(TEXT) + 40 * number, np.zeros(0, np.int16)]).astype(np.int16)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An assistant of its own, with six voices, a small bank and a microphone that hears two takes."""
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("HOME", str(tmp_path))
    embedder = FakeEmbedder()
    embedder.start()
    random = np.random.default_rng(0)
    words = ["table lamp", "people rebel", "garden", "purple kettle", "window door"]
    clips = [
        Clip(text, embedder.whole(Tones(each).say(text + " " + text, pitch=random.uniform(0.8, 1.2))))
        for text in words
        for each in range(8)
    ]
    bank = tmp_path / "bank.xz"
    bank.write_bytes(pack_bank(clips))
    monkeypatch.setattr("assistant.config.paths.Paths.negatives", property(lambda self: bank))
    monkeypatch.setattr("assistant.cli.wake_train.SpeechEmbedder", FakeEmbedder)
    monkeypatch.setattr("assistant.cli.wake_train.EPOCHS", 2)
    monkeypatch.setattr("assistant.wake.custom.material.TAKE_COPIES", 4)
    monkeypatch.setattr(Builder, "all_voices", lambda self: [Tones(number) for number in range(6)])
    monkeypatch.setattr(Builder, "recogniser_model", None)
    monkeypatch.setattr(Builder, "source", lambda self: microphone([take(1), take(2)]))
    return tmp_path


def microphone(takes: Sequence[Samples]) -> QueueSource:
    """It hears the takes one after the other, in a room that is not quite silent."""
    source = QueueSource(realtime=False)
    random = np.random.default_rng(0)
    open_ = source.open

    def opened() -> None:
        open_()
        for each in takes:
            sound = np.concatenate(
                [np.zeros(8 * FRAME_SAMPLES, np.int16), each, np.zeros(12 * FRAME_SAMPLES, np.int16)]
            )
            source.push(sound + random.integers(-5, 6, len(sound)).astype(np.int16))
        source.finish()

    source.open = opened  # type: ignore[method-assign]
    return source


def run(*arguments: str) -> int:
    return main.main(["wake", *arguments])


def traces(folder: Path, takes: Sequence[Samples]) -> list[Path]:
    """Files that hold a bit of one of the takes, or an array or sound of any kind."""
    found = []
    for path in (Path(name) / file for name, _, files in os.walk(folder) for file in files):
        data = path.read_bytes()
        bits = [each[at : at + 64].tobytes() for each in takes for at in range(1000, len(each) - 64, 500)]
        if path.suffix in {".npy", ".npz", ".wav", ".raw", ".flac"} or any(bit in data for bit in bits):
            found.append(path)
    return found


def test_a_word_is_trained_listed_and_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", TEXT, "--examples", "90") == 0
    said = capsys.readouterr()
    assert "missed by the detector" in said.out
    assert "quality:" in said.out
    assert "assistant config set wake.words '[hey_mycroft, hey_pebble]'" in said.out
    assert "the word by all voices" in said.err
    assert run("list") == 0
    assert "hey_pebble   synthetic voices" in capsys.readouterr().out
    assert [path.name for path in (home / "state" / "assistant").rglob("*") if path.is_file()] == ["hey_pebble.json"]
    assert run("remove", "hey_pebble") == 0
    assert not [*(home / "state").rglob("*.json")]


def held(weights: Floats) -> int:
    """How many heads in this process have these weights."""
    return sum(np.array_equal(each.into, weights) for each in gc.get_objects() if isinstance(each, Head))


def grant() -> None:
    made().consent.gate.grant(Grant(purpose="wake_word", days=7, method="cli", actor="test"))


def test_takes_are_not_even_recorded_without_a_yes_to_keep_wake_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wake_takes, "record", lambda *each: pytest.fail("it recorded"))
    assert run("train", TEXT, "--takes", "2", "--yes") == 1
    assert "assistant consent grant wake_word" in capsys.readouterr().err
    assert not (home / "state").exists()


def test_what_was_learnt_from_takes_goes_with_the_yes(home: Path) -> None:
    grant()
    assert run("train", TEXT, "--examples", "60", "--takes", "2", "--yes") == 0
    assert made().trained_words.load("hey_pebble").takes == 2
    receipt = made().consent.purge.withdraw(["wake_word"], method="cli", actor="test")
    assert receipt.counts == {"clips": 2, "own-wake-words": 1}
    assert not [*(home / "state" / "assistant" / "wake-words-own").iterdir()]
    assert made().trained_words.load("hey_pebble").takes == 0


def test_an_assistant_that_runs_drops_what_was_learnt_from_takes_when_the_yes_ends(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.wake.several.SpeechEmbedder", FakeEmbedder)
    grant()
    assert run("train", TEXT, "--examples", "60", "--takes", "2", "--yes") == 0
    own, plain = (made().trained_words.load("hey_pebble", own=each).head.into.copy() for each in (True, False))
    assert not np.array_equal(own, plain)
    running = made("wake.words=[hey_pebble]").detector()
    assert held(own) == 1
    assert not running.revise()
    made().consent.purge.withdraw(["wake_word"], method="cli", actor="test")
    assert running.revise()
    assert held(own) == 0
    assert held(plain) == 1


def test_a_yes_that_ends_during_training_leaves_nothing_of_the_takes(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grant()
    keep = wake_takes.keep

    def withdrawn(builder: Builder, word: str, takes: Sequence[Samples]) -> int:
        made().consent.purge.withdraw(None, method="cli", actor="test")
        return keep(builder, word, takes)

    monkeypatch.setattr(wake_takes, "keep", withdrawn)
    assert run("train", TEXT, "--examples", "60", "--takes", "2", "--yes") == 1
    assert "has ended" in capsys.readouterr().err
    assert not [*(home / "state" / "assistant" / "wake-words-own").iterdir()]
    assert made().consent.rights.clips()[0] == []


def test_takes_are_zeros_afterwards_and_in_no_file_as_they_were(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grant()
    heard: list[Samples] = []
    record = wake_takes.record
    monkeypatch.setattr(wake_takes, "record", lambda *arguments: heard.extend(record(*arguments)) or heard)
    assert run("train", TEXT, "--examples", "60", "--takes", "2", "--yes") == 0
    assert len(heard) == 2
    assert not any(each.any() for each in heard)
    assert traces(home, [take(1), take(2)]) == []
    own = home / "state" / "assistant" / "wake-words-own" / "hey_pebble.json"
    assert own.is_file()
    assert run("remove", "hey_pebble", "--voice-only") == 0
    assert not own.exists()


def test_the_search_for_traces_finds_a_planted_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grant()
    keep = wake_takes.keep

    def leak(builder: Builder, word: str, takes: Sequence[Samples]) -> int:
        (home / "scrap.json").write_bytes(b"{}" + takes[0].tobytes())
        return keep(builder, word, takes)

    monkeypatch.setattr(wake_takes, "keep", leak)
    heard: list[Samples] = []
    record = wake_takes.record
    monkeypatch.setattr(wake_takes, "record", lambda *each: [heard.append(one.copy()) or one for one in record(*each)])
    assert run("train", TEXT, "--examples", "60", "--takes", "1", "--yes") == 0
    assert [path.name for path in traces(home, heard)] == ["scrap.json"]


def test_takes_are_kept_as_clips_under_a_yes_and_go_with_everything(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grant()
    assert run("train", TEXT, "--examples", "60", "--takes", "2", "--yes") == 0
    assert "kept as clips" in capsys.readouterr().out
    assert traces(home, [take(1), take(2)]) == []
    room = made().consent
    assert len(room.rights.clips()[0]) == 2
    assert room.data.strays() == []
    room.purge.everything(method="cli", actor="test")
    assert not [*(home / "state" / "assistant" / "wake-words-own").iterdir()]
    assert made().trained_words.load("hey_pebble").takes == 0


def test_without_a_typed_yes_or_where_it_is_forbidden_nothing_is_recorded(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wake_takes, "record", lambda *each: pytest.fail("it recorded"))
    monkeypatch.setattr("builtins.input", lambda question: "no")
    grant()
    assert run("train", TEXT, "--takes", "3") == 1
    assert "Nothing was recorded" in capsys.readouterr().out
    assert main.main(["--set", "consent.forbid=[personalise]", "wake", "train", TEXT, "--takes", "3", "--yes"]) == 1
    assert "forbids" in capsys.readouterr().err
    assert not [*(home / "state").rglob("*.json")]


def test_a_take_that_is_no_word_is_asked_for_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = microphone([take(1)[:800], take(2)])
    found = wake_takes.record(_With(source), TEXT, 1)  # type: ignore[arg-type]
    assert len(found) == 1
    assert abs(len(found[0]) - len(take(2))) < 5 * FRAME_SAMPLES
    assert "Once more" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["train", "x"], "too short"),
        (["train", "room 12"], "made of letters"),
        (["train", TEXT, "--takes", "99"], "0 to 10"),
        (["train", TEXT, "--examples", "1"], "60 to 5000"),
        (["remove", "hey_peble"], "no trained wake word is called 'hey_peble'"),
        (["test", "hey_peble"], "no trained wake word"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert run(*arguments) == 1
    said = capsys.readouterr().err.strip()
    assert line in said
    assert "\n" not in said


def test_without_voices_or_bank_it_says_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Builder, "all_voices", lambda self: [])
    assert run("train", TEXT) == 1
    assert "no voice to learn from" in capsys.readouterr().err
    (home / "bank.xz").unlink()
    assert run("train", TEXT) == 1
    assert "wake_bank.py" in capsys.readouterr().err


def test_a_trained_word_named_in_the_settings_is_listened_for_beside_a_built_in_one(home: Path) -> None:
    WordStore(home / "state/assistant/wake-words", home / "none").save(trained_word("alexa"))
    store = made().trained_words
    assert store.names() == ["alexa"]
    builder = made("wake.words=[hey_mycroft, alexa]", "wake.confirm=false", "wake.actions={alexa: stop}")
    assert builder.detector().words == ("hey_mycroft", "alexa")


def made(*settings: str) -> Builder:
    import argparse

    from assistant.cli import context

    found: Context = context.make(argparse.Namespace(config=None, set=list(settings)))
    return Builder(found.config, found.paths, found.clock)


class _With:
    def __init__(self, source: QueueSource) -> None:
        self._source = source

    def source(self) -> QueueSource:
        return self._source
