"""The shipped file is the schema, and what is shown can be read back."""

from __future__ import annotations

import math
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.config import keys
from assistant.config.load import Loaded, load_text, load_with_origins
from assistant.config.paths import TREE, Paths
from assistant.config.schema import Config
from assistant.config.show import commented, effective, value_of

SHIPPED = TREE / "config" / "assistant.yaml"


def test_the_shipped_configuration_is_the_schema() -> None:
    assert SHIPPED.read_text() == commented(), "run: scripts/fmt"


def test_the_shipped_configuration_and_the_template_change_nothing() -> None:
    assert load_text(commented()) == Config()
    assert load_text(commented(active=False)) == Config()


def test_every_line_of_the_template_works_once_its_sign_is_removed() -> None:
    assert commented(active=False).replace("\n#language", "\nlanguage").replace("  #", "  ").count("\n") > 40
    active = "\n".join(line.replace("#", "", 1) if ": " in line and "# " not in line else line
                       for line in commented(active=False).splitlines())  # fmt: skip
    assert yaml.safe_load(active) == yaml.safe_load(commented())


@pytest.mark.parametrize("name", keys.all_keys())
def test_every_setting_is_explained_and_its_default_is_within_its_limits(name: str) -> None:
    key = keys.all_keys()[name]
    assert len(key.about) > 5
    numbers = [key.default] if isinstance(key.default, int | float) else []
    assert all((key.low is None or key.low <= n) and (key.high is None or n <= key.high) for n in numbers)
    assert not key.choices or key.default in key.choices


def values_for(key: keys.Key) -> st.SearchStrategy[Any]:
    text = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=8)
    if key.name == "time_zone":
        return st.sampled_from(["", "Europe/Berlin"])
    if key.name == "language":
        return st.sampled_from(["no", "en-GB"])
    if key.choices:
        return st.sampled_from(key.choices)
    if key.kind is bool:
        return st.booleans()
    if key.kind is int:
        return st.integers(int(key.low or 0), int(key.high or 9))
    number = st.floats(key.low, key.high, allow_nan=False, allow_infinity=False)
    if key.kind is float:
        return number
    if keys.is_mapping(key):
        entry = number if key.low is not None else text
        return st.dictionaries(text, entry, max_size=3).map(MappingProxyType)
    return text if key.kind is str else st.lists(text, max_size=3).map(tuple)


any_values = st.fixed_dictionaries({}, optional={key.name: values_for(key) for key in keys.all_keys().values()})


@given(any_values)
def test_any_configuration_survives_being_shown_and_read_again(values: dict[str, Any]) -> None:
    config = keys.build(values)
    assert load_text(effective(Loaded(config, {}, ()))) == config


def test_shown_values_say_where_they_came_from(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("wake:\n  words: [alexa]\n  thresholds: {alexa: 0.5}\n")
    root = Path("/nonexistent")
    paths = Paths(tree=root, config=(file,), state=root, cache=root, runtime=root, models=root)
    lines = effective(load_with_origins(paths, ["tts.speed=2"])).splitlines()
    assert [line.split("  # ")[1] for line in lines if "alexa" in line] == [f"{file}:2", f"{file}:3"]
    assert any("speed: 2.0" in line and line.endswith("# --set tts.speed=2") for line in lines)
    assert any("volume: 1.0" in line and line.endswith("# default") for line in lines)


def test_a_value_is_found_by_its_dotted_key() -> None:
    assert math.isclose(value_of(Config(), "stt.max_seconds"), 12.0)
