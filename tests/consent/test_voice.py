"""A yes by voice counts only when a person says the two words, alone, in time; whatever ends keeping just works."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from assistant.bus.memory import MemoryBus
from assistant.clock import SystemClock
from assistant.config.paths import find_paths
from assistant.consent.clip import NewClip
from assistant.consent.gate import Grant
from assistant.consent.room import Room, open_room
from assistant.consent.service import ConsentService
from assistant.messages import Message, Slot, Spoken, audio, consent, dialog, intent, skill, system, tts
from assistant.testing.consent import marked


class Talk:
    """Plays the dialogue's part on a bus with nothing but the consent service."""

    def __init__(self, bus: MemoryBus, room: Room) -> None:
        self.bus = bus
        self.room = room
        self.phrase = "velvet tiger"
        self.now = 0.0
        self.said: list[Message] = []
        self.inbox = bus.subscribe((*ConsentService.says, system.Ready, system.Health), "test")
        self.number = 0

    async def heard(self, kind: type[Message]) -> Message:
        async for envelope in self.inbox:
            self.said.append(envelope.message)
            if isinstance(envelope.message, kind):
                return envelope.message
        raise AssertionError("the bus closed")

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.bus.publish(message, "test")

    async def command(self, name: str, why: str = "wake", **slots: tuple[str, float | str | None]) -> str:
        """A privacy command in a session of its own; returns the reply."""
        self.number += 1
        session = f"s{self.number}"
        self.tell(
            dialog.Opened(session=session, why=why),  # type: ignore[arg-type]
            intent.Matched(
                session=session, intent=f"privacy.{name}", skill="privacy", text=Spoken("words"), confidence=1.0,
                engine="test",
                slots=tuple(Slot(name=key, spoken=Spoken(said), value=value) for key, (said, value) in slots.items()),
            ),
        )  # fmt: skip
        reply = await self.heard(consent.Replied)
        assert isinstance(reply, consent.Replied)
        return reply.text.text

    async def forget_everything(self) -> str:
        """The command, with the skills' part played as well."""
        wish = self.bus.subscribe([consent.Forget], "skills")
        forgetting = asyncio.create_task(self.command("forget_everything"))
        await anext(aiter(wish))
        self.tell(skill.Paused(skills=("timer",)))
        return await forgetting

    async def read_back(self, cause: str = "said") -> None:
        """The reply is spoken."""
        session = f"s{self.number}"
        self.tell(
            tts.Started(session=session),
            tts.Ended(session=session, cause=cause),  # type: ignore[arg-type]
            dialog.Closed(session=session, outcome="asked"),
        )
        await self.settle()

    async def answer(self, text: str, why: str = "question") -> str:
        self.number += 1
        session = f"s{self.number}"
        self.tell(dialog.Opened(session=session, why=why))  # type: ignore[arg-type]
        await self.settle()
        self.tell(skill.Answer(session=session, skill="privacy", text=Spoken(text), language="en"))
        reply = await self.heard(consent.Replied)
        assert isinstance(reply, consent.Replied)
        return reply.text.text

    async def settle(self) -> None:
        """Everything that was told so far has been handled."""
        self.tell(system.Probe())
        await self.heard(system.Health)

    async def ask(self, purpose: str = "my requests", seconds: float | None = None) -> str:
        slots: dict[str, tuple[str, float | str | None]] = {"purpose": (purpose, purpose)}
        if seconds:
            slots["duration"] = ("a while", seconds)
        return await self.command("grant", **slots)

    def live(self) -> set[str]:
        return {one.purpose for one in self.room.gate.live()}


class FakeClock(SystemClock):
    def __init__(self, talk: Callable[[], float]) -> None:
        super().__init__()
        self._talk = talk

    def monotonic(self) -> float:
        return self._talk()


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    room = open_room(find_paths({"HOME": str(tmp_path)}), environ={})
    bus = MemoryBus()
    talk = Talk(bus, room)
    service = ConsentService(room, FakeClock(lambda: talk.now), phrase=lambda: talk.phrase)
    running = asyncio.create_task(service.serve(bus))
    await talk.heard(system.Ready)
    yield talk
    bus.close()
    await running


async def test_the_two_words_grant_what_was_read_back(talk: Talk) -> None:
    said = await talk.ask("my wake words", 7 * 86_400)
    assert all(part in said for part in ("two seconds", "household", "7 days", "velvet tiger"))
    await talk.read_back()
    assert "wake words" in await talk.answer("Velvet tiger.")
    assert talk.live() == {"wake_word"}
    assert any(isinstance(one, consent.Granted) for one in talk.said)


@pytest.mark.parametrize(
    "words",
    ["velvet tigers", "say these two words velvet tiger", "velvet tiger say no to refuse", "tiger velvet", "yes", "",
     "velvet tiger velvet tiger", "amber river"],
)  # fmt: skip
async def test_nothing_but_the_two_words_alone_grants(talk: Talk, words: str) -> None:
    await talk.ask()
    await talk.read_back()
    await talk.answer(words)
    assert talk.live() == set()


async def test_one_try_only(talk: Talk) -> None:
    await talk.ask()
    await talk.read_back()
    await talk.answer("yes please")
    await talk.answer("velvet tiger")
    assert talk.live() == set()


async def test_a_recording_of_an_earlier_yes_does_not_grant(talk: Talk) -> None:
    await talk.ask("my wake words")
    await talk.read_back()
    await talk.answer("velvet tiger")
    talk.phrase = "copper panda"
    await talk.ask("my requests")
    await talk.read_back()
    await talk.answer("velvet tiger")
    assert talk.live() == {"wake_word"}


async def test_too_late_is_too_late(talk: Talk) -> None:
    await talk.ask()
    await talk.read_back()
    talk.now = 30.1
    await talk.answer("velvet tiger")
    assert talk.live() == set()


async def test_its_own_loudspeaker_does_not_grant(talk: Talk) -> None:
    await talk.ask()
    talk.tell(tts.Started(session="s1"))
    await talk.settle()
    await talk.answer("velvet tiger")
    assert talk.live() == set()


async def test_words_heard_while_anything_is_spoken_do_not_grant(talk: Talk) -> None:
    await talk.ask()
    await talk.read_back()
    talk.tell(dialog.Opened(session="s2", why="question"), tts.Started(session="alert:timer"))
    talk.tell(tts.Ended(session="alert:timer", cause="said"))
    talk.tell(skill.Answer(session="s2", skill="privacy", text=Spoken("velvet tiger"), language="en"))
    await talk.heard(consent.Replied)
    assert talk.live() == set()


async def test_a_read_back_that_was_cut_short_grants_nothing(talk: Talk) -> None:
    await talk.ask()
    await talk.read_back("stopped")
    await talk.answer("velvet tiger")
    assert talk.live() == set()


async def test_an_answer_from_the_keyboard_or_another_session_grants_nothing(talk: Talk) -> None:
    await talk.ask()
    await talk.read_back()
    await talk.answer("velvet tiger", why="typed")
    assert talk.live() == set()
    await talk.command("grant", why="typed", purpose=("my requests", ""))
    assert talk.live() == set()


async def test_no_is_an_answer(talk: Talk) -> None:
    keep(talk.room)
    await talk.ask("my wake words")
    await talk.read_back()
    assert "Nothing is kept" in await talk.answer("no thank you")
    with talk.room.store.session() as session:
        assert session.records[-1].event == "denied"


async def test_a_no_before_any_yes_is_not_even_written_down(talk: Talk) -> None:
    await talk.ask()
    await talk.read_back()
    assert "Nothing is kept" in await talk.answer("no thank you")
    assert await talk.command("guest") != ""
    assert await talk.command("withdraw") == "Done. Nothing had been kept."
    assert not talk.room.paths.state.exists()


async def test_a_yes_that_nothing_would_come_of_is_not_asked_for(talk: Talk) -> None:
    said = await talk.ask("learn from my recordings")
    assert "Nothing on this device learns" in said
    assert "velvet tiger" not in said
    await talk.read_back()
    await talk.answer("velvet tiger")
    assert talk.live() == set()
    assert any(isinstance(one, consent.Refused) and one.why == "nothing" for one in talk.said)


async def test_answers_are_counted_under_a_yes_only(talk: Talk) -> None:
    async def answered(name: str, outcome: dialog.Outcome = "answered") -> None:
        talk.number += 1
        session = f"s{talk.number}"
        talk.tell(
            intent.Matched(
                session=session, intent=f"{name}.x", skill=name, text=Spoken("purple"), confidence=1.0, engine="test",
                slots=(),
            ),
            dialog.Closed(session=session, outcome=outcome),
        )  # fmt: skip
        await talk.settle()
        await talk.command("know")  # goes through the same worker, after the counting

    await answered("timer")
    assert not talk.room.paths.state.exists()
    talk.room.gate.grant(Grant(purpose="usage", days=7, method="cli", actor="me"))
    for _ in range(2):
        await answered("timer")
    await answered("clock")
    await answered("clock", "failed")
    await answered("dialog")
    assert talk.room.rights.usage() == {"timer": 2, "clock": 1}
    assert "clock 1 time and timer 2 times" in await talk.command("know")
    said = await talk.command("withdraw", purpose=("usage counts", ""))
    assert said.startswith("Done. I destroyed the counts of how often each skill answered. Your receipt is")
    await answered("timer")
    assert talk.room.rights.usage() == {}
    assert await talk.command("know") == "I keep nothing about you."


def keep(room: Room, *sessions: str) -> None:
    room.gate.grant(Grant(purpose="utterance_audio", days=7, method="cli", actor="me"))
    for number, name in enumerate(sessions):
        room.gate.keep(room.gate.permits()["utterance_audio"], NewClip(samples=marked(number), session=name))


@pytest.mark.parametrize("slots", [{}, {"purpose": ("my requests", "")}])
async def test_withdrawing_needs_one_sentence_and_no_confirmation(
    talk: Talk, slots: dict[str, tuple[str, str]]
) -> None:
    keep(talk.room, "a", "b")
    said = await talk.command("withdraw", **slots)
    assert "2 recordings" in said
    code = next(one.code for one in talk.said if isinstance(one, consent.Destroyed))
    assert " ".join(code) in said
    assert talk.live() == set()


async def test_forget_everything_tells_the_skills_first(talk: Talk) -> None:
    keep(talk.room, "a")
    wish = talk.bus.subscribe([consent.Forget], "skills")
    forgetting = asyncio.create_task(talk.command("forget_everything"))
    await anext(aiter(wish))
    assert talk.room.rights.clips()[0], "waits for the skills to stand still"
    talk.tell(skill.Paused(skills=("timer",)))
    await forgetting
    kinds = [type(one) for one in talk.said]
    assert kinds.index(consent.Forget) < kinds.index(consent.Destroyed)
    assert talk.room.rights.clips() == ([], [])


async def test_forgetting_says_what_the_skills_had_remembered(talk: Talk) -> None:
    talk.room.paths.skill_data.mkdir(parents=True)
    (talk.room.paths.skill_data / "timer.json").write_text("{}")
    assert "timer" in await talk.forget_everything()
    assert await talk.command("know") == "I keep nothing about you."


async def test_what_i_just_said_is_the_last_question_and_this_one(talk: Talk) -> None:
    keep(talk.room, "older", "last", "s1")
    talk.tell(dialog.Closed(session="older", outcome="answered"), dialog.Closed(session="other", outcome="answered"))
    talk.tell(dialog.Closed(session="last", outcome="answered"))
    await talk.settle()
    assert "2 recordings" in await talk.command("forget_last")
    assert [one.session for one in talk.room.rights.clips()[0]] == ["older"]
    assert "nothing" in await talk.command("forget_last")


async def test_forget_today(talk: Talk) -> None:
    keep(talk.room, "a", "b", "c")
    assert "3 recordings" in await talk.command("forget_today")
    assert talk.live() == {"utterance_audio"}


async def test_what_do_you_know_about_me(talk: Talk) -> None:
    assert await talk.command("know") == "I keep nothing about you."
    keep(talk.room, "a", "b")
    talk.room.paths.skill_data.mkdir(parents=True)
    (talk.room.paths.skill_data / "timer.json").write_text("{}")
    said = await talk.command("know")
    assert "2 recordings" in said
    assert "timer" in said
    assert "your requests" in said


async def are_you_recording(talk: Talk, seen: audio.Seen) -> str:
    """The question, with the sound room's part played as well."""
    wish = talk.bus.subscribe([audio.Look], "audio")
    asking = asyncio.create_task(talk.command("recording"))
    await anext(aiter(wish))
    talk.tell(seen)
    return await asking


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (audio.Seen(ours=("pid 1",)), "My microphone is open"),
        (audio.Seen(ours=("pid 1",), blind="no answer"), "My microphone is open"),
        (audio.Seen(), "My microphone is closed"),
        (audio.Seen(others=("pid 2",)), "My microphone is closed"),
        (audio.Seen(blind="no answer"), "I cannot see whether"),
        (audio.Seen(ours=("pid 1",), fault="it says that it is muted"), "Something is wrong"),
    ],
)
async def test_are_you_recording_is_answered_from_what_was_seen(talk: Talk, seen: audio.Seen, said: str) -> None:
    assert said in await are_you_recording(talk, seen)


async def test_are_you_recording(talk: Talk) -> None:
    seen = audio.Seen(ours=("pid 1",))
    assert "Nothing I hear is recorded" in await are_you_recording(talk, seen)
    keep(talk.room)
    assert "your requests" in await are_you_recording(talk, seen)
    await talk.command("guest", duration=("two hours", 7200.0))
    assert "Guest mode" in await are_you_recording(talk, seen)
    assert talk.live() == set()
    await talk.command("guest_end")
    assert talk.live() == {"utterance_audio"}


async def test_stop_listening_mutes_once_it_has_said_so(talk: Talk) -> None:
    await talk.command("stop_listening")
    assert not any(isinstance(one, audio.Mute) for one in talk.said)
    talk.tell(tts.Started(session="s1"), tts.Ended(session="s1", cause="said"))
    await talk.heard(audio.Mute)


async def test_a_damaged_store_is_said_and_everything_can_still_be_forgotten(talk: Talk) -> None:
    keep(talk.room, "a")
    (talk.room.paths.state / "consent" / "vault" / "ledger.jsonl").write_bytes(b"x\n")
    assert "changed from outside" in await talk.command("know")
    assert "Everything is forgotten" in await talk.forget_everything()
    assert await talk.command("know") == "I keep nothing about you."


async def test_no_reply_and_no_log_line_holds_a_word_that_was_said(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await talk.ask()
    await talk.read_back()
    said = await talk.answer("purple elephants")
    assert "purple" not in said + caplog.text
