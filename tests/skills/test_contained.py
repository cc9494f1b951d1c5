"""A skill that was not shipped, or asks for something, runs in a process of its own and is none the worse for it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.errors import SkillError
from assistant.messages import Spoken, skill
from assistant.skills.host import Contained
from assistant.skills.walls import command
from assistant.testing.skills import SkillTester

from .conftest import GO, next_message

MakeSkill = Callable[..., Path]
WORDS = "nobody may read these words"

FULL = """
    class Probe(Skill):
        sounding = False
        def start(self):
            if "due" in self.store:
                self.schedule.at(Deadline.unpack(self.store["due"]), "ring", self.ring)
        @intent("go")
        def go(self, request):
            self.store["due"] = self.schedule.after(timedelta(minutes=5), "ring", self.ring).pack()
            return self.ask("which", self.chosen)
        def chosen(self, request):
            self.store["chosen"] = request.text()
            return self.reply("chosen", what=request.number() or "nothing", loud=self.volume or 0)
        async def ring(self):
            self.sounding = True
            del self.store["due"]
            self.alert(self.say("ring", what=self.store.get("chosen", "")))
        def hush(self):
            was, self.sounding = self.sounding, False
            return was
        @intent("cancel")
        def cancel(self, request):
            return str(self.schedule.cancel("ring"))
        @intent("wait")
        async def wait(self, request):
            import asyncio
            await asyncio.sleep(60)
        @intent("hold")
        def hold(self, request):
            while True: pass
        @intent("crash")
        def crash(self, request):
            import os
            os._exit(1)
        @intent("raise")
        def fail(self, request):
            raise ValueError(request.text())
        @intent("smuggle")
        def smuggle(self, request):
            raise type(request.text().replace(" ", "_"), (Exception,), {})()
        @intent("keep")
        def keep(self, request):
            self.store["much"] = "x" * 200_000
        @intent("name")
        def name(self, request):
            self.fill("thing", ["teapot"])
            return " ".join(each.id for each in self.context.skills()) + self.setting("colour")
        @intent("polish")
        def polish(self, request):
            return request.text("thing")
"""
INTENTS = {
    "go": "go", "cancel": "cancel", "wait": "wait", "hold": "hold", "crash": "crash", "raise": "raise {what}",
    "smuggle": "smuggle {what}", "keep": "keep", "name": "name", "polish": "polish the {thing}",
}  # fmt: skip
STARTS_BADLY = "class Probe(Skill):\n @intent('go')\n def go(self, r): pass\n def start(self): raise KeyError('x')"
DIALOGS = {"which": "which one?", "chosen": "{what}, {loud}.", "ring": "{what} is over."}
MANIFEST = """
    permissions: [network:localhost]
    sends: nothing
    settings: {colour: {type: text, default: blue}}
    store: {holds: what was chosen, retention: five minutes}
"""


@pytest.fixture
def probe(make_skill: MakeSkill) -> Path:
    folder = make_skill(FULL, intents=INTENTS, dialogs=DIALOGS, manifest=MANIFEST)
    code = folder / "skill.py"
    code.write_text(f"from datetime import timedelta\n{code.read_text()}")
    (folder / "locale/en/thing.entity").write_text("lamp\n")
    return folder


async def test_it_asks_stores_schedules_and_rings_as_any_other(probe: Path) -> None:
    async with SkillTester(probe, allow=["probe"]) as tester:
        assert (await tester.ask("go")).text == "Which one?"
        assert (await tester.ask("number twelve")).text == "Twelve, zero point five."
        assert await tester.restart(off=timedelta(minutes=2)) == []
        assert await tester.advance(minutes=3) == ["Number twelve is over."]
        assert await tester.hush() == 1
        assert await tester.hush() == 0
        assert (await tester.ask("cancel")).text == "False"


async def test_it_has_settings_lists_and_knows_the_other_skills(probe: Path) -> None:
    async with SkillTester(probe, allow=["probe"]) as tester:
        assert (await tester.ask("name")).text == "probeblue"
        assert (await tester.ask("polish the teapot")).text == "teapot"


@pytest.mark.parametrize("said", ["hold", "crash"])
async def test_one_that_hangs_or_dies_is_started_anew(probe: Path, said: str) -> None:
    async with SkillTester(probe, timeout=0.5, allow=["probe"]) as tester:
        await tester.ask(said)
        assert (await tester.ask("cancel")).text == "False"


async def test_one_that_is_slow_keeps_its_process(probe: Path) -> None:
    async with SkillTester(probe, timeout=0.5, allow=["probe"]) as tester:
        await tester.ask("go")
        await tester.ask("wait")
        assert (await tester.ask("cancel")).text == "True"


async def test_what_it_raises_is_reported_without_what_was_said(probe: Path) -> None:
    async with SkillTester(probe, allow=["probe"]) as tester:
        for how in ("raise", "smuggle"):
            await tester.ask(f"{how} {WORDS}")
            reason = tester.failures[-1].reason
            assert "skill.py:" in reason
            assert not any(word in reason for word in WORDS.split())


async def test_a_store_that_would_be_too_large_is_refused_over_there(probe: Path) -> None:
    async with SkillTester(probe, allow=["probe"]) as tester:
        await tester.ask("keep")
        assert "StoreError" in tester.failures[-1].reason


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("class Other(Skill): pass", "no class Probe"),
        ("1/0", "ZeroDivisionError"),
        ("import os; os._exit(3)", "ended before it was ready: exit code 3"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        (STARTS_BADLY, "at start"),
    ],
)
async def test_what_is_wrong_with_it_is_told(make_skill: MakeSkill, code: str, problem: str) -> None:
    folder = make_skill(code, intents={"go": "go"}, manifest=MANIFEST)
    with pytest.raises(SkillError, match=problem):
        async with SkillTester(folder, allow=["probe"]):
            pass


@pytest.mark.parametrize("walls", ["bubblewrap", "cell alone"])
async def test_a_process_that_cannot_import_names_what_it_lacks_and_the_next_step(
    make_skill: MakeSkill, monkeypatch: pytest.MonkeyPatch, walls: str
) -> None:
    if walls == "cell alone":
        monkeypatch.setattr("assistant.skills.walls.bubblewrap", lambda: "")

    def broken(descriptor: int, folder: Path) -> list[str]:
        code = "import sys; sys.modules['yaml'] = None; import assistant.skills.guest"
        return [*command(descriptor, folder)[:-3], "-c", code]

    monkeypatch.setattr("assistant.skills.process.command", broken)
    folder = make_skill(GO, intents={"go": "go on"}, manifest=MANIFEST)
    with pytest.raises(SkillError) as caught:
        async with SkillTester(folder, allow=["probe"]):
            pass
    line = str(caught.value)
    assert str(folder) in line
    assert "ModuleNotFoundError: import of yaml halted" in line
    assert line.endswith(
        "A package of the assistant is missing or broken: ./scripts/run or ./scripts/install mends that"
    )


async def test_what_the_skill_writes_while_it_runs_is_read_by_nobody(make_skill: MakeSkill) -> None:
    code = "import os\nos.write(2, b'leak')\nos._exit(4)"
    folder = make_skill(code, intents={"go": "go on"}, manifest=MANIFEST)
    with pytest.raises(SkillError, match="exit code 4") as caught:
        async with SkillTester(folder, allow=["probe"]):
            pass
    assert "leak" not in str(caught.value)


async def test_a_module_that_broke_when_it_was_read_is_told_with_its_own_error(make_skill: MakeSkill) -> None:
    code = f"import encodings.mbcs\n{GO}"  # is there, and cannot be imported but on Windows
    folder = make_skill(code, intents={"go": "go on"}, manifest=MANIFEST)
    with pytest.raises(SkillError, match="cannot import name 'mbcs_encode'"):
        async with SkillTester(folder, allow=["probe"]):
            pass


@pytest.mark.parametrize(
    ("permission", "dialogs", "reply"),
    [
        ("network:localhost", {}, "I may not do that yet. Allow it with: assistant skills allow probe"),
        ("network:localhost", {"not_allowed": "nobody said yes."}, "Nobody said yes."),
        ("'network:{host}'", {}, "That is not set up yet: the skill probe needs an address in the settings."),
    ],
)
async def test_until_it_may_reach_something_no_process_runs_and_it_says_what_is_missing(
    make_skill: MakeSkill, permission: str, dialogs: dict[str, str], reply: str
) -> None:
    manifest = f"permissions: [{permission}]\nsends: nothing\nsettings: {{host: {{type: text, default: ''}}}}\n"
    folder = make_skill(GO, intents={"go": "go on"}, dialogs=dialogs, manifest=manifest)
    async with SkillTester(folder) as tester:
        assert tester._service.loaded == ()
        answer = await tester.ask("go on")
        assert (answer.intent, answer.text) == ("probe.go", reply)


async def test_a_yes_starts_it_and_its_end_ends_the_process_at_once(probe: Path) -> None:
    async with SkillTester(probe) as tester:
        tester.allow("probe")
        await tester.rescan()
        running = tester._service.loaded[0]._running
        assert running is not None
        assert isinstance(running.skill, Contained)
        pid = running.skill.pid
        assert Path(f"/proc/{pid}").exists()
        tester.forbid("probe")
        await tester.rescan()
        assert running.worker.join(10)
        assert not Path(f"/proc/{pid}").exists()
        assert "Allow it with" in (await tester.ask("go")).text


CONVERSING = """
    class Probe(Skill):
        count = 0
        @intent("go")
        def go(self, request):
            self.count += 1
            return Reply(f"{self.count} now").undone_by(self.back)
        def back(self, request):
            self.count -= 1
            return f"{self.count} again"
        @intent("ask")
        def question(self, request):
            return Reply("which?", ask=self.chosen, expects=("choice", "list:thing"), options=["red", "blue"])
        def chosen(self, request):
            return Reply("good", more=True)
"""


async def test_what_it_did_is_taken_back_and_its_questions_say_what_they_expect(make_skill: MakeSkill) -> None:
    folder = make_skill(CONVERSING, intents={"go": "go on", "ask": "ask me"}, manifest=MANIFEST)
    async with SkillTester(folder, allow=["probe"]) as tester:
        heard = tester._bus.subscribe((skill.Replied,), "spy")
        assert (await tester.ask("go on")).text == "1 now"
        assert (await tester.ask("undo")).text == "0 again"
        assert (await tester.ask("ask me")).ask
        assert (await tester.ask("blue")).text == "good"
        done, _, asked, last = [await next_message(heard) for _ in range(4)]
        assert isinstance(done, skill.Replied) and done.undo
        assert isinstance(asked, skill.Replied)
        assert (asked.expects, asked.options) == (("choice", "list:thing"), (Spoken("red"), Spoken("blue")))
        assert isinstance(last, skill.Replied) and last.more
