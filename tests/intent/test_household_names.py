"""Names that a household gave to its things are understood, and never reach what engines keep in files."""

from __future__ import annotations

from pathlib import Path

from assistant.intent.template_engine import TemplateEngine
from assistant.messages import Spoken, intent, skill
from assistant.testing.intent import FakeIntentEngine
from tests.intent.test_service import open_house


async def test_an_engine_that_trains_is_not_told_what_stands_in_lists(tmp_path: Path) -> None:
    trains = FakeIntentEngine("trains", trains=True)
    async with open_house(tmp_path, TemplateEngine(), trains) as house:
        house.has("lamp", on="turn on {place}")
        (tmp_path / "lamp" / "locale" / "en" / "place.entity").write_text("kitchen")
        names = (Spoken("xylophone den"),)
        house.bus.publish(skill.Listed(skill="lamp", entity="place", entries=names), "skills")
        await house.loaded()
        await house.next(intent.Trained)
        assert isinstance(await house.ask("turn on xylophone den"), intent.Matched)
    assert trains.given and "xylophone" not in str(trains.given)
