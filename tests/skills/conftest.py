"""A skill written in a test: `make_skill(code, intents)` gives its folder."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from assistant.bus.memory import MemorySubscription
from assistant.messages import Message

MakeSkill = Callable[..., Path]

GO = "class Probe(Skill):\n @intent('go')\n def go(self, request): return 'x'"

HEADER = "from assistant.skills.api import *\nfrom assistant.skills.api import intent\n"


@pytest.fixture
def make_skill(tmp_path: Path) -> MakeSkill:
    def make(
        code: str = "",
        *,
        name: str = "probe",
        manifest: str = "",
        intents: Mapping[str, str] | None = None,
        dialogs: Mapping[str, str] | None = None,
        where: Path = tmp_path / "probes",
    ) -> Path:
        folder = where / name
        locale = folder / "locale" / "en"
        locale.mkdir(parents=True, exist_ok=True)
        store = "" if "store:" in manifest else "store: {holds: what a test stores, retention: while it runs}\n"
        entry = f"id: {name}\nversion: 1.0.0\napi: 1\nentry: skill.py:Probe\n{store}{dedent(manifest)}"
        (folder / "skill.yaml").write_text(entry)
        (folder / "skill.py").write_text(HEADER + dedent(code))
        for intent, lines in (intents or {}).items():
            (locale / f"{intent}.intent").write_text(lines)
        for dialog, lines in (dialogs or {}).items():
            (locale / f"{dialog}.dialog").write_text(lines)
        return folder

    return make


async def next_message(inbox: MemorySubscription) -> Message:
    """The next message; fails when none comes."""
    async with asyncio.timeout(5):
        async for envelope in inbox:
            return envelope.message
    raise AssertionError("the bus is closed")


def threads_end(but: str = "") -> None:
    """A thread that was given up on ends, when it runs Python code."""
    held = [each for each in threading.enumerate() if each.name.startswith("skill-") and each.name != f"skill-{but}"]
    for thread in held:
        thread.join(2)
    assert not any(thread.is_alive() for thread in held)
