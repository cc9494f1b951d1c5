"""Runs one row and tells of it in JSON lines: `{"at": ...}` while it runs, then `{"result": ...}`.

python -m privacy.one ROW
"""

from __future__ import annotations

import json
import os
import sys

from privacy.row import run
from privacy.rows import ALL


def main() -> int:
    # What the row's children print must not get among the lines.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    row = next(row for row in ALL if row.name == sys.argv[1])
    result = run(row, lambda at: print(json.dumps({"at": at}), file=out))
    print(json.dumps({"result": result.as_dict()}), file=out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
