"""Which skill may reach which hosts: what the household said yes to, by `assistant skills allow`.

One small JSON file without anything that was said. The skills room and the door read it, each for itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from assistant.errors import SkillError

_LARGEST = 64 * 1024
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?", re.ASCII)
_ADDRESS = re.compile(r"[0-9a-f:.]{2,45}", re.ASCII)
_URL = re.compile(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>\[[^\]]*\]|[^:/\s]+)(?::(?P<port>\d{1,5}))?(?:/\S*)?", re.I)
_PORTS = MappingProxyType({"": 443, "https": 443, "http": 80, "mqtt": 1883, "mqtts": 8883})


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """One host and port. `host` is a name or an IP address, in small letters."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Reach:
        """From `host`, `host:port`, or an address such as `mqtt://host`. Raises ValueError."""
        found = _URL.fullmatch(text.strip())
        scheme = (found["scheme"] or "").lower() if found else ""
        if found is None or (scheme not in _PORTS and not found["port"]):
            raise ValueError("no host and port")
        host = found["host"].lower()
        if host.startswith("["):
            host = host[1:-1]
            good = _ADDRESS.fullmatch(host)
        else:
            good = _HOST.fullmatch(host)
        port = int(found["port"] or _PORTS[scheme])
        if not good or not 0 < port < 65536:
            raise ValueError("no host and port")
        return cls(host, port)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one skill may reach, what it was said to send there, and since when (Unix time)."""

    hosts: tuple[Reach, ...]
    sends: str
    since: int


def read_allowed(path: Path) -> Mapping[str, Allowance]:
    """Skill -> what it may reach. A file that is not there, or cannot be read, allows nothing."""
    try:
        if path.stat().st_size > _LARGEST:
            return MappingProxyType({})
        raw = json.loads(path.read_text(encoding="utf-8"))
        return MappingProxyType(
            {
                str(skill): Allowance(
                    hosts=tuple(Reach.parse(each) for each in one["hosts"]),
                    sends=str(one["sends"]),
                    since=int(one["since"]),
                )
                for skill, one in raw.items()
            }
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return MappingProxyType({})


def allow(path: Path, skill: str, hosts: Iterable[Reach], sends: str, now: int) -> None:
    """Write down a yes, in place of an earlier one for the same skill. Raises SkillError when the disk refuses."""
    _write(path, {**read_allowed(path), skill: Allowance(hosts=tuple(sorted(hosts)), sends=sends, since=now)})


def forbid(path: Path, skill: str) -> bool:
    """Take a yes back; whether there was one. Raises SkillError when the disk refuses."""
    left = dict(read_allowed(path))
    if left.pop(skill, None) is None:
        return False
    _write(path, left)
    return True


def _write(path: Path, allowed: Mapping[str, Allowance]) -> None:
    text = json.dumps(
        {
            skill: {"hosts": [str(each) for each in one.hosts], "sends": one.sends, "since": one.since}
            for skill, one in allowed.items()
        },
        indent=1,
    )
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o755)  # the door is another user, and sees nothing else of the folders above
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise SkillError(f"could not be written ({error.strerror})", where=str(path), hint="Check the disk") from error
