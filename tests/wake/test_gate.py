"""The gate spares the detector the quiet and never a sound."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, Frame
from assistant.wake.gate import BEFORE_SECONDS, HOLD_SECONDS, QuietGate


def frames(*loudness: float) -> list[Frame]:
    random = np.random.default_rng(0)
    return [
        Frame(index=n, samples=random.normal(0, level, FRAME_SAMPLES).astype(np.int16))
        for n, level in enumerate(loudness)
    ]


def heard(gate: QuietGate, given: list[Frame]) -> list[int]:
    return [frame.index for one in given for frame in gate.pass_on(one)]


def test_a_steady_noise_is_let_through_at_first_and_becomes_background() -> None:
    passed = heard(QuietGate(), frames(*[300.0] * 250))
    assert passed[:100] == list(range(100))
    assert max(passed) < 170


def test_a_sound_opens_it_with_what_came_before_and_it_stays_open_for_a_while() -> None:
    gate = QuietGate()
    passed = heard(gate, frames(*[300.0] * 250, 900.0, *[300.0] * 100))
    before, hold = round(BEFORE_SECONDS / FRAME_SECONDS), round(HOLD_SECONDS / FRAME_SECONDS)
    assert [index for index in passed if index > 200] == list(range(250 - before, 250 + hold))


def test_a_sound_over_a_noisy_background_opens_it_too() -> None:
    gate = QuietGate()
    random = np.random.default_rng(2)
    passed = heard(gate, frames(*(300.0 * 2 ** random.uniform(-1, 1, 400))))
    assert len(passed) > 390, "what changes like this may be speech"


def test_after_a_reset_nothing_from_before_is_heard() -> None:
    gate = QuietGate()
    stream = frames(*[0.0] * 30, 900.0)
    heard(gate, stream[:30])
    gate.reset()
    assert heard(gate, stream[30:]) == [30]


@given(st.lists(st.sampled_from([0.0, 2.0, 20.0, 300.0, 5000.0]), max_size=80))
def test_frames_come_out_once_in_order_and_loud_ones_always(levels: list[float]) -> None:
    passed = heard(QuietGate(), frames(*levels))
    assert passed == sorted(set(passed))
    # For the first ten seconds nothing is background.
    assert {index for index, level in enumerate(levels) if level >= 20} <= set(passed)
