"""Runs one row and tells of it in JSON lines: `{"at": ...}` while it runs, then `{"result": ...}`.

python -m privacy.one ROW
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from privacy.row import run
from privacy.rows import ALL

SCRATCH = ("/tmp/", "/var/tmp/", "/dev/shm/")


def leave_others_behind() -> None:
    """In a mount namespace of its own a row need not see the images that other programs, or a killed test, mounted."""
    if os.getpid() != 1 or os.geteuid() != 0:  # not apart
        return
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place, source = line.split()[4], line.partition(" - ")[2].split()[1]
        if source.startswith("/dev/loop") and place.startswith(SCRATCH):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)


def main() -> int:
    leave_others_behind()
    # What the row's children print must not get among the lines.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    row = next(row for row in ALL if row.name == sys.argv[1])
    result = run(row, lambda at: print(json.dumps({"at": at}), file=out))
    print(json.dumps({"result": result.as_dict()}), file=out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
