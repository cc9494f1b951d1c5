"""Networks that begin to listen at a pause: when they do, and that the word after other speech is suspected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, Samples
from assistant.wake.afresh import APART, EACH, LISTEN, PAUSE, Afresh
from assistant.wake.microwakeword_engine import MicroWakeWordEngine
from tests.wake.conftest import silence

SAID, QUIET, NOISE = 10.0, 0.0, 0.3


class Counting:
    """A network whose score is how many slices it has heard."""

    stride = 1

    def __init__(self) -> None:
        self.heard = 0
        self.loads = 0
        self.loaded = True

    def process_streaming_prob(self, features: np.ndarray) -> float:
        assert self.loaded
        self.heard += 1
        return float(self.heard)

    def reset(self) -> None:
        self.heard, self.loaded = 0, True
        self.loads += 1

    def close(self) -> None:
        self.loaded = False


def made() -> tuple[Afresh, list[Counting]]:
    networks = [Counting() for _ in range(EACH)]
    return Afresh({"alexa": networks}), networks


def slices(*parts: tuple[float, int]) -> Sequence[np.ndarray]:
    return [np.full((1, 1, 40), loudness, np.float32) for loudness, count in parts for _ in range(count)]


def test_in_silence_and_steady_noise_none_of_them_works() -> None:
    afresh, networks = made()
    for loudness in (QUIET, NOISE, SAID):
        assert [*afresh.hear(slices((loudness, 500)))] == []
    assert not any(each.loaded for each in networks)
    assert [*Afresh({}).hear([])] == []


def test_at_a_pause_in_speech_one_begins_and_listens_for_as_long_as_a_word_takes() -> None:
    afresh, networks = made()
    assert [*afresh.hear(slices((SAID, 50), (QUIET, PAUSE - 1)))] == []
    found = [*afresh.hear(slices((QUIET, 1), (SAID, 2 * LISTEN)))]
    assert [score for _, _, score in found] == [*map(float, range(1, LISTEN + 1))]
    assert [number for number, _, _ in found] == [*range(LISTEN)]
    assert sorted(each.heard for each in networks) == [*[0] * (EACH - 1), LISTEN]
    assert sum(each.loads for each in networks) == 1
    assert not any(each.loaded for each in networks)


def test_pauses_within_a_word_do_not_end_the_one_that_began_before_it() -> None:
    afresh, networks = made()
    word = slices((SAID, 50), (QUIET, 6), *[(SAID, APART // 2), (QUIET, PAUSE)] * 5, (SAID, 10))
    afresh_slices = [score for _, _, score in afresh.hear(word)]
    assert max(afresh_slices) > 5 * APART // 2
    assert sum(each.heard > 0 for each in networks) > 1


def test_a_reset_ends_and_frees_them() -> None:
    afresh, networks = made()
    assert [*afresh.hear(slices((SAID, 50), (QUIET, PAUSE), (SAID, 5)))]
    afresh.reset()
    assert not any(each.loaded for each in networks)
    assert [*afresh.hear(slices((SAID, 50)))] == []


def test_a_word_right_after_other_speech_is_suspected(speak: Callable[[str], Samples]) -> None:
    """The bundled voice, spliced as closely as people interrupt each other."""
    before, word = speak("what is on the calendar today"), speak("Alexa")
    stream = np.concatenate([silence(1), before[np.flatnonzero(before)[0] : -3200], silence(0.06), word, silence(0.48)])
    stream = stream[: len(stream) // FRAME_SAMPLES * FRAME_SAMPLES]
    engine = MicroWakeWordEngine(["alexa"])
    engine.start()
    peaks = [engine.peaks(frame)[0] for frame in stream.reshape(-1, FRAME_SAMPLES)]
    at = len(stream) - len(word) - len(silence(0.48))
    assert max(peak.afresh for peak in peaks[at // FRAME_SAMPLES :]) > 0.8
    assert max(peak.afresh for peak in peaks[: at // FRAME_SAMPLES]) < 0.3
    engine.close()
