"""The second start needs no network, no rights and no time; a start that cannot work says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

needs_debian = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="not a Debian")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The scripts in a tree of their own; apt, sudo, pip and Python are stand-ins that say so when they are called."""
    tree = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", tree / "scripts")
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tree / name)
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("apt-get", "sudo", "python3"):
        script(bin_ / name, f"echo CALLED {name} $* >&2; exit 1")
    installed(tmp_path, "*")
    return tree


def installed(tmp_path: Path, pattern: str) -> None:
    """Makes dpkg-query know the packages that match the shell pattern."""
    body = f'for name; do case $name in -*) ;; {pattern}) printf "installed:%s " "$name" ;; esac; done'
    script(tmp_path / "bin" / "dpkg-query", body)


def script(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


def call(tree: Path, command: str) -> subprocess.CompletedProcess[str]:
    bin_ = tree.parent / "bin"
    env = {**os.environ, "PATH": f"{bin_}:{os.environ['PATH']}", "PYTHON": str(bin_ / "python3")}
    env.pop("VENV", None)
    return subprocess.run(["bash", "-c", command], cwd=tree, env=env, capture_output=True, text=True, check=False)


def make_ready(tree: Path) -> None:
    script(tree / ".venv/bin/assistant", 'printf "<%s>" "$@"')
    made = call(tree, "source scripts/lib.sh; fingerprint requirements.lock >$VENV/.ready-requirements.lock")
    assert made.returncode == 0, made.stderr


def test_a_second_start_only_starts_and_passes_the_words_on(clone: Path) -> None:
    make_ready(clone)
    ran = call(clone, "./scripts/run --set 'wake.words=[alexa]' stt")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "<run><--set><wake.words=[alexa]><stt>", "")


@pytest.mark.parametrize(
    "change",
    [
        "echo >>requirements.lock",
        "echo >>pyproject.toml",
        "touch .venv/.unfinished",
        "rm .venv/bin/assistant",
        "rm .venv/.ready*",
    ],
)
def test_a_set_up_that_is_not_whole_or_not_current_is_done_again(clone: Path, change: str) -> None:
    make_ready(clone)
    assert call(clone, change).returncode == 0
    ran = call(clone, "./scripts/run")
    assert ran.returncode != 0
    assert "CALLED python3" in ran.stderr


@needs_debian
def test_only_what_is_missing_is_installed(clone: Path) -> None:
    installed(clone.parent, "swig|g++")
    missing = call(clone, "source scripts/lib.sh; missing_packages swig g++ git python3-venv")
    assert missing.stdout.split() == ["git", "python3-venv"]


def test_without_the_right_to_install_it_says_what_an_administrator_has_to_run(clone: Path) -> None:
    installed(clone.parent, "[!s]*")
    source = (clone / "scripts/lib.sh").read_text().replace("EUID", "NOBODY")
    (clone / "scripts/lib.sh").write_text("NOBODY=1000\n" + source)
    ran = call(clone, "./scripts/run")
    assert ran.returncode == 1
    assert "run: apt-get install --yes --no-install-recommends swig\n" in ran.stderr


@pytest.mark.parametrize(("have", "wanted"), [("pulseaudio", "libasound2-plugins"), ("pipewire-pulse", "pipewire-alsa"),
                                              ("none", "")])  # fmt: skip
def test_a_sound_server_brings_its_way_to_alsa_and_only_then(clone: Path, have: str, wanted: str) -> None:
    installed(clone.parent, have)
    assert call(clone, "source scripts/lib.sh; sound_server_packages").stdout.strip() == wanted


def test_an_unsuitable_python_is_named(clone: Path) -> None:
    script(clone.parent / "bin" / "python3", '[[ $1 == -V ]] && echo "Python 3.9.2"; [[ $1 == -V ]]')
    ran = call(clone, "./scripts/run")
    assert ran.returncode == 1
    assert "is Python 3.9.2; needed is Python 3.11, 3.12 or 3.13" in ran.stderr


def test_a_step_that_fails_shows_its_end_and_names_its_log(clone: Path) -> None:
    body = 'case $* in -c*) exit 0 ;; *venv*) for i in {1..50}; do echo "line $i"; done; exit 3 ;; esac'
    script(clone.parent / "bin" / "python3", body)
    ran = call(clone, "./scripts/run")
    assert ran.returncode == 1
    assert "line 50" in ran.stderr
    assert "line 20" not in ran.stderr
    assert f"{clone}/.venv/set-up.log" in ran.stderr


def test_install_refuses_what_it_cannot_do(clone: Path) -> None:
    unknown = call(clone, "./scripts/install --unistall")
    assert (unknown.returncode, unknown.stderr) == (
        1,
        "error: unknown option --unistall. Known: --uninstall, --yes, --keep-data\n",
    )
    source = (clone / "scripts/install").read_text().replace("EUID == 0", "1 == 0")
    script(clone / "scripts/install", source)
    assert "this changes the system: sudo" in call(clone, "./scripts/install").stderr
