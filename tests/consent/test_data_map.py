"""There is one list of all places, and nothing lies anywhere else."""

from pathlib import Path

import pytest

from assistant.build import Builder
from assistant.clock import SystemClock
from assistant.config.allowed import Reach, allow
from assistant.config.paths import find_paths
from assistant.config.schema import Config
from assistant.consent.answers import Answers
from assistant.consent.clip import NewClip
from assistant.consent.data_map import Declared, Row
from assistant.consent.gate import Grant
from assistant.consent.room import Room, open_room
from assistant.consent.words import Words
from assistant.errors import StoreError, Tampered
from assistant.testing.consent import marked

DECLARED = (Declared(skill="timer", holds="ends of timers", retention="until they ring", kind="times"),)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    room = open_room(find_paths(env), environ={}, declared=lambda: DECLARED)
    room.purge.recover()
    room.gate.grant(Grant(purpose="utterance_audio", days=1, method="cli", actor="me"))
    room.gate.keep(room.gate.permits()["utterance_audio"], NewClip(samples=marked(1), session="s"))
    return room


def remember(room: Room, skill: str) -> Path:
    """What a running skill would do."""
    path = room.paths.skill_data / f"{skill}.store"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(room.data.store(skill).seals.of(skill).seal(b'{"pasta": 600}'))
    return path


def test_every_file_the_room_writes_has_a_row(room: Room) -> None:
    remember(room, "timer")
    assert room.data.strays() == []
    written = {"clips", "keys", "ledger", "lock", "device-key", "witness", "skill-keys", "skill:timer"}
    for row in room.data.rows():
        without = [one for one in room.data.rows() if one.id != row.id]
        assert bool(room.data.strays(without)) == (row.id in written), row.id


def test_what_skills_remember_is_on_the_map_by_their_manifests_alone(room: Room) -> None:
    assert not any("skill:" in row.id or "skill-data" in str(row.place) for row in _own_rows(room))
    (row,) = [row for row in room.data.rows() if row.id == "skill:timer"]
    assert (row.holds, row.retention, row.personal) == ("ends of timers", "until they ring", True)


def test_a_store_that_no_manifest_speaks_of_is_on_the_map_too(room: Room) -> None:
    remember(room, "gone")
    assert [one.id for one in room.data.stores()] == ["skill:gone"]
    assert room.data.strays() == []
    assert room.purge.everything(method="cli", actor="me").counts == {"clips": 1, "skill:gone": 1}


def test_all_that_is_in_the_project_s_skills_is_declared() -> None:
    """Each bundled skill that writes a store has a row, made of its manifest."""
    paths = find_paths({"HOME": "/nowhere"})
    rows = Builder(Config(), paths, SystemClock()).consent.data.rows()
    assert {"skill:timer", "skill:alarm", "skill:list", "skill:reminder"} <= {row.id for row in rows}


def test_a_skill_that_somebody_else_wrote_is_on_the_map_when_it_is_installed(tmp_path: Path) -> None:
    paths = find_paths({"HOME": str(tmp_path)})
    folder = paths.installed_skills / "diary"
    folder.mkdir(parents=True)
    (folder / "skill.py").write_text("raise SystemExit('this was run')")
    (folder / "skill.yaml").write_text(
        "id: diary\nversion: 1\napi: 1\nentry: skill.py:Diary\nstore: {holds: what you tell it, retention: for good}\n"
    )
    room = Builder(Config(), paths, SystemClock()).consent
    (row,) = [row for row in room.data.rows() if row.id == "skill:diary"]
    assert (row.holds, row.retention) == ("what you tell it", "for good")
    room.paths.skill_data.parent.mkdir(parents=True, exist_ok=True)
    remember(room, "diary")
    assert "diary" in Answers(room=room, words=Words("en")).know()
    assert room.purge.everything(method="cli", actor="me").counts == {"clips": 0, "skill:diary": 1}
    assert Answers(room=room, words=Words("en")).know() == "I keep nothing about you."


def test_what_may_leave_the_house_is_told(tmp_path: Path) -> None:
    paths = find_paths({"HOME": str(tmp_path)})
    room = Builder(Config(), paths, SystemClock()).consent
    allow(paths.allowed, "weather", [Reach("api.example.org", 443)], "the name of a place", 1)
    assert Answers(room=room, words=Words("en")).know() == (
        "The skill weather may send to api.example.org: the name of a place."
    )
    assert room.data.strays() == []


def _own_rows(room: Room) -> list[Row]:
    return open_room(room.paths, environ={}).data.rows()


def test_a_file_without_a_row_is_reported(room: Room) -> None:
    planted = room.paths.state / "recordings" / "living-room.wav"
    planted.parent.mkdir()
    planted.write_bytes(b"RIFF")
    assert room.data.strays() == [planted]


def test_every_row_says_what_it_holds_and_how_it_goes(room: Room) -> None:
    rows = room.data.rows()
    assert len({row.id for row in rows}) == len(rows)
    for row in rows:
        assert row.holds
        assert row.retention
        assert row.deletion
        assert row.on_everything in ("destroyed", "kept", "nothing")
        assert row.on_everything == "destroyed" or not row.personal or row.place is None


def test_forgetting_everything_leaves_no_personal_file(room: Room) -> None:
    remember(room, "timer")
    for name in ("timer.new", "timer.broken", "list.json"):
        (room.paths.skill_data / name).write_text('{"pasta": 600}')
    assert [store.id for store in room.data.stores()] == ["skill:list", "skill:timer"]
    receipt = room.purge.everything(method="voice", actor="voice")
    assert receipt.counts == {"clips": 1, "skill:list": 1, "skill:timer": 1}
    assert all(one.files == 0 for one in room.data.inventory() if one.row.personal)


def test_the_key_of_a_forgotten_store_is_overwritten_in_place(room: Room) -> None:
    sealed = remember(room, "timer").read_bytes()
    slots = room.paths.skill_keys / "slots"
    with slots.open("rb") as held:
        assert any(held.read())
        room.purge.everything(method="voice", actor="voice")
        held.seek(0)
        assert not any(held.read())
    with pytest.raises(Tampered):
        room.data.store("timer").seals.of("timer").open(sealed)


def test_a_store_whose_key_cannot_be_destroyed_is_named_and_its_files_go(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(room, "timer")

    def fail(*_: object) -> int:
        raise StoreError("no")

    monkeypatch.setattr("assistant.consent.stores.SlotTable.destroy", fail)
    with pytest.raises(StoreError):
        room.data.store("timer").scrub()
    assert not list(room.paths.skill_data.iterdir())


def test_a_link_in_place_of_a_store_is_not_followed(room: Room, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    remember(room, "evil").unlink()
    (room.paths.skill_data / "evil.store").symlink_to(victim)
    (room.paths.skill_data / "evil.json").write_text("{}")
    room.purge.everything(method="voice", actor="voice")
    assert victim.read_text() == "precious"
    assert not list(room.paths.skill_data.iterdir())
