"""The folder of encrypted clips. A clip is readable exactly as long as its key slot lives."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from assistant.audio.frame import Samples
from assistant.consent import clip as clips
from assistant.consent.clip import ClipInfo
from assistant.consent.folder import Folder, disk
from assistant.consent.slots import KeySlots, Slot
from assistant.errors import Tampered

_NAME = re.compile(r"(?:new-)?([0-9a-f]{32})\.clip\Z")
_FIRST_READ = 2048


class Vault:
    """Reads and writes clip files. Callers hold the store's lock."""

    def __init__(self, folder: Folder, slots: KeySlots) -> None:
        self._folder = folder
        self._slots = slots

    def write(self, info: ClipInfo, samples: Samples) -> None:
        """Key first, then the file: a crash between them leaves a key without a file, which `sweep_orphans` ends.

        Raises StoreError; then neither key nor file is left.
        """
        key = os.urandom(clips.KEY_BYTES)
        slot = self._slots.put(info.clip, info.record, key)
        try:
            head = clips.seal_info(info, key)
            self._folder.put(_file(info.clip), head, clips.seal_samples(samples, info.clip, info.record, key))
        except BaseException:
            self._slots.destroy([slot.index])
            raise

    def rewrite(self, slot: Slot, info: ClipInfo) -> None:
        """Replace the description; the sealed sound is copied as it is."""
        data = self._read(slot)
        head = clips.seal_info(info, self._slots.key(slot))
        self._folder.put(_file(slot.clip), head, data[clips.head_length(data) :])

    def info(self, slot: Slot) -> ClipInfo:
        """The description of a clip. Raises Tampered."""
        fd = self._open(slot)
        try:
            data = os.pread(fd, _FIRST_READ, 0)
            try:
                end = clips.head_length(data)
                if end > len(data):
                    data += os.pread(fd, end - len(data), len(data))
                return clips.open_info(data, slot.clip, slot.record, self._slots.key(slot))
            except ValueError as error:
                raise self._changed(slot, error) from None
        finally:
            os.close(fd)

    def scan(self) -> tuple[list[ClipInfo], list[Slot]]:
        """All clips, oldest first, and the slots of clips that cannot be read any more."""
        found: list[ClipInfo] = []
        damaged: list[Slot] = []
        for slot in self._slots.used():
            try:
                found.append(self.info(slot))
            except Tampered:
                damaged.append(slot)
        return sorted(found, key=lambda info: (info.created, info.clip)), damaged

    def samples(self, slot: Slot) -> Samples:
        """The sound of a clip. Raises Tampered."""
        try:
            return clips.open_samples(self._read(slot), slot.clip, slot.record, self._slots.key(slot))
        except ValueError as error:
            raise self._changed(slot, error) from None

    def remove(self, ids: Iterable[str]) -> int:
        """Unlink files; their keys must be gone already. Returns how many were there."""
        return self._folder.remove([name for one in ids for name in (_file(one), f"new-{_file(one)}")])

    def files(self) -> dict[str, list[str]]:
        """Clip id -> the names that carry it; names that are not ours are under ''."""
        found: dict[str, list[str]] = {}
        for name in self._folder.names():
            fit = _NAME.match(name)
            found.setdefault(fit[1] if fit else "", []).append(name)
        return found

    def sweep_orphans(self) -> None:
        """After a crash: destroy keys without a file, unlink files without a key and unfinished files."""
        slots = {slot.clip: slot for slot in self._slots.used()}
        files = self.files()
        whole = {clip for clip, names in files.items() if clip and _file(clip) in names}
        lost = [slot.index for clip, slot in slots.items() if clip not in whole]
        if lost:
            self._slots.destroy(lost)
        unwanted = [
            name
            for clip, names in files.items()
            if clip
            for name in names
            if clip not in slots or name.startswith("new-")
        ]
        self._folder.remove(unwanted)

    def _open(self, slot: Slot) -> int:
        try:
            return self._folder.open_file(_file(slot.clip))
        except FileNotFoundError as error:
            raise self._changed(slot, error) from None

    def _read(self, slot: Slot) -> bytes:
        with disk(self._folder.where(_file(slot.clip))), os.fdopen(self._open(slot), "rb") as file:
            return file.read()

    def _changed(self, slot: Slot, why: Exception) -> Tampered:
        fault = "is gone" if isinstance(why, FileNotFoundError) else "was changed from outside"
        return Tampered(f"a clip {fault}", where=self._folder.where(_file(slot.clip)), hint="Delete it")


def _file(clip: str) -> str:
    return f"{clip}.clip"
