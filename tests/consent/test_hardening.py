"""What is in memory stays in memory."""

import subprocess
import sys

CODE = """
import os, resource
from assistant.hardening import harden, is_hardened
assert not is_hardened()
harden()
assert is_hardened()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
os.abort()
"""


def test_a_hardened_process_leaves_no_core_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    done = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == -6, done.stderr
    assert list(tmp_path.iterdir()) == []
