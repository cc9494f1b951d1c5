"""Installing a model either works whole or leaves nothing; verifying finds every change."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.models_store.catalog import Catalog, Download, Model
from assistant.models_store.store import PINS, ModelStore
from tests.models_store.conftest import Server
from tests.models_store.test_unpack import make_zip


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry(name: str, *downloads: Download, **more: object) -> Model:
    fields = {"kind": "stt", "engine": "vosk", "language": "en", "licence": "Apache-2.0", **more}
    return Model(name=name, downloads=downloads, **fields)  # type: ignore[arg-type]


def store_of(tmp_path: Path, *models: Model) -> ModelStore:
    return ModelStore(Catalog({model.name: model for model in models}), tmp_path / "models")


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    return make_zip(tmp_path / "made.zip", {"m-1/am/final.mdl": b"weights", "m-1/conf/mfcc.conf": b"conf"}).read_bytes()


def test_an_archive_is_installed_listed_found_and_whole(server: Server, tmp_path: Path, archive: bytes) -> None:
    server.files["m.zip"] = archive
    load = Download(url=server.url("m.zip"), sha256=sha(archive), size=len(archive))
    store = store_of(tmp_path, entry("m", load, contains=("am/final.mdl",)))
    assert [row.state for row in store.rows()] == ["available"]
    with pytest.raises(ModelError, match="Install it: assistant models install m"):
        store.path("m")
    folder = store.install("m")
    assert (folder / "am" / "final.mdl").read_bytes() == b"weights"
    assert store.path("m") == folder == tmp_path / "models" / "m"
    assert [row.state for row in store.rows()] == ["installed"]
    assert [check.problems for check in store.verify()] == [()]


def test_installing_twice_asks_the_network_once(server: Server, tmp_path: Path, archive: bytes) -> None:
    server.files["m.zip"] = archive
    store = store_of(tmp_path, entry("m", Download(url=server.url("m.zip"), sha256=sha(archive))))
    assert store.install("m") == store.install("m")
    assert server.requests == 1


def test_plain_files_lie_side_by_side(server: Server, tmp_path: Path) -> None:
    server.files.update({"v.onnx": b"net", "v.onnx.json": b"{}"})
    loads = [Download(url=server.url(name), sha256=sha(content)) for name, content in server.files.items()]
    folder = store_of(tmp_path, entry("v", *loads)).install("v")
    assert (folder / "v.onnx").read_bytes() == b"net"
    assert (folder / "v.onnx.json").read_bytes() == b"{}"


def test_verify_names_each_file_that_is_not_as_it_was(server: Server, tmp_path: Path, archive: bytes) -> None:
    server.files["m.zip"] = archive
    store = store_of(tmp_path, entry("m", Download(url=server.url("m.zip"), sha256=sha(archive))))
    folder = store.install("m")
    (folder / "am" / "final.mdl").write_bytes(b"changed")
    (folder / "conf" / "mfcc.conf").unlink()
    assert store.verify("m")[0].problems == ("am/final.mdl has changed", "conf/mfcc.conf is missing")
    (folder / "installed.json").write_text("[]")
    assert store.verify("m")[0].problems == ("installed.json cannot be read",)


def test_a_changed_file_cannot_be_hidden_by_changing_the_record(server: Server, tmp_path: Path) -> None:
    server.files["v.onnx"] = b"net"
    store = store_of(tmp_path, entry("v", Download(url=server.url("v.onnx"), sha256=sha(b"net"))))
    folder = store.install("v")
    (folder / "v.onnx").write_bytes(b"evil")
    record = json.loads((folder / "installed.json").read_text())
    record["files"]["v.onnx"] = sha(b"evil")
    (folder / "installed.json").write_text(json.dumps(record))
    assert store.verify()[0].problems == ("v.onnx has changed",)


def test_a_wrong_hash_leaves_no_model(server: Server, tmp_path: Path, archive: bytes) -> None:
    server.files["m.zip"] = archive
    store = store_of(tmp_path, entry("m", Download(url=server.url("m.zip"), sha256="0" * 64)))
    with pytest.raises(ModelError, match="wrong checksum"):
        store.install("m")
    assert store.rows()[0].state == "available"
    assert not list((tmp_path / "models").rglob("*.zip*"))


def test_a_download_that_lacks_a_file_leaves_no_model(server: Server, tmp_path: Path, archive: bytes) -> None:
    server.files["m.zip"] = archive
    load = Download(url=server.url("m.zip"), sha256=sha(archive))
    store = store_of(tmp_path, entry("m", load, contains=("graph/HCLr.fst",)))
    with pytest.raises(ModelError, match=r"graph/HCLr\.fst is not in what arrived"):
        store.install("m")
    assert not (tmp_path / "models" / "m").exists()
    assert not (tmp_path / "models" / ".fresh").exists()


def test_without_a_known_hash_it_refuses_until_told_to_trust_and_then_holds_to_it(
    server: Server, tmp_path: Path, archive: bytes
) -> None:
    server.files["m.zip"] = archive
    store = store_of(tmp_path, entry("m", Download(url=server.url("m.zip"))))
    with pytest.raises(ModelError, match=r"no checksum is known .* --trust-first-download"):
        store.install("m")
    assert server.requests == 0
    store.install("m", trust_first=True)
    assert json.loads((tmp_path / "models" / PINS).read_text()) == {server.url("m.zip"): sha(archive)}
    store.remove("m")
    server.files["m.zip"] = archive + b"\0"
    with pytest.raises(ModelError, match="wrong checksum"):
        store.install("m", trust_first=True)


def test_an_installation_that_was_cut_goes_on_where_it_stopped(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.models_store.fetch.ATTEMPTS", 1)
    content = bytes(100_000)
    server.files["v.onnx"], server.cuts = content, [60_000]
    store = store_of(tmp_path, entry("v", Download(url=server.url("v.onnx"), sha256=sha(content))))
    with pytest.raises(ModelError, match="are kept"):
        store.install("v")
    store.install("v")
    assert server.ranges == ["", "bytes=60000-"]


def test_a_model_in_a_package_is_listed_and_never_fetched(tmp_path: Path) -> None:
    here = entry("here", package="hypothesis", module="hypothesis")
    gone = entry("gone", package="no-such-package", module="no_such_module")
    store = store_of(tmp_path, here, gone)
    assert [(row.state, row.note) for row in store.rows()] == [
        ("bundled", "bundled in package hypothesis"),
        ("missing", "pip install no-such-package"),
    ]
    assert store.install("here") == store.path("here")
    with pytest.raises(ModelError, match="pip install no-such-package"):
        store.install("gone")
    with pytest.raises(ModelError, match="Remove it with pip"):
        store.remove("here")


def test_a_misspelt_name_gets_a_guess(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Did you mean vosk-model-small-de"):
        store_of(tmp_path, entry("vosk-model-small-de")).install("vosk-model-smal-de")


def test_two_installations_at_once_do_not_mix(server: Server, tmp_path: Path) -> None:
    store = store_of(tmp_path, entry("v", Download(url=server.url("v.onnx"), sha256="0" * 64)))
    with store._locked(), pytest.raises(ModelError, match="another installation is running"):
        store.install("v")
