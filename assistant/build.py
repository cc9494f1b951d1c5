"""Configuration + names of services -> objects, with the engines that `engines.py` picks.

Services of one process share one microphone hub and one speaker; a service in a process of its own reaches those of
the audio service over its socket (`audio.wire`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from assistant.audio.hub import Hub
from assistant.audio.mute_file import MuteFile
from assistant.audio.player import Player
from assistant.audio.ports import Microphone, Speaker
from assistant.audio.service import AudioService
from assistant.audio.sink import Sink
from assistant.audio.source import Source
from assistant.audio.wire import WireMicrophone, WireSpeaker
from assistant.bus.policy import Policy
from assistant.clock import Clock
from assistant.config.paths import Paths
from assistant.config.schema import Config
from assistant.consent.data_map import Declared
from assistant.consent.door import Door
from assistant.consent.holder import HolderService
from assistant.consent.keeper import BusKeeper
from assistant.consent.ports import Carrier
from assistant.consent.room import Room, open_room
from assistant.consent.service import LOCALE as CONSENT_LOCALE
from assistant.consent.service import OWN as PRIVACY
from assistant.consent.service import ConsentService
from assistant.consent.stores import StoreSeals
from assistant.consent.wire import WireCarrier
from assistant.dialog.own import OWN as DIALOG
from assistant.dialog.own import YIELDING
from assistant.dialog.phrases import LOCALE as DIALOG_LOCALE
from assistant.dialog.service import DialogService
from assistant.engines import Engines
from assistant.errors import ModelError, Tampered
from assistant.grammar.folder import read_sentences
from assistant.grammar.sentences import SkillSentences
from assistant.intent.service import IntentService
from assistant.runner import Factory
from assistant.service import Service
from assistant.skills.find import Place, find_skills, places
from assistant.skills.service import SkillsService
from assistant.stt.service import SttService
from assistant.tts.service import TtsService
from assistant.wake.service import ACTIONS, WakeService

if TYPE_CHECKING:
    from assistant.audio.pyaudio_device import PortAudio

SERVICES: Mapping[str, type[Service]] = MappingProxyType(
    {
        each.name: each
        for each in (
            ConsentService,
            AudioService,
            WakeService,
            SttService,
            HolderService,
            IntentService,
            SkillsService,
            TtsService,
            DialogService,
        )
    }
)
"""Every service, in the order of starting."""

OWN_SENTENCES: Mapping[str, Path] = MappingProxyType({DIALOG: DIALOG_LOCALE.parent, PRIVACY: CONSENT_LOCALE})
"""Sentences that are not a skill's: skill name -> the folder that holds their `locale`."""


def policy() -> Policy:
    """Who may say what, from the services' own declarations."""
    return Policy(SERVICES.values())


class Builder(Engines):
    """Makes services. Those that share sound in this process share one hub and one player, made when first needed."""

    def __init__(
        self,
        config: Config,
        paths: Paths,
        clock: Clock,
        *,
        share_sound: bool = False,
        source: Source | None = None,
        sink: Sink | None = None,
        microphone: Microphone | None = None,
    ) -> None:
        """`share_sound`: other processes need the sound room, or are it. `source`, `sink` and `microphone` stand in
        for the devices of the configuration."""
        super().__init__(config, paths)
        self._clock = clock
        self._share = share_sound
        self._source = source
        self._sink = sink
        self._microphone = microphone
        self._has_sound_room = False
        self._has_gate = False

    def factories(self, names: Iterable[str]) -> dict[str, Factory]:
        """A factory for each named service, in the order of `SERVICES`."""
        wanted = set(names)
        self._has_sound_room = self._has_sound_room or AudioService.name in wanted
        self._has_gate = self._has_gate or ConsentService.name in wanted
        makers: dict[str, Factory] = {
            ConsentService.name: self._consent,
            AudioService.name: self._audio,
            WakeService.name: lambda: WakeService(
                self.detector(),
                self._ears(),
                sensitivity=self._config.wake.sensitivity,
                actions=self._actions(),
                stop_words=self.stop_words(),
            ),
            SttService.name: lambda: SttService(self.recogniser(), self._ears(), self._config.stt, own=OWN_SENTENCES),
            HolderService.name: lambda: HolderService(self._ears(), BusKeeper(self._carrier()), self._config.language),
            IntentService.name: lambda: IntentService(
                self.intent_engines(),
                self._clock,
                self._config.language,
                own=OWN_SENTENCES,
                yielding=YIELDING,
                shipped=self._paths.bundled_skills,
            ),
            SkillsService.name: lambda: SkillsService(
                self._paths, self._config.skills, self._clock, self._config.language, seals=self._seals
            ),
            TtsService.name: lambda: TtsService(self.voice(), self._mouth(), clock=self._clock),
            DialogService.name: lambda: DialogService(self._config, self._clock),
        }
        return {name: makers[name] for name in SERVICES if name in wanted}

    @cached_property
    def consent(self) -> Room:
        """The gate and everything behind it. Raises StoreError, Tampered."""
        return open_room(self._paths, forbidden=self._config.consent.forbid, declared=self._declared, seals=self._seals)

    @cached_property
    def _seals(self) -> StoreSeals:
        return StoreSeals(self._paths.skill_keys, os.environ)

    def _declared(self) -> list[Declared]:
        """What the skills that are there now say that they remember."""
        return [
            Declared(skill=each.id, holds=store.holds, retention=store.retention, kind=store.kind)
            for each in find_skills(self.skill_places())
            if each.manifest is not None and each.hidden_by is None and (store := each.manifest.store) is not None
        ]

    @cached_property
    def _door(self) -> Door:
        return Door(self.consent.gate)

    def _consent(self) -> ConsentService:
        wire = self._paths.gate_socket if self._share else None
        return ConsentService(self.consent, self._clock, self._config.language, door=self._door, wire=wire)

    def _carrier(self) -> Carrier:
        """How clips get to the gate: only the process of the consent service ever opens the vault."""
        return self._door if self._has_gate else WireCarrier(self._paths.gate_socket)

    def recover(self) -> None:
        """Finish what a crash left half deleted. To be called before the microphone opens.

        A store that was changed from outside stays locked; the consent service says so. Raises StoreError.
        """
        with suppress(Tampered):
            self.consent.purge.recover()

    def _actions(self) -> Mapping[str, str]:
        """What each wake word does. Raises ModelError for a word nobody listens for, or an unknown action."""
        wake = self._config.wake
        for word, action in wake.actions.items():
            if word not in wake.words:
                raise ModelError(f"nobody listens for {word!r}", where="wake.actions", hint="Add it to wake.words")
            if action not in ACTIONS:
                raise ModelError(
                    f"no action is called {action!r}", where=f"wake.actions.{word}", hint=f"Known: {', '.join(ACTIONS)}"
                )
        return wake.actions

    # Sound.

    def source(self) -> Source:
        """The microphone."""
        from assistant.audio.pyaudio_streams import PyAudioSource

        return self._source or PyAudioSource(self._port_audio, self._config.audio.microphone)

    def sink(self) -> Sink:
        """The speaker."""
        from assistant.audio.pyaudio_streams import PyAudioSink

        return self._sink or PyAudioSink(self._port_audio, self._config.audio.speaker)

    @asynccontextmanager
    async def own_speaker(self) -> AsyncIterator[Speaker]:
        """A speaker for a command that only plays. Raises DeviceError on `play`."""
        player = Player(self.sink(), volume=self._config.audio.volume)
        player.start()
        try:
            yield player
        finally:
            player.close()

    @cached_property
    def _port_audio(self) -> PortAudio:
        from assistant.audio.pyaudio_device import PortAudio

        return PortAudio()

    @cached_property
    def _hub(self) -> Hub:
        """Made once: the other services keep it when the sound room is started again."""
        return Hub(self.source(), retry_seconds=self._config.audio.retry_seconds)

    @cached_property
    def _player(self) -> Player:
        audio = self._config.audio
        return Player(self.sink(), volume=audio.volume, retry_seconds=audio.retry_seconds)

    def _audio(self) -> AudioService:
        socket = self._paths.audio_socket if self._share else None
        mute_file = MuteFile(self._paths.mute_file)
        return AudioService(self._hub, self._player, self._config.audio, wire=socket, mute_file=mute_file)

    def _ears(self) -> Microphone:
        if self._microphone is not None:
            return self._microphone
        return self._hub if self._has_sound_room else WireMicrophone(self._paths.audio_socket)

    def _mouth(self) -> Speaker:
        return self._player if self._has_sound_room else WireSpeaker(self._paths.audio_socket)

    # Skills.

    def skill_places(self) -> Sequence[Place]:
        """Where skills are looked for."""
        return places(self._paths, self._config.skills.folders)

    def sentences(self) -> list[SkillSentences]:
        """The sentences of all usable skills and of the dialogue itself."""
        folders = {
            each.id: each.folder for each in find_skills(self.skill_places()) if each.manifest and not each.hidden_by
        }
        return [
            read_sentences(name, folder, self._config.language)
            for name, folder in {**folders, **OWN_SENTENCES}.items()
            if name not in self._config.skills.disabled
        ]
