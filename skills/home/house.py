"""The house as the broker tells it: what there is, how it is, and how to change it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from . import mqtt, state
from .broker import Broker
from .command import Command
from .discovery import MOST, Thing, things
from .state import State

SETTLE_SECONDS = 0.3
"""Devices announce themselves many at a time; their names are told on when it has been quiet for so long."""
LARGEST_STATE = 16 * 1024


class House:
    """Things and their states. `changed` is called when there are others than before."""

    def __init__(self, broker: Broker, prefix: str, changed: Callable[[], None]) -> None:
        self.states: dict[str, State] = {}
        self._found: dict[str, list[Thing]] = {}
        self._listening: dict[str, list[Thing]] = {}
        self._prefix = prefix
        self._changed = changed
        self._settling: asyncio.TimerHandle | None = None
        self.broker = broker
        broker.heard = self._heard
        self.broker.subscribe([f"{prefix}/+/+/config", f"{prefix}/+/+/+/config"])

    @property
    def things(self) -> Sequence[Thing]:
        """All that is known."""
        return [thing for each in self._found.values() for thing in each]

    def state(self, thing: Thing) -> State:
        return self.states.setdefault(thing.key, State())

    async def do(self, wanted: Iterable[tuple[Thing, Sequence[Command]]]) -> bool:
        """Publish all of it; whether the broker took everything. What tells no state is taken at its word."""
        wanted = list(wanted)
        sent = await asyncio.gather(*(self.broker.publish(*each) for _, commands in wanted for each in commands))
        return all(sent)

    def _heard(self, message: mqtt.Message) -> None:
        found = things(message.topic, message.payload, self._prefix)
        if found is not None:
            self._announced(*found)
        elif len(message.payload) <= LARGEST_STATE:
            for thing in self._listening.get(message.topic, ()):
                state.take(thing, self.state(thing), message.topic, message.payload)

    def _announced(self, key: str, announced: list[Thing]) -> None:
        """A device has come, changed, or gone."""
        if self._found.get(key, []) == announced or len(self._found) >= MOST:
            return
        for thing in self._found.pop(key, []):
            if thing.key not in {each.key for each in announced}:
                self.states.pop(thing.key, None)
        if announced:
            self._found[key] = announced
        self._listening = {}
        for thing in self.things:
            for topic in state.topics(thing):
                self._listening.setdefault(topic, []).append(thing)
        self.broker.subscribe([topic for thing in announced for topic in state.topics(thing)])
        if self._settling is not None:
            self._settling.cancel()
        self._settling = asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._changed)
