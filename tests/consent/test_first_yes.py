"""Before the first yes nothing is on the disk; afterwards nothing may disappear, or be an older copy, unnoticed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.config.paths import find_paths
from assistant.consent.export import export, recall_list
from assistant.consent.pages import PAGE, Pages
from assistant.consent.prove import prove_deleted
from assistant.consent.rights import Rights
from assistant.consent.room import open_room
from assistant.errors import ConsentError, Refused, StoreError, Tampered
from assistant.testing.consent import Household

EVERYTHING: dict[str, Callable[[Household], object]] = {
    "recover": lambda house: house.purge.recover(),
    "expire": lambda house: house.purge.expire(),
    "live": lambda house: house.gate.live(),
    "permits": lambda house: house.gate.permits(),
    "deny": lambda house: house.gate.deny("wake_word", method="voice", actor="voice"),
    "guest": lambda house: house.gate.guest(2, method="voice", actor="voice"),
    "count": lambda house: house.gate.count("timer"),
    "withdraw": lambda house: house.purge.withdraw(None, method="cli", actor="me"),
    "delete": lambda house: house.purge.delete(lambda info: True, method="cli", actor="me"),
    "delete ids": lambda house: house.purge.delete_ids(["ab"], method="cli", actor="me"),
    "everything": lambda house: house.purge.everything(method="cli", actor="me"),
    "clips": lambda house: Rights(house.store).clips(),
    "usage": lambda house: Rights(house.store).usage(),
    "recalls": lambda house: recall_list(house.store),
    "verify": lambda house: house.clips(),
}
REFUSED: dict[str, Callable[[Household], object]] = {
    "a purpose that is not known": lambda house: house.grant("everything"),
    "learning": lambda house: house.grant("personalise"),
    "too long": lambda house: house.grant(days=99_999),
    "play": lambda house: Rights(house.store).samples("ab"),
    "tag": lambda house: Rights(house.store).tag("ab", label="good"),
    "export": lambda house: export(house.store, house.home / "out", "precise", actor="me"),
    "prove": lambda house: prove_deleted(house.store, "123456"),
}


@pytest.mark.parametrize("what", EVERYTHING)
def test_without_a_yes_nothing_is_written(house: Household, what: str) -> None:
    EVERYTHING[what](house)
    assert list(house.home.parent.iterdir()) == []


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_writes_nothing(house: Household, what: str) -> None:
    with pytest.raises(Refused):
        REFUSED[what](house)
    assert list(house.home.parent.iterdir()) == []


def test_the_first_yes_makes_the_store(house: Household) -> None:
    house.grant()
    assert {path.name for path in house.home.parent.iterdir()} == {"consent", "consent-witness"}
    assert {path.name for path in (house.home / "vault").iterdir()} == {
        "lock", "slots", "ledger.jsonl", "clips", "exports",
    }  # fmt: skip
    house.open_again()
    assert set(house.gate.permits()) == {"utterance_audio"}


def test_guest_mode_from_before_the_first_yes_holds_after_it(house: Household) -> None:
    house.gate.guest(2, method="voice", actor="voice")
    house.grant()
    assert house.gate.permits() == {}
    house.time.advance(2 * 3600)
    assert set(house.gate.permits()) == {"utterance_audio"}


def test_what_skills_remember_goes_without_a_store_too_and_a_crash_is_finished(tmp_path: Path) -> None:
    room = open_room(find_paths({"HOME": str(tmp_path)}), environ={})
    timers = room.paths.skill_data / "timer.store"
    lists = room.paths.skill_data / "list.store"
    timers.parent.mkdir(parents=True)
    for path in (timers, lists):
        path.write_bytes(room.data.store(path.stem).seals.of(path.stem).seal(b"{}"))

    class Power(BaseException):
        pass

    def cut(*_: object) -> None:
        raise Power

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Power):
        patch.setattr("assistant.consent.data_map.SkillStore.scrub", cut)
        room.purge.everything(method="cli", actor="me")
    assert timers.exists()
    receipt = open_room(room.paths, environ={}).purge.recover()
    assert receipt is not None
    assert receipt.counts == {"clips": 0, "skill:list": 1, "skill:timer": 1}
    assert not list(timers.parent.iterdir())
    assert room.purge.recover() is None
    assert room.data.strays() == []
    assert not (tmp_path / "consent").exists()


def test_a_crash_during_the_first_yes_leaves_no_store_or_a_whole_one(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    for step in range(0, 90, 2):
        left = step

        def crash(*arguments: object, real: Callable[..., object], **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Crash
            return real(*arguments, **named)

        shutil.rmtree(house.home, ignore_errors=True)
        house.home.with_name("consent-witness").unlink(missing_ok=True)
        house.open_again()
        done = False
        with monkeypatch.context() as patch:
            import os

            for name in ("open", "write", "pwrite", "rename", "fsync", "fdatasync", "mkdir"):
                real = getattr(os, name)
                patch.setattr(os, name, lambda *a, real=real, **n: crash(*a, real=real, **n))
            try:
                house.grant()
                done = True
            except Crash:
                pass
        house.open_again()
        house.purge.recover()
        assert set(house.gate.permits()) in (set(), {"utterance_audio"})
        house.grant()
        house.keep()
        assert len(house.clips()) == 1
        if done:
            break
    assert step > 15


def copy(house: Household, to: Path) -> Path:
    return Path(shutil.copytree(house.home, to))


def put_back(house: Household, old: Path) -> None:
    shutil.rmtree(house.home)
    shutil.copytree(old, house.home)
    house.open_again()


def test_an_older_copy_of_the_whole_store_is_noticed(house: Household, tmp_path: Path) -> None:
    house.grant()
    house.keep()
    old = copy(house, tmp_path / "old")
    house.purge.withdraw(None, method="voice", actor="voice")
    put_back(house, old)
    with pytest.raises(Tampered, match="older copy"):
        house.purge.recover()
    with pytest.raises(Tampered):
        house.gate.permits()
    assert house.purge.everything(method="cli", actor="me").clips == 1
    house.grant()
    assert set(house.gate.permits()) == {"utterance_audio"}


def test_the_copy_of_the_last_state_is_as_good(house: Household, tmp_path: Path) -> None:
    house.grant()
    old = copy(house, tmp_path / "old")
    put_back(house, old)
    assert set(house.gate.permits()) == {"utterance_audio"}


def test_another_store_in_its_place_is_noticed(house: Household, tmp_path: Path) -> None:
    house.grant()
    other = Household(tmp_path / "elsewhere" / "consent")
    for _ in range(5):
        other.grant()
    put_back(house, other.home)
    with pytest.raises(Tampered):
        house.gate.permits()


def taken(*names: str) -> Callable[[Household], None]:
    def take(house: Household) -> None:
        for name in names:
            path = house.home.parent / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    return take


@pytest.mark.parametrize(
    "names",
    [("consent",), ("consent-witness",), ("consent/device.key",), ("consent/vault",), ("consent/vault/slots",),
     ("consent/vault/ledger.jsonl",), ("consent/vault/slots", "consent/vault/ledger.jsonl"),
     ("consent/vault/slots", "consent-witness")],
    ids=" and ".join,
)  # fmt: skip
def test_a_file_that_disappears_is_noticed_and_forgetting_everything_starts_afresh(
    house: Household, names: tuple[str, ...]
) -> None:
    house.grant()
    house.keep()
    taken(*names)(house)
    house.open_again()
    with pytest.raises(Tampered):
        house.purge.recover()
    with pytest.raises(Tampered):
        house.grant()
    house.purge.everything(method="cli", actor="me")
    house.open_again()
    house.grant()
    assert set(house.gate.permits()) == {"utterance_audio"}


def test_all_of_it_gone_is_a_household_that_never_agreed(house: Household) -> None:
    """Nobody can tell it from one; whoever wants to begin anew deletes both."""
    house.grant()
    taken("consent", "consent-witness")(house)
    house.open_again()
    assert house.purge.recover() is None
    assert house.gate.permits() == {}


def test_a_store_from_before_there_were_witnesses_gets_one(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("assistant.consent.store.Store._tell_witness", lambda *_: None)
        house.grant()
    witness = house.home.with_name("consent-witness")
    assert not witness.exists()
    house.open_again()
    assert set(house.gate.permits()) == {"utterance_audio"}
    assert witness.exists()


def test_a_witness_that_cannot_be_written_stops_nothing_and_is_told_later(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.grant()

    def full(*_: object) -> None:
        raise StoreError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(Pages, "write", full)
        house.purge.withdraw(None, method="cli", actor="me")
    house.open_again()
    assert house.gate.permits() == {}
    before = house.home.with_name("consent-witness").read_bytes()
    house.grant()
    assert house.home.with_name("consent-witness").read_bytes() != before


def test_a_changed_witness_is_noticed(house: Household) -> None:
    house.grant()
    witness = house.home.with_name("consent-witness")
    whole = witness.read_bytes()
    for at in (0, 20, 100, PAGE - 1):
        changed = bytearray(whole)
        for page in (0, PAGE):
            changed[page + at] ^= 1
        witness.write_bytes(changed)
        house.open_again()
        with pytest.raises(Tampered):
            house.gate.permits()


def test_a_torn_page_leaves_the_older_one(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "witness", bytes(32))
    assert pages.read() is None
    for number in range(5):
        pages.write({"number": number})
        assert pages.read() == {"number": number}
    data = bytearray(pages.path.read_bytes())
    newest = 5 % 2 * PAGE
    data[newest : newest + 100] = bytes(100)
    pages.path.write_bytes(data)
    assert pages.read() == {"number": 3}
    pages.write({"number": 9})
    assert pages.read() == {"number": 9}
    with pytest.raises(ConsentError, match="room"):
        pages.write({"much": "x" * PAGE})
    assert pages.read() == {"number": 9}
