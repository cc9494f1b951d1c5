import numpy as np
import pytest

from assistant.audio.chimes import LOUDNESS, NAMES, chime
from tests.audio.sounds import pitch_of

RATES = [16_000, 22_050, 48_000]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", NAMES)
def test_chimes_are_short_soft_and_do_not_click(name: str, rate: int) -> None:
    sound = chime(name, rate).astype(np.float64) / 32768
    assert 0.1 < len(sound) / rate <= 2.0
    assert 0.1 < np.abs(sound).max() <= LOUDNESS
    assert abs(sound[0]) < 0.001
    assert abs(sound[-1]) < 0.001
    # A click is energy where no tone is: above the highest partial (3 x 1318 Hz).
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    high = np.fft.rfftfreq(len(sound), 1 / rate) > 6_000
    assert spectrum[high].sum() < 1e-5 * spectrum.sum()
    assert abs(sound.mean()) < 0.001


@pytest.mark.parametrize("rate", RATES)
def test_listening_rises_and_done_falls(rate: int) -> None:
    third = rate // 12
    listen, done = chime("listen", rate), chime("done", rate)
    assert pitch_of(listen[:third], rate) < pitch_of(listen[-third:], rate)
    assert pitch_of(done[:third], rate) > pitch_of(done[-third:], rate)


def test_a_ring_leaves_room_to_be_spoken_over() -> None:
    sound = chime("ring")
    assert not sound[-len(sound) // 4 :].any()


def test_an_unknown_chime_is_an_error() -> None:
    with pytest.raises(KeyError):
        chime("gong")
