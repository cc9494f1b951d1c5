"""Starts a program and writes down every file that it, or anything it starts, changes: by fanotify on every mount.

    python watch.py LOG PROGRAM...

The marks lie on the mounts of this process's own mount namespace, so that nothing else on the machine is seen, and
whatever runs inside of it is, whoever its parent is and however it hides from a tracer. (What makes a mount namespace
of its own, as the sandbox of a skill, leaves it: that one the tracer has to see.) Run it as
`unshare --mount python watch.py ...`. At the end LOG holds a line for each mount, and for each change with the time at
which it was last seen.
"""

import ctypes
import os
import struct
import subprocess
import sys
import threading
import time

MODIFY, CLOSE_WRITE, OVERFLOW = 0x2, 0x8, 0x4000
CLASS_NOTIF, CLOEXEC, UNLIMITED_QUEUE = 0x0, 0x1, 0x10  # linux/fanotify.h
MARK_ADD, MARK_MOUNT, AT_FDCWD = 0x1, 0x10, -100
HEAD = struct.Struct("IBBHQii")

log, *program = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
libc.fanotify_mark.argtypes = [ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p]
fan = libc.fanotify_init(CLASS_NOTIF | CLOEXEC | UNLIMITED_QUEUE, os.O_RDONLY | os.O_CLOEXEC | os.O_LARGEFILE)
if fan < 0:
    sys.exit(f"fanotify: {os.strerror(ctypes.get_errno())}")

told = []
with open("/proc/self/mountinfo", encoding="utf-8") as mounts:  # noqa: PTH123
    for line in mounts:
        place = line.split()[4].encode().decode("unicode_escape")
        done = libc.fanotify_mark(fan, MARK_ADD | MARK_MOUNT, MODIFY | CLOSE_WRITE, AT_FDCWD, os.fsencode(place))
        told.append(f"{'watched' if done == 0 else os.strerror(ctypes.get_errno())} {place}")

child = subprocess.Popen(program)
changes: dict[str, float] = {}


def watch() -> None:
    while True:
        events, at = os.read(fan, 1 << 16), 0
        while at < len(events):
            length, _, _, _, mask, fd, pid = HEAD.unpack_from(events, at)
            at += length
            if mask & OVERFLOW:
                changes["events were lost"] = time.time()
            if fd < 0:
                continue
            if pid not in (child.pid, os.getpid()):  # the tracer's own file is not the traced one's
                what = "changed" if mask & MODIFY else "closed after writing"
                path = os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115
                changes[f"{what} {path}"] = time.time()
            os.close(fd)


threading.Thread(target=watch, daemon=True).start()
status = child.wait()
with open(log, "w", encoding="utf-8") as out:  # noqa: PTH123
    out.writelines(f"{line}\n" for line in [*told, *(f"at {when:.3f} {what}" for what, when in changes.items())])
sys.exit(max(0, status))
