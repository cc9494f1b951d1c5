"""What only the real detector can show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pymicro_wakeword import MicroWakeWord, Model

from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.config.paths import TREE
from assistant.errors import ModelError
from assistant.wake.microwakeword_engine import MicroWakeWordEngine, _Passing
from tests.wake.conftest import hear, silence

RECORDINGS = TREE.parent / "shared" / "recordings"


def clips(folder: str, every: int) -> list[Path]:
    found = sorted((RECORDINGS / folder).glob("*.flac"))[::every]
    if not found:
        pytest.skip(f"there are no recordings in {RECORDINGS / folder}")
    return found


def load(path: Path) -> Samples:
    samples: Samples = soundfile.read(path, dtype="int16")[0]
    return samples


def test_measured_thresholds_are_the_defaults_and_can_be_changed() -> None:
    engine = MicroWakeWordEngine(["alexa", "hey_mycroft", "okay_nabu"], thresholds={"okay_nabu": 0.5})
    engine.start()
    assert engine.thresholds == pytest.approx({"alexa": 0.8, "hey_mycroft": 0.95, "okay_nabu": 0.5})


def test_a_threshold_for_an_unknown_word_is_refused_with_a_guess() -> None:
    with pytest.raises(ModelError, match=r"Did you mean alexa\?"):
        MicroWakeWordEngine(["alexa"], thresholds={"alexia": 0.5}).start()


def test_no_words_at_all_is_refused() -> None:
    with pytest.raises(ModelError, match="no wake word is chosen"):
        MicroWakeWordEngine([]).start()


def test_the_default_word_is_heard_in_one_breath_with_the_request(speak: Callable[[str], Samples]) -> None:
    engine = MicroWakeWordEngine(["hey_mycroft"])
    engine.start()
    request = speak("hey Mycroft, what time is it?")
    found = hear(engine, silence(1), request, silence(1))
    assert [each.word for each, _ in found] == ["hey_mycroft"]
    assert found[0][1] < len(silence(1)) + len(request) * 2 // 3


@pytest.mark.parametrize("text", ["what time is it?", "set a timer for five minutes", "my craft is a boat"])
def test_ordinary_speech_does_not_wake_it(speak: Callable[[str], Samples], text: str) -> None:
    engine = MicroWakeWordEngine(["hey_mycroft", "alexa", "hey_jarvis", "okay_nabu"])
    engine.start()
    assert hear(engine, silence(1), speak(text), silence(1)) == []


def test_cutting_the_stream_into_other_pieces_changes_nothing(speak: Callable[[str], Samples]) -> None:
    stream = np.concatenate([silence(1), speak("hey Mycroft"), silence(1)])
    engine = MicroWakeWordEngine(["hey_mycroft"])
    engine.start()
    whole = engine.process(stream)
    engine.reset()
    pieces = [found for start in range(0, len(stream), 333) for found in engine.process(stream[start : start + 333])]
    assert [found.score for found in pieces] == [found.score for found in whole]


def test_after_a_reset_it_hears_what_one_hears_that_has_just_started(speak: Callable[[str], Samples]) -> None:
    """To the last digit: of what was said before nothing is left in the networks' state."""
    before, word = speak("hey, what a lexical craft, okay now"), speak("hey Mycroft, Alexa, okay Nabu")
    stream = np.resize(word, len(word) // FRAME_SAMPLES * FRAME_SAMPLES).reshape(-1, FRAME_SAMPLES)
    words = ["alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"]
    used, new = MicroWakeWordEngine(words), MicroWakeWordEngine(words)
    used.start()
    new.start()
    used.peaks(before[: 160 * 401])  # not a whole stride
    used.reset()
    assert [used.peaks(frame) for frame in stream] == [new.peaks(frame) for frame in stream]
    used.close()
    new.close()


def test_a_network_that_begins_at_a_pause_is_as_freshly_loaded() -> None:
    """To the last digit, and free meanwhile. It gives no score if the package was removed."""
    model = MicroWakeWord.from_builtin(Model.OKAY_NABU)
    network = _Passing(model)
    slices = np.random.default_rng(1).uniform(0, 26, (150, 1, 1, 40)).astype(np.float32)
    slices[::7] = 0
    first = [network.process_streaming_prob(each) for each in slices]
    network.close()
    assert network.process_streaming_prob(slices[0]) is None
    network.reset()
    assert [network.process_streaming_prob(each) for each in slices] == first
    network.close()
    model.tflite_model = "removed.tflite"
    network.reset()
    assert network.process_streaming_prob(slices[0]) is None


@pytest.mark.slow
def test_real_voices_wake_it() -> None:
    engine = MicroWakeWordEngine(["alexa"])
    engine.start()
    files = clips("wake/alexa", 3)
    missed = 0
    for path in files:
        engine.reset()
        missed += not hear(engine, load(path), silence(1))
    assert missed <= len(files) * 0.08


@pytest.mark.slow
def test_real_commands_and_other_words_do_not_wake_it() -> None:
    engine = MicroWakeWordEngine(["alexa"])
    engine.start()
    found = []
    for path in clips("commands", 6) + clips("not-wake", 2) + clips("wake/jarvis", 6):
        engine.reset()
        found += hear(engine, load(path), silence(0.5))
    assert found == []
