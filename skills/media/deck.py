"""What plays, seen from the skill: every order to mpv that fails becomes an answer."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import timedelta

from assistant.skills.api import Reply, Skill

from .player import NoPlayer, Player
from .radio import OffAir

IDLE = timedelta(minutes=10)
"""mpv is ended when nothing has played for so long."""


class Deck(Skill):
    player: Player
    quiet = False
    """Whether somebody speaks or is spoken to."""

    async def stop(self) -> None:
        await self.player.close()

    async def sound(self, places: Sequence[str], *, shuffle: bool) -> bool:
        if not await self.started(places, shuffle) and not await self.started(places, shuffle):
            return False
        self.schedule.after(IDLE, "idle", self.rest)
        return True

    async def started(self, places: Sequence[str], shuffle: bool) -> bool:
        """Whether it plays now. A player that died is noticed here; the next try starts another."""
        try:
            await self.player.loudness(self.loudness() * self.lowered())
            await self.player.play(places, shuffle=shuffle)
        except NoPlayer:
            await self.player.close()
            return False
        return True

    async def receive(self, station: Sequence[str] | socket.socket) -> None:
        """Play a station, by its address or from the samples that come on a connection. Raises NoPlayer, OffAir."""
        if isinstance(station, socket.socket):
            await self.player.loudness(self.loudness() * self.lowered())
            await self.player.play_samples(station)
            self.schedule.after(IDLE, "idle", self.rest)
        elif not await self.sound(station, shuffle=False):
            raise NoPlayer
        if not await self.plays():
            raise OffAir

    async def plays(self) -> bool:
        """Whether what was begun last really sounds."""
        try:
            return await self.player.plays()
        except NoPlayer:
            return False

    async def rest(self) -> None:
        """Nothing has played for a while: mpv's memory is better used otherwise."""
        if await self.sounding():
            self.schedule.after(IDLE, "idle", self.rest)
        else:
            await self.player.close()

    async def hush(self) -> bool:
        if not await self.sounding():
            return False
        await self.step("stop")
        return True

    async def duck(self, quiet: bool) -> None:
        """Softer while somebody speaks; then as loud as everything is by now."""
        self.quiet = quiet
        try:
            await self.player.loudness(self.loudness() * self.lowered())
        except NoPlayer:
            await self.player.close()

    def lowered(self) -> float:
        return float(self.setting("lowered")) / 100 if self.quiet else 1.0

    def loudness(self) -> float:
        return 100 * (1.0 if self.volume is None else self.volume)

    async def sounding(self) -> bool:
        try:
            return await self.player.is_playing()
        except NoPlayer:
            return False

    async def get(self, name: str) -> int | None:
        """A number or switch of mpv."""
        try:
            found = await self.player.get(name)
        except NoPlayer:
            return None
        return found if isinstance(found, int) else None

    async def playing(self) -> str:
        """The file or address that plays, or ""."""
        place = await self.get("playlist-pos")
        if place is None or place < 0:
            return ""
        try:
            return str(await self.player.get(f"playlist/{place}/filename") or "")
        except NoPlayer:
            return ""

    async def order(self, name: str, value: bool) -> Reply:
        try:
            await self.player.set(name, value)
        except NoPlayer:
            return self.reply("no_player")
        return Reply.silent()

    async def step(self, *command: str | int) -> Reply:
        try:
            await self.player.call(*command)
        except NoPlayer:
            return self.reply("no_player")
        return Reply.silent()
