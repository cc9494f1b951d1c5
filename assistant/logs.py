"""Logging to the terminal or the journal. Spoken words have the type `Spoken`, which prints as `<7 words>`.

On a terminal: `12:30:01 wake  listening`. Under journald: `<6>wake: listening`, whose prefix is the priority that
sd-daemon(3) defines. As JSON: one object a line.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import TextIO

PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""Python's levels as syslog priorities (sd-daemon(3))."""


class TextFormatter(logging.Formatter):
    """One line for a person. A traceback, which only a defect of ours causes, follows on lines of its own."""

    def __init__(self, *, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        room = record.name.removeprefix("assistant.")
        text = record.getMessage().replace("\n", " ")
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        if self._journal:
            return f"<{PRIORITY.get(record.levelno, 6)}>{room}: {text}"
        mark = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        return f"{self.formatTime(record, '%H:%M:%S')} {room:<8} {mark}{text}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, room, message."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "room": record.name.removeprefix("assistant."),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up(level: str, form: str, stream: TextIO = sys.stderr) -> None:
    """Configure the `assistant` loggers; other libraries are heard from warnings on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(journal="JOURNAL_STREAM" in os.environ))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("assistant").setLevel(level.upper())
    # websockets logs the frames it sees at debug level: words would show.
    for loud in ("assistant.hub.websockets", "websockets"):
        logging.getLogger(loud).setLevel(logging.CRITICAL)
