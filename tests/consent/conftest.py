from pathlib import Path

import pytest

from assistant.testing.consent import Household


@pytest.fixture
def house(tmp_path: Path) -> Household:
    return Household(tmp_path / "consent")
