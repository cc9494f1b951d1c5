"""What an owner can do with what is kept: list, hear, keep, correct, mark."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from dataclasses import replace

from assistant.audio.frame import RATE, Samples
from assistant.consent.clip import ClipInfo, Label
from assistant.consent.consents import DAY
from assistant.consent.session import Session
from assistant.consent.slots import Slot
from assistant.consent.store import Store
from assistant.errors import Refused

SHORT = 6
"""Digits of an id that are enough for a person."""


class Rights:
    """Works on the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def clips(self) -> tuple[list[ClipInfo], list[str]]:
        """All clips, oldest first, and the ids of those that cannot be read any more."""
        with self._store.session() as session:
            found, damaged = session.vault.scan()
            return found, [slot.clip for slot in damaged]

    def usage(self) -> dict[str, int]:
        """How often each skill answered, as far as somebody agreed that it is counted. Raises Tampered."""
        with self._store.session() as session:
            kept = None if session.blank else session.usage.read()
            return dict(kept["counts"]) if kept else {}

    def samples(self, clip: str) -> Samples:
        """The sound of a clip, shape (n,). `clip` may be the first digits of its id. Raises Refused, Tampered."""
        with self._store.session() as session:
            return session.vault.samples(find_slot(session, clip))

    def wav(self, clip: str) -> bytes:
        """The same as a WAV file."""
        return wav(self.samples(clip))

    def keep(self, clip: str) -> ClipInfo:
        """Its owner has listened and keeps it: it leaves the quarantine. Raises Refused, Tampered, StoreError."""
        return self._change(clip, lambda info: replace(info, kept=True))

    def tag(self, clip: str, *, label: Label | None = None, transcript: str | None = None) -> ClipInfo:
        """Mark a clip or correct its words; that keeps it, too. Raises Refused, Tampered, StoreError."""
        return self._change(
            clip,
            lambda info: replace(
                info,
                kept=True,
                label=info.label if label is None else label,
                transcript=info.transcript if transcript is None else transcript,
            ),
        )

    def resolve(self, clip: str) -> str:
        """The whole id from its first digits. Raises Refused."""
        with self._store.session() as session:
            return find_slot(session, clip).clip

    def _change(self, clip: str, change: Callable[[ClipInfo], ClipInfo]) -> ClipInfo:
        with self._store.session() as session:
            slot = find_slot(session, clip)
            info = change(session.vault.info(slot))
            consent = session.consents().get(info.record)
            if consent is None or not consent.live(session.now):
                raise Refused(f"nobody agrees to {info.purpose} any more", hint="The clip will be deleted")
            if info.kept:
                ends = min(info.created + consent.retention_days * DAY, consent.until)
                info = replace(info, ends=ends)
            session.vault.rewrite(slot, info)
            return info


def find_slot(session: Session, clip: str) -> Slot:
    """The one slot whose clip id begins so. Raises Refused."""
    fits = [slot for slot in session.slots.used() if clip and slot.clip.startswith(clip)]
    if len(fits) != 1:
        problem = "there is no clip" if not fits else "there are several clips"
        raise Refused(f"{problem} {clip!r}", hint="'assistant data show' lists them")
    return fits[0]


def wav(samples: Samples) -> bytes:
    """A WAV file in RAM: 16 kHz, mono, 16 bit."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
