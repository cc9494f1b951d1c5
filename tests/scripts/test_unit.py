"""The service's unit keeps every hardening directive, by name, and the marks that they earn."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assistant.config.paths import SYSTEM_DOOR
from skills.media.radio import SOCKET as SYSTEM_RADIO

SYSTEMD = Path(__file__).resolve().parents[2] / "config" / "systemd"
UNIT = SYSTEMD / "assistant.service"
DOOR = SYSTEMD / "assistant-door.service"
RADIO = SYSTEMD / "assistant-radio@.service"
MARKS = [(UNIT, 1.0), (DOOR, 1.2), (RADIO, 1.2)]


def directives(unit: Path = UNIT) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


HARDENING = {
    # who it is
    "User": "assistant",
    "Group": "assistant",
    "SupplementaryGroups": "audio",
    "UMask": "0077",
    # no network
    "PrivateNetwork": "yes",
    "RestrictAddressFamilies": "AF_UNIX",
    "IPAddressDeny": "any",
    # no files
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateMounts": "yes",
    "ProtectProc": "invisible",
    "NoExecPaths": "/var/lib/assistant /var/cache/assistant /run/assistant /tmp /var/tmp /dev/shm",
    # no devices
    "DevicePolicy": "closed",
    "DeviceAllow": "char-alsa rw",
    # no rights
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "PrivateUsers": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "RestrictRealtime": "yes",
    "LockPersonality": "yes",
    "KeyringMode": "private",
    "RemoveIPC": "yes",
    "MemoryDenyWriteExecute": "yes",
    # no kernel
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    # nothing left behind
    "LimitCORE": "0",
    "MemorySwapMax": "0",
}
SERVICE = {
    "Type": "notify",
    "NotifyAccess": "main",
    "Restart": "on-failure",
    "StateDirectory": "assistant",
    "CacheDirectory": "assistant",
    "RuntimeDirectory": "assistant",
    "StateDirectoryMode": "0750",
    "CacheDirectoryMode": "0750",
    "RuntimeDirectoryMode": "0750",
    "WantedBy": "multi-user.target",
}


@pytest.mark.parametrize(("name", "value"), [*HARDENING.items(), *SERVICE.items()])
def test_the_unit_keeps_this_directive(name: str, value: str) -> None:
    assert directives().get(name) == [value]


def test_the_watchdog_is_on() -> None:
    assert int(directives()["WatchdogSec"][0]) <= 60


@pytest.mark.parametrize("unit", [UNIT, DOOR, RADIO], ids=lambda unit: unit.stem)
def test_system_calls_are_those_of_a_service_less_the_dangerous_ones(unit: Path) -> None:
    first, *denied = directives(unit)["SystemCallFilter"]
    assert first == "@system-service"
    assert all(line.startswith("~") for line in denied)
    words = {word for line in denied for word in line[1:].split()}
    assert {"@privileged", "@resources", "@aio", "@keyring", "@memlock", "io_uring_setup"} <= words


def test_no_directive_opens_a_hole() -> None:
    for hole in ("ReadWritePaths", "BindPaths", "ExecPaths", "ExecStartPre", "PermissionsStartOnly", "ProcSubset"):
        assert hole not in directives(), hole
    assert directives()["ExecStart"] == ["/opt/assistant/.venv/bin/assistant run"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.skipif(os.geteuid() != 0 and not Path("/run/systemd").exists(), reason="it wants to make /run/systemd")
@pytest.mark.parametrize(("unit", "worst"), MARKS, ids=lambda unit: getattr(unit, "stem", ""))
def test_systemd_gives_good_marks(unit: Path, worst: float) -> None:
    report = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    marks = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report.stdout)
    assert marks, report.stderr
    assert float(marks[1]) <= worst


# Door and radio differ from the assistant in these: they have a network and nothing else.
DIFFERENT = {
    "User": None,
    "Group": None,
    "DynamicUser": ["yes"],
    "SupplementaryGroups": None,
    "PrivateNetwork": None,
    "RestrictAddressFamilies": ["AF_INET AF_INET6 AF_UNIX"],
    "IPAddressDeny": None,
    "DeviceAllow": None,
    "PrivateDevices": ["yes"],
    "NoExecPaths": ["/tmp /run /dev/shm"],
    "TemporaryFileSystem": ["/var:ro,noexec"],
    "BindReadOnlyPaths": ["-/var/lib/assistant/allowed"],
    "StateDirectory": None,
    "CacheDirectory": None,
    "RuntimeDirectory": None,
    "ReadWritePaths": None,
}


@pytest.mark.parametrize("unit", [DOOR, RADIO], ids=lambda unit: unit.stem)
@pytest.mark.parametrize("name", sorted({*HARDENING, *DIFFERENT}))
def test_what_has_a_network_is_hardened_alike_but_for_that(name: str, unit: Path) -> None:
    wanted = DIFFERENT[name] if name in DIFFERENT else [HARDENING[name]]
    if name == "BindReadOnlyPaths" and unit == RADIO:
        wanted = None  # it sees nothing of the assistant's folder
    assert directives(unit).get(name) == wanted


PATHS = (
    "TemporaryFileSystem",
    "BindReadOnlyPaths",
    "InaccessiblePaths",
    "NoExecPaths",
    "ReadOnlyPaths",
    "ReadWritePaths",
)


@pytest.mark.parametrize("unit", [UNIT, DOOR, RADIO], ids=lambda unit: unit.stem)
def test_no_path_is_named_by_two_directives_since_systemd_would_drop_one(unit: Path) -> None:
    values = [word for name in PATHS for value in directives(unit).get(name, []) for word in value.split()]
    named = [word.lstrip("-+").partition(":")[0] for word in values]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(("unit", "place"), [("door", SYSTEM_DOOR), ("radio", SYSTEM_RADIO)])
def test_only_the_assistants_user_may_ask_what_has_a_network(unit: str, place: Path) -> None:
    socket = directives(SYSTEMD / f"assistant-{unit}.socket")
    assert socket["ListenStream"] == [str(place)]
    assert (socket["SocketUser"], socket["SocketMode"]) == (["assistant"], ["0600"])
    assert f"assistant-{unit}.socket" in directives()["Wants"][0].split()


def test_the_user_is_made_once_and_may_use_sound() -> None:
    lines = (SYSTEMD / "assistant.sysusers").read_text().splitlines()
    assert [line.split()[:3] for line in lines if not line.startswith("#")] == [
        ["u", "assistant", "-"],
        ["m", "assistant", "audio"],
    ]
