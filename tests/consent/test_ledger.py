"""The ledger cannot be changed, cut, lengthened or rolled back without being noticed, and says where."""

import json
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assistant.consent.record import GENESIS, parse
from assistant.errors import Refused, Tampered
from assistant.testing.consent import Household


@pytest.fixture
def file(house: Household):  # type: ignore[no-untyped-def]
    for purpose in ("wake_word", "false_wake", "utterance_audio"):
        house.grant(purpose)
    return house.home / "vault" / "ledger.jsonl"


def first_bad(house: Household) -> int:
    house.open_again()
    with pytest.raises(Tampered) as error, house.store.session():
        pass
    return error.value.seq


def test_a_whole_ledger_verifies_with_the_public_key_alone(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    lines = file.read_bytes().splitlines(keepends=True)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(json.loads(lines[0])["detail"]))
    prev = GENESIS
    for seq, line in enumerate(lines):
        record = parse(line)
        assert record is not None
        assert record.fault(seq, prev, key) == ""
        prev = record.hash


def test_every_changed_byte_is_found_in_its_record(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    whole = file.read_bytes()
    second = whole.index(b"\n") + 1
    third = whole.index(b"\n", second) + 1
    for at in range(second, third, 13):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert first_bad(house) == 1, at
    file.write_bytes(whole)
    house.open_again()
    assert house.gate.permits()


def test_a_record_cut_off_removed_swapped_or_added_is_found(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    lines = file.read_bytes().splitlines(keepends=True)
    for bad, seq in [
        (lines[:3], 3),
        ([*lines[:3], lines[3][:40]], 3),
        ([lines[0], lines[2], lines[1], lines[3]], 1),
        ([lines[0], *lines[2:]], 1),
        ([*lines, lines[3]], 4),
        ([], 0),
    ]:
        file.write_bytes(b"".join(bad))
        assert first_bad(house) == seq


def test_an_old_ledger_or_an_old_key_file_put_back_is_found(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    slots = file.with_name("slots")
    old_ledger, old_slots = file.read_bytes(), slots.read_bytes()
    house.purge.withdraw(None, method="cli", actor="me")
    new_ledger, new_slots = file.read_bytes(), slots.read_bytes()
    file.write_bytes(old_ledger)
    assert first_bad(house) == 4
    file.write_bytes(new_ledger)
    slots.write_bytes(old_slots)
    assert first_bad(house) == 4
    slots.write_bytes(new_slots)
    house.open_again()
    assert house.gate.permits() == {}


def test_tampering_while_it_runs_locks_the_store(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    file.write_bytes(file.read_bytes().replace(b'"days":7', b'"days":9', 1))
    with pytest.raises(Tampered):
        house.gate.permits()


def test_a_forged_signature_is_not_accepted(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    other = Household(house.home.with_name("other"))
    for purpose in ("wake_word", "false_wake", "utterance_audio"):
        other.grant(purpose)
    shutil.copy(other.home / "vault" / "ledger.jsonl", file)
    assert first_bad(house) == 0


def test_a_store_of_another_device_key_stays_shut(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    (house.home / "device.key").write_bytes(b"k" * 32)
    house.open_again()
    with pytest.raises(Tampered):
        house.gate.permits()


def test_everything_can_be_destroyed_even_when_the_ledger_is_bad(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    house.keep()
    file.write_bytes(b"garbage\n")
    house.open_again()
    with pytest.raises(Tampered):
        house.purge.withdraw(None, method="cli", actor="me")
    receipt = house.purge.everything(method="cli", actor="me")
    assert receipt.clips == 1
    assert house.clips() == []
    assert not any((house.home / "vault" / "slots").read_bytes()[8192:])
    assert (house.home / "vault" / "damaged.jsonl").read_bytes() == b"garbage\n"
    house.grant()
    house.keep()


def test_the_ledger_names_no_session_no_clip_and_no_words(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    clip = house.keep("utterance_audio", session="session-77")
    house.purge.delete_ids([clip], method="voice", actor="voice")
    text = file.read_text()
    assert clip not in text
    assert "session-77" not in text


def test_a_denied_question_is_written_down(house: Household, file) -> None:  # type: ignore[no-untyped-def]
    house.gate.deny("utterance_audio", method="voice", actor="voice")
    assert json.loads(file.read_bytes().splitlines()[-1])["event"] == "denied"
    with pytest.raises(Refused):
        house.gate.purpose("nonsense")
