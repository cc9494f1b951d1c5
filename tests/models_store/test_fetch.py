"""A download is whole and the right one, or it is not there."""

from __future__ import annotations

import errno
import hashlib
import io
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models_store import fetch as module
from assistant.models_store.catalog import Download
from assistant.models_store.fetch import fetch
from tests.models_store.conftest import Server

CONTENT = bytes(range(256)) * 2000
SHA = hashlib.sha256(CONTENT).hexdigest()


def no_pause(_seconds: float) -> None:
    pass


def test_what_arrives_is_what_was_sent_and_progress_reaches_the_end(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT
    seen: list[tuple[str, int, int]] = []
    load = Download(url=server.url("model.bin"), sha256=SHA, size=len(CONTENT))
    assert fetch(load, tmp_path / "m", progress=lambda *row: seen.append(row)) == SHA
    assert (tmp_path / "m").read_bytes() == CONTENT
    assert seen[0] == ("model.bin", 0, len(CONTENT))
    assert seen[-1] == ("model.bin", len(CONTENT), len(CONTENT))


def test_a_cut_connection_is_resumed_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT
    server.cuts = [100_000, 50_000]
    fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)
    assert (tmp_path / "m").read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=100000-", "bytes=150000-"]


def test_a_later_call_goes_on_from_what_was_kept(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT
    server.cuts = [1000] * module.ATTEMPTS
    load = Download(url=server.url("model.bin"), sha256=SHA, size=len(CONTENT))
    with pytest.raises(ModelError, match="kept: the same command goes on from there"):
        fetch(load, tmp_path / "m", pause=no_pause)
    fetch(load, tmp_path / "m", pause=no_pause)
    assert (tmp_path / "m").read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={1000 * module.ATTEMPTS}-"


def test_a_server_that_cannot_resume_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT
    server.cuts, server.ignores_ranges = [100_000], True
    fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)
    assert (tmp_path / "m").read_bytes() == CONTENT


def test_a_wrong_hash_is_refused_and_nothing_is_left(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT[:-1] + b"!"
    with pytest.raises(ModelError, match="wrong checksum and was removed"):
        fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)
    assert list(tmp_path.iterdir()) == []


def test_a_kept_part_of_another_file_is_thrown_away_and_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT
    (tmp_path / "m.part").write_bytes(b"x" * 1000)
    fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)
    assert (tmp_path / "m").read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-", ""]


def test_more_than_announced_is_cut_off(server: Server, tmp_path: Path) -> None:
    server.files["model.bin"] = CONTENT
    server.announce = False
    with pytest.raises(ModelError, match="larger than the 5000 bytes"):
        fetch(Download(url=server.url("model.bin"), sha256=SHA, size=5000), tmp_path / "m", pause=no_pause)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_one_clear_line_and_not_tried_again(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"127.0.0.1:\d+: gone.zip cannot be fetched \(the server says 404"):
        fetch(Download(url=server.url("gone.zip"), sha256=SHA), tmp_path / "m", pause=no_pause)
    assert server.requests == 1


def test_a_broken_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.status = 503
    with pytest.raises(ModelError, match="503"):
        fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)
    assert server.requests == module.ATTEMPTS


def test_no_network_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be fetched .* Check the network"):
        fetch(Download(url="http://127.0.0.1:9/model.bin", sha256=SHA), tmp_path / "m", pause=no_pause)


def test_a_redirect_away_from_https_is_not_followed(server: Server, tmp_path: Path) -> None:
    server.moved_to = "http://example.com/model.bin"
    with pytest.raises(ModelError, match="not https"):
        fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)


def test_a_full_disk_is_one_clear_line(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    server.files["model.bin"] = CONTENT
    monkeypatch.setattr(Path, "open", lambda *_args, **_more: Full())
    with pytest.raises(ModelError, match="the disk is full"):
        fetch(Download(url=server.url("model.bin"), sha256=SHA), tmp_path / "m", pause=no_pause)


def test_what_cannot_fit_is_not_begun(server: Server, tmp_path: Path) -> None:
    server.files["model.zip"] = CONTENT
    with pytest.raises(ModelError, match=r"MB are free\. Make room"):
        fetch(Download(url=server.url("model.zip"), sha256=SHA, size=1 << 60), tmp_path / "m", pause=no_pause)
    assert list(tmp_path.iterdir()) == []
