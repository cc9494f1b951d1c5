"""Fences that no import contract can express. Part of scripts/check; prints a line per breach.

1. No module opens a file for writing but those named in MAY_WRITE: whatever else runs could keep what a person said.
2. A skill imports nothing of the assistant but `assistant.skills.api` and `assistant.testing`.
3. A file that a person has to read ends before line 400; from line 300 on it is named.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Each with what it writes. Only the gate may write what is derived from speech.
MAY_WRITE = {
    "assistant/attest.py": "nothing: tries to, in every way, to show that the kernel refuses it",
    "assistant/audio/file_device.py": "the demo's replies, into the folder that the person named",
    "assistant/audio/mute_file.py": "the word `muted`, so that a mute survives a restart",
    "assistant/cli/context.py": "a scratch folder, in RAM, for what skills of a demonstration keep; it goes away",
    "assistant/cli/say.py": "`say --wav FILE`: text that the person typed, spoken into a file that he named",
    "assistant/config/allowed.py": "which skill may reach which host: names of hosts",
    "assistant/config/edit.py": "`config set`: one setting, into the file of the person who typed it",
    "assistant/consent/erase.py": "the gate: destroys what it kept",
    "assistant/consent/export.py": "the gate: copies that the owner asked for",
    "assistant/consent/folder.py": "the gate: the only door for what a person said, and only under a yes",
    "assistant/consent/pages.py": "the gate: how far its ledger goes, and counts that somebody agreed to, sealed",
    "assistant/consent/rights.py": "the gate: a clip handed to its owner's ears",
    "assistant/consent/trim.py": "the gate: tells the disk that blocks are free",
    "assistant/hardening.py": "/proc/self/coredump_filter: no memory in core dumps",
    "assistant/intent/kept_vectors.py": "vectors of the skills' own sentences",
    "assistant/intent/classifier_model.py": "what was trained on the skills' own sentences",
    "assistant/intent/linear.py": "what was trained on the skills' own sentences",
    "assistant/intent/neighbours.py": "what was trained on the skills' own sentences",
    "assistant/intent/training.py": "what is to be trained: the skills' own sentences",
    "assistant/models_store/fetch.py": "models that were downloaded",
    "assistant/models_store/store.py": "models that were downloaded",
    "assistant/models_store/unpack.py": "models that were downloaded",
    "assistant/skills/cell.py": "/proc/self/oom_score_adj: a skill ends first when memory is short",
    "assistant/skills/fetch.py": "a skill's files, on their way in",
    "assistant/skills/install.py": "a skill's files",
    "assistant/skills/store.py": "what a skill keeps over a restart: a timer's end",
    "assistant/wake/custom/word.py": "heads that were trained here; with takes of a person, numbers that these changed",
    "assistant/onnx.py": "networks that were made here, into memory without a name",
    "assistant/testing/skills.py": "a scratch folder for a skill under test",
    "assistant/skills/template.py": "the beginnings of a new skill, where its author wants it",
}
SKILL_MAY_IMPORT = ("assistant.skills.api", "assistant.testing")
WARN_LINES, MAX_LINES = 300, 400

_WRITING_METHODS = frozenset({"write_text", "write_bytes", "tofile", "touch", "symlink_to", "hardlink_to"})
_WRITING_CALLS = frozenset(
    {"os.mkfifo", "os.open", "os.memfd_create", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree",
     "shutil.move", "shutil.copyfileobj", "shutil.unpack_archive", "sqlite3.connect", "dbm.open", "shelve.open",
     "numpy.save", "numpy.savez", "np.save", "np.savez", "np.savetxt", "np.memmap", "soundfile.write", "sf.write",
     "logging.FileHandler", "logging.handlers.RotatingFileHandler", "logging.handlers.WatchedFileHandler"}
)  # fmt: skip
_OPENERS = frozenset({"open", "fdopen", "ZipFile", "TarFile", "SoundFile", "GzipFile", "Wave_write"})
_MODULES = frozenset({"io", "os", "wave", "gzip", "bz2", "lzma", "tarfile", "zipfile", "soundfile", "sf"})


def writes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and call of everything in a module that opens a file for writing, or may."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if node.args and ast.unparse(node.args[0]) == "os.devnull":
            continue
        last = name.rpartition(".")[2]
        if (
            last in _WRITING_METHODS
            or name in _WRITING_CALLS
            or name.startswith("tempfile.")
            or (last in _OPENERS and name != "os.open" and not _reads_only(node))
        ):
            yield node.lineno, name


def _reads_only(node: ast.Call) -> bool:
    """Whether a call of something named `open` (or a class that opens) only reads.

    `open(path, mode)` has its mode second, `path.open(mode)` first. A mode that is not written out counts as writing;
    but what is first in `device.open(rate)` is no mode.
    """
    builtin = isinstance(node.func, ast.Name)
    given = [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    if builtin and any(keyword.arg is None for keyword in node.keywords):
        return False
    if builtin or ast.unparse(node.func).rpartition(".")[0] in _MODULES:
        given += node.args[1:2]
    else:
        given += [arg for arg in node.args[:1] if re.fullmatch(r"'[rwaxbt+]+'|mode", ast.unparse(arg))]
    return all(
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and not set(mode.value) & set("wax+")
        for mode in given
    )


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def breaches(root: Path) -> Iterator[str]:
    """Every breach below `root`."""
    for path in sorted((root / "assistant").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name not in MAY_WRITE:
            for line, call in writes(ast.parse(path.read_bytes())):
                yield f"{name}:{line}: {call}() may write a file, and scripts/fences.py does not allow that here"
    for path in sorted((root / "skills").rglob("*.py")):
        if "tests" in path.parts:
            continue
        for line, module in imports(ast.parse(path.read_bytes())):
            ours = module == "assistant" or module.startswith("assistant.")
            if ours and not any(f"{module}.".startswith(f"{allowed}.") for allowed in SKILL_MAY_IMPORT):
                yield f"{path.relative_to(root)}:{line}: a skill imports {module}; it has assistant.skills.api only"
    for name in MAY_WRITE:
        if not (root / name).exists() and (root / "pyproject.toml").exists():
            yield f"scripts/fences.py: {name} may write, but is not there"
    for path, count in sizes(root):
        if count > MAX_LINES:
            yield f"{path.relative_to(root)}: {count} lines, more than {MAX_LINES}. Look for the second thing it does"


def sizes(root: Path) -> Iterator[tuple[Path, int]]:
    """Every source file of the project with its number of lines."""
    for folder in ("assistant", "skills", "scripts", "tests"):
        for path in sorted((root / folder).rglob("*")):
            is_source = path.suffix in {".py", ".sh"} or (folder == "scripts" and not path.suffix)
            if is_source and path.is_file() and "__pycache__" not in path.parts:
                yield path, path.read_bytes().count(b"\n")


def main() -> int:
    """0 when all fences stand."""
    for path, count in sizes(ROOT):
        if WARN_LINES < count <= MAX_LINES:
            print(f"note: {path.relative_to(ROOT)} has {count} lines; {WARN_LINES} is the aim")
    found = list(breaches(ROOT))
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
