"""Any order of grants, offers, withdrawals, deletions, restarts and clock changes keeps the promise."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assistant.consent.clip import NewClip
from assistant.consent.gate import QUARANTINE, Permit
from assistant.errors import Refused
from assistant.testing.consent import DAY, Household, marked

PURPOSES = ("wake_word", "utterance_audio")


class Gatekeeping(RuleBasedStateMachine):
    """The model: for each purpose the permit that was handed out last and when its consent ends in true time."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
        self.house = Household(self.folder / "consent")
        self.true = self.house.time.now
        self.ends: dict[str, int] = {}
        self.permits: list[Permit] = []
        self.kept: dict[str, tuple[str, int]] = {}

    @rule(purpose=st.sampled_from(PURPOSES), days=st.integers(1, 5))
    def grant(self, purpose: str, days: int) -> None:
        self.house.grant(purpose, days)
        self.ends[purpose] = self.true + days * DAY

    @rule()
    def ask_for_permits(self) -> None:
        permits = self.house.gate.permits()
        assert set(permits) == {one for one, end in self.ends.items() if self.true < end}
        self.permits += permits.values()

    @precondition(lambda self: self.permits)
    @rule(data=st.data())
    def offer(self, data: st.DataObject) -> None:
        permit = data.draw(st.sampled_from(self.permits))
        sound = marked(1, 0.05)
        good = permit in self.house.gate.permits().values()
        try:
            clip = self.house.gate.keep(permit, NewClip(samples=sound, session="s")).clip
            assert good
            self.kept[clip] = (permit.purpose, min(self.true + QUARANTINE, self.ends[permit.purpose]))
        except Refused:
            assert not good
        assert not sound.any()

    @rule(purpose=st.sampled_from(PURPOSES))
    def withdraw(self, purpose: str) -> None:
        self.house.purge.withdraw([purpose], method="cli", actor="me")
        self.ends.pop(purpose, None)
        self.kept = {clip: one for clip, one in self.kept.items() if one[0] != purpose}

    @rule()
    def forget_everything(self) -> None:
        self.house.purge.everything(method="voice", actor="voice")
        self.ends, self.kept = {}, {}

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        clip = data.draw(st.sampled_from(sorted(self.kept)))
        assert self.house.purge.delete_ids([clip], method="cli", actor="me").clips == 1
        del self.kept[clip]

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.house.time.advance(hours * 3600)
        self.true += hours * 3600
        self.house.purge.expire()
        self.ends = {one: end for one, end in self.ends.items() if self.true < end}
        self.kept = {clip: one for clip, one in self.kept.items() if one[0] in self.ends and self.true < one[1]}

    @rule(hours=st.integers(0, 60), back=st.integers(1, 400))
    def time_passes_while_the_clock_is_wrong(self, hours: int, back: int) -> None:
        """All must go on as if it were right. Then it is put right again."""
        right = self.house.time.now + hours * 3600
        self.house.time.now = right - back * DAY
        self.house.time.up += hours * 3600
        self.true += hours * 3600
        self.house.purge.expire()
        self.ends = {one: end for one, end in self.ends.items() if self.true < end}
        self.kept = {clip: one for clip, one in self.kept.items() if one[0] in self.ends and self.true < one[1]}
        self.ask_for_permits()
        self.house.time.now = right

    @rule()
    def restart(self) -> None:
        self.house.open_again()
        self.house.purge.recover()

    @invariant()
    def exactly_the_promised_clips_are_there(self) -> None:
        if hasattr(self, "house"):
            assert set(self.house.clips()) == set(self.kept)
            assert len(list((self.house.home / "vault" / "clips").glob("*"))) == len(self.kept)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


TestGatekeeping = Gatekeeping.TestCase
TestGatekeeping.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
