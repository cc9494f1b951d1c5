"""What a row of the report is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


class CannotProve(Exception):
    """This machine lacks what the row needs."""


@dataclass
class Finding:
    """What one run of a row saw: how many cases it looked at, and what was wrong."""

    cases: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What a reader should know of how it was looked at."""

    def expect(self, good: bool, fault: str) -> bool:
        self.cases += 1
        if not good:
            self.faults.append(fault)
        return good


Check = Callable[[str], Finding]
"""Called with the name of a mutant, or "" for the product itself. May stop at a mutant's first fault."""


@dataclass(frozen=True)
class Row:
    """One promise, the planted leaks that its test must catch, and the test."""

    name: str
    promise: str
    mutants: tuple[str, ...]
    check: Check
    sound: bool = False
    """It lets the assistant listen in real time: two of these never run at once."""


@dataclass
class Result:
    """A row's line in the report."""

    row: str
    promise: str
    proved: bool
    mutants: dict[str, str]
    """Each planted leak, and by what it was caught; nothing if it was not."""
    cases: int
    seconds: float
    notes: list[str]
    """Why it is not proved."""
    remarks: list[str]

    @property
    def caught(self) -> int:
        return sum(bool(by) for by in self.mutants.values())

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": round(self.seconds, 1)}


def run(row: Row, tell: Callable[[str], None]) -> Result:
    """First every mutant, then the product. `tell` hears what is being done."""
    begin = time.monotonic()
    result = Result(row.name, row.promise, False, dict.fromkeys(row.mutants, ""), 0, 0.0, [], [])
    try:
        for number, mutant in enumerate(row.mutants, 1):
            tell(f"leak {number} of {len(row.mutants)}")
            found = row.check(mutant)
            if found.faults:
                result.mutants[mutant] = found.faults[0]
            else:
                result.notes.append(f"mutant not caught: {mutant} ({found.cases} cases)")
            result.remarks += [f"{mutant}: {one}" for one in found.remarks]
        tell("the product")
        product = row.check("")
        result.cases = product.cases
        result.remarks += product.remarks
        result.notes += product.faults[:5]
        if not product.cases:
            result.notes.append("no case was looked at")
        result.proved = not result.notes
    except CannotProve as reason:
        result.notes.append(f"cannot be proved here: {reason}")
    except Exception as error:  # noqa: BLE001 - a broken proof is a row of the report, too
        result.notes.append(f"the proof broke: {type(error).__name__}: {error}")
    result.seconds = time.monotonic() - begin
    return result
