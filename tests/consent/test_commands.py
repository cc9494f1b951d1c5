"""The owner's commands before and after the first yes."""

from pathlib import Path

import pytest

from tests.end_to_end.running import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("consent status", 0, "Nobody has agreed to anything."),
        ("consent log", 0, "There is no ledger"),
        ("consent verify", 0, "no ledger, no key and no clip"),
        ("consent guest 2", 0, "Nobody has agreed to anything"),
        ("consent withdraw", 0, "Destroyed: 0 clips. No receipt"),
        ("consent withdraw --everything", 0, "Destroyed: 0 clips. No receipt"),
        ("data show", 0, "No clip is kept."),
        ("data recall", 0, ""),
        ("data delete --all", 0, "Destroyed: 0 clips."),
        ("data prove-deleted 123456", 1, "there is no receipt 123456"),
        ("data play ab", 1, "there is no clip"),
        ("consent grant weather", 1, "assistant skills allow weather"),
        ("consent grant personalise --yes", 1, "nothing on this device learns from recordings yet"),
    ],
)
def test_every_command_works_before_the_first_yes_and_writes_nothing(
    home: Home, command: str, code: int, says: str
) -> None:
    done = home.call(*command.split())
    assert done.returncode == code, done
    assert says in done.stdout + done.stderr
    assert not (home.folder / "state").exists()


def test_a_yes_its_counts_and_its_end(home: Home) -> None:
    assert home.call("consent", "grant", "usage", "--yes").returncode == 0
    assert "usage" in home.call("consent", "status").stdout
    verified = home.call("consent", "verify").stdout
    assert "ledger: 2 records" in verified
    assert "witness: has seen all of them" in verified
    done = home.call("consent", "withdraw", "usage")
    code = done.stdout.split("Receipt ")[1][:6]
    assert home.call("data", "prove-deleted", code).returncode == 0


def test_a_purpose_that_the_configuration_forbids_cannot_be_granted_by_command_either(home: Home) -> None:
    home.configure("consent:\n  forbid: [wake_word]\n")
    done = home.call("consent", "grant", "wake_word", "--yes")
    assert (done.returncode, "forbids" in done.stderr) == (1, True)
    assert not (home.folder / "state").exists()


def test_an_older_copy_is_reported_by_verify(home: Home) -> None:
    assert home.call("consent", "grant", "wake_word", "--yes").returncode == 0
    ledger = home.folder / "state" / "assistant" / "consent" / "vault" / "ledger.jsonl"
    slots = ledger.with_name("slots")
    old = ledger.read_bytes(), slots.read_bytes()
    assert home.call("consent", "withdraw").returncode == 0
    ledger.write_bytes(old[0])
    slots.write_bytes(old[1])
    done = home.call("consent", "verify")
    assert done.returncode == 1
    assert "an older copy of the store was put back" in done.stderr


def test_a_yes_to_a_host_is_signed_into_the_ledger_if_there_is_one(home: Home) -> None:
    assert home.call("skills", "allow", "weather", "--yes").returncode == 0
    assert not (home.folder / "state/assistant/consent").exists(), "nothing that anybody said is to be kept"
    assert home.call("consent", "grant", "usage", "--yes").returncode == 0
    assert home.call("skills", "allow", "weather", "--yes").returncode == 0
    assert home.call("skills", "forbid", "weather").returncode == 0
    *_, yes, end, _ = home.call("consent", "log").stdout.splitlines()
    assert "allowed" in yes
    assert "network:weather" in yes
    assert "api.open-meteo.com:443" in yes
    assert "forbidden" in end
    assert "ledger: 4 records" in home.call("consent", "verify").stdout
