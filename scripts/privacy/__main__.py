"""The command line."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path

from privacy import report
from privacy.row import Result
from privacy.rows import ALL
from privacy.schedule import Running, run_all

EXAMPLES = """examples:
  sudo scripts/prove-privacy                     all rows, two at a time
  sudo scripts/prove-privacy silent deletion     only these
  scripts/prove-privacy --list                   what the rows are, and the leaks that are planted for each
  sudo scripts/prove-privacy --markdown proof.md --json proof.json

Each row first plants leaks in the assistant and has to catch every one of them; then it looks at the assistant as it
is. A row that cannot run on this machine says why and counts as not proved. The exit status is 0 only if all rows are
proved.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="prove-privacy", description="Prove every privacy promise on this machine.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("rows", nargs="*", help="names of rows; none: all")
    parser.add_argument("--list", action="store_true", help="only say what the rows are")
    parser.add_argument("--jobs", type=int, default=2, help="rows that run at once (2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON, too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report as Markdown, too")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - {row.name for row in ALL}
    if unknown:
        parser.error(f"unknown rows: {', '.join(sorted(unknown))}. --list names them all")
    rows = [row for row in ALL if not arguments.rows or row.name in arguments.rows]
    if arguments.list:
        for row in rows:
            print(f"{row.name:<14}{row.promise}")
            for mutant in row.mutants:
                print(f"{'':<16}catches: {mutant}")
        return 0
    begin = time.monotonic()
    screen = Screen(len(rows))
    try:
        results = run_all(rows, arguments.jobs, screen.done, screen.running)
    finally:
        screen.close()
    seconds = time.monotonic() - begin
    print("\n" + report.table(results, seconds), flush=True)
    if arguments.json:
        arguments.json.write_text(report.as_json(results, seconds), encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(report.markdown(results, seconds), encoding="utf-8")
    return 0 if all(result.proved for result in results) else 1


class Screen:
    """Progress: a line for each row that is done, and on a terminal what is running now."""

    def __init__(self, count: int) -> None:
        self.running = Running()
        self._count = count
        self._done = 0
        self._live = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._thread.start()

    def done(self, result: Result) -> None:
        self._done += 1
        state = "proved" if result.proved else "NOT PROVED"
        leaks = f"{result.caught} of {len(result.mutants)} planted leaks caught"
        self._print(f"[{self._done}/{self._count}] {result.row}: {state}, {leaks}, {result.seconds:.0f} s")
        for note in result.notes:
            self._print(f"      ! {note}")

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _print(self, line: str) -> None:
        with self._lock:
            print(("\r\033[K" if self._live else "") + line, flush=True)

    def _show(self) -> None:
        while not self._over.wait(0.5 if self._live else 60.0):
            if self._live:
                with self._lock:
                    print(f"\r\033[K{str(self.running)[:110]}", end="", flush=True)
            else:
                self._print(f"      ... {self.running}")
        if self._live:
            print("\r\033[K", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
