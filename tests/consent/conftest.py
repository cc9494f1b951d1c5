from pathlib import Path

import pytest

from assistant.testing.consent import Household


@pytest.fixture
def house(tmp_path: Path) -> Household:
    return Household(tmp_path / "consent")


@pytest.fixture(autouse=True)
def _no_trim(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trimming concerns the whole file system of the machine that runs the tests."""
    monkeypatch.setattr("assistant.consent.purge.trim", lambda path: False)
