"""Exports: clips as files of the owner's own, in the layout of a public collection, with a signed manifest.

Common Voice layout: `clips/*.wav`, `validated.tsv`, `other.tsv`. Precise Community layout:
`<wake word>/<language>/<wake-word>-<language>-<uuid>.wav`, and `not-wake-word/` for false wakes. Speakers are
pseudonyms that are new for every export, and every clip gets a recall id that says nothing about it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.consent.clip import ClipInfo
from assistant.consent.recall import Export, read_exports, write_export
from assistant.consent.record import Record
from assistant.consent.rights import wav
from assistant.consent.session import Session
from assistant.consent.store import Store
from assistant.errors import Refused, StoreError

Layout = Literal["common-voice", "precise"]
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"

_TSV = (
    "client_id", "path", "sentence", "up_votes", "down_votes", "age", "gender", "accents", "locale", "segment",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export did."""

    export: str
    clips: int
    folder: Path


def export(store: Store, target: Path, layout: Layout, *, dataset: str = "", actor: str) -> Exported:
    """Write all clips that their owner kept into a new folder `target`.

    With `dataset` only under a live consent `share:<dataset>`. Raises Refused, StoreError, Tampered.
    """
    with store.session() as session:
        if dataset and f"share:{dataset}" not in {one.purpose for one in session.live()}:
            raise Refused(f"nobody agrees to share:{dataset}", hint=f"assistant consent grant share:{dataset}")
        chosen = [info for info in session.vault.scan()[0] if info.kept and info.samples]
        if not chosen:
            raise Refused("there is no clip that was kept by ear", hint="'assistant data tag ID --good' keeps one")
        public = {info.clip: str(uuid.uuid4()) for info in chosen}
        pseudonym = secrets.token_hex(32)
        places = _layout(layout, chosen, public, pseudonym)
        listed = {}
        for info in chosen:
            sound = wav(session.vault.samples(next(slot for slot in session.slots.used() if slot.clip == info.clip)))
            places[_path(layout, info, public[info.clip])] = sound
        for name, data in places.items():
            _write(target / name, data)
            listed[name] = hashlib.sha256(data).hexdigest()
        made = Export(export=secrets.token_hex(16), dataset=dataset, recalls=public)
        _sign(session, target, made, layout, listed, store.public_key)
        write_export(session.exports, made)
        session.append(
            Record(
                event="exported",
                time=session.now.wall,
                true_time=session.now.true,
                method="cli",
                actor=actor,
                purpose=f"share:{dataset}" if dataset else "",
                counts={"clips": len(chosen)},
                detail=made.export,
            )
        )
        return Exported(export=made.export, clips=len(chosen), folder=target)


def recall_list(store: Store) -> list[tuple[str, str]]:
    """(dataset, recall id) of every exported clip that must go: it was deleted here, or its sharing was withdrawn."""
    with store.session() as session:
        here = {slot.clip for slot in session.slots.used()}
        shared = {one.purpose for one in session.live()}
        return [
            (made.dataset, recall)
            for made in read_exports(session.exports)
            for clip, recall in sorted(made.recalls.items())
            if clip not in here or (made.dataset and f"share:{made.dataset}" not in shared)
        ]


def _layout(layout: Layout, chosen: list[ClipInfo], public: dict[str, str], pseudonym: str) -> dict[str, bytes]:
    if layout == "precise":
        return {}
    good = _tsv(lambda info: info.label == "good", chosen, public, pseudonym)
    other = _tsv(lambda info: info.label != "good", chosen, public, pseudonym)
    return {"validated.tsv": good, "other.tsv": other}


def _tsv(wanted: Callable[[ClipInfo], bool], chosen: list[ClipInfo], public: dict[str, str], pseudonym: str) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, escapechar="\\")
    rows.writerow(_TSV)
    for info in filter(wanted, chosen):
        sentence = " ".join(info.transcript.split())
        votes = ("1", "0") if info.label == "good" else ("0", "1" if info.label else "0")
        rows.writerow([pseudonym, f"{public[info.clip]}.wav", sentence, *votes, "", "", "", info.language, ""])
    return text.getvalue().encode()


def _path(layout: Layout, info: ClipInfo, name: str) -> str:
    if layout == "common-voice":
        return f"clips/{name}.wav"
    word = "".join(char if char.isalnum() else "-" for char in info.word.lower()) or "speech"
    language = info.language if info.language.isalpha() else "und"
    wrong = info.label == "wrong-wake" or info.purpose == "false_wake"
    return f"{'not-wake-word' if wrong else word}/{language}/{word}-{language}-{name}.wav"


def _sign(
    session: Session, target: Path, made: Export, layout: Layout, listed: dict[str, str], public_key: str
) -> None:
    manifest = {
        "export": made.export,
        "dataset": made.dataset,
        "layout": layout,
        "made": session.now.wall,
        "public_key": public_key,
        "files": listed,
        "recall": sorted(made.recalls.values()),
    }
    data = json.dumps(manifest, indent=1, sort_keys=True).encode()
    _write(target / MANIFEST, data)
    _write(target / SIGNATURE, session.signing_key.sign(data).hex().encode())


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
    except OSError as error:
        raise StoreError(
            f"could not be written ({error.strerror})", where=str(path), hint="Choose a new, empty folder"
        ) from error
