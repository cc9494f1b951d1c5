"""Counts of what skills are used: under a yes, sealed, without a time, and gone with it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate, Grant
from assistant.consent.purge import Purge
from assistant.consent.rights import Rights
from assistant.testing.consent import Household, marked


def counting(house: Household) -> Gate:
    house.grant("usage")
    for skill in ("timer", "clock", "timer"):
        assert house.gate.count(skill)
    assert Rights(house.store).usage() == {"timer": 2, "clock": 1}
    return house.gate


def usage_file(house: Household) -> Path:
    return house.home / "vault" / "usage"


def test_counts_are_sealed_and_hold_no_time(house: Household) -> None:
    counting(house)
    data = usage_file(house).read_bytes()
    assert b"timer" not in data
    assert b"record" not in data


@pytest.mark.parametrize(
    "end",
    [
        lambda house: house.purge.withdraw(["usage"], method="voice", actor="voice"),
        lambda house: house.purge.withdraw(None, method="voice", actor="voice"),
        lambda house: house.purge.everything(method="voice", actor="voice"),
    ],
)
def test_counts_are_overwritten_in_place_when_the_yes_ends(
    house: Household, end: Callable[[Household], object]
) -> None:
    counting(house)
    with usage_file(house).open("rb") as held:
        end(house)
        assert set(held.read()) == {0}
    assert not usage_file(house).exists()
    assert not house.gate.count("timer")
    with house.store.session() as session:
        assert dict(session.records[-1].counts)["usage"] == 1
    house.grant("usage")
    assert house.gate.count("timer")
    assert Rights(house.store).usage() == {"timer": 1}


def test_counts_end_with_their_consent(house: Household) -> None:
    counting(house)
    house.time.advance(8 * 86_400)
    house.purge.expire()
    assert not usage_file(house).exists()


def test_another_withdrawal_leaves_the_counts(house: Household) -> None:
    counting(house)
    house.grant("wake_word")
    house.purge.withdraw(["wake_word"], method="voice", actor="voice")
    assert Rights(house.store).usage() == {"timer": 2, "clock": 1}


def test_a_renewed_yes_goes_on_counting(house: Household) -> None:
    counting(house)
    house.grant("usage")
    assert house.gate.count("timer")
    assert Rights(house.store).usage()["timer"] == 3


def test_in_guest_mode_nothing_is_counted(house: Household) -> None:
    counting(house)
    house.gate.guest(2, method="voice", actor="voice")
    assert not house.gate.count("timer")


def test_nothing_is_counted_that_the_configuration_forbids(house: Household) -> None:
    counting(house)
    assert not Gate(house.store, forbidden=["usage"]).count("timer")


def test_counts_left_by_a_crash_go_at_the_next_start(house: Household) -> None:
    counting(house)
    kept = usage_file(house).read_bytes()
    house.purge.withdraw(None, method="cli", actor="me")
    usage_file(house).write_bytes(kept)
    Purge(house.store).recover()
    assert not usage_file(house).exists()


def test_many_skills_are_counted_together(house: Household) -> None:
    house.grant("usage")
    for number in range(70):
        house.gate.count(f"{'x' * 37}{number:03d}")
    counts = Rights(house.store).usage()
    assert sum(counts.values()) == 70
    assert counts["others"] == 10


def test_a_clip_and_counts_are_told_apart_in_the_receipt(house: Household) -> None:
    counting(house)
    house.gate.grant(Grant(purpose="wake_word", days=1, method="cli", actor="me"))
    house.gate.keep(house.gate.permits()["wake_word"], NewClip(samples=marked(1), session="s"))
    assert house.purge.everything(method="cli", actor="me").counts == {"clips": 1, "usage": 1}
