"""All that a skill author imports.

    from assistant.skills.api import Reply, Request, Skill, intent

    class Dice(Skill):
        @intent("roll")
        def roll(self, request: Request) -> Reply:
            return self.reply("rolled", number=random.randint(1, 6))

A skill has a thread and an event loop to itself. Handlers may be `def` or `async def`; another part of the same skill
can run only at an `await`, so a skill needs no locks, and a slow one holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from assistant.clock import Clock
from assistant.messages.base import Slot, Spoken
from assistant.skills import weekly, words
from assistant.skills.agreement import agrees
from assistant.skills.dialogs import Dialogs, sentence
from assistant.skills.network import (
    Connect,
    NotAllowed,
    Response,
    Streams,
    Tls,
    Unreachable,
    fetch,
    open_streams,
    refuse,
)
from assistant.skills.request import Expects, Handler, Reply, Request
from assistant.skills.schedule import Deadline, Schedule
from assistant.skills.store import Json, Store, StoreError
from assistant.skills.words import Sayable

__all__ = [
    "Context", "Deadline", "Handler", "Json", "NotAllowed", "Reply", "Request", "Response", "Schedule", "Setting",
    "Skill", "SkillInfo", "Slot", "Spoken", "Store", "StoreError", "Streams", "Unreachable", "intent", "weekly",
    "words",
]  # fmt: skip

Setting = bool | int | float | str
"""The value of a setting, of the type its manifest declares."""


NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillInfo:
    """What is known of a loaded skill."""

    id: str
    version: str
    description: str
    """What it does, from `locale/<language>/description.dialog`, else from the manifest."""
    examples: tuple[str, ...]
    """Sentences to try, from `locale/<language>/examples.dialog`."""
    bundled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a skill is given. Nothing of it is global, so a test can give something else."""

    id: str
    language: str
    clock: Clock
    store: Store
    schedule: Schedule
    settings: Mapping[str, Setting]
    dialogs: Dialogs
    alert: Callable[[str, bool], None]
    skills: Callable[[], Sequence[SkillInfo]]
    volume: Callable[[], float | None] = lambda: None
    set_volume: Callable[[float], None] = lambda level: None
    sensitivity: Callable[[], float | None] = lambda: None
    set_sensitivity: Callable[[float], None] = lambda level: None
    fill: Callable[[str, Iterable[str]], None] = lambda entity, entries: None
    connect: Connect = refuse
    tls: Tls | None = None
    version: str = ""
    """The assistant's own version."""


H = TypeVar("H", bound=Callable[..., Any])


def intent(*names: str, question: bool = False, risky: bool = False) -> Callable[[H], H]:
    """The method answers `locale/<language>/<name>.intent` and `<name>.follow`, for each of the names.

    A `question` changes nothing: it is asked again for "what did you say?". Something `risky` (it deletes much, or acts
    outside of the house) is done only when the words leave no doubt; else the person is asked.
    """

    def mark(method: H) -> H:
        method.__intents__ = (*getattr(method, "__intents__", ()), *names)  # type: ignore[attr-defined]
        method.__question__, method.__risky__ = question, risky  # type: ignore[attr-defined]
        return method

    return mark


class Skill:
    """Base of every skill: `Request -> Reply`.

    Override `start` to take up what was going on before a restart, `stop` to let go, and `hush` if it makes sounds.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = context.store
        self.schedule = context.schedule

    def start(self) -> Awaitable[None] | None:
        """The skill is loaded. Arm again what the store says was going on."""
        return None

    def stop(self) -> Awaitable[None] | None:
        """The skill is about to go. What it scheduled is forgotten."""
        return None

    def hush(self) -> Awaitable[bool] | bool:
        """Somebody said "stop": be quiet. Returns whether something was sounding."""
        return False

    def duck(self, quiet: bool) -> Awaitable[None] | None:
        """Somebody speaks or is spoken to: make your own sound quieter; with `quiet` false that is over."""
        return None

    def clock_corrected(self) -> Awaitable[None] | None:
        """The wall clock jumped while something was scheduled; store renewed deadlines here."""
        return None

    def answer(self, request: Request) -> Awaitable[Reply | str | None] | Reply | str | None:
        """The answer to a `Reply(..., ask=True)`."""
        return None

    def now(self) -> datetime:
        """The time, in the household's time zone."""
        return self.context.clock.now()

    @property
    def volume(self) -> float | None:
        """How loud everything is played, from 0 to 1. None while no speaker is known."""
        return self.context.volume()

    def set_volume(self, level: float) -> None:
        """Play everything this loud, from 0 to 1. The reply to the present request is heard so already."""
        self.context.set_volume(min(1.0, max(0.0, level)))

    def fill(self, entity: str, entries: Iterable[str]) -> None:
        """From now on the list `<entity>.entity` holds these names, and they are listened for; none: what its file has.

        At most 500 names of 80 characters. Call it again when they change. KeyError when there is no such file.
        """
        self.context.fill(entity, entries)

    @property
    def sensitivity(self) -> float | None:
        """How easily the wake word wakes, from 0 to 1. None while nobody listens."""
        return self.context.sensitivity()

    def set_sensitivity(self, level: float) -> None:
        """Wake so easily from now on, from 0 to 1; only for skills that run inside. It lasts until the next start."""
        self.context.set_sensitivity(min(1.0, max(0.0, level)))

    def setting(self, name: str) -> Setting:
        """A setting that the manifest declares: what the owner chose, else its default. KeyError for another name."""
        return self.context.settings[name]

    def say(self, dialog: str, **values: Sayable) -> str:
        """One of the lines of `locale/<language>/<dialog>.dialog`, filled with the values; a part of what is said."""
        return self.context.dialogs.render(dialog, values)

    def reply(self, dialog: str, **values: Sayable) -> Reply:
        """A reply made of a dialog line; sentences get their capitals."""
        return Reply(sentence(self.say(dialog, **values)))

    def ask(
        self, dialog: str, then: Handler, expects: Expects = (), options: Sequence[str] = (), **values: Sayable
    ) -> Reply:
        """A question made of a dialog line; the answer comes to `then`."""
        return Reply(sentence(self.say(dialog, **values)), ask=then, expects=expects, options=options)

    def table(self, name: str) -> Mapping[str, str]:
        """What the entries of a list stand for: `locale/<language>/<name>.yaml`."""
        return self.context.dialogs.table(name)

    async def fetch(self, url: str, *, headers: Mapping[str, str] = NO_HEADERS, seconds: float = 4.0) -> Response:
        """GET a web address of a host that the manifest names and the household allowed.

        Raises NotAllowed without that yes, Unreachable for all that can go wrong on the way.
        """
        return await fetch(self.context.connect, self.context.tls, url, headers, seconds)

    async def connect(self, address: str, *, tls: bool = False) -> Streams:
        """Streams to and from a host that the manifest names and the household allowed, as in `mqtt://HOST:PORT`.

        Raises as `fetch` does.
        """
        return await open_streams(self.context.connect, self.context.tls if tls else None, address)

    def agrees(self, request: Request) -> bool | None:
        """Whether an answer is a yes or a no; None when it is neither."""
        return agrees(request.text(), request.language)

    def alert(self, text: str, *, ring: bool = True) -> None:
        """Speak up without having been asked: ring, then say the text."""
        self.context.alert(sentence(text), ring)
