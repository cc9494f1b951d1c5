"""The sound service: owns the microphone and the speaker, mutes, chimes, and says how the devices are."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

from assistant.audio.chimes import NAMES
from assistant.audio.hub import Hub, HubState
from assistant.audio.player import Player
from assistant.audio.wire import WireServer
from assistant.config.schema import Audio
from assistant.messages import Message, audio, system
from assistant.service import Service

_STATES: Mapping[HubState, Literal["starting", "ok", "degraded", "muted"]] = MappingProxyType(
    {"open": "ok", "opening": "starting", "muted": "muted"}
)
_HEARING: Mapping[HubState, str] = MappingProxyType({"open": "listening", "muted": "muted, its device is closed"})


class AudioService(Service):
    """Starts and ends the hub and the player, which services of this process use directly; with `wire`, the path of
    a socket, other processes get the same.

    A missing device does not keep it from starting: it is said, and tried again.
    """

    name: ClassVar[str] = "audio"
    hears: ClassVar[tuple[type[Message], ...]] = (
        audio.Mute,
        audio.Unmute,
        audio.Chime,
        audio.Quiet,
        audio.Volume,
        system.Ready,
    )
    says: ClassVar[tuple[type[Message], ...]] = (
        audio.Muted,
        audio.Unmuted,
        audio.Failed,
        audio.Restored,
        audio.Ended,
        audio.Volumed,
    )

    def __init__(self, hub: Hub, player: Player, config: Audio, *, wire: Path | None = None) -> None:
        super().__init__()
        self._hub = hub
        self._player = player
        self._chimes = config.chimes
        self._wire = WireServer(wire, hub, player) if wire is not None else None

    async def start(self) -> None:
        """Open the devices, or begin to try. Raises DeviceError when the audio socket cannot be made."""
        loop = asyncio.get_running_loop()

        def report(message: Message) -> None:  # from the threads of hub and player
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._report, message)

        self._player.start(report)
        self._hub.start(report)
        if self._wire is not None:
            await self._wire.start()

    async def handle(self, message: Message) -> None:
        if isinstance(message, audio.Mute):
            await asyncio.to_thread(self._hub.mute)
            self.say(audio.Muted())
        elif isinstance(message, audio.Unmute):
            self._hub.unmute()
        elif isinstance(message, audio.Chime):
            self._chime(message)
        elif isinstance(message, audio.Quiet):
            await self._player.quiet()
        elif isinstance(message, audio.Volume):
            self._player.volume = message.level
            self.say(audio.Volumed(level=self._player.volume))
        elif isinstance(message, system.Ready) and message.service in ("skills", self.name):
            self.say(audio.Volumed(level=self._player.volume))

    async def stop(self) -> None:
        if self._wire is not None:
            await self._wire.close()
        await asyncio.to_thread(self._hub.close)
        await asyncio.to_thread(self._player.close)

    def health(self) -> system.Health:
        hub, player = self._hub, self._player
        note = (
            f"microphone {hub.name}: {_HEARING.get(hub.state, hub.state)}; "
            f"speaker {player.name}: {'lost' if player.lost else 'ready'}"
        )
        state = "degraded" if player.lost else _STATES.get(hub.state, "degraded")
        return system.Health(service=self.name, state=state, note=note, pid=os.getpid())

    def _chime(self, wish: audio.Chime) -> None:
        if wish.name not in NAMES:
            self.log.warning("there is no chime %r; the chimes are %s", wish.name, ", ".join(NAMES))
        elif self._chimes or wish.name == "ring":
            self._player.chime(wish.name, max(1, wish.times))

    def _report(self, message: Message) -> None:
        if isinstance(message, audio.Failed):
            self.log.warning("%s", message.reason)
        elif isinstance(message, audio.Restored):
            self.log.info("%s works again", message.device)
        self.say(message)
