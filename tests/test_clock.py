"""The machine's own time zone knows its clock changes."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assistant.clock import SystemClock, machine_zone


def test_without_a_setting_the_zone_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    zone = SystemClock().now().tzinfo
    offsets = {datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    assert offsets == {timedelta(hours=1), timedelta(hours=2)}


def test_the_zone_is_read_from_the_file_that_the_machine_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    berlin = Path("/usr/share/zoneinfo/Europe/Berlin")
    if not berlin.is_file():
        pytest.skip("no zone files on this machine")
    zone = machine_zone(berlin)
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("name", ["Nowhere/Land", "CET-1CEST,M3.5.0,M10.5.0/3", "../etc/passwd"])
def test_a_zone_that_cannot_be_read_is_the_present_offset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    assert machine_zone(Path("/nowhere")) is None
    assert SystemClock().now().tzinfo is not None


def test_a_broken_zone_file_is_the_present_offset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    (tmp_path / "localtime").write_text("no zone")
    assert machine_zone(tmp_path / "localtime") is None
