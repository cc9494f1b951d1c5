"""An archive from the network can do no harm."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models_store import unpack as module
from assistant.models_store.unpack import unpack


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def make_tar(path: Path, files: dict[str, bytes], *links: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
        for link in links:
            packed.addfile(link)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inside" / "folder"
    made.mkdir(parents=True)
    return made


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_the_folder_around_everything_is_left_out(make, tmp_path: Path, folder: Path) -> None:  # type: ignore[no-untyped-def]
    unpack(make(tmp_path / "a", {"model-1/am/x": b"1", "model-1/README": b"2"}), folder)
    assert contents(folder) == {"am/x": b"1", "README": b"2"}


def test_several_entries_stay_where_they_are(tmp_path: Path, folder: Path) -> None:
    unpack(make_zip(tmp_path / "a", {"am/x": b"1", "README": b"2"}), folder)
    assert contents(folder) == {"am/x": b"1", "README": b"2"}


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "a/b/../../../evil", "..\\evil", "C:/evil"])
def test_nothing_is_written_outside(make, name: str, tmp_path: Path, folder: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match="outside its folder"):
        unpack(make(tmp_path / "a", {name: b"x"}), folder)
    assert [path.name for path in tmp_path.rglob("evil")] == []


def test_links_and_devices_are_refused(tmp_path: Path, folder: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo("link")
        info.type, info.linkname = kind, "/etc/passwd"
        with pytest.raises(ModelError, match="link or a device"):
            unpack(make_tar(tmp_path / "a", {}, info), folder)
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "b", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(ModelError, match="holds a link"):
        unpack(tmp_path / "b", folder)
    assert contents(folder) == {}


def test_a_bomb_is_stopped_by_what_comes_out_of_it(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    with pytest.raises(ModelError, match="far more than its size"):
        unpack(make_zip(tmp_path / "a", {"zeros": bytes(4 << 20)}), folder)


def test_too_many_files_are_refused(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 5)
    for make in (make_zip, make_tar):
        with pytest.raises(ModelError, match="far more"):
            unpack(make(tmp_path / "a", {f"{make.__name__}{n}": b"" for n in range(7)}), folder)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04" + bytes(50)])
def test_damage_is_one_clear_line(content: bytes, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ModelError, match="damaged and cannot be unpacked"):
        unpack(tmp_path / "a", folder)


def test_a_truncated_tar_is_refused(tmp_path: Path, folder: Path) -> None:
    whole = make_tar(tmp_path / "a", {"x": bytes(range(256)) * 100, "y": b"1"}).read_bytes()
    (tmp_path / "b").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="damaged"):
        unpack(tmp_path / "b", folder)
