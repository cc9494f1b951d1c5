"""Where files live: FHS for the system service, XDG for a person.

The system service gets its folders from systemd (STATE_DIRECTORY and friends), a person from XDG_*_HOME.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
"""The project's own folder: bundled skills, configuration and the model catalogue lie in it."""

SYSTEM_RUNTIME = Path("/run/assistant")
"""Where the system service has its sockets."""

SYSTEM_TREE = Path("/opt/assistant")
"""Where `scripts/install` puts the program of the system service."""

SYSTEM_DOOR = Path("/run/assistant-door.sock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The folders of one installation."""

    tree: Path
    config: tuple[Path, ...]
    """Configuration files, later ones override earlier ones. They need not exist."""
    state: Path
    """What must survive a restart: timers, installed skills."""
    cache: Path
    """What can be made again: trained models of the intent engines. Never anything that was said."""
    runtime: Path
    """Sockets."""
    models: Path
    """Models that were downloaded."""

    @property
    def own_config(self) -> Path:
        """The file for one's own settings: the system service's where its program runs as that, else the person's."""
        return self.config[1] if self.tree == SYSTEM_TREE and self.runtime == SYSTEM_RUNTIME else self.config[-1]

    @property
    def bundled_skills(self) -> Path:
        return self.tree / "skills"

    @property
    def installed_skills(self) -> Path:
        return self.state / "skills"

    @property
    def skill_data(self) -> Path:
        return self.state / "skill-data"

    @property
    def skill_keys(self) -> Path:
        """The keys of what skills remember."""
        return self.state / "skill-keys"

    @property
    def mute_file(self) -> Path:
        """There while the microphone is to stay closed."""
        return self.state / "muted"

    @property
    def wake_words(self) -> Path:
        """Wake words that were trained here; beside the models, which recordings and demonstrations use, too."""
        return self.models.parent / "wake-words"

    @property
    def own_wake_words(self) -> Path:
        """What of them was learnt from somebody's own voice."""
        return self.models.parent / "wake-words-own"

    @property
    def negatives(self) -> Path:
        """Speech and noise as embeddings, which no wake word is to be heard in."""
        return self.tree / "models" / "wake-negatives.xz"

    @property
    def meaning(self) -> Path:
        """The folder of the sentence encoder's files."""
        return self.tree / "models"

    @property
    def catalog(self) -> Path:
        return self.tree / "models" / "catalog.yaml"

    @property
    def hub_socket(self) -> Path:
        return self.runtime / "hub.sock"

    @property
    def hub_sockets(self) -> tuple[Path, ...]:
        """Where a client looks for a running hub: one's own assistant first, then the system service."""
        return tuple(dict.fromkeys((self.hub_socket, SYSTEM_RUNTIME / self.hub_socket.name)))

    def running_hub(self) -> Path:
        """The socket for a client to join: the first of `hub_sockets` that is there, else one's own."""
        return next((socket for socket in self.hub_sockets if socket.exists()), self.hub_socket)

    @property
    def are_of_a_visitor(self) -> bool:
        """Whether the system service's program is run by a person who has no assistant of his own running: the folders
        are his, and what he asks for is meant for the service."""
        installed = self.tree == SYSTEM_TREE and self.runtime != SYSTEM_RUNTIME
        return installed and not self.hub_socket.exists()

    @property
    def audio_socket(self) -> Path:
        return self.runtime / "audio.sock"

    @property
    def allowed(self) -> Path:
        """Which skill may reach what. In a folder of its own, all that the door sees of this disk."""
        return self.state / "allowed" / "skills.json"

    @property
    def door_sockets(self) -> tuple[Path | None, Path]:
        """Of the door's unit, for the system service only, and of a door of one's own."""
        return SYSTEM_DOOR if self.runtime == SYSTEM_RUNTIME else None, self.runtime / "door.sock"

    @property
    def gate_socket(self) -> Path:
        """Where a holder of sound in a process of its own brings what may be kept."""
        return self.runtime / "gate.sock"


def find_paths(environ: Mapping[str, str] | None = None, *, tree: Path = TREE) -> Paths:
    """The folders to use, from the environment. Nothing is created."""
    env = os.environ if environ is None else environ
    home = Path(env.get("HOME") or "/")

    def xdg(name: str, default: str) -> Path:
        value = env.get(name, "")
        return (Path(value) if value.startswith("/") else home / default) / "assistant"

    system = Path("/etc/assistant/assistant.yaml")
    state = Path(env["STATE_DIRECTORY"]) if "STATE_DIRECTORY" in env else xdg("XDG_STATE_HOME", ".local/state")
    return Paths(
        tree=tree,
        config=(
            tree / "config" / "assistant.yaml",
            system,
            xdg("XDG_CONFIG_HOME", ".config") / "assistant.yaml",
        ),
        state=state,
        cache=Path(env["CACHE_DIRECTORY"]) if "CACHE_DIRECTORY" in env else xdg("XDG_CACHE_HOME", ".cache"),
        runtime=_runtime(env),
        models=state / "models",
    )


def _runtime(env: Mapping[str, str]) -> Path:
    """RUNTIME_DIRECTORY of systemd, else $XDG_RUNTIME_DIR, else /run of root, else /run/user, else /tmp."""
    if "RUNTIME_DIRECTORY" in env:
        return Path(env["RUNTIME_DIRECTORY"])
    if env.get("XDG_RUNTIME_DIR", "").startswith("/"):
        return Path(env["XDG_RUNTIME_DIR"]) / "assistant"
    if os.geteuid() == 0:
        return SYSTEM_RUNTIME
    if Path(f"/run/user/{os.geteuid()}").is_dir():  # a login without $XDG_RUNTIME_DIR, as by su
        return Path(f"/run/user/{os.geteuid()}/assistant")
    return Path(f"/tmp/assistant-{os.geteuid()}")
