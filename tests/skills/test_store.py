"""The store: on the disk when an assignment returns, never half a file, never more than its quota."""

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.skills.store import QUOTA, Store, StoreError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(values=st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_stored_is_read_again(values: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("store") / "probe.json"
    store = Store(path)
    for key, value in values.items():
        store[key] = value  # type: ignore[assignment]
    assert dict(Store(path)) == values


def test_what_is_taken_out_is_a_copy(tmp_path: Path) -> None:
    store = Store(tmp_path / "probe.json")
    store["list"] = [1]
    taken = store["list"]
    assert isinstance(taken, list)
    taken.append(2)
    assert store["list"] == [1]


@pytest.mark.parametrize("broken", [b"{", b"\xff\xfe\x00", b"[]", b"[" * 100_000, b"x" * (3 * QUOTA), b""])
def test_a_broken_file_is_set_aside_and_the_store_starts_fresh(
    tmp_path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "probe.json"
    path.write_bytes(broken)
    store = Store(path)
    assert len(store) == 0
    assert (tmp_path / "probe.broken").read_bytes() == broken
    assert "set aside" in caplog.text
    store["a"] = 1
    assert json.loads(path.read_text()) == {"a": 1}


def test_more_than_the_quota_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "probe.json")
    store["a"] = "kept"
    with pytest.raises(StoreError):
        store["b"] = "x" * QUOTA
    assert dict(store) == dict(Store(tmp_path / "probe.json")) == {"a": "kept"}


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "probe.json")
    for bad in (float("nan"), object(), {1, 2}):
        with pytest.raises(StoreError):
            store["a"] = bad  # type: ignore[assignment]
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "probe.json")
    store["a"] = 1

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="written"):
        store["a"] = 2
    assert store["a"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["probe.json"]
    assert json.loads((tmp_path / "probe.json").read_text()) == {"a": 1}


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "data" / "probe.json")
    store["a"] = 1
    assert (tmp_path / "data" / "probe.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_closed_store_refuses_to_write(tmp_path: Path) -> None:
    store = Store(tmp_path / "probe.json")
    store.close()
    with pytest.raises(StoreError):
        store["a"] = 1
