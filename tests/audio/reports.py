"""What a hub or player reports from its thread, one message after the other."""

from __future__ import annotations

import queue

from assistant.messages import Message


class Reports:
    def __init__(self) -> None:
        self._messages: queue.Queue[Message] = queue.Queue()

    def __call__(self, message: Message) -> None:
        self._messages.put(message)

    def next(self) -> Message:
        return self._messages.get(timeout=10)

    @property
    def empty(self) -> bool:
        return self._messages.empty()
