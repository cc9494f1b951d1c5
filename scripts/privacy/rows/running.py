"""The assistant as it runs, with nobody's consent: what it logs and sends."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from privacy.box import need
from privacy.listening import CANARY, hear_once
from privacy.row import Finding, Row


def logs(mutant: str) -> Finding:
    """At debug level, none of the words that were said is in any line."""
    found = Finding()
    heard = hear_once(mutant)
    lines = heard.errors.splitlines()
    found.expect(any("row is awake" in line for line in lines), "nothing was logged: the row is blind")
    for line in lines:
        found.expect(not re.search(rf"{CANARY}|yellow|kitchen", line, re.IGNORECASE), f"a spoken word: {line[:120]}")
    return found


def egress(mutant: str) -> Finding:
    """In a network of its own whose only way out is a tunnel that we read: not one packet."""
    need("unshare", "ip", root=True)
    found = Finding()
    here = Path(__file__).with_name("sink.py")
    heard = hear_once(mutant, ("unshare", "-n", sys.executable, str(here), "{folder}/trace"))
    found.expect("open" in heard.trace, "the tunnel never opened: the row is blind")
    for line in heard.trace.splitlines():
        found.expect(line == "open", f"a packet: {line[:100]}")
    return found


ROWS = (
    Row("logs", "at debug level no log line holds a word that was said", ("logs them",), logs, sound=True),
    Row("egress", "in a network whose only way out is a tunnel that is read: not one packet",
        ("sends them in a datagram", "looks them up as a name", "opens a connection"), egress, sound=True),
)  # fmt: skip
