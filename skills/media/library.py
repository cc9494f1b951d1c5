"""What music there is: files below one folder, known by their places as Artist/Album/Song, and radio stations."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SOUNDS = frozenset({".aac", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"})
MOST = 50_000
"""Files that are looked at."""
_NUMBER = re.compile(r"^\d{1,3}(?:-\d{1,3})?[\s._-]+")
_SMALL = re.compile(r"[^a-z0-9]+")


def plain(words: str) -> str:
    """What two ways of writing a name have in common."""
    return _SMALL.sub(" ", words.lower().replace("&", " and ").replace("'", "")).strip().removeprefix("the ")


def spoken_names(names: Iterable[str]) -> Iterator[str]:
    """Names as people say them, "The Hats" also as "Hats"."""
    for name in names:
        yield name
        if name.lower().startswith("the "):
            yield name[4:]


@dataclass(frozen=True, slots=True)
class Piece:
    """One file."""

    path: str
    title: str
    album: str = ""
    artist: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """All of it, in the order of the folders."""

    pieces: Sequence[Piece] = ()
    stations: Mapping[str, str] = field(default_factory=dict)
    """Name -> address."""

    def names(self, kind: str) -> Iterable[str]:
        """All titles, albums or artists, or stations; each once."""
        if kind == "station":
            return self.stations
        return dict.fromkeys(name for piece in self.pieces if (name := getattr(piece, kind)))

    def find(self, kind: str, name: str, among: Sequence[Piece] | None = None) -> list[Piece]:
        """The pieces of this title, album or artist."""
        wanted = plain(name)
        return [each for each in (self.pieces if among is None else among) if plain(getattr(each, kind)) == wanted]

    def anything(self, words: str) -> list[Piece]:
        """Pieces for words that could be a title, an album or an artist, or a part of one."""
        wanted = plain(words)
        for kind in ("artist", "album", "title"):
            if found := self.find(kind, words):
                return found
        if len(wanted) < 3:
            return []
        parts = [each for each in self.pieces if f" {wanted} " in f" {plain(f'{each.artist} {each.title}')} "]
        return parts or [each for each in self.pieces if f" {wanted} " in f" {plain(each.album)} "]

    def station(self, name: str) -> str | None:
        """A station's address."""
        return next((url for each, url in self.stations.items() if plain(each) == plain(name)), None)


def read_library(folder: Path | None, stations: str) -> Library:
    """Look through the folder; files that cannot be read are left out."""
    pieces: list[Piece] = []
    for place, folders, files in os.walk(folder) if folder is not None else ():
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        pieces += (
            piece_of(Path(place, name), Path(folder or ""))
            for name in sorted(files)
            if Path(name).suffix.lower() in SOUNDS and not name.startswith(".")
        )
        if len(pieces) >= MOST:
            break
    return Library(pieces[:MOST], read_stations(stations))


def piece_of(path: Path, folder: Path) -> Piece:
    """What a file's place says: Artist/Album/01 - Song.ogg, Artist/Song.ogg, or Artist - Song.ogg."""
    above = path.relative_to(folder).parts[:-1]
    artist = above[0] if above else ""
    album = above[1] if len(above) > 1 else ""
    title = _NUMBER.sub("", path.stem).replace("_", " ").strip() or path.stem
    if " - " in title:
        first, _, rest = title.partition(" - ")
        if not artist or plain(first) == plain(artist):
            artist, title = artist or first, rest
    return Piece(str(path), title, album.replace("_", " "), artist.replace("_", " "))


def read_stations(text: str) -> dict[str, str]:
    """Name -> address, from the setting; entries that are none are left out."""
    pairs = (entry.partition("=") for entry in re.split(r"[,;\n]+(?=[^=]*=)", text))
    return {name.strip(): url.strip() for name, _, url in pairs if name.strip() and "://" in url}
