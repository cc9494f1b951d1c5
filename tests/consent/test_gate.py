"""Nothing is kept without a living yes, and a yes ends when it should."""

import numpy as np
import pytest

from assistant.consent.clip import NewClip
from assistant.consent.gate import QUARANTINE, Gate, Grant
from assistant.errors import Refused
from assistant.testing.consent import DAY, START, Household, marked


def test_nothing_is_permitted_until_someone_grants_it(house: Household) -> None:
    assert house.gate.permits() == {}
    house.grant("wake_word")
    assert set(house.gate.permits()) == {"wake_word"}


def test_a_kept_clip_reads_back_and_the_offered_sound_is_zeroed(house: Household) -> None:
    house.grant()
    sound = marked(7)
    info = house.gate.keep(house.gate.permits()["utterance_audio"], NewClip(samples=sound, session="s"))
    assert not sound.any()
    with house.store.session() as session:
        slot = session.slots.used()[0]
        assert session.vault.info(slot) == info
        assert np.array_equal(session.vault.samples(slot), marked(7))


def test_no_plain_sound_and_no_plain_words_reach_the_disk(house: Household) -> None:
    house.grant("transcript")
    sound = marked(3)
    whole = sound.tobytes()
    house.gate.keep(
        house.gate.permits()["transcript"], NewClip(samples=sound, session="s", transcript="purple elephants")
    )
    for file in house.home.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert b"purple" not in data
        assert not any(whole[at : at + 64] in data for at in range(0, len(whole), 4096))


def test_words_are_only_stored_under_the_purpose_for_words(house: Household) -> None:
    house.grant("utterance_audio")
    permit = house.gate.permits()["utterance_audio"]
    info = house.gate.keep(permit, NewClip(samples=marked(1), session="s", transcript="purple"))
    assert info.transcript == ""


def test_a_permit_dies_with_any_withdrawal_even_when_granted_again(house: Household) -> None:
    house.grant()
    permit = house.gate.permits()["utterance_audio"]
    house.purge.withdraw(["utterance_audio"], method="cli", actor="me")
    house.grant()
    sound = marked(1)
    with pytest.raises(Refused):
        house.gate.keep(permit, NewClip(samples=sound, session="s"))
    assert not sound.any()
    assert house.clips() == []


def test_guest_mode_keeps_nothing_and_ends_by_itself(house: Household) -> None:
    house.grant()
    permit = house.gate.permits()["utterance_audio"]
    house.gate.guest(2, method="voice", actor="voice")
    assert house.gate.permits() == {}
    with pytest.raises(Refused):
        house.gate.keep(permit, NewClip(samples=marked(1), session="s"))
    house.time.advance(2 * 3600)
    assert "utterance_audio" in house.gate.permits()


def test_the_configuration_can_forbid_but_not_grant(house: Household) -> None:
    gate = Gate(house.store, forbidden=["share"])
    with pytest.raises(Refused):
        gate.grant(Grant(purpose="share:birds", days=1, method="cli", actor="me"))
    house.grant("share:birds")
    assert gate.permits() == {}


@pytest.mark.parametrize("purpose", ["everything", "share", "share:../x", "", "utterance_audio\n"])
def test_only_known_purposes_can_be_granted(house: Household, purpose: str) -> None:
    with pytest.raises(Refused):
        house.grant(purpose)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_every_consent_has_an_end(house: Household, days: int) -> None:
    with pytest.raises(Refused):
        house.grant(days=days)


def test_a_clip_nobody_listened_to_is_gone_within_48_hours(house: Household) -> None:
    house.grant()
    house.keep()
    house.time.advance(QUARANTINE - 1)
    assert house.purge.expire() is None
    house.time.advance(3601)
    receipt = house.purge.expire()
    assert receipt is not None
    assert receipt.clips == 1
    assert QUARANTINE + 3600 <= 48 * 3600


def test_a_renewal_moves_the_end_but_not_that_of_clips_already_promised_to_go(house: Household) -> None:
    house.grant(days=1)
    house.keep(seed=1)
    house.time.advance(DAY // 2)
    house.grant(days=7)
    later = house.keep(seed=2)
    house.time.advance(DAY // 2 + 1)
    house.purge.expire()
    assert house.clips() == [later]
    assert "utterance_audio" in house.gate.permits()


class TestClock:
    """Turning the clock never makes a consent last longer, and an end is an end."""

    def test_set_back_while_running(self, house: Household) -> None:
        house.grant(days=7)
        house.time.now -= 300 * DAY
        house.time.up += 7 * DAY
        assert house.gate.permits() == {}

    def test_set_back_by_a_reboot_without_a_clock(self, house: Household) -> None:
        house.grant(days=7)
        house.time.advance(6 * DAY)
        house.purge.expire()
        house.time.reboot(now=0)
        assert "utterance_audio" in house.gate.permits()
        house.time.advance(DAY)
        assert house.gate.permits() == {}

    def test_expiry_latches(self, house: Household) -> None:
        house.grant(days=7)
        house.time.advance(8 * DAY)
        house.purge.expire()
        house.time.reboot(now=START)
        house.open_again()
        assert house.gate.permits() == {}

    def test_a_jump_forward_ends_it_and_jumping_back_does_not_revive_it(self, house: Household) -> None:
        house.grant(days=7)
        house.keep()
        house.time.now += 400 * DAY
        assert house.purge.expire() is not None
        house.time.now -= 400 * DAY
        assert house.gate.permits() == {}
        assert house.clips() == []

    def test_granted_in_a_wrong_future_it_still_ends_by_the_right_clock(self, house: Household) -> None:
        house.time.now += 4000 * DAY
        house.purge.expire()
        house.time.reboot(now=START)
        house.grant(days=7)
        house.time.reboot(now=START + 7 * DAY)
        assert house.gate.permits() == {}
