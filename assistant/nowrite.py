"""`assistant run --no-write`: nothing can be written or sent, whatever the code would like to.

The assistant starts itself again under bubblewrap, with namespaces of its own: every file system is read-only, there is
no network and no other process, and a filter of system calls refuses what is left (memory files, shared memory, keys,
io_uring). Before it listens it tries each of the ways to keep or send something (`assistant.attest`) and ends if one
of them is open. What it needs to write lies in RAM and goes away with it: its sockets, what skills remember, a yes to
keep something, and what is learned from the skills' sentences.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.config.paths import Paths
from assistant.errors import AssistantError
from assistant.seccomp import ALLOW, MASKED, NOT_EQUAL, Compare, Rules, program, refuse

INSIDE = "ASSISTANT_NO_WRITE"
"""Set in the environment of a process within."""

_AF_UNIX = 1
_NEW_NAMESPACES = 0x7E020000  # linux/sched.h: the CLONE_NEW* flags of clone

_REFUSED = (
    # memory that others could map, or that outlives its process
    "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "shmdt", "msgget", "msgsnd", "msgctl", "semget",
    "mq_open", "mq_unlink",
    # the kernel's keyrings
    "add_key", "keyctl", "request_key",
    # calls that go round this filter
    "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup", "io_submit",
    # other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
    # another view of the file systems
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount",
    "fspick", "mount_setattr", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "mknod", "mknodat",
    "setxattr", "lsetxattr", "fsetxattr",
    # the kernel itself
    "bpf", "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "syslog", "acct", "quotactl", "swapon", "swapoff", "reboot", "vhangup", "fanotify_init",
)  # fmt: skip


def seccomp_filter() -> bytes:
    """What the kernel is to refuse, for `bwrap --seccomp`. Raises EngineError."""
    refused: Rules = {name: (refuse(errno.EPERM), None) for name in _REFUSED}
    conditional: Rules = {
        "socket": (refuse(errno.EAFNOSUPPORT), Compare(0, NOT_EQUAL, _AF_UNIX, 0)),
        # Its flags lie in memory, where a filter cannot look. "No such call" makes the C library take `clone`.
        "clone3": (refuse(errno.ENOSYS), None),
    }
    namespaces: list[Rules] = [
        {"clone": (refuse(errno.EPERM), Compare(0, MASKED, 1 << bit, 1 << bit))}
        for bit in range(32)
        if _NEW_NAMESPACES >> bit & 1
    ]
    return program(ALLOW, refused, conditional, *namespaces)


def walls(paths: Paths) -> list[str]:
    """Bubblewrap's arguments. Later ones cover earlier ones."""
    arguments = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/", "/"]
    # Sockets of others lie in these: nobody is to be reached but the sound server.
    arguments += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run", "--tmpfs", "/tmp"]
    arguments += ["--dev-bind-try", "/dev/snd", "/dev/snd"]
    user = paths.runtime.parent
    for name in ("pulse", "pipewire-0"):
        arguments += ["--ro-bind-try", str(user / name), str(user / name)]
    for path in (paths.tree, Path(sys.prefix)):
        if path.is_relative_to("/tmp") or path.is_relative_to("/run"):
            arguments += ["--ro-bind", str(path), str(path)]
    # What must be writable is in RAM.
    arguments += ["--bind", str(paths.runtime), str(paths.runtime)]
    arguments += ["--tmpfs", str(paths.state), "--tmpfs", str(paths.cache)]
    for path in (paths.models, paths.installed_skills, paths.wake_words, paths.own_wake_words):
        arguments += ["--ro-bind-try", str(path), str(path)]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/run", "--remount-ro", "/tmp"]


def command(paths: Paths, inside: Sequence[str], filter_fd: int) -> list[str]:
    """The whole command line that runs `inside`. Raises AssistantError."""
    program_path = shutil.which("bwrap")
    if program_path is None:
        raise AssistantError("--no-write needs bubblewrap", hint="Run: sudo apt install bubblewrap")
    return [program_path, *walls(paths), "--setenv", INSIDE, "1", "--seccomp", str(filter_fd), "--", *inside]


def enter(paths: Paths, arguments: Sequence[str]) -> None:
    """Become `assistant ARGUMENTS` within. Returns only by raising AssistantError."""
    if os.geteuid() == 0:
        raise AssistantError("--no-write is for a user without rights, not for root", hint="Run it as yourself")
    runtime = paths.runtime
    try:
        runtime.mkdir(mode=0o750, parents=True, exist_ok=True)
        for folder in (paths.state, paths.cache):  # RAM will lie over them
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise AssistantError(f"cannot be made: {error.strerror}", where=str(error.filename)) from error
    if file_system(runtime) != "tmpfs":
        raise AssistantError(
            "the folder of the sockets is not in RAM", where=str(runtime), hint="Set XDG_RUNTIME_DIR to one on a tmpfs"
        )
    read, write = os.pipe()  # holds 64 KiB, a filter some 2
    os.write(write, seccomp_filter())
    os.close(write)
    os.set_inheritable(read, True)
    line = command(paths, [sys.executable, "-m", "assistant", *arguments], read)
    os.execv(line[0], line)


def file_system(path: Path) -> str:
    """The kind of file system that `path` lies on, from the kernel's table of mounts."""
    best, kind = "", ""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        place = fields.split()[4]
        if path.is_relative_to(place) and len(place) >= len(best):
            best, kind = place, rest.split()[0]
    return kind
