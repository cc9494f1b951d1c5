"""The service's unit keeps every hardening directive, by name, and the marks that they earn."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).resolve().parents[2] / "config" / "systemd"
UNIT = SYSTEMD / "assistant.service"


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
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


def test_system_calls_are_those_of_a_service_less_the_dangerous_ones() -> None:
    first, *denied = directives()["SystemCallFilter"]
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
def test_systemd_gives_marks_of_one_or_better() -> None:
    report = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    marks = re.search(r"Overall exposure level for assistant\.service: ([0-9.]+)", report.stdout)
    assert marks, report.stderr
    assert float(marks[1]) <= 1.0


def test_the_user_is_made_once_and_may_use_sound() -> None:
    lines = (SYSTEMD / "assistant.sysusers").read_text().splitlines()
    assert [line.split()[:3] for line in lines if not line.startswith("#")] == [
        ["u", "assistant", "-"],
        ["m", "assistant", "audio"],
    ]
