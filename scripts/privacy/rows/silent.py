"""Nothing is written, sent, shown or started with nobody's consent, by four detectors that see different things.

strace sees what the assistant asks the kernel for; fanotify which files change, whoever changes them; /proc what the
process holds and shows; a search what is left in files. Each is needed: some leak is planted that only it can see.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from privacy.box import need
from privacy.leaks import SILENT
from privacy.listening import CANARY, Heard, hear_once, holds_canary
from privacy.row import Finding, Row

CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg,connect,bind,rename,"
    "renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,mknod,mknodat,setxattr,lsetxattr,fsetxattr,"
    "memfd_create,memfd_secret,mmap,shmat,shmget,msgsnd,execve,execveat,io_uring_setup,keyctl,add_key,mq_open,"
    "mq_timedsend,copy_file_range,sendfile,splice,vmsplice,truncate,ftruncate,process_vm_writev,ptrace,prctl,bpf"
)
WATCH = Path(__file__).with_name("watch.py")
DETECTORS = ("strace", "fanotify", "/proc", "search")
ALONE: dict[str, str] = {}
"""Detector -> a leak that it alone has caught."""

_OPEN = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")
_HARMLESS = re.compile(r"/proc/self/coredump_filter|/dev/(?:null|tty)")
"""Opened for writing by the hardening of the process, and by libraries to have nothing."""
_START = re.compile(r"/proc/\d+/(?:coredump_filter|[ug]id_map|setgroups|oom_score_adj)$|/dev/(?:null|tty)$|/newroot/")
"""Changed before anything was said: limits of processes, the empty root of a skill's sandbox, which is in memory."""
_LINE = re.compile(r"\d+ +([\d.]+) (\w+)?")


@dataclass
class Seen:
    """What each detector has to say against it."""

    faults: dict[str, list[str]] = field(default_factory=lambda: {one: [] for one in DETECTORS})
    cases: int = 0

    def add(self, detector: str, fault: str) -> None:
        self.cases += 1
        if fault:
            self.faults[detector].append(fault)


def silent(mutant: str) -> Finding:
    """No detector has anything to say."""
    need("strace", "unshare", root=True)
    seen = Seen()

    def look(pid: int) -> None:
        _process(pid, seen)

    trace = ("strace", "-f", "-qq", "-ttt", "-s", "4096", "-y", "-o", "{folder}/trace", "-e", f"trace={CALLS}")
    heard = hear_once(mutant, ("unshare", "--mount", sys.executable, str(WATCH), "{folder}/events", *trace), look)
    found = Finding()
    _calls(heard, seen)
    _changes(heard, seen, found)
    for path in heard.new:
        seen.add("search", f"the canary is in {path}")
    for name in heard.left:
        seen.add("search", f"it left {name}")
    seen.add("search", f"the canary is in the log: {CANARY}" if holds_canary(heard.errors.encode()) else "")
    found.cases += seen.cases
    found.faults += [f"{detector}: {fault}" for detector, faults in seen.faults.items() for fault in faults]
    caught = [detector for detector, faults in seen.faults.items() if faults]
    if mutant:
        found.remarks.append(f"caught by {', '.join(caught) or 'none'}")
        if len(caught) == 1:
            ALONE.setdefault(caught[0], mutant)
    else:
        found.remarks += [f"caught by {detector} alone: {leak}" for detector, leak in ALONE.items()]
        for detector in DETECTORS:
            found.expect(detector in ALONE, f"no planted leak was caught by {detector} alone: why have it?")
    return found


def _calls(heard: Heard, seen: Seen) -> None:
    """strace: no call outside of the allow-list, and the canary in none."""
    lines = heard.trace.splitlines()
    seen.add("strace", "" if len(lines) > 1000 else f"it saw {len(lines)} calls only: it is blind")
    for line in lines:
        fault = judge(line, heard.asked)
        seen.add("strace", f"{fault}: {line[:160]}" if fault else "")


def judge(line: str, asked: float) -> str:
    """What is wrong with one system call, or nothing. Before it was asked there were no words to let out."""
    call = _LINE.match(line)
    name = call[2] or "" if call else ""
    if call and float(call[1]) < asked:
        return ""
    if holds_canary(line.encode()):
        return "the canary in a system call"
    if " = -1 " in line and not name.startswith(("connect", "send", "io_uring")):
        return ""
    if name in ("open", "openat", "openat2", "creat") and (name == "creat" or _OPEN.search(line)):
        return "" if _HARMLESS.search(line) else "opened for writing"
    if name in ("memfd_create", "memfd_secret", "shmget", "msgsnd", "io_uring_setup", "add_key", "keyctl", "mq_open",
                "process_vm_writev", "ptrace", "bpf"):  # fmt: skip
        return "a place to hide"
    if name == "mmap" and "MAP_SHARED" in line and "PROT_WRITE" in line and "MAP_ANONYMOUS" not in line:
        return "a shared mapping"
    if name in ("connect", "sendto", "sendmsg", "sendmmsg") and re.search(r"AF_INET6?\b", line):
        return "something for the network"
    if name in ("execve", "execveat") and "privacy.household" not in line:
        return "another program was started"
    return ""


def _changes(heard: Heard, seen: Seen, found: Finding) -> None:
    """fanotify: no file changes on any mount."""
    lines = heard.events.splitlines()
    watched = [line.partition(" ")[2] for line in lines if line.startswith("watched ")]
    blind = {"/", "/dev", "/dev/shm"} - set(watched)
    seen.add("fanotify", f"it cannot watch {', '.join(sorted(blind))}" if blind else "")
    found.remarks.append(f"fanotify watched {len(watched)} mounts")
    for line in lines:
        if line.startswith("at "):
            _, when, what = line.split(" ", 2)
            fine = _START.search(what) if float(when) < heard.asked else _HARMLESS.search(what)
            seen.add("fanotify", "" if fine else what)


def _process(pid: int, seen: Seen) -> None:
    """/proc: what the process holds open or mapped, and what it shows of itself."""
    here = Path(f"/proc/{pid}")
    links = [_gone(lambda link=link: str(link.readlink())) for link in (here / "fd").iterdir()]
    for target in links:
        seen.add("/proc", f"still open: {target}" if "(deleted)" in target or "memfd:" in target else "")
    inodes = {target[8:-1] for target in links if target.startswith("socket:")}
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        for line in (here / "net" / table).read_text().splitlines()[1:]:
            seen.add("/proc", f"an open {table} socket" if line.split()[9] in inodes else "")
    for line in (here / "maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        shared = fields[1].endswith("s") and "w" in fields[1]
        place = fields[5] if len(fields) > 5 else ""
        bad = shared and place and not place.startswith("/dev/zero")
        seen.add("/proc", f"mapped for others: {place}" if bad else "")
    for path in (here / "cmdline", here / "environ", *here.glob("task/*/comm")):
        shown = _gone(lambda path=path: path.read_text(errors="replace"))
        seen.add("/proc", f"the canary in {path.name}" if holds_canary(shown.encode()) else "")


def _gone(look: Callable[[], str]) -> str:
    """What it sees; nothing if a file was closed or a thread has ended meanwhile."""
    try:
        return look()
    except (FileNotFoundError, ProcessLookupError):
        return ""


ROWS = (
    Row("silent", "a request without anybody's consent: nothing is written, mapped, sent, shown, started, or left",
        SILENT, silent, sound=True),
)  # fmt: skip
