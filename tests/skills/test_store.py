"""The store: sealed, on the disk when an assignment returns, never half a file, never more than its quota."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.consent.stores import StoreSeals
from assistant.skills.store import QUOTA, Store, StoreError
from assistant.testing.skills import SkillTester

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SECRET = "purple elephants"


def seals(folder: Path) -> StoreSeals:
    return StoreSeals(folder / "keys", {})


def opened(folder: Path, name: str = "probe") -> Store:
    """The store as a skill that starts now sees it."""
    return Store(folder / "data" / f"{name}.store", seals(folder).of(name))


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "data").iterdir()} if (folder / "data").exists() else set()


def plain_anywhere(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


@given(values=st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_stored_is_read_again(values: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("store")
    store = opened(folder)
    for key, value in values.items():
        store[key] = value  # type: ignore[assignment]
    assert dict(opened(folder)) == values


def test_what_is_taken_out_is_a_copy(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store["list"] = [1]
    taken = store["list"]
    assert isinstance(taken, list)
    taken.append(2)
    assert store["list"] == [1]


def test_looking_into_an_empty_store_writes_nothing(tmp_path: Path) -> None:
    assert len(opened(tmp_path)) == 0
    assert list(tmp_path.iterdir()) == []


def test_its_content_is_never_on_the_disk_in_plain(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store["a"] = SECRET
    store["b"] = SECRET * 100
    del store["a"]
    assert plain_anywhere(tmp_path) == []
    assert dict(opened(tmp_path)) == {"b": SECRET * 100}


def test_another_skill_cannot_open_it(tmp_path: Path) -> None:
    opened(tmp_path)["a"] = 1
    (tmp_path / "data" / "probe.store").rename(tmp_path / "data" / "other.store")
    assert dict(opened(tmp_path, "other")) == {}


@pytest.mark.parametrize("broken", [b"{", b"\xff\xfe\x00", b"[]", b"[" * 100_000, b"x" * (3 * QUOTA), b"", b'{"a": 1}'])
def test_a_broken_file_is_set_aside_and_the_store_starts_fresh(
    tmp_path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "data" / "probe.store"
    path.parent.mkdir()
    path.write_bytes(broken)
    store = opened(tmp_path)
    assert len(store) == 0
    assert path.with_suffix(".broken").read_bytes() == broken
    assert "set aside" in caplog.text
    store["a"] = 1
    assert dict(opened(tmp_path)) == {"a": 1}


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    opened(tmp_path)["a"] = SECRET
    path = tmp_path / "data" / "probe.store"
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert dict(opened(tmp_path)) == {}, at


def test_a_plain_file_of_an_earlier_version_is_sealed_when_it_is_first_read(tmp_path: Path) -> None:
    old = tmp_path / "data" / "probe.json"
    old.parent.mkdir()
    old.write_text(f'{{"a": "{SECRET}"}}')
    with old.open("rb") as held:
        assert dict(opened(tmp_path)) == {"a": SECRET}
        assert set(held.read()) == {0}, "overwritten before it was unlinked"
    assert files(tmp_path) == {"probe.store"}
    assert plain_anywhere(tmp_path) == []
    assert dict(opened(tmp_path)) == {"a": SECRET}


@pytest.mark.parametrize("broken", [f'{{"a": "{SECRET}', f'["{SECRET}"]'])
def test_a_broken_plain_file_is_set_aside_sealed(tmp_path: Path, broken: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "probe.json").write_text(broken)
    store = opened(tmp_path)
    assert dict(store) == {}
    assert files(tmp_path) == {"probe.broken"}
    assert plain_anywhere(tmp_path) == []
    assert broken in seals(tmp_path).of("probe").open((tmp_path / "data" / "probe.broken").read_bytes()).decode()


def test_a_plain_file_left_beside_a_sealed_one_is_overwritten(tmp_path: Path) -> None:
    opened(tmp_path)["a"] = "new"
    (tmp_path / "data" / "probe.json").write_text(f'{{"a": "{SECRET}"}}')
    assert dict(opened(tmp_path)) == {"a": "new"}
    assert files(tmp_path) == {"probe.store"}


def test_more_than_the_quota_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store["a"] = "kept"
    with pytest.raises(StoreError):
        store["b"] = "x" * QUOTA
    assert dict(store) == dict(opened(tmp_path)) == {"a": "kept"}


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for bad in (float("nan"), object(), {1, 2}):
        with pytest.raises(StoreError):
            store["a"] = bad  # type: ignore[assignment]
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(tmp_path)
    store["a"] = 1

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="written"):
            store["a"] = 2
    assert store["a"] == 1
    assert files(tmp_path) == {"probe.store"}
    assert dict(opened(tmp_path)) == {"a": 1}


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    opened(tmp_path)["a"] = 1
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_closed_store_refuses_to_write(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.close()
    with pytest.raises(StoreError):
        store["a"] = 1


def test_a_store_that_was_destroyed_is_not_written_again_by_a_skill_that_still_runs(tmp_path: Path) -> None:
    store, reader = opened(tmp_path), opened(tmp_path)
    store["a"] = SECRET
    assert dict(reader) == {"a": SECRET}
    sealed = (tmp_path / "data" / "probe.store").read_bytes()
    assert seals(tmp_path).destroy("probe")
    (tmp_path / "data" / "probe.store").unlink()
    for running in (store, reader):
        with pytest.raises(StoreError, match="destroyed"):
            running["b"] = 1
    fresh = opened(tmp_path)
    fresh["b"] = 2
    with pytest.raises(StoreError, match="destroyed"):
        store["b"] = 1
    assert dict(opened(tmp_path)) == {"b": 2}
    (tmp_path / "data" / "probe.store").write_bytes(sealed)
    assert dict(opened(tmp_path)) == {}, "what was sealed before opens no more"


def killed_at(number: int, work: Callable[[], None]) -> bool:
    """Do the work in a child that dies at its number-th call that changes a file; whether it got that far."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = number

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return call(*arguments, **named)

        return wrapped

    try:
        for name in ("open", "write", "pwrite", "fsync", "fdatasync", "rename", "replace", "unlink", "mkdir"):
            setattr(os, name, counted(getattr(os, name)))
        work()
    finally:
        os._exit(0)


@pytest.mark.parametrize("before", [{}, {"a": SECRET}])
def test_killed_at_any_call_leaves_the_old_or_the_new(tmp_path: Path, before: dict[str, str]) -> None:
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        for key, value in before.items():
            opened(folder)[key] = value
        died = killed_at(number, lambda folder=folder: opened(folder).__setitem__("b", SECRET))  # type: ignore[misc]
        assert dict(opened(folder)) in (before, {**before, "b": SECRET}), number
        assert plain_anywhere(folder) == [], number
        opened(folder)["c"] = 1
        if not died:
            break
    assert number > 5
    assert dict(opened(folder)) == {**before, "b": SECRET, "c": 1}


def test_killed_at_any_call_loses_no_plain_file_of_an_earlier_version(tmp_path: Path) -> None:
    for number in range(200):
        folder = tmp_path / str(number)
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "probe.json").write_text(f'{{"a": "{SECRET}"}}')
        died = killed_at(number, lambda folder=folder: dict(opened(folder)))  # type: ignore[misc]
        assert dict(opened(folder)) == {"a": SECRET}, number
        assert plain_anywhere(folder) == [], number
        if not died:
            break
    assert number > 5


UNDECLARED = """
class Probe(Skill):
    @intent("keep")
    def keep(self, request):
        self.store["a"] = 1
        return "kept"

    @intent("look")
    def look(self, request):
        return str(self.store.get("a"))
"""


async def test_a_skill_that_declares_no_store_has_none_and_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "probe"
    (folder / "locale" / "en").mkdir(parents=True)
    (folder / "skill.yaml").write_text("id: probe\nversion: 1.0.0\napi: 1\nentry: skill.py:Probe\n")
    (folder / "skill.py").write_text(f"from assistant.skills.api import Skill, intent\n{UNDECLARED}")
    (folder / "locale" / "en" / "keep.intent").write_text("keep it\n")
    (folder / "locale" / "en" / "look.intent").write_text("look at it\n")
    async with SkillTester(folder, data=tmp_path) as tester:
        for words in ("keep it", "look at it"):
            tester.failures.clear()
            await tester.ask(words)
            (failure,) = tester.failures
            assert f"{folder}/skill.yaml" in failure.reason
            assert "Add the line: store: {holds:" in failure.reason
    assert not (tmp_path / "skill-data").exists()
