"""The skills service: what a skill does wrong costs its own reply and nothing else, and folders are followed hot."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest

from assistant import __version__
from assistant.bus.memory import MemoryBus
from assistant.errors import SkillError
from assistant.messages import intent, skill, system
from assistant.messages.base import Spoken
from assistant.skills.service import SkillsService
from assistant.testing.skills import SkillTester

from .conftest import GO, MakeSkill, next_message, threads_end

ONE = """
class Probe(Skill):
    @intent("go")
    async def go(self, request: Request):
        {body}
    @intent("other")
    def other(self, request):
        return "still here"
"""
INTENTS = {"go": "go ahead\ngo with {thing}\n", "other": "something else"}


def body(code: str) -> str:
    return ONE.replace("{body}", code)


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError(request.text())",
        "import sys; sys.exit(3)",
        "raise KeyboardInterrupt",
        "raise asyncio.CancelledError",
        "return 42",
        "return self.reply('missing')",
        "self.store['x'] = 'x' * 100_000",
        "return self.nothing_like_this",
        "raise type('Odd', (BaseException,), {})()",
    ],
)
async def test_whatever_a_skill_raises_becomes_a_polite_reply(make_skill: MakeSkill, code: str) -> None:
    folder = make_skill("import asyncio\n" + body(code), intents=INTENTS)
    async with SkillTester(folder, timeout=1.0) as tester:
        reply = await tester.ask("go ahead")
        assert reply.text.startswith("Sorry")
        assert (await tester.ask("something else")).text == "still here"
        assert [failed.stage for failed in tester.failures] == ["run"]


async def test_a_reason_holds_the_place_and_nothing_that_was_said(
    make_skill: MakeSkill, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_skill(body("raise ValueError(request.text('thing'))"), intents=INTENTS)
    async with SkillTester(folder) as tester:
        await tester.ask("go with my secret plan")
    assert "ValueError at skill.py:" in tester.failures[0].reason
    assert "secret" not in tester.failures[0].reason + caplog.text


async def test_a_slow_skill_is_given_up_on_and_its_late_answer_dropped(make_skill: MakeSkill) -> None:
    code = body("await asyncio.sleep(0.2); return 'too late'")
    folder = make_skill("import asyncio\n" + code, intents=INTENTS)
    async with SkillTester(folder, timeout=0.05) as tester:
        reply = await tester.ask("go ahead")
        assert reply.text == "Sorry, that took too long."
        said = [(await tester.ask("something else")).text for _ in range(3)]
        assert said == ["still here"] * 3


async def test_a_skill_that_holds_its_thread_is_started_anew_and_then_disabled(make_skill: MakeSkill) -> None:
    code = body("import time\n        while True: time.sleep(0.001)")
    folder = make_skill(code, intents=INTENTS)
    async with SkillTester(folder, timeout=0.05) as tester:
        for _ in range(2):
            assert (await tester.ask("go ahead")).text == "Sorry, that took too long."
            assert (await tester.ask("something else")).text == "still here"
        await tester.ask("go ahead")
        assert (await tester.ask("something else")).text.startswith("Sorry")
        assert "disabled" in tester.failures[-1].reason
        assert tester._service.health().state == "degraded"
    threads_end()


async def test_a_hanging_skill_blocks_no_other(make_skill: MakeSkill) -> None:
    hold = threading.Event()
    sys.modules["probe_hold"] = hold  # type: ignore[assignment]
    slow = make_skill(
        "import probe_hold\n" + body("probe_hold.wait(5); return 'done'"),
        name="slow",
        intents={"go": "go ahead", "other": "a b"},
    )
    make_skill("class Probe(Skill):\n @intent('hi')\n def hi(self, request): return 'hello'", name="quick",
               intents={"hi": "hello there"})  # fmt: skip
    async with SkillTester(slow.parent) as tester:
        held = asyncio.create_task(tester.ask("go ahead"))
        await asyncio.sleep(0)
        other = SkillsService.handle  # the second request goes straight to the service: ask() waits for its own reply
        heard = tester._bus.subscribe((skill.Replied,), "spy")
        await other(tester._service, matched("quick", "hi", "q1"))
        reply = await next_message(heard)
        assert isinstance(reply, skill.Replied)
        assert (reply.skill, reply.text.text) == ("quick", "hello")
        assert not held.done()
        hold.set()
        assert (await held).text == "done"
    del sys.modules["probe_hold"]


async def test_the_understanding_room_learns_the_skills_when_it_starts_later(make_skill: MakeSkill) -> None:
    folder = make_skill(GO, intents={"go": "go on"})
    async with SkillTester(folder) as tester:
        heard = tester._bus.subscribe((skill.Ready, skill.Loaded), "intent")
        tester._bus.publish(system.Ready(service="intent", version=__version__), "intent")
        found = [await next_message(heard), await next_message(heard)]
        ready = skill.Ready(skill="probe", version="1.0.0", folder=str(folder), intents=("probe.go",))
        assert found == [ready, skill.Loaded(skills=("probe",))]


async def test_whoever_had_it_look_again_is_told_when_that_is_done_and_not_before(make_skill: MakeSkill) -> None:
    folder = make_skill(GO, intents={"go": "go on"})
    async with SkillTester(folder) as tester:
        heard = tester._bus.subscribe((skill.Loaded, skill.Scanned), "client")
        tester._service._shelf.announce()  # for somebody else
        (folder / "locale/en/go.intent").write_text("go away\n")
        tester._bus.publish(skill.Rescan(ticket="mine"), "client")
        found = [await next_message(heard) for _ in range(3)]
        assert [type(each) for each in found] == [skill.Loaded, skill.Loaded, skill.Scanned]
        assert found[-1] == skill.Scanned(ticket="mine")
        assert (await tester.ask("go away")).text == "x"


async def test_a_folder_of_sentences_alone_matches_and_stays_silent(tmp_path: Path) -> None:
    locale = tmp_path / "coffee" / "locale" / "en"
    locale.mkdir(parents=True)
    (locale / "order.intent").write_text("make me a {size} coffee")
    (locale / "size.entity").write_text("small\nlarge\n")
    async with SkillTester(tmp_path / "coffee") as tester:
        reply = await tester.ask("make me a large coffee")
    assert (reply.intent, reply.value("size"), reply.text) == ("coffee.order", "large", "")


async def test_the_assistants_own_intents_are_left_to_their_room(make_skill: MakeSkill) -> None:
    folder = make_skill(GO, intents={"go": "go on"})
    async with SkillTester(folder) as tester:
        heard = tester._bus.subscribe((skill.Replied,), "spy")
        await tester._service.handle(matched("dialog", "stop", "s1"))
        await tester._service.handle(matched("vanished", "x", "s2"))
        reply = await next_message(heard)
        assert isinstance(reply, skill.Replied)
        assert (reply.session, reply.text.text) == ("s2", "Sorry, I can't do that right now.")


async def test_a_question_is_forgotten_when_something_else_is_asked(make_skill: MakeSkill) -> None:
    code = """
    class Probe(Skill):
        @intent("go")
        def go(self, request):
            if "thing" in request:
                return "no question"
            return Reply("how?", ask=lambda answer: f"answered {answer.text()}")
        @intent("other")
        def other(self, request):
            return Reply("what?", ask=True)
        async def answer(self, request):
            return f"default {request.number()}"
    """
    async with SkillTester(make_skill(code, intents=INTENTS)) as tester:
        assert (await tester.ask("go ahead")).ask
        assert (await tester.ask("quickly")).text == "answered quickly"
        await tester.ask("go ahead")
        assert (await tester.ask("something else")).text == "what?"
        assert (await tester.ask("say twenty five")).text == "default 25.0"
        await tester.ask("go ahead")
        assert (await tester.ask("go with the flow")).text == "no question"
        heard = tester._bus.subscribe((skill.Replied,), "spy")
        await tester._service.handle(skill.Answer(session="s2", skill="probe", text=Spoken("seven"), language="en"))
        reply = await next_message(heard)
        assert isinstance(reply, skill.Replied)
        assert reply.text.text == "default 7.0"


async def test_settings_are_typed_and_a_wrong_one_is_a_clear_line(make_skill: MakeSkill) -> None:
    manifest = """
    settings:
      loud: {type: switch, default: no}
      times: {type: integer, default: 3, low: 1, high: 5}
    """
    code = """
    class Probe(Skill):
        @intent("go")
        def go(self, request):
            return f"{self.setting('loud')} {self.setting('times')}"
    """
    folder = make_skill(code, manifest=manifest, intents={"go": "go on"})
    async with SkillTester(folder, settings={"probe.loud": "yes"}) as tester:
        assert (await tester.ask("go on")).text == "True 3"
    for key, value, says in (
        ("times", "6", "skills.settings probe.times: 6 is too high. At most 5"),
        ("times", "x", "skills.settings probe.times: 'x' is no whole number"),
        ("tmes", "1", "skills.settings probe.tmes: 'tmes' is no setting of this skill. Did you mean 'times'?"),
    ):
        with pytest.raises(SkillError, match=says.replace(".", r"\.").replace("?", r"\?")):
            async with SkillTester(folder, settings={f"probe.{key}": value}):
                pass


async def test_handlers_see_only_what_they_were_given_and_print_no_words(make_skill: MakeSkill) -> None:
    code = "class Probe(Skill):\n @intent('go')\n def go(self, request): return repr(request) + repr(Reply('word'))"
    async with SkillTester(make_skill(code, intents={"go": "go with {thing}"})) as tester:
        shown = (await tester.ask("go with purple elephants")).text
    assert "purple" not in shown
    assert "word'" not in shown


def matched(name: str, what: str, session: str) -> intent.Matched:
    return intent.Matched(
        session=session, intent=f"{name}.{what}", skill=name, slots=(), text=Spoken("x"), confidence=1.0, engine="test"
    )


async def test_a_service_without_any_skill_starts(tmp_path: Path) -> None:
    async with SkillTester(tmp_path) as tester:
        assert (await tester.ask("hello")).intent is None
        assert isinstance(tester._bus, MemoryBus)
