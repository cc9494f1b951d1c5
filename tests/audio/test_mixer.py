import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.chimes import chime
from assistant.audio.frame import Samples
from assistant.audio.mixer import Chime, Mixer, Speech
from tests.audio.sounds import tone

RATE = 16_000


def speech(*pieces: Samples, complete: bool = True) -> Speech:
    made = Speech(RATE, complete=complete)
    made.pieces.extend(pieces)
    return made


def everything(mixer: Mixer, blocks: int = 10_000) -> Samples:
    taken = [np.zeros(0, dtype=np.int16)]
    while len(taken) <= blocks and len(block := mixer.block(RATE)):
        taken.append(block)
    return np.concatenate(taken)


@given(st.lists(st.integers(1, 2000), max_size=8))
def test_speech_comes_out_as_it_went_in(lengths: list[int]) -> None:
    mixer = Mixer(1.0)
    pieces = [np.arange(length, dtype=np.int16) for length in lengths]
    mixer.speech = speech(*pieces)
    assert everything(mixer).tolist() == [sample for piece in pieces for sample in piece.tolist()]


def test_a_short_chime_is_mixed_into_speech_and_goes_on_after_it() -> None:
    mixer, said = Mixer(1.0), tone(300, 0.1)
    mixer.speech, mixer.chime = speech(said), Chime("listen")
    sound = everything(mixer, 3)
    bell = chime("listen", RATE)
    assert sound[: len(said)].tolist() == (said + bell[: len(said)]).tolist()
    mixer.speech = None
    rest = everything(mixer)
    assert (sound[len(said) :].tolist() + rest.tolist())[: len(bell) - len(said)] == bell[len(said) :].tolist()
    assert mixer.chime is None


def test_loud_speech_and_a_chime_are_clipped_not_wrapped() -> None:
    mixer = Mixer(1.0)
    mixer.speech, mixer.chime = speech(np.full(RATE // 5, 32767, dtype=np.int16)), Chime("listen")
    assert everything(mixer)[: RATE // 5].min() > 20_000


def test_a_ring_waits_for_the_end_of_speech_then_begins_at_its_beginning() -> None:
    mixer, said = Mixer(1.0), tone(300, 0.5)
    mixer.speech, mixer.chime = speech(said), Chime("ring")
    assert everything(mixer).tolist() == said.tolist()
    mixer.speech = None
    assert everything(mixer)[: 2 * RATE].tolist() == chime("ring", RATE).tolist()


def test_a_ring_gives_way_to_speech_softly() -> None:
    mixer = Mixer(1.0)
    mixer.chime = Chime("ring", times=5)
    everything(mixer, 3)
    mixer.speech = speech(np.zeros(RATE, dtype=np.int16))
    first, rest = mixer.block(RATE), everything(mixer)
    assert abs(int(first[-1])) < 50, "faded to silence within a block"
    assert not rest.any()
    mixer.speech = None
    assert mixer.block(RATE).tolist() == chime("ring", RATE)[: len(first)].tolist()


def test_a_ring_repeats_as_often_as_asked() -> None:
    mixer = Mixer(1.0)
    mixer.chime = Chime("ring", times=3)
    assert abs(len(everything(mixer)) - 3 * 2 * RATE) < RATE // 25


def test_a_chime_goes_on_where_it_was_when_the_rate_changes() -> None:
    bell, half = Chime("listen"), len(chime("listen", RATE)) // 2
    bell.take(half, RATE)
    assert bell.take(100, 2 * RATE).tolist() == chime("listen", 2 * RATE)[2 * half : 2 * half + 100].tolist()


def test_volume_scales_everything() -> None:
    mixer, said = Mixer(0.5), tone(300, 0.1)
    mixer.speech = speech(said)
    assert np.abs(everything(mixer) - said / 2).max() <= 1


def test_nothing_is_ready_while_speech_is_awaited_and_a_ring_waits() -> None:
    mixer = Mixer(1.0)
    assert not mixer.ready
    mixer.speech, mixer.chime = speech(complete=False), Chime("ring")
    assert not mixer.ready
    mixer.chime = Chime("listen")
    assert mixer.ready
