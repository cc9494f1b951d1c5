"""What it says it knows, against an independent walk of the disk."""

from __future__ import annotations

import itertools
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

from assistant.consent.answers import Answers
from assistant.consent.data_map import DataMap
from assistant.consent.gate import Gate
from assistant.consent.rights import Rights
from assistant.consent.words import Words, date, listing
from privacy.box import in_child, scratch
from privacy.driver import operate, room_of
from privacy.row import Finding, Row

PURPOSES = ("utterance_audio", "wake_word", "usage")
CALLED = {"utterance_audio": "your requests", "wake_word": "your wake words", "usage": "usage counts"}


def truth(mutant: str) -> Finding:
    """Every household of some clips, stores, consents and counts; before and after things are taken back."""

    def work() -> Finding:
        _plant(mutant)
        found = Finding()
        for clips, stores, live in itertools.product((0, 1, 3, 12), ((), ("timer",), ("list", "timer")), range(4)):
            if clips and not live:
                continue
            with scratch() as folder:
                home = folder / "state" / "consent"
                for purpose in PURPOSES[:live]:
                    operate(home, f"grant={purpose}")
                for name in stores:
                    operate(home, f"remember={name}")
                if clips:
                    operate(home, f"clips=utterance_audio:{clips}")
                if live == 3:
                    room_of(home).gate.count("timer")
                _compare(found, home)
                for change in ("withdraw=wake_word", "delete", "everything"):
                    operate(home, change)
                    _compare(found, home)
                if mutant and found.faults:
                    break
        return found

    return in_child("", work)


def _plant(mutant: str) -> None:
    clips, stores, live = Rights.clips, DataMap.stores, Gate.live
    match mutant:
        case "does not count the last clip":
            Rights.clips = lambda self: (clips(self)[0][:-1], clips(self)[1])  # type: ignore[method-assign]
        case "does not mention a skill":
            DataMap.stores = lambda self: stores(self)[1:]  # type: ignore[method-assign]
        case "does not mention a consent":
            Gate.live = lambda self: live(self)[1:]  # type: ignore[method-assign]


def _compare(found: Finding, home: Path) -> None:
    """The walk knows file names and the ledger's lines, and nothing of the assistant's own code for them."""
    said = Answers(room=room_of(home), words=Words("en")).know()
    clips = list(home.rglob("*.clip"))
    number = re.search(r"(\d+) recording", said)
    found.expect(int(number[1] if number else 0) == len(clips), f"{len(clips)} clips on the disk: {said}")
    if clips:
        times = sorted(path.stat().st_mtime for path in clips)
        near = [{date(int(at) - late) for late in range(4)} for at in (times[0], times[-1])]
        told = any(f"the oldest from {old}, the newest from {new}" in said for old in near[0] for new in near[1])
        found.expect(told, f"clips from {near}: {said}")
    stores = sorted(path.stem for path in home.parent.rglob("*.store"))
    wanted = f"asked for: {listing(stores)}." if stores else ""
    found.expect(wanted in said and bool(stores) == ("asked for:" in said), f"stores {stores} on the disk: {said}")
    counts = list(home.rglob("usage"))
    found.expect(bool(counts) == ("I count how often" in said), f"{len(counts)} files of counts: {said}")
    live = _live(home)
    for purpose, ends in live.items():
        wanted = f"I may keep {CALLED[purpose]} until {ends:%A} {ends.day} {ends:%B}"
        found.expect(wanted in said, f"no word of {purpose}: {said}")
    found.expect(said.count("You agreed") == len(live), f"{sorted(live)} hold: {said}")


def _live(home: Path) -> dict[str, datetime]:
    """Purpose -> end, from the ledger's lines."""
    path = home / "vault" / "ledger.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    found: dict[str, datetime] = {}
    for line in lines:
        if line["event"] in ("granted", "renewed"):
            found[line["purpose"]] = datetime.fromtimestamp(line["time"]) + timedelta(days=line["days"])
        if line["event"] in ("withdrawn", "expired"):
            found.pop(line["purpose"], None)
    return found


ROWS = (
    Row("truth", "'what do you know about me' equals an independent walk of the disk: clips, dates, skills, consents",
        ("does not count the last clip", "does not mention a skill", "does not mention a consent"), truth),
)  # fmt: skip
