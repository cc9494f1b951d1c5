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


FREED = """
from assistant.memory import overwrite_freed
def left(places):
    found = 0
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        for place in places:
            memory.seek(place)
            try:
                found += b"purple" in memory.read(size)
            except OSError:  # given back to the system
                pass
    return found
for size in (80, 150, 400):
    words = ["".join(["purple " * (size // 8), str(number)]) for number in range(500)]
    places = [id(each) for each in words]
    words.clear()
    assert left(places) > 250, "the test is blind"
    overwrite_freed()
    assert left(places) == 0, left(places)
"""


def test_the_words_of_a_session_are_overwritten_once_they_are_let_go_of() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
