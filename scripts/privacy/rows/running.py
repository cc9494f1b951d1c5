"""The assistant as it runs, with nobody's consent: what it logs, sends and leaves in memory."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

import numpy as np

from assistant.audio.frame import RATE
from privacy.box import need
from privacy.listening import CANARY, hear_once, spoken
from privacy.row import CannotProve, Finding, Row


def logs(mutant: str) -> Finding:
    """At debug level, none of the words that were said is in any line."""
    found = Finding()
    heard = hear_once(mutant)
    lines = heard.errors.splitlines()
    found.expect(any("row is awake" in line for line in lines), "nothing was logged: the row is blind")
    for line in lines:
        found.expect(not re.search(rf"{CANARY}|yellow|kitchen", line, re.IGNORECASE), f"a spoken word: {line[:120]}")
    return found


def memory(mutant: str) -> Finding:
    """Five seconds after the answer, the process's memory holds neither the sound nor the words."""
    need(root=True)
    found = Finding()
    sound = spoken()
    voiced = np.abs(sound.astype(np.int32)) > 2_000
    starts = [at for at in range(RATE, len(sound) - 3 * RATE, 800) if voiced[at : at + 24].mean() > 0.5]
    pieces = [sound[at : at + 24] for at in starts]
    needles = {f"sound at {at}": piece.tobytes() for at, piece in zip(starts, pieces, strict=True)}
    needles |= {f"float sound at {at}": (piece / np.float32(32768)).astype(np.float32).tobytes()
                for at, piece in zip(starts, pieces, strict=True)}  # fmt: skip
    needles |= {
        f"the word as {code}": f"{CANARY} in the kitchen".encode(code) for code in ("utf-8", "utf-16-le", "utf-32-le")
    }
    left: dict[str, int] = {}

    def look(pid: int) -> None:
        found.expect(len(needles) > 20, "too few needles: the row is blind")
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:  # noqa: PTH123
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                if "w" not in rights or "[v" in line:
                    continue
                begin, end = (int(one, 16) for one in span.split("-"))
                with contextlib.suppress(OSError, OverflowError, ValueError):
                    mem.seek(begin)
                    data = mem.read(end - begin)
                    found.cases += len(data)
                    for name, needle in needles.items():
                        left[name] = left.get(name, 0) + data.count(needle)

    hear_once(mutant, look=look, rest=5.0)
    remains = ", ".join(name for name, count in left.items() if count)
    words = sum(count for name, count in left.items() if "word" in name)
    sounds = sum(1 for name, count in left.items() if count and "word" not in name)
    found.expect(words == 0, f"the words are in memory {words} times: {remains}")
    found.expect(sounds == 0, f"{sounds} of {2 * len(pieces)} pieces of the sound are in memory: {remains}")
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


def sandbox(mutant: str) -> Finding:
    """Every way to persist or send, tried from inside the units' sandbox."""
    raise CannotProve("this row is not written yet: it needs the units' own filters, not a stand-in")


ROWS = (
    Row("sandbox", "from inside the services' sandbox only what the unit allows can be written or sent", (), sandbox),
    Row("logs", "at debug level no log line holds a word that was said", ("logs them",), logs, sound=True),
    Row("memory", "five seconds after the answer neither sound nor words are in the process's memory",
        ("keeps the words in memory", "keeps the sound in memory"), memory, sound=True),
    Row("egress", "in a network whose only way out is a tunnel that is read: not one packet",
        ("sends them in a datagram", "looks them up as a name", "opens a connection"), egress, sound=True),
)  # fmt: skip
