"""What every command starts from: the folders, the configuration, the clock."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.clock import SystemClock
from assistant.config.load import Loaded, load_what_can_be, load_with_origins
from assistant.config.paths import Paths, find_paths
from assistant.config.schema import Config
from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Context:
    """One run of the command."""

    paths: Paths
    loaded: Loaded
    clock: SystemClock
    sets: Sequence[str]
    file: Path | None

    @property
    def config(self) -> Config:
        return self.loaded.config

    @property
    def own_socket(self) -> Path:
        """Where a hub that we start listens."""
        return Path(self.config.bus.socket) if self.config.bus.socket else self.paths.hub_socket

    @property
    def socket(self) -> Path:
        """Where to look for a running hub: our own, else the system service's."""
        return Path(self.config.bus.socket) if self.config.bus.socket else self.paths.running_hub()


@contextmanager
def scratch(paths: Paths) -> Iterator[Path]:
    """A folder for what a demonstration's skills keep; beside the sockets, which is in RAM, and gone afterwards.

    Raises AssistantError when it cannot be made.
    """
    try:
        paths.runtime.mkdir(mode=0o750, parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix="scratch-", dir=paths.runtime)
    except OSError as error:
        hint = "Set XDG_RUNTIME_DIR to a folder of yours"
        raise AssistantError(f"cannot be written: {error.strerror}", where=str(paths.runtime), hint=hint) from error
    with folder as name:
        yield Path(name)


def make(arguments: argparse.Namespace) -> Context:
    """Read the configuration. Raises ConfigError; not for a command that `mends` it, which gets what is right of it."""
    paths = find_paths()
    file = Path(arguments.config) if arguments.config else None
    if getattr(arguments, "mends", False):
        loaded, _ = load_what_can_be(paths, arguments.set, file=file)
    else:
        loaded = load_with_origins(paths, arguments.set, file=file)
    return Context(paths, loaded, SystemClock(loaded.config.time_zone), arguments.set, file)
