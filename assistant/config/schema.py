"""Every setting, its type, its default, its limits and what it means. Defaults live here and nowhere else.

`config/assistant.yaml` is generated from this module (`assistant config show --commented`) and kept equal by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


def setting(
    default: Any,
    about: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field with its explanation and limits. `low` and `high` are inclusive."""
    metadata = {"about": about, "low": low, "high": high, "choices": choices}
    if isinstance(default, Mapping):  # Python 3.11 takes no unhashable default, not even a read-only one
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def section(kind: type[Any], about: str) -> Any:
    """A nested section."""
    return field(default_factory=kind, metadata={"about": about})


NO_ACTIONS: Mapping[str, str] = MappingProxyType({})
NO_THRESHOLDS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Microphone and speaker."""

    microphone: str = setting("", "part of the capture device's name; empty takes the system's default")
    speaker: str = setting("", "part of the playback device's name; empty takes the system's default")
    chimes: bool = setting(True, "short sounds when it starts and stops listening")
    volume: float = setting(1.0, "loudness of everything it plays, 0 to 1", low=0.0, high=1.0)
    retry_seconds: float = setting(2.0, "wait before a lost device is tried again", low=0.1, high=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """The word that makes it listen."""

    engine: str = setting("microwakeword", "which detector", choices=("microwakeword",))
    words: tuple[str, ...] = setting(
        ("hey_mycroft",),
        "one or several of hey_mycroft, alexa, hey_jarvis, okay_nabu and your own (`assistant wake train`)",
    )
    thresholds: Mapping[str, float] = setting(
        NO_THRESHOLDS, "fixed score (0 to 1) per word, not confirmed; a word not named here keeps what was measured",
        low=0.0, high=1.0,
    )  # fmt: skip
    sensitivity: float = setting(0.5, "higher misses fewer words and wakes more often for nothing", low=0.0, high=1.0)
    confirm: bool = setting(True, "ask the recogniser (moonshine) too before waking; wants its model in memory")
    actions: Mapping[str, str] = setting(
        NO_ACTIONS,
        "what a word does, as word: action; listen (for a request, the default), stop (whatever sounds) or mute",
    )
    stop_words: bool = setting(True, 'while an alarm rings "stop" ends it without a wake word; wants moonshine')
    refractory_seconds: float = setting(2.0, "deaf time after a detection", low=0.0, high=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stt:
    """Speech to text."""

    engine: str = setting("moonshine", "which recogniser", choices=("moonshine", "vosk"))
    model: str = setting("", "folder of the model; empty takes the engine's own default")
    silence_seconds: float = setting(0.7, "this much silence after speech ends the request", low=0.2, high=5.0)
    max_seconds: float = setting(12.0, "a request is cut off after this time", low=2.0, high=30.0)
    threads: int = setting(1, "processor threads for recognition", low=1, high=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Understanding."""

    engines: tuple[str, ...] = setting(
        ("templates", "classifier"), "asked in this order; known are templates, classifier and padatious"
    )
    meaning: bool = setting(
        True, "the classifier also weighs what a sentence means, by a small encoder that comes with it (English)"
    )
    train_seconds: float = setting(
        600.0, "a learning engine may train this long in the background", low=1.0, high=3600.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tts:
    """Its voice."""

    engine: str = setting("piper", "which synthesiser", choices=("piper",))
    voice: str = setting("", "a Piper voice (*.onnx file or a name from the catalogue); empty takes the bundled one")
    speed: float = setting(1.0, "1 is the voice's own pace, 2 twice as fast", low=0.5, high=2.0)
    variation: float = setting(
        1.0, "how much a sentence sounds different each time; with 0 it always sounds the same", low=0.0, high=1.5
    )
    threads: int = setting(1, "processor threads for speaking", low=1, high=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """The conversation."""

    patience_seconds: float = setting(5.0, "how long it waits for you to begin to speak", low=1.0, high=30.0)
    answer_seconds: float = setting(8.0, "it apologises when no answer is ready after this time", low=1.0, high=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skills:
    """What it can do."""

    folders: tuple[str, ...] = setting(
        (), "more folders to look for skills in, beside the bundled and the installed ones"
    )
    disabled: tuple[str, ...] = setting((), "ids of skills that are not to be loaded")
    timeout_seconds: float = setting(5.0, "a skill that takes longer is given up on", low=0.1, high=60.0)
    settings: Mapping[str, str] = setting(
        MappingProxyType({}), "values for the settings that skills declare, as skill.setting: value"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """The message bus."""

    socket: str = setting("", "path of the hub's unix socket; empty: $XDG_RUNTIME_DIR/assistant or /run/assistant")
    max_bytes: int = setting(65536, "largest message accepted", low=1024, high=1048576)
    queue: int = setting(1000, "messages kept for a slow reader before it is disconnected", low=10, high=100000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What may be kept. A setting can only forbid; only a person can allow, by voice or `assistant consent grant`."""

    forbid: tuple[str, ...] = setting((), "purposes nobody can agree to here: wake_word, utterance_audio, share, ...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What it writes to the terminal or the journal. Never what anyone said."""

    level: str = setting("info", "how much", choices=("debug", "info", "warning", "error"))
    format: str = setting("text", "text for people, json for machines", choices=("text", "json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration."""

    language: str = setting("en", "language spoken and understood (BCP 47)")
    time_zone: str = setting("", "an IANA name such as Europe/Berlin; empty takes the machine's")
    audio: Audio = section(Audio, "microphone and speaker")
    wake: Wake = section(Wake, "the word that makes it listen")
    stt: Stt = section(Stt, "speech to text")
    intent: Intent = section(Intent, "understanding")
    tts: Tts = section(Tts, "its voice")
    dialog: Dialog = section(Dialog, "the conversation")
    skills: Skills = section(Skills, "what it can do")
    bus: Bus = section(Bus, "the message bus")
    consent: Consent = section(Consent, "what may be kept; a setting can only forbid")
    logs: Logs = section(Logs, "what it writes to the terminal or the journal; never what anyone said")
