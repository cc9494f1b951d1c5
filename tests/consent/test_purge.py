"""Taking back a yes destroys everything under it, whatever state the store is in."""

import pytest

from assistant.consent.purge import BATCH, Purge
from assistant.consent.slots import KeySlots
from assistant.errors import StoreError, Tampered
from assistant.testing.consent import Household


def keys(house: Household) -> int:
    with house.store.session() as session:
        return len(session.slots.used())


def files(house: Household) -> int:
    return len(list((house.home / "vault" / "clips").iterdir()))


def test_withdrawing_one_purpose_destroys_its_clips_and_no_others(house: Household) -> None:
    house.grant("wake_word")
    house.grant("utterance_audio")
    house.keep("wake_word")
    other = house.keep("utterance_audio")
    receipt = house.purge.withdraw(["wake_word"], method="voice", actor="voice")
    assert receipt.counts == {"clips": 1}
    assert house.clips() == [other]
    assert set(house.gate.permits()) == {"utterance_audio"}


def test_the_receipt_is_in_the_ledger(house: Household) -> None:
    house.grant()
    house.keep()
    receipt = house.purge.withdraw(None, method="voice", actor="voice")
    with house.store.session() as session:
        assert [one.event for one in session.records] == ["created", "granted", "withdrawn", "scrubbed"]
        assert session.records[-1].detail == receipt.code
        assert dict(session.records[-1].counts) == {"clips": 1}


def test_withdrawing_twice_or_nothing_is_fine(house: Household) -> None:
    for _ in range(2):
        assert house.purge.withdraw(None, method="voice", actor="voice").clips == 0


def test_many_clips_are_deleted_in_batches(house: Household) -> None:
    house.grant()
    for seed in range(BATCH + 3):
        house.keep(seed=seed)
    assert house.purge.delete(lambda info: True, method="cli", actor="me").clips == BATCH + 3
    assert (keys(house), files(house)) == (0, 0)


def test_everything_also_walks_the_surfaces_and_says_which_one_failed(house: Household) -> None:
    class Good:
        id = "skill:timer"

        def scrub(self) -> int:
            return 4

    class Bad:
        id = "caches"

        def scrub(self) -> int:
            raise StoreError("no")

    purge = Purge(house.store, lambda: [Bad(), Good()])
    receipt = purge.everything(method="voice", actor="voice")
    assert receipt.counts == {"clips": 0, "caches": -1, "skill:timer": 4}
    assert receipt.failed == ("caches",)


def test_a_begun_withdrawal_is_finished_at_the_next_start(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    house.grant()
    house.keep()
    with monkeypatch.context() as patch, pytest.raises(StoreError):
        patch.setattr(KeySlots, "destroy", fail)
        house.purge.withdraw(None, method="voice", actor="voice")
    house.open_again()
    assert house.gate.permits() == {}, "void from the first moment, whatever else failed"
    receipt = house.purge.recover()
    assert receipt is not None
    assert receipt.clips == 1
    assert (keys(house), files(house)) == (0, 0)
    assert house.purge.recover() is None


def test_a_new_wish_first_finishes_the_old_one(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    house.grant("wake_word")
    house.keep("wake_word")
    house.grant("utterance_audio")
    with monkeypatch.context() as patch, pytest.raises(StoreError):
        patch.setattr(KeySlots, "destroy", fail)
        house.purge.withdraw(["wake_word"], method="voice", actor="voice")
    house.purge.withdraw(["utterance_audio"], method="voice", actor="voice")
    assert keys(house) == 0


def test_what_a_crash_left_is_swept_away_at_start(house: Household) -> None:
    house.grant()
    house.keep()
    clips = house.home / "vault" / "clips"
    whole = next(clips.iterdir())
    (clips / f"new-{'ab' * 16}.clip").write_bytes(b"half")
    (clips / f"{'cd' * 16}.clip").write_bytes(b"without a key")
    house.purge.recover()
    assert [file.name for file in clips.iterdir()] == [whole.name]
    whole.unlink()
    house.purge.recover()
    assert keys(house) == 0


def test_a_damaged_clip_blocks_neither_the_list_nor_its_deletion(house: Household) -> None:
    house.grant()
    good, bad = house.keep(seed=1), house.keep(seed=2)
    path = house.home / "vault" / "clips" / f"{bad}.clip"
    path.write_bytes(path.read_bytes()[:60] + b"x" + path.read_bytes()[61:])
    assert house.clips() == [good]
    house.purge.delete_ids([bad], method="cli", actor="me")
    assert keys(house) == 1


def test_every_changed_byte_of_a_clip_is_noticed(house: Household) -> None:
    house.grant()
    house.keep()
    path = next((house.home / "vault" / "clips").iterdir())
    whole = path.read_bytes()
    for at in [*range(0, 700, 11), *range(700, len(whole), 997), len(whole) - 1]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with house.store.session() as session:
            slot = session.slots.used()[0]
            with pytest.raises(Tampered):
                session.vault.info(slot)
                session.vault.samples(slot)


def test_links_and_strangers_in_the_vault_are_refused(house: Household) -> None:
    house.grant()
    house.keep()
    path = next((house.home / "vault" / "clips").iterdir())
    elsewhere = house.home / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert house.clips() == []
    path.unlink()
    path.hardlink_to(elsewhere)
    assert house.clips() == []
    (house.home / "vault").chmod(0o755)
    with pytest.raises(Tampered):
        house.clips()


def test_slots_cannot_be_swapped(house: Household) -> None:
    house.grant()
    house.keep(seed=1)
    house.keep(seed=2)
    file = house.home / "vault" / "slots"
    data = bytearray(file.read_bytes())
    data[8192:8320], data[8320:8448] = data[8320:8448], data[8192:8320]
    file.write_bytes(data)
    with house.store.session() as session, pytest.raises(Tampered):
        session.vault.samples(session.slots.used()[0])


def test_a_full_vault_says_so(house: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeySlots, "capacity", 2)
    house.grant()
    house.keep()
    house.keep()
    with pytest.raises(StoreError, match="full"):
        house.keep()


def fail(*_: object) -> int:
    raise StoreError("the disk refused")
