"""The lock files name every package with its hash, and nothing of the machine that made them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def blocks(lock: str) -> dict[str, str]:
    """Package and marker -> its lines."""
    text = (ROOT / lock).read_text()
    parts = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {part.splitlines()[0].rstrip(" \\"): part for part in parts[1:]}


def names(lock: str) -> set[str]:
    return {block.partition("==")[0] for block in blocks(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_one_version_and_a_hash(lock: str) -> None:
    for head, block in blocks(lock).items():
        assert re.match(r"[a-z0-9-]+==[0-9]", head), head
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), head


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_machine_and_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|file:|--index|--find-links|(^|\s)/", text)


@pytest.mark.parametrize(("lock", "extra"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_what_the_project_asks_for_is_locked(lock: str, extra: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for name in extra:
        wanted += project["optional-dependencies"][name]
    asked = {re.match(r"[A-Za-z0-9_.-]+", line)[0].lower().replace("_", "-") for line in wanted}  # type: ignore[index]
    assert asked <= names(lock)


def test_both_locks_agree() -> None:
    run, dev = blocks("requirements.lock"), blocks("requirements-dev.lock")
    assert set(run) <= set(dev), "scripts/lock writes both"
