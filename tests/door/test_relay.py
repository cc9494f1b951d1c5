"""The door lets through what the household allowed, as long as it does, and nothing else."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from assistant.config.allowed import Reach, allow, forbid
from assistant.door import relay
from assistant.door.relay import Door

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A host: says back what it hears. Its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def door(tmp_path: Path) -> AsyncIterator[Path]:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "door"))
    listening.listen()
    server = await Door(tmp_path / "a" / "skills.json", look_seconds=0.02).serve(listening)
    try:
        yield tmp_path / "a" / "skills.json"
    finally:
        server.close()


async def ask(tmp_path: Path, skill: str, host: str, port: int) -> tuple[dict[str, object], Client]:
    reader, writer = await asyncio.open_unix_connection(tmp_path / "door")
    writer.write(json.dumps({"skill": skill, "host": host, "port": port}).encode() + b"\n")
    async with asyncio.timeout(10):
        return json.loads(await reader.readline()), (reader, writer)


async def test_an_allowed_skill_reaches_its_host(tmp_path: Path) -> None:
    async with echo() as port, door(tmp_path) as allowed:
        allow(allowed, "weather", [Reach("127.0.0.1", port)], "the place", 1)
        answer, (reader, writer) = await ask(tmp_path, "weather", "127.0.0.1", port)
        assert answer == {"ok": True}
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"hello"


async def test_another_skill_host_or_port_is_refused(tmp_path: Path) -> None:
    async with echo() as port, door(tmp_path) as allowed:
        allow(allowed, "weather", [Reach("127.0.0.1", port)], "the place", 1)
        for skill, host, where in (
            ("other", "127.0.0.1", port), ("weather", "localhost", port), ("weather", "127.0.0.1", 22),
            ("", "127.0.0.1", port), ("weather", "127.0.0.1 ", port),
        ):  # fmt: skip
            answer, _ = await ask(tmp_path, skill, host, where)
            assert answer == {"error": "not-allowed"}, (skill, host, where)


async def test_a_yes_that_is_taken_back_cuts_the_connection(tmp_path: Path) -> None:
    async with echo() as port, door(tmp_path) as allowed:
        allow(allowed, "weather", [Reach("127.0.0.1", port)], "the place", 1)
        _, (reader, _) = await ask(tmp_path, "weather", "127.0.0.1", port)
        assert forbid(allowed, "weather")
        async with asyncio.timeout(10):
            assert await reader.read() == b""


async def test_a_host_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        async with door(tmp_path) as allowed:
            allow(allowed, "weather", [Reach("127.0.0.1", port)], "the place", 1)
            answer, _ = await ask(tmp_path, "weather", "127.0.0.1", port)
            assert answer == {"error": "unreachable"}


async def test_one_skill_cannot_use_up_the_door(tmp_path: Path) -> None:
    async with echo() as port, door(tmp_path) as allowed:
        allow(allowed, "weather", [Reach("127.0.0.1", port)], "the place", 1)
        allow(allowed, "home", [Reach("127.0.0.1", port)], "commands", 1)
        held = [await ask(tmp_path, "weather", "127.0.0.1", port) for _ in range(relay.MOST)]
        assert all(answer == {"ok": True} for answer, _ in held)
        assert (await ask(tmp_path, "weather", "127.0.0.1", port))[0] == {"error": "busy"}
        assert (await ask(tmp_path, "home", "127.0.0.1", port))[0] == {"ok": True}


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{" * 5000 + b"\n", b'{"skill": 1}\n', b"\xff\n", b""])
async def test_nonsense_is_hung_up_on(tmp_path: Path, line: bytes) -> None:
    async with door(tmp_path):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "door")
        writer.write(line)
        writer.write_eof()
        async with asyncio.timeout(10):
            assert b"true" not in await reader.read()


@pytest.mark.parametrize(
    ("host", "address", "fits"),
    [
        ("api.example.org", "93.184.215.14", True),
        ("api.example.org", "192.168.1.1", False),
        ("api.example.org", "127.0.0.1", False),
        ("api.example.org", "::1", False),
        ("api.example.org", "fe80::1%eth0", False),
        ("192.168.1.5", "192.168.1.5", True),
        ("broker.local", "192.168.1.5", True),
        ("broker", "192.168.1.5", True),
    ],
)
def test_a_public_name_does_not_lead_into_the_house(host: str, address: str, fits: bool) -> None:
    assert relay._fits(host, address) is fits


def test_the_process_opens_when_it_is_ready_and_ends_with_the_one_that_began_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assistant.door", "--socket", tmp_path / "door", "--allowed", tmp_path / "a.json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b"open\n"
        assert (tmp_path / "door").stat().st_mode & 0o777 == 0o600
        process.stdin.close()
        assert process.wait(20) == 0
