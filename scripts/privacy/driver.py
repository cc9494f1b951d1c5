"""The process under test: does one thing to a store, with a mutant planted if one is named.

    python -m privacy.driver HOME OPERATION [MUTANT]

Prints ACK (and a result) exactly when the product would tell a person that it is done.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate, Grant
from assistant.consent.purge import Purge
from assistant.consent.store import Store
from assistant.errors import ConsentError
from assistant.testing.consent import marked
from privacy import mutants


def operate(home: Path, operation: str) -> str:
    store = Store.open(home, {})
    gate, purge = Gate(store), Purge(store)
    name, _, argument = operation.partition("=")
    match name:
        case "grant":
            for purpose in argument.split(","):
                gate.grant(Grant(purpose=purpose, days=1, method="cli", actor="driver"))
        case "keep":
            permit = gate.permits()["utterance_audio"]
            for seed in argument.split(","):
                gate.keep(permit, NewClip(samples=marked(int(seed), 0.5), session="s"))
        case "withdraw":
            purge.withdraw([argument] if argument else None, method="cli", actor="driver")
        case "everything":
            purge.everything(method="cli", actor="driver")
        case "delete":
            purge.delete(lambda info: True, method="cli", actor="driver")
        case "expire":
            purge.expire()
        case "permits":
            return " ".join(sorted(gate.permits()))
        case "recover":
            purge.recover()
    return ""


def main() -> int:
    home, operation, *rest = sys.argv[1:]
    mutants.install(rest[0] if rest else "")
    try:
        for one in operation.split("+"):
            result = operate(Path(home), one)
    except ConsentError as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        return 1
    os.write(1, f"ACK {result}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
