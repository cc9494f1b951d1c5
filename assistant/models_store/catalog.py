"""The catalogue of models: what there is, where it comes from, and what proves that it arrived whole."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

import yaml

from assistant.errors import ModelError

Kind = Literal["wake", "stt", "tts"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file to fetch. `sha256` is empty and `size` 0 where they are not known."""

    url: str
    sha256: str = ""
    size: int = 0

    @property
    def file(self) -> str:
        """The file's own name."""
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def is_archive(self) -> bool:
        return self.file.lower().endswith(ARCHIVES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry. It is either fetched (`downloads`) or comes inside a Python package (`package`, `module`)."""

    name: str
    kind: Kind
    engine: str
    language: str
    licence: str
    about: str = ""
    downloads: tuple[Download, ...] = ()
    contains: tuple[str, ...] = ()
    """Paths that must exist in the model's folder once it is installed."""
    package: str = ""
    module: str = ""

    @property
    def size(self) -> int:
        """Bytes to fetch; 0 when not known."""
        sizes = [download.size for download in self.downloads]
        return sum(sizes) if all(sizes) else 0


class Catalog(Mapping[str, Model]):
    """Models by name, in the order of the file."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = dict(models)

    def __getitem__(self, name: str) -> Model:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def find(self, name: str) -> Model:
        """The model of that name. Raises ModelError with a guess at what was meant."""
        if name in self._models:
            return self._models[name]
        close = difflib.get_close_matches(name, self._models, n=3, cutoff=0.5)
        guess = f"Did you mean {' or '.join(close)}? " if close else ""
        raise ModelError(f"no model is called {name!r}", where="catalogue", hint=f"{guess}See: assistant models list")


def load_catalog(path: Path) -> Catalog:
    """Read and check the catalogue. Raises ModelError that names the file, the entry and the field."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelError(f"is not YAML ({error})", where=str(path)) from error
    entries = content.get("models") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ModelError("has no list `models`", where=str(path))
    models: dict[str, Model] = {}
    for number, entry in enumerate(entries, 1):
        model = _model(entry, f"{path}: entry {number}")
        if model.name in models:
            raise ModelError(f"the name {model.name} is used twice", where=f"{path}: entry {number}")
        models[model.name] = model
    return Catalog(models)


_MODEL_FIELDS = ("name", "kind", "engine", "language", "licence", "about", "downloads", "contains", "package", "module")
_DOWNLOAD_FIELDS = ("url", "sha256", "size")


def _model(entry: Any, where: str) -> Model:
    fields = _fields(entry, _MODEL_FIELDS, where)
    name = _text(fields, "name", where)
    where = f"{where} ({name})"
    if not _NAME.fullmatch(name):
        raise ModelError("name may have letters, digits, dots, dashes and underscores only", where=where)
    kind = _text(fields, "kind", where)
    if kind not in get_args(Kind):
        raise ModelError(f"kind must be one of {', '.join(get_args(Kind))}", where=where)
    downloads = tuple(_download(item, where) for item in _list(fields, "downloads", where))
    package, module = _text(fields, "package", where, ""), _text(fields, "module", where, "")
    if bool(downloads) == bool(package) or bool(package) != bool(module):
        raise ModelError("needs either downloads, or package and module", where=where)
    contains = _list(fields, "contains", where)
    for item in contains:
        if not isinstance(item, str) or item.startswith("/") or ".." in PurePosixPath(item).parts:
            raise ModelError("contains must list paths inside the model's folder", where=where)
    return Model(
        name=name,
        kind=cast(Kind, kind),
        engine=_text(fields, "engine", where),
        language=_text(fields, "language", where),
        licence=_text(fields, "licence", where),
        about=_text(fields, "about", where, ""),
        downloads=downloads,
        contains=tuple(contains),
        package=package,
        module=module,
    )


def _download(entry: Any, where: str) -> Download:
    fields = _fields(entry, _DOWNLOAD_FIELDS, where)
    url, sha256, size = _text(fields, "url", where), _text(fields, "sha256", where, ""), fields.get("size", 0)
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
        raise ModelError("url must begin with https://", where=where)
    if not _NAME.fullmatch(PurePosixPath(parts.path).name):
        raise ModelError("url must end in a plain file name", where=where)
    if sha256 and not _SHA256.fullmatch(sha256):
        raise ModelError("sha256 must be 64 small hexadecimal digits, or empty", where=where)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ModelError("size must be a number of bytes, or 0 when not known", where=where)
    return Download(url=url, sha256=sha256, size=size)


def _fields(entry: Any, known: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise ModelError("must be a list of fields", where=where)
    for key in entry:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            raise ModelError(f"unknown field {key!r}", where=where, hint=f"Did you mean {close[0]}?" if close else "")
    return entry


def _text(fields: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = fields.get(key, default)
    if value is None:
        raise ModelError(f"{key} is missing", where=where)
    if not isinstance(value, str):
        raise ModelError(f"{key} must be text", where=where)
    return value


def _list(fields: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = fields.get(key, [])
    if not isinstance(value, list):
        raise ModelError(f"{key} must be a list", where=where)
    return value
