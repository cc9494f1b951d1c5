"""The debug grant: for some minutes, words that were said are written into a file, so that mishearing can be found.

Only the owner's command asks for it; it begins once it has been announced aloud to the end, and its end is announced,
too. It lives in memory only: a restart ends it. So do time, any withdrawal, "forget everything" and guest mode; with it
goes the file. Words never go to the log or the journal, which nobody could scrub.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from assistant.clock import Clock
from assistant.config.paths import Paths
from assistant.consent.erase import erase_file
from assistant.consent.folder import Folder, disk, write_all
from assistant.consent.record import Event, Record
from assistant.consent.session import Session
from assistant.consent.store import Store
from assistant.consent.words import Words, duration
from assistant.errors import ConsentError, Refused
from assistant.messages import Message, Spoken, consent, tts

MAX_MINUTES = 60
LOOK_SECONDS = 2.0
"""How often it looks whether somebody withdrew by command."""
PURPOSE = "debug"
FILE = "heard.log"
DEBUG_LOG = "debug-log"
"""Its row in the data map."""


class Work(Protocol):
    """The service's worker thread."""

    def __call__(self, work: Callable[[], Any]) -> Awaitable[Any]: ...


class DebugFile:
    """A surface of the data map."""

    id = DEBUG_LOG

    def __init__(self, paths: Paths) -> None:
        self.path = paths.state / "debug" / FILE

    def begin(self) -> None:
        """An empty file, readable to its owner only. Raises StoreError, Tampered."""
        self.scrub()
        folder = Folder.open(self.path.parent)
        try:
            os.close(folder.create(FILE))
        finally:
            folder.close()

    def add(self, line: str) -> None:
        """Append a line to a file that is there. Raises StoreError, Tampered, FileNotFoundError."""
        folder = Folder.open(self.path.parent)
        try:
            fd = folder.open_file(FILE, os.O_WRONLY | os.O_APPEND)
            try:
                with disk(str(self.path)):
                    write_all(fd, line.encode())
            finally:
                os.close(fd)
        finally:
            folder.close()

    def scrub(self) -> int:
        """Overwrite and unlink; 1 if it was there. Raises StoreError."""
        return erase_file(self.path)


def debug_files(paths: Paths) -> list[DebugFile]:
    """The file, if it is there."""
    file = DebugFile(paths)
    return [file] if file.path.exists() else []


class DebugGrant:
    """At most one at a time. Lives inside the consent service, whose words, worker and voice it uses."""

    def __init__(
        self,
        *,
        store: Store,
        paths: Paths,
        clock: Clock,
        words: Words,
        language: str,
        forbidden: bool,
        say: Callable[[Message], None],
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
        work: Work,
    ) -> None:
        self.file = DebugFile(paths)
        self._store = store
        self._clock = clock
        self._words = words
        self._language = language
        self._forbidden = forbidden
        self._say = say
        self._spawn = spawn
        self._work = work
        self._announcing = ""  # the session of the announcement that is being spoken
        self._minutes = 0
        self._generation = -1  # of the store, under which it lives; -1 while none does
        self._until = 0.0

    @property
    def live(self) -> bool:
        return self._generation >= 0

    def recover(self) -> None:
        """At the start: whatever an earlier run left is destroyed. Raises StoreError, Tampered."""
        if self.file.path.exists():
            self.file.scrub()
            self._note("debug-ended", "restart")

    async def take(self, message: Message) -> None:
        """Heeds `consent.debug`, `consent.note` and the end of its own announcement."""
        match message:
            case consent.Debug(minutes=0):
                await self.end("asked")
            case consent.Debug(minutes=minutes):
                self._ask(minutes)
            case tts.Ended(session=session, cause=cause) if session and session == self._announcing:
                self._announcing = ""
                await self._begin() if cause == "said" else self._refuse("unheard")
            case consent.Note(text=text) if self.live:
                if not await self._work(partial(self._write, text)):
                    await self.end("withdrawn")

    def _ask(self, minutes: int) -> None:
        """Announce it; it begins when that has been heard."""
        if self._forbidden or not 1 <= minutes <= MAX_MINUTES:
            self._refuse("forbidden")
            return
        self._minutes = minutes
        self._announcing = f"debug:{secrets.token_hex(4)}"
        self._aloud("debug.begin", self._announcing, duration=duration(minutes * 60))

    async def _begin(self) -> None:
        try:
            self._generation = await self._work(self._open)
        except ConsentError:
            self._refuse("forbidden")
            return
        self._until = self._clock.monotonic() + self._minutes * 60
        until = int(self._clock.now().timestamp()) + self._minutes * 60
        self._say(consent.Debugging(live=True, until=until, file=str(self.file.path)))
        self._spawn(self._watch(self._until), "debug")

    async def _watch(self, until: float) -> None:
        while self.live and until == self._until:
            left = until - self._clock.monotonic()
            if left <= 0:
                await self.end("over")
            elif not await self._work(self._holds):
                await self.end("withdrawn")
            else:
                await asyncio.sleep(min(LOOK_SECONDS, left))

    async def end(self, why: str) -> None:
        """Destroy the file; say so. Nothing to do when none lives."""
        if not self.live:
            self._announcing = ""
            return
        self._generation = -1
        self._say(consent.Debugging(live=False))
        try:
            await self._work(self.file.scrub)
            self._aloud("debug.ended", "debug:ended")
        except ConsentError:
            self._aloud("debug.stuck", "debug:ended")
        with contextlib.suppress(ConsentError):
            await self._work(partial(self._note, "debug-ended", why))

    def _refuse(self, why: str) -> None:
        self._say(consent.Refused(purpose=PURPOSE, why="forbidden" if why == "forbidden" else "unheard"))

    def _aloud(self, line: str, session: str, **values: object) -> None:
        text = Spoken(self._words(line, **values))
        self._say(tts.Say(session=session, text=text, language=self._language))

    # In the worker's thread.

    def _open(self) -> int:
        """The ledger first: without it nothing is written. Agreeing to this may be the first yes that makes one."""
        with self._store.session(make=True) as session:
            if session.guest:
                raise Refused("guest mode is on")
            self._append(session, "debug", f"{self._minutes} minutes")
            generation = session.anchor.generation
        self.file.begin()
        return generation

    def _holds(self) -> bool:
        """Nothing was withdrawn, no guest came, the file was not destroyed by somebody else."""
        try:
            with self._store.session() as session:
                same = session.anchor.generation == self._generation
                return same and not session.guest and self.file.path.exists()
        except ConsentError:
            return False

    def _write(self, text: Spoken) -> bool:
        if not self._holds():
            return False
        try:
            self.file.add(f"{self._clock.now():%H:%M:%S} heard: {text.text}\n")
        except (ConsentError, FileNotFoundError):
            return False
        return True

    def _note(self, event: Event, detail: str) -> None:
        with self._store.session() as session:
            if not session.blank:
                self._append(session, event, detail)

    def _append(self, session: Session, event: Event, detail: str) -> None:
        method, actor = ("cli", "owner") if event == "debug" or detail == "asked" else ("time", "assistant")
        session.append(
            Record(
                event=event,
                time=session.now.wall,
                true_time=session.now.true,
                method=method,
                actor=actor,
                purpose=PURPOSE,
                kinds=("transcript",),
                detail=detail,
            )
        )
