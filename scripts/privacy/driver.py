"""The process under test: does something to a store, with a mutant planted if one is named.

    python -m privacy.driver HOME OPERATION[+OPERATION...] [MUTANT]

Prints ACK (and a result) exactly when the product would tell a person that it is done.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from assistant.config.paths import Paths, find_paths
from assistant.consent.clip import NewClip
from assistant.consent.gate import Grant
from assistant.consent.room import Room, open_room
from assistant.consent.stores import StoreSeals
from assistant.consent.timekeeper import SystemTimekeeper
from assistant.errors import AssistantError, StoreError
from assistant.skills.store import Store as SkillStore
from assistant.testing.consent import marked
from privacy import mutants

NOTE = "a heron stood in the reeds"
"""What skills remember here."""


class Later(SystemTimekeeper):
    """The kernel's time, and some seconds more."""

    seconds = 0

    def wall(self) -> int:
        return int(time.time()) + self.seconds


def paths_of(home: Path) -> Paths:
    """The assistant's folders, if `home` is its folder `consent`."""
    found = find_paths({"HOME": str(home.parent)})
    return replace(found, state=home.parent, cache=home.parent / "cache", runtime=home.parent / "run")


def room_of(home: Path) -> Room:
    return open_room(paths_of(home), environ={}, keeper=Later())


def store_of(home: Path, skill: str) -> SkillStore:
    """What a skill remembers, as the skill opens it."""
    paths = paths_of(home)
    return SkillStore(paths.skill_data / f"{skill}.store", StoreSeals(paths.skill_keys, {}).of(skill))


def operate(home: Path, operation: str) -> str:
    """One operation; what it tells. Raises AssistantError."""
    name, _, argument = operation.partition("=")
    if name == "later":
        Later.seconds = int(argument)
        return ""
    room = room_of(home)
    match name:
        case "grant":
            for purpose in argument.split(","):
                room.gate.grant(Grant(purpose=purpose, days=1, method="cli", actor="driver"))
        case "keep":
            permit = room.gate.permits()["utterance_audio"]
            for seed in argument.split(","):
                room.gate.keep(permit, NewClip(samples=marked(int(seed), 0.5), session="s"))
        case "clips":
            purpose, count = argument.split(":")
            for _ in range(int(count)):
                room.gate.keep(room.gate.permits()[purpose], NewClip(samples=marked(1, 0.05), session="s"))
        case "tag":
            for info in room.rights.clips()[0][: int(argument)]:
                room.rights.tag(info.clip, label="good")
        case "remember":
            store, _, times = argument.partition(":")
            for number in range(int(times or 1)):
                store_of(home, store)["note"] = f"{NOTE} {number}"
        case "withdraw":
            room.purge.withdraw([argument] if argument else None, method="cli", actor="driver")
        case "everything":
            failed = room.purge.everything(method="cli", actor="driver").failed
            if failed:
                raise StoreError(f"NOT DESTROYED: {', '.join(failed)}")  # the receipt says so, too
        case "delete":
            room.purge.delete(lambda info: argument in ("", info.purpose), method="cli", actor="driver")
        case "expire":
            room.purge.expire()
        case "permits":
            return " ".join(sorted(room.gate.permits()))
        case "recover":
            room.purge.recover()
        case _:
            raise ValueError(operation)
    return ""


def act(home: Path, operations: str) -> int:
    """Do it and tell; the exit status."""
    result = ""
    try:
        for one in operations.split("+"):
            result = operate(home, one)
    except AssistantError as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        return 1
    with contextlib.suppress(OSError):  # nobody reads it any more
        os.write(1, f"ACK {result}\n".encode())
    return 0


def main() -> int:
    home, operations, *rest = sys.argv[1:]
    mutants.install(rest[0] if rest else "")
    return act(Path(home), operations)


if __name__ == "__main__":
    sys.exit(main())
