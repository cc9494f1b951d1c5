"""Two stages: what one of them believes alone, and what needs both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import EngineError
from assistant.testing.wake import FakeJudge, wake_sound
from assistant.wake.cascade import EARLIER, FAINT, FAINT_NEEDS, FAINT_TRY, TRIES, CascadeEngine
from assistant.wake.engine import Peak

QUIET = np.zeros(FRAME_SAMPLES, dtype=np.int16)
WORD = wake_sound("alexa")


class Scores:
    """A detector that gives one score after the other."""

    def __init__(self, word: str, scores: Sequence[float | Peak]) -> None:
        self.words = (word,)
        self.thresholds = {word: 0.8}
        self.rested = False
        self._scores = iter(scores)

    def start(self) -> None: ...
    def tune(self, sensitivity: float) -> None: ...
    def reset(self) -> None: ...

    def rest(self) -> None:
        self.rested = True

    def revise(self) -> bool:
        return False

    def close(self) -> None: ...

    def peaks(self, samples: Samples) -> list[Peak]:
        score = next(self._scores)
        return [score if isinstance(score, Peak) else Peak(self.words[0], score, 0)]


class Hesitant(FakeJudge):
    """Believes everything, but not firmly."""

    def judge(self, word: str, sound: Samples) -> float:
        return FAINT_NEEDS - 0.1


class Deaf(FakeJudge):
    def judge(self, word: str, sound: Samples) -> float:
        self.asked += 1
        raise EngineError("the encoder failed", where="test")


def heard(
    scores: Sequence[float | Peak],
    frames: Sequence[Samples],
    *,
    word: str = "alexa",
    judge: FakeJudge | None = None,
    sensitivity: float = 0.5,
    fixed: dict[str, float] | None = None,
    speaking: bool = False,
) -> list[int]:
    """Numbers of the frames at which the word counted."""
    engine = CascadeEngine(Scores(word, scores), judge or FakeJudge(), sensitivity=sensitivity, fixed=fixed)
    engine.start()
    engine.speaking(speaking)
    return [number for number, frame in enumerate(frames) if engine.process(frame)]


def test_a_doubtful_word_counts_once_the_judge_says_so() -> None:
    assert heard([0, 0.1, 0.2, 0.3, 0.1, 0], [QUIET, QUIET, WORD, QUIET, QUIET, QUIET]) == [2]


def test_a_false_alarm_is_turned_down_and_costs_few_questions() -> None:
    judge = FakeJudge()
    assert heard([0.9] * 40, [QUIET] * 40, judge=judge) == []
    assert judge.asked == len(TRIES)


def test_after_a_false_alarm_the_word_counts_again() -> None:
    scores = [0.9] * 10 + [0.0] + [0.5] * 3
    assert heard(scores, [QUIET] * 12 + [WORD, QUIET]) == [12]


def test_what_was_heard_only_by_those_that_began_at_a_pause_is_judged_however_clear_it_was() -> None:
    quiet, afresh = Peak("alexa", 0.0, 0), Peak("alexa", 0.0, 0, afresh=0.99)
    judge = FakeJudge()
    assert heard([afresh] * 9, [QUIET] * 9, judge=judge) == []
    assert judge.asked == len(TRIES)
    assert heard([quiet, afresh, quiet], [QUIET, WORD, QUIET]) == [1]
    assert heard([afresh] * 9, [WORD] * 9, fixed={"alexa": 0.8}) == [], "nobody to ask"
    faint = Peak("alexa", 0.0, 0, afresh=0.05)
    assert heard([faint] * 9, [WORD] * 9) == []


def test_a_clear_word_needs_no_judge_unless_the_assistant_speaks() -> None:
    judge = FakeJudge()
    assert heard([0, 0.99, 0], [QUIET] * 3, judge=judge) == [1]
    assert judge.asked == 0
    assert heard([0, 0.99, 0], [QUIET] * 3, judge=judge, speaking=True) == []
    assert judge.asked > 0
    assert heard([0, 0.99, 0], [QUIET, WORD, QUIET], speaking=True) == [1]


def test_what_was_heard_before_a_reset_is_not_judged() -> None:
    engine = CascadeEngine(Scores("alexa", [0.0, 0.5]), FakeJudge())
    engine.start()
    engine.process(WORD)
    engine.reset()
    assert engine.process(QUIET) == []


@pytest.mark.parametrize(("score", "frames"), [(0.7, []), (0.85, [0])])
def test_without_a_judge_for_the_word_or_with_a_fixed_threshold_the_detector_decides(
    score: float, frames: list[int]
) -> None:
    assert heard([score], [QUIET], word="okay_nabu") == frames
    assert heard([score], [QUIET], fixed={"alexa": 0.8}) == frames


def test_when_the_judge_fails_the_detector_decides_alone() -> None:
    judge = Deaf()
    scores = [0.3, 0.9, 0.0, 0.3, *[0.0] * 40, 0.9]
    assert heard(scores, [QUIET] * len(scores), judge=judge) == [1, len(scores) - 1]
    assert judge.asked == 1


def test_sensitivity_moves_what_is_suspected() -> None:
    scores = [0.01, 0.01, 0.01, 0.0]
    frames = [WORD, QUIET, QUIET, QUIET]
    assert heard(scores, frames, sensitivity=0.5) == []
    assert heard(scores, frames, sensitivity=1.0) == [FAINT_TRY]
    engine = CascadeEngine(Scores("alexa", scores * 2), FakeJudge())
    engine.start()
    assert not any(engine.process(frame) for frame in frames)
    engine.tune(1.0)
    assert any(engine.process(frame) for frame in frames)


def test_a_faint_suspicion_is_judged_later_and_less_often() -> None:
    judge = FakeJudge()
    assert heard([0.03] * 3, [WORD, QUIET, QUIET], judge=judge) == [FAINT_TRY]
    assert judge.asked == 1
    judge = FakeJudge()
    assert heard([0.03] * 40, [QUIET] * 40, judge=judge) == []
    assert judge.asked == len([at for at in TRIES if at >= FAINT_TRY])


def test_of_a_faint_suspicion_the_judge_must_be_surer() -> None:
    assert heard([FAINT / 2] * 9, [WORD] * 9, judge=Hesitant()) == []
    assert heard([FAINT] * 9, [WORD] * 9, judge=Hesitant()) == [0]
    assert heard([FAINT / 2, FAINT, 0.0, 0.0], [WORD] * 4, judge=Hesitant()) == [1], "it rose"


def test_a_word_directly_after_what_sounded_a_little_like_it_is_heard() -> None:
    like = [0.04] * (TRIES[-1] + 3)
    scores = [*like, 0.3, 0.3]
    frames = [*[QUIET] * len(like), WORD, QUIET]
    assert heard(scores, frames) == [len(like)]
    assert heard([*like, 0.05, 0.05], frames) == [], "no rise"


def test_the_same_word_counts_again_only_after_the_refractory_time() -> None:
    count = 2 * RATE // FRAME_SAMPLES
    scores = [0.99, 0.0, 0.99, *[0.0] * count, 0.99]
    assert heard(scores, [WORD] * len(scores)) == [0, len(scores) - 1]


@pytest.mark.parametrize("word", ["hey_mycroft", "alexa"])
def test_the_end_of_the_word_is_where_it_was_first_suspected_or_a_little_earlier(word: str) -> None:
    engine = CascadeEngine(Scores(word, [0.35, 0.4]), FakeJudge())
    engine.start()
    assert engine.process(QUIET) == []
    (found,) = engine.process(wake_sound(word))
    assert found.ago == FRAME_SAMPLES + int(EARLIER.get(word, 0.0) * RATE)
    assert 0.5 < found.score <= 1


def test_at_rest_neither_stage_keeps_sound() -> None:
    detector = Scores("alexa", [0.1])
    engine = CascadeEngine(detector, FakeJudge())
    engine.process(WORD)
    engine.rest()
    assert detector.rested
    assert not engine._ring.last(RATE).any()
