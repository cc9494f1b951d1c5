"""A bus that answers typed words: the running assistant's, or else one made for this command."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assistant.build import Builder
from assistant.bus.base import Bus
from assistant.bus.socket import SocketBus, connect
from assistant.cli.context import Context
from assistant.errors import HubSilent, HubUnreachable
from assistant.pipeline import ASK_HEARS, Pipeline


@asynccontextmanager
async def running(context: Context) -> AsyncIterator[SocketBus | None]:
    """The running assistant's bus, or None when there is none to talk to.

    Raises HubSilent: one that is busy must not be taken for none, with other timers than its own.
    """
    try:
        joined = connect(context.socket, hears=ASK_HEARS)
        bus = await joined.__aenter__()
    except HubSilent:
        raise
    except HubUnreachable as error:
        if context.socket.exists():
            print(f"assistant: {error}", file=sys.stderr)
        yield None
        return
    try:
        yield bus
    finally:
        await joined.__aexit__(None, None, None)


@asynccontextmanager
async def answering(context: Context) -> AsyncIterator[Bus]:
    """A bus on which `pipeline.ask` gets an answer."""
    async with running(context) as hub:
        if hub is not None:
            yield hub
            return
        builder = Builder(context.config, context.paths, context.clock)
        async with Pipeline(builder.factories(["dialog", "intent", "skills", "consent"])) as pipeline:
            yield pipeline.bus
