"""One module per group of rows; each has `ROWS`."""

from __future__ import annotations

from privacy.row import Row
from privacy.rows import (
    blocks,
    conversation,
    crash,
    disk,
    household_rows,
    memory,
    races,
    replay,
    running,
    sandbox,
    silent,
    stop_words,
    takes,
    tamper,
    truth,
)

ALL: tuple[Row, ...] = (
    *crash.ROWS,
    *disk.ROWS,
    *races.ROWS,
    *tamper.ROWS,
    *blocks.ROWS,
    *household_rows.ROWS,
    *replay.ROWS,
    *truth.ROWS,
    *silent.ROWS,
    *running.ROWS,
    *memory.ROWS,
    *stop_words.ROWS,
    *takes.ROWS,
    *sandbox.ROWS,
    *conversation.ROWS,
)
