"""The end of speech is found, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.frame import RATE, Samples
from assistant.stt.endpoint import Ended, Endpointer, Event, Paused, Resumed, Started
from assistant.testing.stt import speak


def run(sound: Samples, endpointer: Endpointer | None = None, size: int = 1280) -> list[Event]:
    endpointer = endpointer or Endpointer()
    events: list[Event] = []
    for at in range(0, len(sound), size):
        events += endpointer.feed(sound[at : at + size])
    last = endpointer.finish()
    return [*events, last] if last else events


def seconds(samples: int) -> float:
    return samples / RATE


def steady(level: float, length: float, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, level, int(length * RATE)).astype(np.int16)


def test_silence_after_speech_ends_it() -> None:
    started, paused, ended = run(speak([(1, False), (1.5, True), (3, False)]))
    assert isinstance(started, Started) and seconds(started.sample) == pytest.approx(1.0, abs=0.15)
    assert isinstance(paused, Paused) and seconds(paused.sample) == pytest.approx(2.5, abs=0.15)
    assert isinstance(ended, Ended) and ended.cause == "done"
    assert seconds(ended.voiced) == pytest.approx(2.5, abs=0.15)
    assert seconds(ended.decided - ended.voiced) == pytest.approx(0.75, abs=0.1)


def test_a_pause_for_thought_is_not_the_end() -> None:
    events = run(speak([(0.5, False), (0.8, True), (0.5, False), (0.8, True), (2, False)]))
    assert [type(event) for event in events] == [Started, Paused, Resumed, Paused, Ended]
    assert seconds(events[-1].voiced) == pytest.approx(2.6, abs=0.15)


def test_nobody_speaks() -> None:
    assert run(speak([(8, False)]), Endpointer(patience=3)) == [Ended("silence", 0, int(3.01 * RATE))]


def test_speech_that_began_before_the_first_frame_counts() -> None:
    started, *_, ended = run(speak([(0.6, True), (2, False)]))
    assert isinstance(started, Started) and seconds(started.sample) < 0.15
    assert isinstance(ended, Ended) and seconds(ended.voiced) == pytest.approx(0.6, abs=0.15)


def test_talking_on_and_on_is_cut_off() -> None:
    ended = run(speak([(0.5, False), (20, True)]), Endpointer(max_seconds=4))[-1]
    assert isinstance(ended, Ended) and ended.cause == "limit"
    assert seconds(ended.decided) == pytest.approx(4.5, abs=0.3)


@pytest.mark.parametrize("level", [5, 300, 4000])
def test_steady_noise_is_nobody_speaking(level: float) -> None:
    assert run(steady(level, 6)) == [Ended("silence", 0, int(5.01 * RATE))]


def test_a_humming_machine_is_nobody_speaking() -> None:
    time = np.arange(6 * RATE) / RATE
    hum = steady(20, 6) + sum(2000 / k * np.sin(2 * np.pi * 100 * k * time) for k in range(1, 8))
    assert [type(event) for event in run(hum.astype(np.int16))] == [Ended]


@pytest.mark.parametrize("level", [100, 600])
def test_the_end_is_found_in_steady_noise(level: float) -> None:
    sound = speak([(1, False), (2, True), (3, False)])
    ended = run(sound + steady(level, len(sound) / RATE))[-1]
    assert isinstance(ended, Ended) and ended.cause == "done"
    assert seconds(ended.voiced) == pytest.approx(3.0, abs=0.25)


def test_a_fan_that_starts_while_one_speaks_does_not_hold_it_open() -> None:
    sound = speak([(1, False), (2, True), (7, False)])
    sound[int(2.5 * RATE) :] += steady(500, 7.5)
    ended = run(sound)[-1]
    assert isinstance(ended, Ended) and ended.cause == "done"
    assert seconds(ended.decided) < 7


def test_a_click_is_not_speech() -> None:
    sound = speak([(6, False)])
    sound[RATE : RATE + 200] = 20_000
    assert [type(event) for event in run(sound)] == [Ended]


def test_a_soft_beginning_belongs_to_it() -> None:
    sound = speak([(1, False), (2, True), (1, False)]).astype(np.float64)
    sound[RATE : 2 * RATE] *= np.linspace(0.02, 1, RATE)
    started = run(sound.astype(np.int16))[0]
    assert isinstance(started, Started) and seconds(started.sample) < 1.5


def test_nothing_comes_after_the_end() -> None:
    endpointer = Endpointer(patience=1)
    assert isinstance(run(speak([(2, False)]), endpointer)[-1], Ended)
    assert endpointer.feed(speak([(2, True)])) == []
    assert endpointer.finish() is None


stretches = st.lists(st.tuples(st.floats(0.05, 1.5), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None)
@given(stretches, st.integers(1, 5000))
def test_how_the_sound_is_cut_makes_no_difference(parts: list[tuple[float, bool]], size: int) -> None:
    sound = speak(parts)
    assert run(sound, size=size) == run(sound)


@settings(max_examples=30, deadline=None)
@given(stretches, st.integers(0, 800))
def test_events_come_in_order(parts: list[tuple[float, bool]], level: int) -> None:
    sound = speak(parts)
    hiss = steady(level, len(sound) / RATE + 0.1)[: len(sound)]
    events = run((sound + hiss).astype(np.int16))
    *before, ended = events
    assert isinstance(ended, Ended)
    assert not any(isinstance(event, Ended) for event in before)
    assert [isinstance(event, Started) for event in before] == [at == 0 for at in range(len(before))]
    assert (ended.cause == "silence") == (not before)
    assert 0 <= ended.voiced <= ended.decided <= len(sound)


@settings(max_examples=30, deadline=None)
@given(stretches, st.integers(0, 800), st.integers(100, 5000))
def test_it_can_go_on_after_every_end(parts: list[tuple[float, bool]], level: int, size: int) -> None:
    sound = speak([*parts, (0.5, False)])
    sound = (sound + steady(level, len(sound) / RATE + 0.1)[: len(sound)]).astype(np.int16)
    endpointer = Endpointer(patience=1, max_seconds=2)
    last = 0
    for at in range(0, len(sound), size):
        for event in endpointer.feed(sound[at : at + size]):
            if isinstance(event, Started):
                assert last <= event.sample
            if isinstance(event, Ended):
                assert endpointer.since <= event.decided <= at + size
                assert event.cause == "silence" or endpointer.began <= event.voiced <= event.decided
                last = event.decided
                endpointer.again(1)
                assert (endpointer.since, endpointer.state) == (last, "waiting")
        assert 0 <= endpointer.noisy_seconds() <= 0.2


def test_noise_asks_for_more_silence() -> None:
    sound = speak([(0.5, False), (2, True), (0.3, False)])
    quiet, noisy = Endpointer(), Endpointer()
    quiet.feed(sound)
    noisy.feed((sound + steady(900, len(sound) / RATE)).astype(np.int16))
    assert quiet.noisy_seconds() == 0 < noisy.noisy_seconds()
    assert noisy.noisy_seconds(0.5) <= noisy.noisy_seconds()


def test_long_speech_without_a_breath_is_no_noise() -> None:
    endpointer = Endpointer()
    endpointer.feed(speak([(0.3, False), (6, True), (0.3, False)]))
    assert endpointer.state == "trailing"
    assert endpointer.noisy_seconds() == 0


def test_judging_lags_behind_frames_by_no_more_than_a_window() -> None:
    endpointer = Endpointer()
    for frame in range(1, 8):
        endpointer.feed(np.zeros(1280, np.int16))
        assert 1280 * frame - endpointer.position == 480


def test_where_noise_swallows_syllables_a_pause_is_longer() -> None:
    sound = speak([(0.5, False), (2, True), (0.35, False), (1, True)])
    assert any(isinstance(event, Paused) for event in run(sound)[:2])
    noisy = (sound + steady(900, len(sound) / RATE)).astype(np.int16)
    assert not any(isinstance(event, Paused) for event in run(noisy))
