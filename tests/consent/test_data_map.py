"""There is one list of all places, and nothing lies anywhere else."""

from pathlib import Path

import pytest

from assistant.config.paths import find_paths
from assistant.consent.clip import NewClip
from assistant.consent.data_map import inventory, load_rows, skill_stores, strays
from assistant.consent.gate import Grant
from assistant.consent.room import Room, open_room
from assistant.testing.consent import marked


@pytest.fixture
def room(tmp_path: Path) -> Room:
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    room = open_room(find_paths(env), environ={})
    room.purge.recover()
    room.gate.grant(Grant(purpose="utterance_audio", days=1, method="cli", actor="me"))
    room.gate.keep(room.gate.permits()["utterance_audio"], NewClip(samples=marked(1), session="s"))
    return room


def test_every_file_the_room_writes_has_a_row(room: Room) -> None:
    assert strays(room.paths, load_rows(room.paths)) == []
    for row in load_rows(room.paths):
        without = [one for one in load_rows(room.paths) if one.id != row.id]
        found = strays(room.paths, without)
        assert bool(found) == (row.id in {"clips", "keys", "ledger", "lock", "device-key"}), row.id


def test_a_file_without_a_row_is_reported(room: Room) -> None:
    planted = room.paths.state / "recordings" / "living-room.wav"
    planted.parent.mkdir()
    planted.write_bytes(b"RIFF")
    assert strays(room.paths, load_rows(room.paths)) == [planted]


def test_every_row_says_what_it_holds_and_how_it_goes(room: Room) -> None:
    rows = load_rows(room.paths)
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.holds
        assert row.retention
        assert row.deletion
        assert row.on_everything in ("destroyed", "kept", "nothing")
        assert row.on_everything == "destroyed" or not row.personal or row.place is None


def test_forgetting_everything_leaves_no_personal_file(room: Room) -> None:
    timers = room.paths.skill_data / "timer.json"
    timers.parent.mkdir()
    timers.write_text('{"pasta": 600}')
    assert [store.id for store in skill_stores(room.paths)] == ["skill:timer"]
    receipt = room.purge.everything(method="voice", actor="voice")
    assert receipt.counts == {"clips": 1, "skill:timer": 1}
    assert all(one.files == 0 for one in inventory(room.paths) if one.row.personal)


def test_a_link_in_place_of_a_store_is_not_followed(room: Room, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    room.paths.skill_data.mkdir()
    (room.paths.skill_data / "evil.json").symlink_to(victim)
    room.purge.everything(method="voice", actor="voice")
    assert victim.read_text() == "precious"
