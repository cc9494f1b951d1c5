"""The proof of privacy: what judges must see, what it must not take for proved."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "privacy"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "call",
    [
        'openat(AT_FDCWD</>, "/var/tmp/x", O_WRONLY|O_CREAT, 0600) = 3</var/tmp/x>',
        'write(1<pipe:[1]>, "a submarine", 11) = 11',
        'write(1<pipe:[1]>, "7375626d6172696e65", 18) = 18',
        'memfd_create("x", MFD_CLOEXEC) = 3',
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</var/tmp/x>, 0) = 0x7f0000000000",
        "connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443)}, 16) = -1 EINPROGRESS (now in progress)",
        'execve("/bin/true", ["/bin/true"], 0x7ffc /* 9 vars */) = 0',
    ],
)
def test_a_call_that_lets_something_out_is_seen(call: str) -> None:
    from privacy.rows.silent import judge

    assert judge(f"77    1700000001.000001 {call}", 1_700_000_000.0)


@pytest.mark.parametrize(
    "call",
    [
        'openat(AT_FDCWD</>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>',
        'openat(AT_FDCWD</>, "/var/tmp/x", O_WRONLY|O_CREAT, 0600) = -1 EROFS (Read-only file system)',
        'write(1<pipe:[1]>, "ANSWERED 77", 11) = 11',
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
    ],
)
def test_a_harmless_call_is_let_pass(call: str) -> None:
    from privacy.rows.silent import judge

    assert not judge(f"77    1700000001.000001 {call}", 1_700_000_000.0)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_key_at_an_odd_place_is_found(sealed: bool) -> None:
    from privacy.keysearch import carve, search

    key, wrap, nonce = os.urandom(32), os.urandom(32), os.urandom(12)
    text = b'{"clip":"00ff","record":"' + b"7" * 32 + b'"}'
    body = ChaCha20Poly1305(key).encrypt(nonce, text, b"assistant clip v1 description 00ff " + b"7" * 32)
    clip = b"ACLIP1\0\0" + nonce + len(body).to_bytes(4, "big") + body
    inner = os.urandom(12)
    left = inner + ChaCha20Poly1305(wrap).encrypt(inner, key, b"any") if sealed else key
    image = bytes(1001) + left + bytes(77) + os.urandom(333) + clip + bytes(64)
    old = carve(image)
    assert search(image, wrap, old).names == {"00ff"}
    assert not search(image.replace(left, bytes(len(left))), wrap, old).opened


def test_a_row_that_misses_a_leak_or_cannot_run_is_not_proved() -> None:
    from privacy.report import table
    from privacy.row import CannotProve, Finding, Row, run

    def blind(mutant: str) -> Finding:
        return Finding(cases=1)

    def lacking(mutant: str) -> Finding:
        raise CannotProve("no such machine")

    def sees(mutant: str) -> Finding:
        found = Finding()
        found.expect(not mutant, "leaked")
        return found

    def told(at: str) -> None:
        return

    rows = [Row(check.__name__, "promise", ("leak",), check) for check in (blind, lacking, sees)]
    results = [run(row, told) for row in rows]
    assert [result.proved for result in results] == [False, False, True]
    assert "NOT PROVED: 2 of 3 rows" in table(results, 1.0)
    assert "no such machine" in table(results, 1.0)
