"""The sound service: owns the microphone and the speaker, mutes, chimes, and says how the devices are."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

from assistant.audio import witness
from assistant.audio.chimes import NAMES
from assistant.audio.hub import Hub, HubState
from assistant.audio.mute_file import MuteFile
from assistant.audio.player import Player
from assistant.audio.wire import WireServer
from assistant.config.schema import Audio
from assistant.errors import DeviceError
from assistant.messages import Message, audio, system
from assistant.service import Service

_STATES: Mapping[HubState, Literal["starting", "ok", "degraded", "muted"]] = MappingProxyType(
    {"open": "ok", "opening": "starting", "muted": "muted"}
)
_HEARING: Mapping[HubState, str] = MappingProxyType({"open": "listening", "muted": "muted, its device is closed"})
BOUNCE_SECONDS = 0.3
"""A button that is pressed again so soon was pressed once."""
SECOND_LOOK_SECONDS = 0.3


class AudioService(Service):
    """Starts and ends the hub and the player, which services of this process use directly; with `wire`, the path of
    a socket, other processes get the same.

    A missing device does not keep it from starting: it is said, and tried again. With `mute_file` a mute survives a
    restart: the microphone is then not opened at all. SIGUSR1 is the button that mutes and unmutes.
    """

    name: ClassVar[str] = "audio"
    hears: ClassVar[tuple[type[Message], ...]] = (
        audio.Mute,
        audio.Unmute,
        audio.Look,
        audio.Chime,
        audio.Quiet,
        audio.Volume,
        system.Ready,
    )
    says: ClassVar[tuple[type[Message], ...]] = (
        audio.Muted,
        audio.Unmuted,
        audio.Seen,
        audio.Failed,
        audio.Restored,
        audio.Ended,
        audio.Volumed,
    )

    def __init__(
        self, hub: Hub, player: Player, config: Audio, *, wire: Path | None = None, mute_file: MuteFile | None = None
    ) -> None:
        super().__init__()
        self._hub = hub
        self._player = player
        self._chimes = config.chimes
        self._wire = WireServer(wire, hub, player) if wire is not None else None
        self._file = mute_file
        self._turning = asyncio.Lock()
        self._pressed = float("-inf")
        self._trouble = ""

    async def start(self) -> None:
        """Open the devices, or begin to try. Raises DeviceError when the audio socket cannot be made."""
        loop = asyncio.get_running_loop()

        def report(message: Message) -> None:  # from the threads of hub and player
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._report, message)

        self._player.start(report)
        if self._file is not None and self._file.there:
            self._hub.mute()
            self.log.warning("the microphone stays closed: it was muted. Open it by the button or: assistant unmute")
        self._hub.start(report)
        if self._wire is not None:
            await self._wire.start()
        with suppress(ValueError, RuntimeError):  # only the main thread of a process has signals
            loop.add_signal_handler(signal.SIGUSR1, self._press)

    async def handle(self, message: Message) -> None:
        if isinstance(message, audio.Mute):
            await self._mute()
        elif isinstance(message, audio.Unmute):
            await self._unmute()
        elif isinstance(message, audio.Look):
            self.spawn(self._look(), "look")
        elif isinstance(message, audio.Chime):
            self._chime(message)
        elif isinstance(message, audio.Quiet):
            await self._player.quiet()
        elif isinstance(message, audio.Volume):
            self._player.volume = message.level
            self.say(audio.Volumed(level=self._player.volume))
        elif isinstance(message, system.Ready):
            if message.service in ("skills", self.name):
                self.say(audio.Volumed(level=self._player.volume))
            if message.service in ("wake", self.name) and self._hub.state == "muted":
                self.say(audio.Muted(by="restart"))

    async def _mute(self, by: str = "") -> None:
        """Close the device first, whatever the disk does; it is said when both are done."""
        async with self._turning:
            await asyncio.to_thread(self._hub.mute)
            self._trouble = ""
            if self._file is not None:
                try:
                    await asyncio.to_thread(self._file.write)
                except DeviceError as error:
                    self._trouble = str(error)
                    self.log.warning("%s", error)
            self.say(audio.Muted(by=by))

    async def _unmute(self) -> None:
        async with self._turning:
            self._trouble = ""
            if self._file is not None:
                try:
                    await asyncio.to_thread(self._file.remove)
                except DeviceError as error:
                    self._trouble = str(error)
                    self.log.warning("%s", error)
            self._hub.unmute()

    def _press(self) -> None:
        """The button."""
        now = asyncio.get_running_loop().time()
        bounced, self._pressed = now - self._pressed < BOUNCE_SECONDS, now
        if not bounced:
            self.spawn(self._unmute() if self._hub.state == "muted" else self._mute("button"), "button")

    async def _look(self) -> None:
        """Once more if what is seen contradicts what is believed: a device may be just about to open or close."""
        for wait in (SECOND_LOOK_SECONDS, 0.0):
            view = await asyncio.to_thread(witness.look)
            ours = view.of(family := await asyncio.to_thread(witness.family, {os.getpid()}))
            believed = _STATES.get(self._hub.state, "") if self._hub.device else ""
            fault = witness.contradiction(believed, ours, blind=view.blind)
            if not fault:
                break
            await asyncio.sleep(wait)
        seen = audio.Seen(
            ours=tuple(map(str, ours)),
            others=tuple(map(str, view.others(family))),
            server=view.server,
            fault=fault,
            blind=view.blind,
        )
        self.say(seen)

    def overwrite(self) -> None:
        self._hub.overwrite()
        self._player.overwrite()

    async def stop(self) -> None:
        with suppress(ValueError, RuntimeError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR1)
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # as it was before: a button must not end anything
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
        if self._trouble:
            note = f"{note}; {self._trouble}"
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
        elif isinstance(message, audio.Unmuted):
            self._player.chime("listen", 1)  # nobody opens a microphone unheard
        self.say(message)
