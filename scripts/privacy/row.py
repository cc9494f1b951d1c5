"""What a row of the report is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


class CannotProve(Exception):
    """This machine lacks what the row needs."""


@dataclass
class Finding:
    """What one run of a row saw: how many cases it looked at, and what was wrong."""

    cases: int = 0
    faults: list[str] = field(default_factory=list)

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


@dataclass
class Result:
    """A row's line in the report."""

    row: Row
    proved: bool
    caught: int
    cases: int
    seconds: float
    notes: list[str]


def run(row: Row) -> Result:
    """First every mutant, then the product."""
    begin = time.monotonic()
    notes: list[str] = []
    caught = 0
    cases = 0
    try:
        for mutant in row.mutants:
            found = row.check(mutant)
            if found.faults:
                caught += 1
            else:
                notes.append(f"mutant not caught: {mutant} ({found.cases} cases)")
        product = row.check("")
        cases = product.cases
        notes += product.faults[:5]
        if not cases:
            notes.append("no case was looked at")
        proved = not notes
    except CannotProve as reason:
        notes.append(f"not proved here: {reason}")
        proved = False
    except Exception as error:  # noqa: BLE001 - a broken proof is a row of the report, too
        notes.append(f"the proof broke: {type(error).__name__}: {error}")
        proved = False
    return Result(row, proved, caught, cases, time.monotonic() - begin, notes)
