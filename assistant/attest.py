"""Tries to keep and to send something, in every way there is, to show that none of them is open.

    python -m assistant.attest

Prints a line for each way and how the kernel refused it; the exit status is 0 if all were refused. ENOENT and
ECONNREFUSED are refusals too: within its walls the process sees nothing and nobody under that name.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from errno import ECONNREFUSED, EFAULT, EROFS, errorcode
from pathlib import Path

from assistant.config.paths import Paths, find_paths

WORD = b"attest"
_libc = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {
    # asm/unistd.h of x86-64, and asm-generic/unistd.h, which all newer processors share
    "x86_64": {
        "add_key": 248,
        "keyctl": 250,
        "io_uring_setup": 425,
        "mq_open": 240,
        "mq_unlink": 241,
        "shmget": 29,
        "shmctl": 31,
        "unshare": 272,
    },
    "aarch64": {
        "add_key": 217,
        "keyctl": 219,
        "io_uring_setup": 425,
        "mq_open": 180,
        "mq_unlink": 181,
        "shmget": 194,
        "shmctl": 195,
        "unshare": 97,
    },
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way, and what the kernel said to it: the name of an errno, or nothing if it was open."""

    way: str
    refused: str


class _Unknown(Exception):
    """The number of this call is not known here."""


def attempts(paths: Paths) -> list[Attempt]:
    """Try every way, and tidy up where one was open."""
    home = Path.home()
    ways: dict[str, Callable[[], object]] = {
        **{f"a file in {place}": _file(place) for place in _places(paths, home)},
        "a mount that is not read-only": lambda: _mounts(paths),
        "a change of a file that is there": lambda: os.close(os.open(Path(__file__), os.O_RDWR)),
        "a file without a name": lambda: os.close(os.open(home, os.O_RDWR | os.O_TMPFILE, 0o600)),
        "a shared mapping of a file": _mapping,
        "a name for a file (link)": lambda: _made(home / _NAME, lambda path: os.link(__file__, path)),
        "another name for a file": lambda: _renamed(home),
        "a pipe with a name": lambda: _made(home / _NAME, os.mkfifo),
        "an attribute of a file": lambda: _attribute(home),
        "times of a file": lambda: _times(home),
        "a memory file": lambda: os.close(os.memfd_create("attest")),
        "System V shared memory": _shared_memory,
        "POSIX shared memory": lambda: _made(Path("/dev/shm") / _NAME, lambda path: path.touch(exist_ok=False)),
        "a message queue": _queue,
        "a key of the kernel's": lambda: _call("add_key", b"user", b"attest", WORD, len(WORD), -2),
        "the kernel's keyrings": lambda: _call("keyctl", 0, -2, 1),
        "io_uring": lambda: os.close(_call("io_uring_setup", 1, bytes(120))),
        "the memory of another process": lambda: _traced(os.getppid()),
        "the memory of the first process": lambda: _written(1),
        "namespaces of its own": lambda: _call("unshare", 0x10000000),
        "TCP": lambda: _sent(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 443)),
        "UDP": lambda: _sent(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)),
        "UDP on this machine": lambda: _sent(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 53)),
        "IPv6": lambda: _sent(socket.AF_INET6, socket.SOCK_DGRAM, ("2001:db8::1", 53)),
        "netlink": lambda: _sent(socket.AF_NETLINK, socket.SOCK_RAW, (0, 0)),
        "raw packets": lambda: _sent(socket.AF_PACKET, socket.SOCK_RAW, ("lo", 0)),
        "the system's log": lambda: _sent(socket.AF_UNIX, socket.SOCK_DGRAM, "/dev/log"),
        "the journal": lambda: _sent(socket.AF_UNIX, socket.SOCK_DGRAM, "/run/systemd/journal/socket"),
        "the system's bus": lambda: _sent(socket.AF_UNIX, socket.SOCK_STREAM, "/run/dbus/system_bus_socket"),
        "a socket without a file, of another": _strangers,
    }
    return [Attempt(way, _refusal(work)) for way, work in ways.items()]


_NAME = f".attest-{os.getpid()}"


def _places(paths: Paths, home: Path) -> list[Path]:
    places = [home, paths.tree, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run")]
    return list(dict.fromkeys(place for place in places if place.is_dir()))


def _refusal(work: Callable[[], object]) -> str:
    try:
        work()
    except _Unknown:
        return "not tried: the number of this call is not known for this processor"
    except OSError as error:
        return errorcode.get(error.errno or 0, str(error))
    return ""


def _renamed(folder: Path) -> None:
    """Rename what is not there: a kernel that refuses to write says so before it looks for the file (rename(2)).

    Nothing that exists is touched, so that a wall with a hole costs nobody a file.
    """
    with suppress(FileNotFoundError):
        os.rename(folder / f"{_NAME}-no", folder / _NAME)  # noqa: PTH104


def _made(path: Path, make: Callable[[Path], object]) -> None:
    make(path)
    path.unlink()


def _file(place: Path) -> Callable[[], object]:
    def work() -> None:
        path = place / _NAME
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(file)
        path.unlink()

    return work


def _mounts(paths: Paths) -> None:
    """Raises OSError (EROFS) when everything that can be written is in RAM, or is the kernel's own."""
    ours = {str(paths.runtime), str(paths.state), str(paths.cache)}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        place, options = fields.split()[4:6]
        kind = rest.split()[0]
        in_ram = kind == "tmpfs" and place in ours
        # The nodes of single devices are mounts of what /dev is outside.
        kernels = kind in ("proc", "devpts") or place.startswith("/dev/")
        if "ro" not in options.split(",") and not in_ram and not kernels and _is_reached(place, fields.split()[0]):
            return
    raise OSError(EROFS, os.strerror(EROFS))


def _is_reached(place: str, mount: str) -> bool:
    """Whether the path of a mount, as the kernel's table writes it, leads there: not when it lies in a folder that this
    user may not enter (bubblewrap leaves such mounts as they were), or behind another mount."""
    try:
        there = os.open(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place), os.O_PATH)
    except (PermissionError, FileNotFoundError):
        return False
    try:
        known = Path(f"/proc/self/fdinfo/{there}").read_text()
    finally:
        os.close(there)
    return re.search(r"^mnt_id:\s*(\d+)$", known, re.M)[1] == mount  # type: ignore[index]


def _attribute(path: Path) -> None:
    os.setxattr(path, "user.attest", WORD)
    os.removexattr(path, "user.attest")


def _times(path: Path) -> None:
    """Set them to what they are."""
    now = path.stat()
    os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns))


def _shared_memory() -> None:
    segment = _call("shmget", 0x61747374, 4096, 0o1600)
    _call("shmctl", segment, 0, None)  # IPC_RMID


def _queue() -> None:
    os.close(_call("mq_open", _NAME.encode(), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, None))
    _call("mq_unlink", _NAME.encode())


def _strangers() -> None:
    """Raises OSError when no process that has such a socket can be seen: then none can be spoken to."""
    names = [line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    if not any(name.startswith("@") for name in names):
        raise OSError(ECONNREFUSED, os.strerror(ECONNREFUSED))


def _mapping() -> None:
    file = os.open(__file__, os.O_RDONLY)
    try:
        mmap.mmap(file, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE).close()
    finally:
        os.close(file)


def _call(name: str, *arguments: object) -> int:
    numbers = _NUMBERS.get(os.uname().machine)
    if numbers is None or sys.maxsize < 1 << 32:
        raise _Unknown
    plain = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _checked(_libc.syscall(ctypes.c_long(numbers[name]), *plain))


def _traced(pid: int) -> None:
    _checked(_libc.ptrace(ctypes.c_long(0x4206), ctypes.c_long(pid), None, None))  # PTRACE_SEIZE: does not stop it


def _written(pid: int) -> None:
    """Write to address 0, which no process has: EFAULT says that it was allowed (process_vm_writev(2))."""
    ours = (ctypes.c_size_t * 2)(ctypes.addressof(ctypes.create_string_buffer(WORD)), len(WORD))
    its = (ctypes.c_size_t * 2)(0, len(WORD))
    try:
        _checked(_libc.process_vm_writev(pid, ours, 1, its, 1, 0))
    except OSError as error:
        if error.errno != EFAULT:
            raise


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _sent(family: int, kind: int, address: object) -> None:
    with socket.socket(family, kind) as out:
        out.settimeout(2)
        if family in (socket.AF_NETLINK, socket.AF_PACKET):
            out.bind(address)  # type: ignore[arg-type]
            return
        with suppress(TimeoutError):  # it was on its way
            out.connect(address)  # type: ignore[arg-type]
        if kind == socket.SOCK_DGRAM:
            out.send(WORD)


def main() -> int:
    done = attempts(find_paths())
    for each in done:
        sys.stdout.write(f"{'open' if not each.refused else each.refused:<14}{each.way}\n")
    return 0 if all(each.refused for each in done) else 1


if __name__ == "__main__":
    sys.exit(main())
