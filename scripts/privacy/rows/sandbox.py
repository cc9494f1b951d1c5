"""Writing is impossible, not only unseen: `assistant run --no-write` answers while the kernel refuses every way out."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant import attest, nowrite
from assistant.config.paths import find_paths
from privacy.box import need
from privacy.family import as_user, environment, family, home, speech
from privacy.row import CannotProve, Finding, Row

USER = 60_601
"""A user id that nobody has: nothing in the file system is his."""
REQUEST = "Hey Mycroft. What time is it?"
LEAST = 18

MUTANTS = ("/tmp can be written to", "the network is there", "no filter of system calls")


def sandbox(mutant: str) -> Finding:
    """Every way tried from within the same walls; then the assistant within them hears a request and answers."""
    need("bwrap", "setpriv", "mount", root=True)
    found = Finding()
    with contextlib.suppress(KeyError):
        raise CannotProve(f"the user id {USER} belongs to {pwd.getpwuid(USER).pw_name}")
    _try_all_ways(found, mutant)
    if not mutant:
        _answers(found)
    return found


def _try_all_ways(found: Finding, mutant: str) -> None:
    with home(USER) as folder, _listeners() as heard:
        probe = subprocess.run(
            [*as_user(USER), sys.executable, "-m", "privacy.rows.sandbox", mutant],
            env=environment(folder), cwd="/", capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        ways = [line.split(maxsplit=1) for line in probe.stdout.splitlines()]
        found.expect(len(ways) >= LEAST, f"only {len(ways)} ways were tried: {probe.stderr[-300:]}")
        for refused, way in ways:
            found.expect(refused[0] == "E", f"open: {way}" if refused == "open" else f"{way}: {refused}")
        found.expect(not heard(), "somebody outside was reached")
        found.remarks.append("refused: " + ", ".join(f"{way} ({refused})" for refused, way in ways))


def _answers(found: Finding) -> None:
    """It says what it tried itself, and answers from a recording."""
    with family(speech(REQUEST), user=USER, options=("--no-write",)) as house:
        house.wait_until_ready()
        found.expect("Nothing can be written or sent" in house.log, "the assistant does not say so itself")
        answered = house.answer()
        found.expect(answered == ("clock.time", "answered"), f"the answer was {answered}")
        pids = house.pids()
        filtered = [pid for pid in pids if "Seccomp:\t2" in Path(f"/proc/{pid}/status").read_text()]
        found.expect(len(filtered) >= 1, "no process has a filter of system calls")
        left = [path for path in house.folder.rglob("*") if path.is_file() and path.name not in ("stderr", "python")]
        found.expect(not left, f"files were written: {left[:3]}")


@contextlib.contextmanager
def _listeners() -> Iterator[Callable[[], bool]]:
    """Sockets that others listen on; whether one of them was reached."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for family_, kind, address in (
            (socket.AF_UNIX, socket.SOCK_STREAM, "\0attest"),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 53)),
        ):
            one = stack.enter_context(socket.socket(family_, kind))
            with contextlib.suppress(OSError):  # somebody else listens there
                one.bind(address)
            if kind == socket.SOCK_STREAM:
                one.listen()
            one.setblocking(False)
            sockets.append(one)

        def heard() -> bool:
            for one in sockets:
                with contextlib.suppress(OSError):
                    if one.type == socket.SOCK_STREAM:
                        one.accept()[0].close()
                    else:
                        one.recv(64)
                    return True
            return False

        yield heard


def _probe(mutant: str) -> None:
    """Within the walls: become `python -m assistant.attest`."""
    paths = find_paths()
    for path in (paths.runtime, paths.state, paths.cache):
        path.mkdir(parents=True, exist_ok=True)
    read, write = os.pipe()
    os.write(write, nowrite.seccomp_filter())
    os.close(write)
    os.set_inheritable(read, True)
    line = nowrite.command(paths, [sys.executable, "-m", attest.__name__], read)
    line = _broken(line, mutant)
    os.execv(line[0], line)


def _broken(line: list[str], mutant: str) -> list[str]:
    """The command with one wall taken away."""
    end = line.index("--")
    match mutant:
        case "/tmp can be written to":
            return [*line[:end], "--bind", "/tmp", "/tmp", *line[end:]]
        case "the network is there":
            return [*line[:end], "--share-net", *line[end:]]
        case "no filter of system calls":
            at = line.index("--seccomp")
            return [*line[:at], *line[at + 2 :]]
    return line


ROWS = (
    Row("sandbox", "`run --no-write` answers while every way to write or send is refused by the kernel",
        MUTANTS, sandbox, sound=True),
)  # fmt: skip

if __name__ == "__main__":
    _probe(sys.argv[1])
