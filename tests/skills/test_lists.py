"""A skill fills a list of its sentences while it runs, and the new names are understood and heard."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.grammar.lists import LARGEST, clean
from assistant.grammar.templates import parse_line
from assistant.testing.skills import SkillTester

from .conftest import MakeSkill

LAMPS = """
class Probe(Skill):
    def start(self):
        self.fill("lamp", self.store.get("lamps", []))

    @intent("go")
    def go(self, request):
        self.store["lamps"] = ["Grandma's (old) lamp", "porch"]
        self.fill("lamp", self.store["lamps"])
        return "found"

    @intent("on")
    def on(self, request):
        return request.text("lamp")

    @intent("wrong")
    def wrong(self, request):
        self.fill("nothing", [])
"""


async def test_new_names_are_understood_at_once_and_after_a_restart(make_skill: MakeSkill) -> None:
    intents = {"go": "find the lamps", "on": "light the {lamp}", "wrong": "break it"}
    folder = make_skill(LAMPS, intents=intents)
    (folder / "locale/en/lamp.entity").write_text("desk\n")
    async with SkillTester(folder) as tester:
        assert (await tester.ask("light the desk")).text == "desk"
        await tester.ask("find the lamps")
        assert (await tester.ask("light the grandma's old lamp")).text == "Grandma's old lamp"
        await tester.restart()
        assert (await tester.ask("light the porch")).text == "porch"
        await tester.ask("break it")
        assert "KeyError" in tester.failures[-1].reason


@given(st.lists(st.text(max_size=100)))
def test_whatever_a_name_is_made_of_the_list_can_be_read(names: list[str]) -> None:
    entries = clean(names)
    for entry in entries:
        parse_line(entry, file="x", number=1)
    assert sum(len(entry.encode()) for entry in entries) <= LARGEST
