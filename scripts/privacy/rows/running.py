"""The assistant as it runs, with nobody's consent: what it writes, sends, logs and leaves in memory.

It hears one synthesised request that holds a canary. No single detector sees everything, so their union decides: every
system call that could write, send, map or start something (strace), new files, and what the process still holds open.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assistant.audio.frame import RATE, Samples
from privacy.box import need, scratch
from privacy.household import LEAKS
from privacy.row import CannotProve, Finding, Row

CANARY = "dinosaur"
REQUEST = f"Hey Mycroft. Is there a yellow {CANARY} in the kitchen?"
CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg,connect,bind,rename,renameat,"
    "renameat2,link,linkat,symlink,symlinkat,memfd_create,mmap,shmat,shmget,execve,execveat,io_uring_setup,keyctl,"
    "add_key,mq_open,copy_file_range,sendfile,splice,vmsplice,truncate,ftruncate"
)
WAIT = 120.0


@cache
def spoken() -> Samples:
    """The request as sound, with a second of silence before and two after."""
    try:
        from assistant.audio.resample import resample
        from assistant.build import Builder
        from assistant.clock import SystemClock
        from assistant.config.paths import find_paths
        from assistant.config.schema import Config

        voice = Builder(Config(), find_paths(), SystemClock()).voice()
        voice.start()
        speech = [resample(piece, voice.rate, RATE) for piece in voice.speak(REQUEST)]
        voice.close()
    except ImportError as error:
        raise CannotProve(str(error)) from error
    silence = np.zeros(RATE, dtype=np.int16)
    return np.concatenate([silence, *speech, silence, silence])


@dataclass
class Heard:
    """What is left of a household that heard the request and has ended."""

    trace: str
    errors: str
    home: str
    new: list[Path]


Look = Callable[[int], None]
"""Called with the assistant's process while it idles after its answer."""


def hear_once(mutant: str, before: tuple[str, ...] = (), look: Look | None = None, rest: float = 0.5) -> Heard:
    """Start it, let it hear the request, look at it `rest` seconds after the dialogue has closed, end it."""
    sound = spoken()
    there = set(_places())
    with scratch(fast=False) as folder:
        pipe, home = folder / "microphone", folder / "home"
        os.mkfifo(pipe)
        home.mkdir()
        with (folder / "stderr").open("wb") as log:
            process = subprocess.Popen(
                [*(one.format(folder=folder) for one in before), sys.executable, "-m", "privacy.household",
                 str(home), str(pipe), mutant],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        request, over = threading.Event(), threading.Event()
        feeder = threading.Thread(target=_feed, args=(pipe, sound, request, over), daemon=True)
        feeder.start()
        try:
            pid = _expect(process, "READY", folder)
            _go_on(process)
            request.set()
            _expect(process, "ANSWERED", folder)
            time.sleep(rest)
            if look is not None:
                look(pid)
        finally:
            over.set()
            with contextlib.suppress(OSError):
                _go_on(process)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            feeder.join(5)
        trace = folder / "trace"
        return Heard(
            trace=trace.read_text(errors="replace") if trace.exists() else "",
            errors=(folder / "stderr").read_text(errors="replace"),
            home=str(home),
            new=sorted(path for path in set(_places()) - there if _holds_canary(path)),
        )


def _places() -> list[Path]:
    """Files where programs like to leave things."""
    return [path for root in ("/var/tmp", "/dev/shm") for path in Path(root).rglob("*") if path.is_file()]


def _holds_canary(path: Path) -> bool:
    """Other programs may write there meanwhile: only what holds the request counts."""
    try:
        return CANARY.encode() in path.read_bytes().lower()
    except OSError:
        return False


def _feed(pipe: Path, sound: Samples, request: threading.Event, over: threading.Event) -> None:
    """Real time: silence, then the request, then silence."""
    silence = bytes(2560)
    with contextlib.suppress(OSError), pipe.open("wb", buffering=0) as out:
        begin, sent, at = time.monotonic(), 0, 0
        data = sound.tobytes()
        while not over.is_set():
            piece = silence
            if request.is_set() and at < len(data):
                piece = data[at : at + 2560].ljust(2560, b"\0")
                at += 2560
            out.write(piece)
            sent += 1
            time.sleep(max(0.0, begin + sent * 0.08 - time.monotonic()))


def _expect(process: subprocess.Popen[bytes], word: str, folder: Path) -> int:
    """Wait for a line; the number in it."""
    assert process.stdout is not None
    timer = threading.Timer(WAIT, process.kill)
    timer.start()
    try:
        for line in process.stdout:
            said, _, number = line.decode().strip().partition(" ")
            if said == word:
                return int(number)
    finally:
        timer.cancel()
    tail = (folder / "stderr").read_text(errors="replace")[-600:]
    raise RuntimeError(f"the assistant never said {word}: {tail}")


def _go_on(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


def silent(mutant: str) -> Finding:
    """No call outside of the allow-list, the canary in none, no new file, nothing unlinked held open."""
    need("strace")
    found = Finding()
    held: list[str] = []

    def look(pid: int) -> None:
        held.extend(str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())

    trace = ("strace", "-f", "-qq", "-s", "4096", "-y", "-o", "{folder}/trace", "-e", f"trace={CALLS}")
    heard = hear_once(mutant, trace, look)
    for path in heard.new:
        found.expect(False, f"a new file: {path}")
        if path.name.startswith("privacy-leak"):
            path.unlink()
    for link in held:
        found.expect("(deleted)" not in link and "memfd:" not in link, f"still open: {link}")
    lines = heard.trace.splitlines()
    found.expect(len(lines) > 1000, f"strace saw {len(lines)} calls only: the row is blind")
    for line in lines:
        fault = _judge(line, heard.home)
        found.expect(not fault, f"{fault}: {line[:200]}")
    return found


_OWN = re.compile(
    r"\"(?:new-)?(?:lock|slots|ledger\.jsonl|device\.key)\"|/proc/self/coredump_filter|\"/dev/(?:null|tty)\""
)


def _judge(line: str, home: str) -> str:
    """What is wrong with one system call, or nothing."""
    call = re.match(r"\d+ +(\w+)\(", line)
    name = call[1] if call else ""
    if CANARY in line.lower():
        return "the canary in a system call"
    if name in ("open", "openat", "openat2", "creat") and re.search(r"O_WRONLY|O_RDWR|O_CREAT", line):
        if " = -1 " in line or (_OWN.search(line) and ("/consent" in line or "/dev/" in line or "/proc/self" in line)):
            return ""
        return "opened for writing"
    if name in ("memfd_create", "shmget", "io_uring_setup", "add_key", "keyctl", "mq_open"):
        return "a place to hide"
    if name == "mmap" and "MAP_SHARED" in line and "PROT_WRITE" in line and "MAP_ANONYMOUS" not in line:
        return "a shared mapping"
    if name in ("connect", "sendto", "sendmsg", "sendmmsg") and re.search(r"AF_INET6?\b", line):
        return "something for the network"
    if name in ("execve", "execveat") and "privacy.household" not in line and " = -1 " not in line:
        return "another program was started"
    return ""


def logs(mutant: str) -> Finding:
    """At debug level, none of the words that were said is in any line."""
    found = Finding()
    heard = hear_once(mutant)
    lines = heard.errors.splitlines()
    found.expect(any("row is awake" in line for line in lines), "nothing was logged: the row is blind")
    for line in lines:
        found.expect(not re.search(rf"{CANARY}|yellow|kitchen", line, re.IGNORECASE), f"a spoken word: {line[:120]}")
    return found


def memory(mutant: str) -> Finding:
    """Five seconds after the answer, the process's memory holds neither the sound nor the words."""
    need(root=True)
    found = Finding()
    sound = spoken()
    voiced = np.abs(sound.astype(np.int32)) > 2_000
    starts = [at for at in range(RATE, len(sound) - 3 * RATE, 800) if voiced[at : at + 24].mean() > 0.5]
    pieces = [sound[at : at + 24] for at in starts]
    needles = {f"sound at {at}": piece.tobytes() for at, piece in zip(starts, pieces, strict=True)}
    needles |= {f"float sound at {at}": (piece / np.float32(32768)).astype(np.float32).tobytes()
                for at, piece in zip(starts, pieces, strict=True)}  # fmt: skip
    needles |= {
        f"the word as {code}": f"{CANARY} in the kitchen".encode(code) for code in ("utf-8", "utf-16-le", "utf-32-le")
    }
    left: dict[str, int] = {}

    def look(pid: int) -> None:
        found.expect(len(needles) > 20, "too few needles: the row is blind")
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:  # noqa: PTH123
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                if "w" not in rights or "[v" in line:
                    continue
                begin, end = (int(one, 16) for one in span.split("-"))
                with contextlib.suppress(OSError, OverflowError, ValueError):
                    mem.seek(begin)
                    data = mem.read(end - begin)
                    found.cases += len(data)
                    for name, needle in needles.items():
                        left[name] = left.get(name, 0) + data.count(needle)

    hear_once(mutant, look=look, rest=5.0)
    remains = ", ".join(name for name, count in left.items() if count)
    words = sum(count for name, count in left.items() if "word" in name)
    sounds = sum(1 for name, count in left.items() if count and "word" not in name)
    found.expect(words == 0, f"the words are in memory {words} times: {remains}")
    found.expect(sounds == 0, f"{sounds} of {2 * len(pieces)} pieces of the sound are in memory: {remains}")
    return found


def egress(mutant: str) -> Finding:
    """In a network of its own whose only way out is a tunnel that we read: not one packet."""
    need("unshare", "ip", root=True)
    found = Finding()
    here = Path(__file__).with_name("sink.py")
    heard = hear_once(mutant, ("unshare", "-n", sys.executable, str(here), "{folder}/trace"))
    found.expect("open" in heard.trace, "the tunnel never opened: the row is blind")
    for line in heard.trace.splitlines():
        found.expect(line == "open", f"a packet: {line[:100]}")
    return found


def sandbox(mutant: str) -> Finding:
    """Every way to persist or send, tried from inside the units' sandbox."""
    raise CannotProve("this row is not written yet: it needs the units' own filters, not a stand-in")


_MUTANTS = tuple(LEAKS)
ROWS = (
    Row("silent", "a request without anybody's consent: nothing is opened for writing, mapped, sent, started, or left",
        _MUTANTS[:9], silent),
    Row("sandbox", "from inside the services' sandbox only what the unit allows can be written or sent", (), sandbox),
    Row("logs", "at debug level no log line holds a word that was said", ("logs them",), logs),
    Row("memory", "five seconds after the answer neither sound nor words are in the process's memory",
        ("keeps the words in memory", "keeps the sound in memory"), memory),
    Row("egress", "in a network whose only way out is a tunnel that is read: not one packet",
        ("sends them in a datagram", "looks them up as a name", "opens a connection"), egress),
)  # fmt: skip
