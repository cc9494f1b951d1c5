"""Withdrawals while clips are being written, and any order of everything."""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate, Grant
from assistant.consent.purge import Purge
from assistant.consent.store import Store
from assistant.errors import ConsentError
from assistant.testing.consent import marked
from privacy.box import in_child, scratch
from privacy.row import Finding, Row

ROUNDS = 1000
TESTS = Path(__file__).resolve().parents[3] / "tests" / "consent"


def interleave(mutant: str) -> Finding:
    """Two holders commit while a third thread withdraws, at random moments, each over a store handle of its own."""

    def work() -> Finding:
        found = Finding()
        sys.setswitchinterval(1e-5)
        with scratch() as folder:
            for number in range(ROUNDS):
                fault = _round(folder / str(number // 10), random.Random(number))
                found.expect(not fault, f"round {number}: {fault}")
                if mutant and found.faults:
                    break
        return found

    return in_child(mutant, work)


def _round(home: Path, chance: random.Random) -> str:
    store = Store.open(home, {})
    Gate(store).grant(Grant(purpose="utterance_audio", days=1, method="cli", actor="row"))
    permit = Gate(store).permits()["utterance_audio"]
    after: list[int] = []

    def hold(mine: Gate, delay: float) -> None:
        threading.Event().wait(delay)
        try:
            mine.keep(permit, NewClip(samples=marked(1, 0.02), session="s"))
        except ConsentError:
            return

    def take_back(mine: Purge, delay: float) -> None:
        threading.Event().wait(delay)
        mine.withdraw(None, method="cli", actor="row")
        with store.session() as session:
            after.append(len(session.slots.used()))

    handles = [Store.open(home, {}) for _ in range(3)]
    for handle in handles:
        with handle.session():
            pass  # each has verified the ledger, so that the race is about the commit
    threads = [threading.Thread(target=hold, args=(Gate(one), chance.uniform(0, 0.004))) for one in handles[:2]]
    threads.append(threading.Thread(target=take_back, args=(Purge(handles[2]), chance.uniform(0, 0.006))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.session() as session:
        left = len(session.vault.files())
    return f"{after[0]} clips right after the receipt, {left} in the end" if after[0] or left else ""


def machine(mutant: str) -> Finding:
    """The hypothesis state machine of the tests, with more examples."""

    def work() -> Finding:
        import importlib.util

        from hypothesis import Phase, settings
        from hypothesis.stateful import run_state_machine_as_test

        spec = importlib.util.spec_from_file_location("state_machine", TESTS / "test_state_machine.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        examples = 1000 if mutant else 150  # it ends at a mutant's first fault
        found = Finding(cases=examples)
        try:
            run_state_machine_as_test(
                module.Gatekeeping,
                settings=settings(max_examples=examples, stateful_step_count=30, deadline=None, print_blob=False,
                                  database=None, derandomize=True, phases=(Phase.generate,)),
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - whatever breaks is the finding
            found.faults.append(f"{type(error).__name__}: {error}"[:200])
        return found

    return in_child(mutant, work)


ROWS = (
    Row("races", f"{ROUNDS} interleavings of commits and a withdrawal: no clip outlives the receipt",
        ("does not ask again at the moment of writing", "checks the consent before it takes the lock"), interleave),
    Row("any-order", "grants, offers, withdrawals, clocks, restarts in any order keep exactly what was promised",
        ("does not ask again at the moment of writing", "believes the wall clock"), machine),
)  # fmt: skip
