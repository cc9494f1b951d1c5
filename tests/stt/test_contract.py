"""What every recogniser promises: the fake, Moonshine and Vosk alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.stt.engine import Hypothesis, SttEngine
from assistant.stt.moonshine_engine import MoonshineEngine
from assistant.stt.vosk_engine import VoskEngine
from assistant.testing.stt import FakeSttEngine, speak


@dataclass
class Case:
    engine: SttEngine
    speech: Samples
    words: set[str]
    """Words that must be recognised in `speech`."""


@pytest.fixture(scope="module", params=["fake", "moonshine", "vosk"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    if request.param == "fake":
        case = Case(FakeSttEngine("good morning"), speak([(0.5, False), (1, True), (0.5, False)]), {"good", "morning"})
    elif request.param == "moonshine":
        sound = request.getfixturevalue("english")("Set a timer for ten minutes.")
        case = Case(MoonshineEngine(), sound, {"set", "timer", "minutes."})
    else:
        sound = request.getfixturevalue("korean")("감사합니다")
        model = request.getfixturevalue("korean_model")
        case = Case(
            VoskEngine(model=model, language="ko", phrases=("감사합니다", "날씨", "음악")), sound, {"감사합니다"}
        )
    case.engine.start()
    yield case
    case.engine.close()


def hear(engine: SttEngine, sound: Samples) -> tuple[Hypothesis, list[str]]:
    engine.begin()
    partials = [engine.accept(sound[at : at + FRAME_SAMPLES]) for at in range(0, len(sound), FRAME_SAMPLES)]
    return engine.finish(), [partial for partial in partials if partial is not None]


def test_speech_becomes_its_words(case: Case) -> None:
    heard, _ = hear(case.engine, case.speech)
    assert case.words <= set(heard.text.lower().split())
    assert 0.3 < heard.confidence <= 1.0
    assert heard.language == case.engine.language


def test_an_utterance_leaves_nothing_for_the_next(case: Case) -> None:
    hear(case.engine, case.speech)
    case.engine.begin()
    case.engine.accept(case.speech[: len(case.speech) // 2])
    case.engine.begin()
    assert case.engine.finish().text == ""


@pytest.mark.parametrize("level", [0, 2, 300])
def test_silence_and_steady_noise_are_no_words(case: Case, level: int) -> None:
    if isinstance(case.engine, FakeSttEngine) and level > 100:
        pytest.skip("the fake takes everything loud for speech")
    noise = np.random.default_rng(1).normal(0, level, 2 * RATE).astype(np.int16)
    heard, _ = hear(case.engine, noise)
    assert (heard.text, heard.confidence) == ("", 0.0)


def test_no_sound_at_all_is_no_words(case: Case) -> None:
    case.engine.begin()
    assert case.engine.finish().text == ""


def test_a_partial_text_is_only_told_when_it_is_new(case: Case) -> None:
    _, partials = hear(case.engine, case.speech)
    assert all(one != other for one, other in itertools.pairwise(partials))


def test_starting_twice_is_harmless(case: Case) -> None:
    case.engine.start()
    assert case.words <= set(hear(case.engine, case.speech)[0].text.lower().split())
