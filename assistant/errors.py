"""Every exception of the assistant.

    AssistantError          anything a person can do something about
    ├── ConfigError         the YAML or a --set is wrong
    ├── DeviceError         a microphone or speaker cannot be used
    ├── ModelError          a model file is missing, damaged or not known
    ├── EngineError         an engine could not start or failed at work
    ├── SkillError          a skill folder, manifest or sentence file is wrong
    ├── BusError            the message bus
    │   ├── CodecError      a frame is not a message of the catalogue
    │   ├── PolicyError     a sender may not say or hear that
    │   └── HubUnreachable  nobody listens on the socket
    │       └── HubSilent   or does not answer in time
    └── ConsentError        the gate to what is kept
        ├── Refused         nobody said yes to that, or it was taken back
        ├── Tampered        ledger, keys or a clip were changed from outside
        └── StoreError      the disk did not do what it was asked

Each prints as ONE line: what is wrong, where, and the next step. The command line shows that line and never a
traceback for these; anything else that is raised is a defect of ours.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base of all. `where` is a file, key or device; `hint` is what to do next."""

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        self.problem = problem
        self.where = where
        self.hint = hint
        super().__init__(problem)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f". {self.hint}" if self.hint else ""
        return f"{place}{self.problem}{step}".replace("\n", " ")


class ConfigError(AssistantError):
    """A configuration value cannot be used."""


class DeviceError(AssistantError):
    """A sound device cannot be used."""


class ModelError(AssistantError):
    """A model file cannot be used."""


class EngineError(AssistantError):
    """An engine could not start, or failed at work."""


class SkillError(AssistantError):
    """A skill cannot be used."""


class BusError(AssistantError):
    """Base of the errors of the message bus."""


class CodecError(BusError):
    """A frame is not a message of the catalogue."""


class PolicyError(BusError):
    """A sender may not say or hear a topic."""


class HubUnreachable(BusError):
    """Nobody listens on the hub's socket."""


class HubSilent(HubUnreachable):
    """Somebody does, but does not answer in time."""


class ConsentError(AssistantError):
    """Base of the errors of the consent room."""


class Refused(ConsentError):
    """Nobody said yes to that, or the yes was taken back."""


class Tampered(ConsentError):
    """Something in the store was changed from outside. `seq` is the first bad ledger record, -1 if it is not one."""

    def __init__(self, problem: str, *, where: str = "", hint: str = "", seq: int = -1) -> None:
        super().__init__(problem, where=where, hint=hint)
        self.seq = seq


class StoreError(ConsentError):
    """The disk did not do what it was asked."""
