"""The report."""

from __future__ import annotations

import argparse
import sys
import time

from privacy.row import Result, Row, run
from privacy.rows import ALL


def main() -> int:
    parser = argparse.ArgumentParser(prog="prove-privacy", description="Prove every privacy promise on this machine.")
    parser.add_argument("rows", nargs="*", help="names of rows; none: all")
    parser.add_argument("--list", action="store_true", help="only say what the rows are")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - {row.name for row in ALL}
    if unknown:
        parser.error(f"unknown rows: {', '.join(sorted(unknown))}")
    rows = [row for row in ALL if not arguments.rows or row.name in arguments.rows]
    if arguments.list:
        for row in rows:
            print(f"{row.name:<14}{row.promise}")
            for mutant in row.mutants:
                print(f"{'':<16}catches: {mutant}")
        return 0
    begin = time.monotonic()
    print(f"{'ROW':<14}{'RESULT':<12}{'MUTANTS':<9}{'CASES':>7}{'SECONDS':>9}  PROMISE", flush=True)
    results = [show(run(row)) for row in rows]
    proved = sum(result.proved for result in results)
    mutants = sum(len(row.mutants) for row in rows)
    caught = sum(result.caught for result in results)
    print(
        f"\n{proved} of {len(results)} rows proved, {caught} of {mutants} mutants caught, "
        f"{sum(result.cases for result in results)} cases, {time.monotonic() - begin:.0f} s"
    )
    return 0 if proved == len(results) else 1


def show(result: Result) -> Result:
    row: Row = result.row
    state = "proved" if result.proved else "NOT PROVED"
    mutants = f"{result.caught}/{len(row.mutants)}"
    print(f"{row.name:<14}{state:<12}{mutants:<9}{result.cases:>7}{result.seconds:>9.1f}  {row.promise}", flush=True)
    for note in result.notes:
        print(f"{'':<14}{note}", flush=True)
    return result


sys.exit(main())
