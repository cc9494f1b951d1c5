"""`prove-deleted`: show from the disk itself that what a receipt says is true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.consent.record import Record
from assistant.consent.store import Store
from assistant.errors import Refused

_IN_PLACE = frozenset({"ext2", "ext3", "ext4", "vfat", "exfat", "ntfs", "tmpfs", "xfs"})
"""File systems that overwrite a block of an existing file where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    what: str
    ok: bool


def find_receipt(records: list[Record], code: str) -> Record:
    """The ledger record of a receipt. Raises Refused."""
    for record in reversed(records):
        if record.event == "scrubbed" and record.detail == code:
            return record
    raise Refused(f"there is no receipt {code}", hint="'assistant consent log' lists them")


def prove_deleted(store: Store, code: str) -> list[Check]:
    """Look at ledger, keys and files. Raises Refused, Tampered."""
    with store.session(verify=True) as session:
        receipt = find_receipt(session.records, code)
        after = session.records[receipt.seq :]
        used = session.slots.used()
        on_disk = session.vault.files()
        ended = {one.record for one in session.consents().values() if one.ended}
        system = filesystem(store.home)
        return [
            Check(what=f"the receipt is record {receipt.seq} of a whole and signed ledger", ok=True),
            Check(what=f"{len(after) - 1} records follow it", ok=True),
            Check(what="no step of it failed", ok=all(count >= 0 for count in receipt.counts.values())),
            Check(what="no key is left of a consent that ended", ok=not any(slot.record in ended for slot in used)),
            Check(
                what="every key slot that is not in use holds zeros", ok=session.slots.blank([s.index for s in used])
            ),
            Check(what="no file is left whose key was destroyed", ok=set(on_disk) <= {slot.clip for slot in used}),
            Check(what=f"the file system ({system}) overwrites in place", ok=system in _IN_PLACE),
        ]


def filesystem(path: Path) -> str:
    """The type of the file system that a path lies on, from the kernel's mount table."""
    best, kind = "", "unknown"
    resolved = str(path.resolve())
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, name, *_ = line.split(" ")
        inside = resolved == mount or resolved.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, name
    return kind
