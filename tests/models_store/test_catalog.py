"""The catalogue that ships is sound, and a mistake in one is a line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.errors import ModelError
from assistant.models_store.catalog import load_catalog

GOOD = """
models:
  - name: m
    kind: stt
    engine: vosk
    language: en
    licence: Apache-2.0
    downloads:
      - url: https://example.com/m.zip
        sha256: "{sha}"
        size: 5
""".format(sha="0" * 64)


def test_the_shipped_catalogue_loads_and_every_known_hash_has_a_size() -> None:
    catalog = load_catalog(TREE / "models" / "catalog.yaml")
    for model in catalog.values():
        for download in model.downloads:
            assert bool(download.sha256) == bool(download.size), model.name
    languages = {model.language for model in catalog.values() if model.engine == "vosk"}
    assert len(languages) >= 20
    assert {model.engine for model in catalog.values()} == {"custom", "microwakeword", "moonshine", "piper", "vosk"}


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("kind: stt", "kind: sst", r"entry 1 \(m\): kind must be one of wake, stt, tts"),
        ("licence:", "license:", r"entry 1: unknown field 'license'. Did you mean licence?"),
        ("https:", "http:", "url must begin with https://"),
        ("/m.zip", "/", "url must end in a plain file name"),
        ('"0000', '"G000', "sha256 must be 64 small hexadecimal digits"),
        ("size: 5", "size: many", "size must be a number of bytes"),
        ("name: m", "name: ../m", "name may have letters"),
        ("engine: vosk", "engine: 3", "engine must be text"),
        ("language: en\n", "\n", "language is missing"),
        ("engine: vosk", "engine: vosk\n    package: p\n    module: p", "needs either downloads, or package"),
        ("engine: vosk", "engine: vosk\n    contains: [../x]", "paths inside the model's folder"),
        ("models:", "modles:", "has no list `models`"),
        ("models:", "models: [", "is not YAML"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(old: str, new: str, line: str, tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(GOOD)
    assert list(load_catalog(file)) == ["m"]
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ModelError, match=line) as caught:
        load_catalog(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c").write_text(GOOD + GOOD.split("models:\n")[1])
    with pytest.raises(ModelError, match="used twice"):
        load_catalog(tmp_path / "c")
