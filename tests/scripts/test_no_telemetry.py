"""No library that we load reports home. (onnxruntime from 1.29 on does: a device id kept, events sent to a server.)"""

from __future__ import annotations

import importlib.util
import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

COLLECTORS = [b"events.data.microsoft.com", b"ORT_DISABLE_TELEMETRY", b"ingest.sentry.io", b"api.segment.io"]
LOADED = [
    *("fann2", "moonshine_voice", "numpy", "onnxruntime", "piper", "pyaudio", "pymicro_features", "pymicro_wakeword"),
    *("soundfile", "soxr", "vosk", "xxhash", "yaml"),
]


def shared_libraries(package: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    for place in spec.submodule_search_locations or ():
        yield from Path(place).rglob("*.so*")


@pytest.mark.parametrize("package", LOADED)
def test_no_library_holds_the_address_of_a_collector(package: str) -> None:
    for path in shared_libraries(package):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            assert [name for name in COLLECTORS if data.find(name) >= 0] == [], path


def test_loading_every_engine_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    modules = ", ".join(name for name in LOADED if name != "moonshine_voice")  # only its model files are used
    code = f"import {modules}; import onnxruntime; onnxruntime.get_available_providers()"
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    run = subprocess.run([sys.executable, "-c", code], env={**env, "HOME": str(tmp_path)}, check=False)
    assert run.returncode == 0
    assert list(tmp_path.rglob("*")) == []
