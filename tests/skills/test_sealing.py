"""What every seal of a store keeps, the real one and the one for tests."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.consent.stores import StoreSeals
from assistant.errors import AssistantError
from assistant.testing.sealing import FakeSeals

PLAIN = b'{"timers": ["purple elephants"]}'


@pytest.fixture(params=["fake", "real"])
def seals(request: pytest.FixtureRequest, tmp_path: Path) -> FakeSeals | StoreSeals:
    return FakeSeals() if request.param == "fake" else StoreSeals(tmp_path / "keys", {})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(plain=st.binary(max_size=2000))
def test_what_is_sealed_opens_again_but_for_spaces_at_its_end(seals: FakeSeals | StoreSeals, plain: bytes) -> None:
    sealed = seals.of("timer").seal(plain)
    assert seals.of("timer").open(sealed).rstrip(b" ") == plain.rstrip(b" ")


def test_it_shows_nothing_of_what_it_holds(seals: FakeSeals | StoreSeals) -> None:
    sealed = seals.of("timer").seal(PLAIN)
    assert not any(PLAIN[at : at + 4] in sealed for at in range(len(PLAIN) - 4))


def test_another_store_cannot_open_it(seals: FakeSeals | StoreSeals) -> None:
    sealed = seals.of("timer").seal(PLAIN)
    seals.of("list").seal(PLAIN)
    with pytest.raises(AssistantError):
        seals.of("list").open(sealed)


def test_a_change_is_noticed(seals: FakeSeals | StoreSeals) -> None:
    sealed = seals.of("timer").seal(PLAIN)
    for changed in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:], b""):
        with pytest.raises(AssistantError):
            seals.of("timer").open(changed)


def test_a_destroyed_store_opens_no_more_and_a_skill_that_knew_it_cannot_write(seals: FakeSeals | StoreSeals) -> None:
    wrote, read = seals.of("timer"), seals.of("timer")
    sealed = wrote.seal(PLAIN)
    read.open(sealed)
    other = seals.of("list").seal(PLAIN)
    assert seals.destroy("timer")
    assert not seals.destroy("timer")
    with pytest.raises(AssistantError):
        seals.of("timer").open(sealed)
    for knew in (wrote, read):
        with pytest.raises(AssistantError, match="destroyed"):
            knew.seal(PLAIN)
    again = seals.of("timer").seal(PLAIN)
    assert seals.of("timer").open(again).rstrip() == PLAIN
    with pytest.raises(AssistantError):
        seals.of("timer").open(sealed)
    assert seals.of("list").open(other).rstrip() == PLAIN


def test_a_lost_device_key_starts_the_store_afresh_and_gives_all_back_when_it_returns(tmp_path: Path) -> None:
    seals, key = StoreSeals(tmp_path, {}), tmp_path / "stores.key"
    before, lost = seals.of("timer").seal(PLAIN), key.read_bytes()
    key.write_bytes(bytes(32))
    with pytest.raises(AssistantError):
        seals.of("timer").open(before)
    fresh = seals.of("timer").seal(b"{}")
    assert seals.of("timer").open(fresh).rstrip() == b"{}"
    key.write_bytes(lost)
    assert seals.of("timer").open(before).rstrip() == PLAIN
    assert seals.destroy("timer"), "what no key opens is destroyed as well"
    assert not any((tmp_path / "slots").read_bytes())
