"""Runs the driver and stops itself (SIGSTOP) at its N-th call that changes a file, so that the disk can be copied."""

import itertools
import os
import signal
import sys

from privacy import driver

number, sys.argv = int(sys.argv[0]), ["driver", *sys.argv[1:]]
calls = itertools.count(1)


def counting(call):  # type: ignore[no-untyped-def]
    def wrapped(*arguments, **named):  # type: ignore[no-untyped-def]
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGSTOP)
        return call(*arguments, **named)

    return wrapped


for name in ("write", "pwrite", "fsync", "fdatasync", "rename", "unlink", "ftruncate"):
    setattr(os, name, counting(getattr(os, name)))
driver.main()
