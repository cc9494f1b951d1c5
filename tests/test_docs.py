"""Pages that are made from the code are equal to it; those written by hand hold what they promise."""

from __future__ import annotations

import re
import runpy
import shlex
from pathlib import Path

import pytest

from assistant.cli.main import parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_the_table_of_messages_is_what_the_code_declares() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "messages_table.py"))["page"]()
    assert (ROOT / "docs" / "messages.md").read_text() == page, "run scripts/fmt"


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 120


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_of_the_readme_leads_somewhere(target: str) -> None:
    assert target.startswith("https://") or (ROOT / target).exists()


def test_every_command_of_the_readme_exists() -> None:
    commands = re.findall(r"^(?:sudo )?assistant (.+?)(?:\s{2,}.*|\s+#.*)?$", README, re.M)
    assert len(commands) > 5
    for command in commands:
        parser().parse_args(shlex.split(command))
