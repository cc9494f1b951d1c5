"""Five seconds after the answer, nobody's sound and words are left in memory."""

from __future__ import annotations

import time

from privacy.box import need
from privacy.family import family, speech
from privacy.residue import Residue
from privacy.row import Finding, Row
from privacy.stand_in import PLANTS

SECONDS = 5.0
WORD = "porcupine"
"""No vocabulary or sentence of the assistant has it: after the request it is there only if it was kept."""
REQUEST = f"Hey Mycroft. Is there a yellow {WORD} in the kitchen?"


_APART, _IN_SKILL = "in one process of many", "in an added skill"
SKILL = {
    "skill.yaml": "id: added\nversion: 1.0.0\napi: 1\nentry: skill.py:Look\nlanguages: [en]\n",
    "locale/en/there.intent": "is there a {thing} in the kitchen\n",
    "locale/en/no.dialog": "No, there is none.\n",
    "skill.py": """from assistant.skills.api import Reply, Request, Skill, intent

KEPT = []


class Look(Skill):
    @intent("there")
    def there(self, request: Request) -> Reply:
        KEEP
        return self.reply("no")
""",
}
"""One that is added lives in a process of its own, and is told the words."""
_KEEP = "KEPT.append(request.text().encode())"


def memory(mutant: str) -> Finding:
    """In one process; with one for each service; and with a skill in its own. Every process is looked at."""
    need(root=True)
    found = Finding()
    plant, _, where = mutant.partition(", ")
    if where == _IN_SKILL:
        _look(found, "", added=_KEEP)
    else:
        for apart in (False, True):
            if not mutant or apart == bool(where):
                _look(found, plant, split=apart)
    if not mutant:
        _look(found, "", added="pass")
    return found


def _look(found: Finding, plant: str, *, split: bool = False, added: str = "") -> None:
    sound = speech(REQUEST)
    skill = {name: content.replace("KEEP", added) for name, content in SKILL.items()} if added else None
    residue = Residue(sound, (WORD, WORD.title()))
    with family(sound, split=split, mutant=plant, skill=skill) as house:
        house.wait_until_ready()
        found.expect(not residue.words(house.process.pid), f"{WORD} is a word that it knows: the row is blind")
        answered = house.converse(WORD)
        time.sleep(max(0.0, answered + SECONDS - time.monotonic()))
        with house.frozen() as pids:
            found.expect(
                len(pids) >= (10 if split else 2 if added else 1), f"only {len(pids)} processes: the row is blind"
            )
            for pid in pids:
                name = _name(pid)
                words = residue.words(pid)
                found.expect(not words, f"{name} holds {', '.join(f'{word} {n} times' for word, n in words.items())}")
                sounds = residue.sounds(pid)
                found.expect(not sounds, f"{name} holds {len(sounds)} pieces of the sound: {', '.join([*sounds][:3])}")
    found.expect(residue.looked_at > 50_000_000, f"only {residue.looked_at} bytes looked at: the row is blind")
    found.cases += residue.looked_at


def _name(pid: int) -> str:
    """Which process it is."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
        parts = file.read().decode(errors="replace").split("\0")
    if "assistant.skills.guest" in parts:
        return "a skill"
    return " ".join(part for part in parts[parts.index("run") :] if part and part[0] != "-") if "run" in parts else "it"


ROWS = (
    Row("memory", "five seconds after the answer neither sound nor words are in the memory of any process",
        (*PLANTS, *(f"keeps the words in memory, {where}" for where in (_APART, _IN_SKILL))), memory, sound=True),
)  # fmt: skip
