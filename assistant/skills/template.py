"""`assistant skills new NAME`: a small skill that works, to start from."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.errors import SkillError
from assistant.skills.manifest import RESERVED

_FILES = {
    "skill.yaml": """id: {id}
version: 0.1.0
api: 1
entry: skill.py:{cls}
languages: [en]
description: Greets people.
author: you
licence: Apache-2.0
""",
    "skill.py": '''"""Greets people."""

from __future__ import annotations

from assistant.skills.api import Reply, Request, Skill, intent


class {cls}(Skill):
    @intent("greet")
    def greet(self, request: Request) -> Reply:
        name = request.text("name")
        return self.reply("greeting_to", name=name) if name else self.reply("greeting")
''',
    "locale/en/greet.intent": """(hello|hi|good day) {id}
say (hello|hi) to {{name}}
""",
    "locale/en/greeting.dialog": """hello!
good day to you.
""",
    "locale/en/greeting_to.dialog": """hello {{name}}!
""",
    "locale/en/examples.dialog": """say hello to Ada
""",
    "tests/sentences.yaml": """- say: say hello to ada
  intent: greet
  slots: {{name: ada}}
  reply: hello ada
- say: my friend is here
  intent: null
""",
}


def new(name: str, parent: Path) -> Path:
    """Create the folder `parent/name` with a working skill. Raises SkillError when it cannot be."""
    identity = re.sub(r"[\s_]+", "-", name.strip().lower())
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", identity) or identity in RESERVED:
        raise SkillError(f"'{name}' is no name for a skill", hint="Use a-z, 0-9 and -, a letter first")
    folder = parent / identity
    cls = "".join(part.capitalize() for part in identity.split("-"))
    try:
        folder.mkdir(parents=True)
        for file, text in _FILES.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(id=identity, cls=cls), encoding="utf-8")
    except FileExistsError as error:
        raise SkillError("this folder exists already", where=str(folder), hint="Choose another name") from error
    except OSError as error:
        raise SkillError(
            f"cannot be written ({error.strerror})", where=str(folder), hint="Look at its rights"
        ) from error
    return folder
