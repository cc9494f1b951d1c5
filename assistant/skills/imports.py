"""What a skill's code imports by name, found without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_NEVER = frozenset(("antigravity", "this", "idlelib", "turtledemo", "test", "pip", "site", "__main__"))


def imported(sources: Iterable[bytes]) -> tuple[str, ...]:
    """The modules that are not the assistant's, each once. Code that is no Python imports nothing."""
    found: dict[str, None] = {}
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found.update((each.name, None) for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module] = None
                found.update((f"{node.module}.{each.name}", None) for each in node.names)
    return tuple(name for name in found if name.partition(".")[0] not in {*_NEVER, "assistant"})
