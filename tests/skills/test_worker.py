"""The thread of a skill ends quietly, however often it is told to."""

from __future__ import annotations

import asyncio
import threading

import pytest

from assistant.skills.worker import Worker


async def test_a_thread_that_is_told_to_end_while_it_ends_does_so_without_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    worker = Worker("probe")
    worker.close(last=worker.close)
    assert await asyncio.to_thread(worker.join, 10)
    assert errors == []
