"""Music from the household's own files, and radio. It plays in mpv; nothing is remembered of what was played."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from assistant.skills.api import Reply, Request, intent, words

from . import radio
from .deck import Deck
from .library import Library, Piece, read_library, spoken_names
from .player import NoPlayer, Player, has_network

KINDS = ("title", "album", "artist", "station")
PLACES = ("~/Music", "/srv/music")
MOST_NAMED = 4
FRESH = timedelta(minutes=10)
"""The folder is looked at again after so long."""


class Media(Deck):
    library = Library()
    asked = ""
    """The station that plays, or ""."""

    async def start(self) -> None:
        self.player = Player(str(self.setting("output")))
        await self.look()

    async def look(self) -> None:
        """Find the music, and have its names listened for."""
        chosen = [str(self.setting("folder"))] if self.setting("folder") else PLACES
        folder = next((path for name in chosen if (path := Path(name).expanduser()).is_dir()), None)
        self.library = await asyncio.to_thread(read_library, folder, str(self.setting("stations")))
        for kind in KINDS:
            self.fill(kind, spoken_names(self.library.names(kind)))
        self.schedule.after(FRESH, "look", self.look)

    @intent("play")
    async def play(self, request: Request) -> Reply:
        if station := request.text("station"):
            return await self.tune(station)
        if not self.library.pieces:
            return self.reply("no_music")
        found: list[Piece] | None = None
        for kind in ("artist", "album", "title"):
            if kind in request:
                found = self.library.find(kind, request.text(kind), found)
        named_so = " ".join(filter(None, (request.text("who"), request.text("what"))))
        if found is None:
            found = self.library.anything(named_so) if named_so else list(self.library.pieces)
        if not found:
            names = [request.text(kind) for kind in (*KINDS, "what", "who") if kind in request]
            return self.reply("not_found", name=names[0])
        mixed = not named_so and not {"title", "album"} & set(request.slots)
        named = "artist" if "artist" in request and "title" not in request else ""
        return await self.begin(found, shuffle=mixed and len(found) > 1, named=named)

    async def begin(self, found: Sequence[Piece], *, shuffle: bool, named: str) -> Reply:
        first = found[0]
        if not await self.sound([piece.path for piece in found], shuffle=shuffle):
            return self.reply("no_player")
        self.asked = ""
        if len(found) == 1:
            return self.reply("playing_by" if first.artist else "playing", title=first.title, artist=first.artist)
        if not shuffle and first.album:
            return self.reply("playing_album", album=first.album, artist=first.artist)
        return self.reply("playing_artist", artist=first.artist) if named else self.reply("playing_all")

    async def tune(self, station: str) -> Reply:
        url = self.library.station(station)
        if url is None:
            return self.reply("no_station", name=station)
        try:
            direct = url.startswith("file:") or has_network()
            await self.receive([url] if direct else await radio.listen(station))
        except NoPlayer:
            return self.reply("no_player")
        except radio.NoRadio:
            return self.reply("no_network", name=station)
        except radio.OffAir:
            return self.reply("off_air", name=station)
        self.asked = station
        return self.reply("tuned", name=station)

    @intent("radio")
    async def radio(self, request: Request) -> Reply:
        """The station that was on last, or the only one; else it asks which."""
        stations = list(self.library.names("station"))
        if self.asked in stations or len(stations) == 1:
            return await self.tune(self.asked if self.asked in stations else stations[0])
        if not stations:
            return self.reply("no_stations")
        each = stations[:MOST_NAMED]
        return self.ask("which_station", self.chosen, "choice", each, each=words.listing(each, self.say("or")))

    async def chosen(self, request: Request) -> Reply:
        """The answer to "which station?"."""
        said = request.text().lower()
        found = [name for name in self.library.names("station") if name.lower() in said]
        return await self.tune(found[0]) if found else self.reply("no_station", name=request.text())

    @intent("pause")
    async def pause(self, request: Request) -> Reply:
        return await self.order("pause", True) if await self.sounding() else self.reply("silent")

    @intent("resume")
    async def resume(self, request: Request) -> Reply:
        if not self.player.runs or await self.get("idle-active") is not False:
            return await self.play(request)
        return await self.order("pause", False)

    @intent("stop")
    async def end(self, request: Request) -> Reply:
        return Reply.silent() if await self.hush() else self.reply("silent")

    @intent("next")
    async def next(self, request: Request) -> Reply:
        place, count = await self.get("playlist-pos"), await self.get("playlist-count")
        if place is None or place < 0:
            return self.reply("silent")
        return await self.step("playlist-next") if place + 1 < (count or 0) else self.reply("last")

    @intent("previous")
    async def previous(self, request: Request) -> Reply:
        place = await self.get("playlist-pos")
        if place is None or place < 0:
            return self.reply("silent")
        return await (self.step("playlist-prev") if place else self.again(request))

    @intent("again")
    async def again(self, request: Request) -> Reply:
        return await self.step("seek", 0, "absolute") if await self.sounding() else self.reply("silent")

    @intent("what")
    async def what(self, request: Request) -> Reply:
        path = await self.playing()
        if not path:
            return self.reply("silent")
        if self.asked:
            return self.reply("is_station", name=self.asked)
        piece = next((each for each in self.library.pieces if each.path == path), None)
        if piece is None:
            return self.reply("silent")
        return self.reply("is_by" if piece.artist else "is", title=piece.title, artist=piece.artist)
