"""What is kept belongs to its owner: hear it, mark it, take it along, call it back, see that it is gone."""

import csv
import hashlib
import json
import wave
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assistant.consent.export import export, recall_list
from assistant.consent.prove import prove_deleted
from assistant.consent.rights import Rights
from assistant.errors import Refused, StoreError, Tampered
from assistant.testing.consent import DAY, Household, marked


@pytest.fixture
def rights(house: Household) -> Rights:
    return Rights(house.store)


def test_a_clip_can_be_heard_by_the_first_digits_of_its_id(house: Household, rights: Rights, tmp_path: Path) -> None:
    house.grant()
    clip = house.keep(seed=4)
    assert np.array_equal(rights.samples(clip[:6]), marked(4))
    (tmp_path / "a.wav").write_bytes(rights.wav(clip))
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 16_000)


@pytest.mark.parametrize("clip", ["", "zz", "../device.key", "0" * 32])
def test_an_id_that_fits_nothing_or_everything_is_refused(house: Household, rights: Rights, clip: str) -> None:
    house.grant()
    house.keep(seed=1)
    house.keep(seed=2)
    with pytest.raises(Refused):
        rights.samples(clip)


def test_a_clip_kept_by_ear_outlives_the_quarantine_but_not_the_consent(house: Household, rights: Rights) -> None:
    house.grant(days=7)
    clip = house.keep()
    rights.tag(clip, label="good", transcript="what time is it")
    house.time.advance(6 * DAY)
    assert house.purge.expire() is None
    info = rights.clips()[0][0]
    assert (info.label, info.transcript, info.kept) == ("good", "what time is it", True)
    house.time.advance(DAY)
    house.purge.expire()
    assert house.clips() == []


def test_a_correction_leaves_the_sound_as_it_was(house: Household, rights: Rights) -> None:
    house.grant()
    clip = house.keep(seed=9)
    for words in ("one", "two " * 200):
        rights.tag(clip, transcript=words)
    assert np.array_equal(rights.samples(clip), marked(9))


def test_a_clip_cannot_be_kept_after_its_consent_ran_out(house: Household, rights: Rights) -> None:
    house.grant(days=1)
    clip = house.keep()
    house.time.advance(DAY)
    with pytest.raises(Refused):
        rights.keep(clip)


def test_only_clips_kept_by_ear_are_exported(house: Household, rights: Rights, tmp_path: Path) -> None:
    house.grant()
    house.keep()
    with pytest.raises(Refused):
        export(house.store, tmp_path / "out", "common-voice", actor="me")


def test_common_voice_layout_with_a_signed_manifest(house: Household, rights: Rights, tmp_path: Path) -> None:
    house.grant()
    clip = house.keep(seed=3)
    rights.tag(clip, label="good", transcript="tab\there and\nnewline")
    out = tmp_path / "out"
    export(house.store, out, "common-voice", actor="me")
    with (out / "validated.tsv").open() as file:
        (row,) = csv.DictReader(file, delimiter="\t")
    assert row["sentence"] == "tab here and newline"
    with wave.open(str(out / "clips" / row["path"])) as sound:
        assert np.array_equal(np.frombuffer(sound.readframes(99999), dtype="<i2"), marked(3))
    manifest = (out / "manifest.json").read_bytes()
    listed = json.loads(manifest)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(listed["public_key"]))
    key.verify(bytes.fromhex((out / "manifest.sig").read_text()), manifest)
    for name, digest in listed["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert clip not in manifest.decode()


def test_pseudonyms_and_recall_ids_are_new_for_every_export(house: Household, rights: Rights, tmp_path: Path) -> None:
    house.grant()
    rights.tag(house.keep(), label="good")
    seen = set()
    for name in ("one", "two"):
        export(house.store, tmp_path / name, "common-voice", actor="me")
        with (tmp_path / name / "validated.tsv").open() as file:
            (row,) = csv.DictReader(file, delimiter="\t")
        seen |= {row["client_id"], row["path"]}
    assert len(seen) == 4


def test_precise_layout_sorts_false_wakes_apart(house: Household, rights: Rights, tmp_path: Path) -> None:
    house.grant("wake_word")
    rights.tag(house.keep("wake_word", seed=1), label="good")
    rights.tag(house.keep("wake_word", seed=2), label="wrong-wake")
    export(house.store, tmp_path / "out", "precise", actor="me")
    folders = sorted(path.parent.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.wav"))
    assert folders == ["not-wake-word/en", "speech/en"]


def test_sharing_needs_a_yes_of_its_own_and_can_be_called_back(
    house: Household, rights: Rights, tmp_path: Path
) -> None:
    house.grant()
    clip = house.keep()
    rights.tag(clip, label="good")
    with pytest.raises(Refused):
        export(house.store, tmp_path / "out", "common-voice", dataset="birds", actor="me")
    house.grant("share:birds")
    export(house.store, tmp_path / "out", "common-voice", dataset="birds", actor="me")
    assert recall_list(house.store) == []
    house.purge.withdraw(["share:birds"], method="cli", actor="me")
    (first,) = recall_list(house.store)
    assert first[0] == "birds"
    receipt = house.purge.withdraw(None, method="cli", actor="me")
    assert receipt.copies == 1
    assert recall_list(house.store) == [first]


def test_an_export_never_writes_over_anything(house: Household, rights: Rights, tmp_path: Path) -> None:
    house.grant()
    rights.tag(house.keep(), label="good")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").symlink_to(tmp_path / "victim")
    with pytest.raises(StoreError):
        export(house.store, tmp_path / "out", "precise", actor="me")
    assert not (tmp_path / "victim").exists()


def test_a_receipt_can_be_proved_and_a_broken_one_cannot(house: Household, rights: Rights) -> None:
    house.grant()
    house.keep()
    code = house.purge.withdraw(None, method="voice", actor="voice").code
    assert all(check.ok for check in prove_deleted(house.store, code) if "file system" not in check.what)
    slots = house.home / "vault" / "slots"
    data = bytearray(slots.read_bytes())
    data[8192 + 50] = 7
    slots.write_bytes(data)
    assert not all(check.ok for check in prove_deleted(house.store, code) if "file system" not in check.what)
    with pytest.raises(Refused):
        prove_deleted(house.store, "000")
    slots.write_bytes(bytes(len(data)))
    with pytest.raises(Tampered):
        prove_deleted(house.store, code)
