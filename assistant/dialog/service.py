"""The dialogue service: the machine, the clock and the bus."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

from assistant.clock import Clock
from assistant.config.schema import Config
from assistant.dialog import phrases
from assistant.dialog.machine import Machine
from assistant.dialog.session import Limits
from assistant.messages import Message, audio, consent, dialog, intent, skill, stt, system, tts, wake
from assistant.service import Service


class DialogService(Service):
    """Leads the conversation: wake, listen, think, answer."""

    name = "dialog"
    hears = (
        wake.Detected,
        dialog.Listen,
        dialog.Cancel,
        dialog.Ask,
        stt.Transcript,
        stt.Nothing,
        intent.Matched,
        intent.Ambiguous,
        intent.Unmatched,
        skill.Replied,
        consent.Replied,
        consent.Forget,
        consent.Destroyed,
        skill.Alerted,
        skill.Hushed,
        tts.Ended,
        audio.Muted,
        system.Failed,
        system.Ready,
    )
    says = (
        dialog.Opened,
        dialog.Listening,
        dialog.Answered,
        dialog.Closed,
        intent.Understand,
        intent.Settle,
        skill.Answer,
        skill.Undo,
        skill.Hush,
        tts.Say,
        tts.Stop,
        audio.Chime,
        audio.Quiet,
    )

    def __init__(self, config: Config, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._machine = Machine(
            phrases.load(config.language),
            Limits(
                patience=config.dialog.patience_seconds,
                listening=config.stt.max_seconds,
                thinking=config.dialog.answer_seconds,
            ),
            lambda: secrets.token_hex(6),
            language=config.language,
            chimes=config.audio.chimes,
        )
        self._changed = asyncio.Event()

    async def start(self) -> None:
        self.spawn(self._watch(), "deadlines")

    async def handle(self, message: Message) -> None:
        self._publish(self._machine.on(message, self._clock.monotonic()))

    def health(self) -> system.Health:
        health = super().health()
        return system.Health(service=self.name, state="ok", note=f"{self._machine.open} open", pid=health.pid)

    def _publish(self, messages: Iterator[Message]) -> None:
        for message in messages:
            self.say(message)
        self._changed.set()

    async def _watch(self) -> None:
        """Wake up when the next deadline passes."""
        while True:
            self._changed.clear()
            deadline = self._machine.deadline
            wait = None if deadline is None else max(0.0, deadline - self._clock.monotonic())
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                self._publish(self._machine.tick(self._clock.monotonic()))
