"""What was allowed is written down whole, and anything else that lies there allows nothing."""

from pathlib import Path

import pytest

from assistant.config.allowed import Reach, allow, forbid, read_allowed
from assistant.errors import SkillError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("api.example.org", "api.example.org", 443),
        ("API.Example.org:8443", "api.example.org", 8443),
        ("https://api.example.org/v1?x=1", "api.example.org", 443),
        ("http://127.0.0.1:8080", "127.0.0.1", 8080),
        ("mqtt://broker", "broker", 1883),
        ("mqtts://broker", "broker", 8883),
        ("[::1]:1883", "::1", 1883),
        ("mqtt://[fe80::1]", "fe80::1", 1883),
    ],
)
def test_hosts_as_people_write_them(text: str, host: str, port: int) -> None:
    assert Reach.parse(text) == Reach(host, port)
    assert Reach.parse(str(Reach(host, port))) == Reach(host, port)


@pytest.mark.parametrize(
    "text", ["", " ", "*", "*.example.org", "a b", "host:0", "host:70000", "ftp://host", "a..b", "-a", "[x]:1",
             "user@host", "https://", "host:1:2", "é.example"],
)  # fmt: skip
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Reach.parse(text)


def test_a_yes_is_kept_and_can_be_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "allowed" / "skills.json"
    allow(path, "weather", [Reach("b", 2), Reach("a", 1)], "the place", 5)
    allow(path, "home", [Reach("c", 3)], "commands", 6)
    assert read_allowed(path)["weather"].hosts == (Reach("a", 1), Reach("b", 2))
    assert forbid(path, "weather")
    assert not forbid(path, "weather")
    assert list(read_allowed(path)) == ["home"]
    assert [each.name for each in path.parent.iterdir()] == ["skills.json"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"a": 1}', b'{"a": {"hosts": ["*"], "sends": "", "since": 1}}', b"\xff",
                b"[" * 50_000, b" " * 70_000 + b"{}"],
)  # fmt: skip
def test_a_broken_file_allows_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "skills.json"
    path.write_bytes(content)
    assert dict(read_allowed(path)) == {}


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SkillError, match="could not be written"):
        allow(tmp_path / "file" / "skills.json", "weather", [], "", 1)
