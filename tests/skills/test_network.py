"""What an allowed skill says to its host: encrypted, and only to who proves to be that host."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assistant.config.paths import TREE
from assistant.skills.network import NotAllowed, Unreachable, fetch, refuse
from assistant.testing.skills import SkillTester


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For 127.0.0.1, signed by nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@asynccontextmanager
async def server(certificate: Path) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as listening:
        yield listening.sockets[0].getsockname()[1]


async def direct(host: str, port: int) -> socket.socket:
    """In place of the door."""
    made = socket.socket()
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (host, port))
    return made


async def test_a_page_is_fetched_encrypted(certificate: Path) -> None:
    async with server(certificate) as port:
        trusting = ssl.create_default_context(cafile=str(certificate))
        response = await fetch(direct, trusting, f"https://127.0.0.1:{port}/", {}, 10)
        assert (response.status, response.json()) == (200, {})
        assert repr(response) == "<response 200, 2 bytes>"


async def test_a_host_that_cannot_prove_who_it_is_gets_nothing(certificate: Path) -> None:
    async with server(certificate) as port:
        with pytest.raises(Unreachable, match="could not prove"):
            await fetch(direct, ssl.create_default_context(), f"https://127.0.0.1:{port}/", {}, 10)


async def test_nor_from_inside_a_cell(certificate: Path) -> None:
    async with server(certificate) as port:
        settings = {"weather.forecast": f"https://127.0.0.1:{port}", "weather.latitude": "50"}
        async with SkillTester(TREE / "skills" / "weather", settings=settings, allow=["weather"]) as tester:
            assert "can't reach" in (await tester.ask("what's the weather")).text


@pytest.mark.parametrize(
    "url",
    ["ftp://host/", "https://", "file:///etc/passwd", "http://host/a b", "http://host/\r\nX: y", "", "http://h:0/"],
)
async def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    with pytest.raises(Unreachable):
        await fetch(direct, None, url, {}, 1)


async def test_a_skill_without_a_cell_has_no_network() -> None:
    with pytest.raises(NotAllowed):
        await fetch(refuse, None, "http://127.0.0.1/", {}, 1)
