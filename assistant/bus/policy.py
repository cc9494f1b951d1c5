"""Who may say and hear what. Everything follows from each service's `hears` and `says`; nothing is a setting.

A connection's role comes from the kernel (SO_PEERCRED), never from what it says of itself:

* **owner** - the user the assistant runs as, and root. May join as a service and hear words.
* **guest** - any other user that the socket's group lets in. May ask, stop, mute and watch; words that people said are
  taken out of what it hears, except in the answer to its own question.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar

from assistant.errors import PolicyError
from assistant.messages import CATALOG, Message, Slot, Spoken, audio, consent, dialog, skill, system, tts

Role = Literal["owner", "guest"]

GUEST_SAYS: frozenset[type[Message]] = frozenset(
    {dialog.Ask, dialog.Cancel, dialog.Listen, audio.Look, audio.Mute, audio.Unmute, audio.Quiet, system.Probe}
)
"""Wishes that any member of the socket's group may have. Who may close the microphone may open it, which is heard."""

OWNER_SAYS: frozenset[type[Message]] = GUEST_SAYS | {consent.Scrub, consent.Debug, skill.Rescan, tts.Say, tts.Stop}
"""Wishes of the household's own tools."""


class Speaks(Protocol):
    """A service, as far as the policy is concerned."""

    name: Any
    hears: Any
    says: Any


@dataclass(frozen=True, slots=True)
class Rights:
    """What one connection may publish and receive."""

    sender: str
    says: frozenset[type[Message]]
    hears: frozenset[type[Message]]
    words: bool
    """Whether it may see what people said."""


class Policy:
    """The table of rights, made from the services' own declarations."""

    def __init__(self, services: Iterable[Speaks]) -> None:
        facts = {system.Ready, system.Health, system.Failed}
        self._services: Mapping[str, tuple[frozenset[type[Message]], frozenset[type[Message]]]] = MappingProxyType(
            {
                each.name: (frozenset({*each.says, *facts}), frozenset({*each.hears, system.Probe, dialog.Closed}))
                for each in services
            }
        )

    def rights(self, role: Role, sender: str) -> Rights:
        """Rights of a connection that calls itself `sender`.

        A service's name is only given to the owner. Raises PolicyError.
        """
        everything = frozenset(CATALOG.values())
        if sender in self._services:
            if role != "owner":
                raise PolicyError("only the assistant's own user may join as a service", where=sender)
            says, hears = self._services[sender]
            return Rights(sender, says, hears, words=True)
        if sender != "client":
            raise PolicyError("no such service", where=sender[:60], hint=f"Known: client, {', '.join(self._services)}")
        if role == "owner":
            return Rights(sender, OWNER_SAYS, everything, words=True)
        return Rights(sender, GUEST_SAYS, everything, words=False)


def role_of(peer_uid: int, own_uid: int) -> Role:
    """The role of a peer by its user id."""
    return "owner" if peer_uid in (0, own_uid) else "guest"


def peer_uid(connection: socket.socket) -> int:
    """The user id at the other end of a unix socket, as the kernel knows it (SO_PEERCRED, see unix(7))."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", raw)
    return int(uid)


def own_uid() -> int:
    return os.geteuid()


M = TypeVar("M", bound=Message)


def without_words(message: M) -> M:
    """The same message with everything a person said, or that was made from it, taken out."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if isinstance(value, Spoken):
            changes[field.name] = Spoken()
        elif isinstance(value, tuple) and value and isinstance(value[0], (Spoken, Slot)):
            changes[field.name] = ()
    return dataclasses.replace(message, **changes) if changes else message
