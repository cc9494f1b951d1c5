"""The report: a table for the terminal, Markdown, or JSON."""

from __future__ import annotations

import json
import os
import platform
import shutil
import textwrap
import time
from collections.abc import Sequence

from privacy.row import Result


def summary(results: Sequence[Result], seconds: float) -> str:
    proved = sum(result.proved for result in results)
    mutants = sum(len(result.mutants) for result in results)
    caught = sum(result.caught for result in results)
    cases = sum(result.cases for result in results)
    left = len(results) - proved
    verdict = f"NOT PROVED: {left} of {len(results)} rows" if left else "All of this is proved"
    return (
        f"{verdict}. {proved} of {len(results)} rows proved, {caught} of {mutants} planted leaks caught, "
        f"{cases:,} cases, {seconds:.0f} s."
    )


def table(results: Sequence[Result], seconds: float) -> str:
    """For the terminal."""
    width = max(60, min(shutil.get_terminal_size((120, 24)).columns, 140))
    lines = [f"{'ROW':<13}{'RESULT':<12}{'LEAKS':<7}{'CASES':>12}{'SECONDS':>9}  PROMISE"]
    for one in results:
        state = "proved" if one.proved else "NOT PROVED"
        head = f"{one.row:<13}{state:<12}{_leaks(one):<7}{one.cases:>12,}{one.seconds:>9.1f}  "
        first, *rest = textwrap.wrap(one.promise, max(20, width - len(head))) or [""]
        lines += [head + first, *(" " * len(head) + line for line in rest)]
        for note in one.notes:
            lines += textwrap.wrap(note, width, initial_indent="    ! ", subsequent_indent="      ")
    return "\n".join([*lines, "", summary(results, seconds)])


def markdown(results: Sequence[Result], seconds: float) -> str:
    """The same with everything that was said on the way: by what each leak was caught."""
    lines = [
        "# Proof of privacy",
        "",
        f"{time.strftime('%Y-%m-%d %H:%M')}, Linux {platform.release()}, {platform.machine()}, {os.cpu_count()} cores.",
        "",
        summary(results, seconds),
        "",
        "| row | promise | planted leaks caught | cases | seconds | result |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        state = "proved" if one.proved else "**not proved**"
        lines.append(f"| `{one.row}` | {one.promise} | {_leaks(one)} | {one.cases:,} | {one.seconds:.1f} | {state} |")
    for one in results:
        lines += ["", f"## {one.row}", ""]
        lines += [f"* **{note}**" for note in one.notes]
        lines += [f'* leak "{leak}": {by[:200] or "**not caught**"}' for leak, by in one.mutants.items()]
        lines += [f"* {remark}" for remark in one.remarks]
    return "\n".join(lines) + "\n"


def as_json(results: Sequence[Result], seconds: float) -> str:
    whole = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "proved": all(result.proved for result in results),
        "seconds": round(seconds, 1),
        "rows": [result.as_dict() for result in results],
    }
    return json.dumps(whole, indent=1) + "\n"


def _leaks(result: Result) -> str:
    return f"{result.caught}/{len(result.mutants)}"
