"""The fences see what they are there to see."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def fences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fences", SCRIPTS / "fences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "leak",
    [
        "open('f', 'w')",
        "open('f', mode='ab')",
        "open('f', mode)",
        "open('f', **how)",
        "path.open('xb')",
        "Path('f').write_text('words')",
        "Path('f').write_bytes(b'')",
        "os.open('f', os.O_RDWR)",
        "wave.open('f', 'wb')",
        "soundfile.write('f', samples, 16000)",
        "soundfile.SoundFile('f', 'w')",
        "np.save('f', samples)",
        "samples.tofile('f')",
        "tempfile.NamedTemporaryFile()",
        "sqlite3.connect('f')",
        "shutil.copyfile('a', 'b')",
        "logging.FileHandler('f')",
        "zipfile.ZipFile('f', 'a')",
    ],
)
def test_a_way_to_write_a_file_is_seen(fences: ModuleType, leak: str) -> None:
    assert list(fences.writes(ast.parse(leak)))


@pytest.mark.parametrize(
    "innocent",
    [
        *("open('f')", "open('f', 'rb')", "path.open()", "path.open('rb')", "wave.open('f')", "wave.open('f', 'rb')"),
        *("path.read_text()", "self.engine.open()", "self.audio.open('speaker', rate)", "archive.open(member)"),
        "os.open(os.devnull, os.O_WRONLY)",
    ],
)
def test_reading_is_not_taken_for_writing(fences: ModuleType, innocent: str) -> None:
    assert not list(fences.writes(ast.parse(innocent)))


def test_each_kind_of_breach_is_reported_with_its_place(fences: ModuleType, tmp_path: Path) -> None:
    files = {
        "assistant/stt/engine.py": "import os\nopen('/tmp/x', 'w')\n",
        "skills/bad/skill.py": "import assistant.skills.api\nfrom assistant.bus.base import Bus\nimport assistant\n",
        "skills/good/skill.py": "from assistant.skills.api import Skill\nfrom datetime import datetime\n",
        "skills/good/tests/test_it.py": "from assistant.bus.memory import MemoryBus\n",
        "scripts/long": "x\n" * 401,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [breach.split(" ")[0].rstrip(":") for breach in fences.breaches(tmp_path)]
    assert found == ["assistant/stt/engine.py:2", "skills/bad/skill.py:2", "skills/bad/skill.py:3", "scripts/long"]
