"""What a conversation goes on from: held as typed values, for two minutes, apart for each asker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TypeVar

import pytest

from assistant.dialog.choosing import choose
from assistant.dialog.context import KEPT_REQUESTS
from assistant.dialog.phrases import load
from assistant.messages import Meaning, Message, Slot, Spoken, consent, dialog, intent, skill, tts
from tests.dialog.test_machine import Talk, kinds

M = TypeVar("M", bound=Message)
SECRET = "my secret words"


@pytest.fixture
def talk() -> Talk:
    return Talk()


def first(messages: Iterable[Message], kind: type[M]) -> M:
    return next(message for message in messages if isinstance(message, kind))


def say(talk: Talk, text: str, asker: str = "") -> list[Message]:
    return talk.on(dialog.Ask(request="r", text=Spoken(text), asker=asker))


def session_of(messages: Iterable[Message]) -> str:
    return first(messages, dialog.Opened).session


def done(talk: Talk, session: str, text: str = "Done.", *, undo: bool = False, ask: bool = False) -> list[Message]:
    return talk.on(skill.Replied(session=session, skill="timer", text=Spoken(text), undo=undo, ask=ask))


def timer(talk: Talk, asker: str = "", *, undo: bool = False, ask: bool = False) -> str:
    session = session_of(say(talk, SECRET, asker))
    length = Slot(name="duration", spoken=Spoken(SECRET), kind="duration", value=300)
    name = Slot(name="name", spoken=Spoken(SECRET), kind="text", value=SECRET)
    talk.matched(session, "timer.set", length, name)
    done(talk, session, undo=undo, ask=ask)
    return session


def test_the_next_request_may_go_on_from_typed_values_but_never_from_words(talk: Talk) -> None:
    timer(talk)
    before = first(say(talk, "make it ten"), intent.Understand).before
    assert before is not None
    assert (before.skill, before.intent) == ("timer", "timer.set")
    assert [(slot.name, slot.value, slot.spoken.text) for slot in before.slots] == [("duration", 300, "")]


def test_nothing_that_was_said_is_left_in_the_dialogue(talk: Talk) -> None:
    timer(talk, undo=True)
    assert SECRET not in words(vars(talk.machine))


def words(thing: object) -> str:
    """All texts below an object."""
    return " ".join(_texts(thing, set()))


def _texts(thing: object, seen: set[int]) -> Iterator[str]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, dict):
        yield from (text for pair in thing.items() for each in pair for text in _texts(each, seen))
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from (text for each in thing for text in _texts(each, seen))
    elif is_dataclass(thing):
        yield from (text for each in fields(thing) for text in _texts(getattr(thing, each.name), seen))
    elif hasattr(thing, "__dict__"):
        yield from _texts(vars(thing), seen)


def test_after_two_minutes_there_is_nothing_to_go_on_from(talk: Talk) -> None:
    timer(talk, undo=True)
    talk.after(121)
    assert first(say(talk, "make it ten"), intent.Understand).before is None
    session = session_of(say(talk, "undo"))
    assert "skill.undo" not in kinds(talk.matched(session, "dialog.undo"))


@pytest.mark.parametrize("news", [consent.Forget(), consent.Destroyed(why="everything", clips=1, code="1")])
def test_forgetting_forgets_the_conversation_too(talk: Talk, news: Message) -> None:
    timer(talk, undo=True)
    talk.on(news)
    assert first(say(talk, "make it ten"), intent.Understand).before is None


def test_each_asker_goes_on_from_the_own_requests(talk: Talk) -> None:
    timer(talk, "anna")
    assert first(say(talk, "make it ten", "ben"), intent.Understand).before is None
    assert first(say(talk, "make it ten", "anna"), intent.Understand).before is not None


def test_an_act_is_taken_back_once(talk: Talk) -> None:
    act = timer(talk, undo=True)
    session = session_of(say(talk, "undo"))
    assert talk.matched(session, "dialog.undo") == [skill.Undo(session=session, of=act)]
    done(talk, session, "Cancelled.")
    session = session_of(say(talk, "undo"))
    assert "skill.undo" not in kinds(talk.matched(session, "dialog.undo"))


def test_cancel_takes_back_what_was_just_done_and_else_nothing(talk: Talk) -> None:
    act = timer(talk, undo=True)
    session = session_of(say(talk, "cancel"))
    assert talk.matched(session, "dialog.drop") == [skill.Undo(session=session, of=act)]
    done(talk, session, "Cancelled.")
    session = session_of(say(talk, "cancel"))
    assert first(talk.matched(session, "dialog.drop"), dialog.Answered).reply.text == "All right."


def test_a_reply_is_repeated_while_it_is_there_and_else_the_question_is_asked_again(talk: Talk) -> None:
    session = session_of(say(talk, "what time is it"))
    talk.matched(session, "clock.time")
    talk.on(skill.Replied(session=session, skill="clock", text=Spoken("It is ten."), question=True))
    session = session_of(say(talk, "what did you say"))
    assert first(talk.matched(session, "dialog.repeat"), dialog.Answered).reply.text == "It is ten."
    talk.after(3)
    assert "It is ten." not in words(vars(talk.machine))
    session = session_of(say(talk, "what did you say"))
    wish = first(talk.matched(session, "dialog.repeat"), intent.Settle)
    assert (wish.intent, wish.skill) == ("clock.time", "clock")


def test_what_did_something_is_not_done_again_to_repeat_what_was_said(talk: Talk) -> None:
    timer(talk)
    talk.after(3)
    session = session_of(say(talk, "what did you say"))
    assert "intent.settle" not in kinds(talk.matched(session, "dialog.repeat"))


def test_again_does_the_same_once_more_unless_a_word_of_it_is_forgotten(talk: Talk) -> None:
    session = session_of(say(talk, "louder"))
    talk.matched(session, "volume.up")
    talk.on(skill.Replied(session=session, skill="volume", text=Spoken("Sixty.")))
    session = session_of(say(talk, "again"))
    assert first(talk.matched(session, "dialog.again"), intent.Settle).intent == "volume.up"
    timer(talk)
    session = session_of(say(talk, "again"))
    assert "intent.settle" not in kinds(talk.matched(session, "dialog.again"))


def offer(talk: Talk, session: str) -> list[Message]:
    meanings = tuple(
        Meaning(intent=f"{name}.stop", skill=name, slots=(), score=1.0, gap=0.0) for name in ("radio", "player")
    )
    titles = (Spoken("stop the radio"), Spoken("stop the player"))
    choices = ("radio.stop", "player.stop")
    return talk.on(
        intent.Ambiguous(session=session, choices=choices, text=Spoken("stop"), meanings=meanings, titles=titles)
    )


@pytest.mark.parametrize(
    ("answer", "meant"), [("the first one", "radio.stop"), ("the player", "player.stop"), ("the last", "player.stop")]
)
def test_which_of_two_is_asked_and_the_answer_acts(talk: Talk, answer: str, meant: str) -> None:
    asked = offer(talk, session_of(say(talk, "stop")))
    assert first(asked, dialog.Answered).reply.text == "Did you mean: stop the radio, or stop the player?"
    assert first(say(talk, answer), intent.Settle).intent == meant


@pytest.mark.parametrize("answer", ["neither", "no", "never mind that"])
def test_neither_leaves_it(talk: Talk, answer: str) -> None:
    offer(talk, session_of(say(talk, "stop")))
    out = say(talk, answer)
    if "intent.understand" in kinds(out):
        out = talk.on(intent.Unmatched(session=session_of(out), text=Spoken(answer)))
    assert "leave" in first(out, dialog.Answered).reply.text


def test_a_spoken_choice_needs_no_wake_word(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "stop")
    offer(talk, "1")
    listening = talk.on(tts.Ended(session="1", cause="said"))
    assert "dialog.listening" in kinds(listening)
    assert first(talk.heard("2", "the radio"), intent.Settle).intent == "radio.stop"


def test_a_skill_that_expects_more_listens_on_and_is_silent_when_nothing_comes(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "add milk")
    talk.matched("1", "list.add")
    talk.on(skill.Replied(session="1", skill="list", text=Spoken("Milk."), more=True))
    assert "dialog.listening" in kinds(talk.on(tts.Ended(session="1", cause="said")))
    understand = first(talk.heard("2", "and eggs"), intent.Understand)
    assert understand.before is not None and understand.floor > 0.9
    assert kinds(talk.on(intent.Unmatched(session="2", text=Spoken("x")))) == ["dialog.closed"]


def test_yes_to_no_question_is_told_so(talk: Talk) -> None:
    session = session_of(say(talk, "yes"))
    assert "asked" in first(talk.matched(session, "dialog.yes"), dialog.Answered).reply.text


def test_yes_to_a_question_is_its_answer(talk: Talk) -> None:
    timer(talk, ask=True)
    session = session_of(say(talk, "yes"))
    (answer,) = talk.matched(session, "dialog.yes")
    assert answer == skill.Answer(session=session, skill="timer", text=Spoken("yes"), language="en")


@pytest.mark.parametrize(
    ("said", "meant"),
    [("pasta", 0), ("the eggs please", 1), ("second", 1), ("neither", "none"), ("the timer", None), ("hm", None)],
)
def test_choosing(said: str, meant: int | str | None) -> None:
    assert choose(said, ["the pasta timer", "the eggs timer"], load("en").choices) == meant


def test_a_few_requests_are_held_the_newest_first_and_only_as_values(talk: Talk) -> None:
    for _ in range(KEPT_REQUESTS + 2):
        timer(talk)
    session = session_of(say(talk, SECRET))
    talk.matched(session, "clock.time")
    done(talk, session)
    wish = first(say(talk, "make it ten"), intent.Understand)
    assert wish.before is not None and wish.before.intent == "clock.time"
    assert [each.intent for each in wish.earlier] == ["timer.set"] * (KEPT_REQUESTS - 1)
    assert all(not slot.spoken for each in wish.earlier for slot in each.slots)
    assert SECRET not in words(vars(talk.machine))


def test_earlier_requests_are_forgotten_too(talk: Talk) -> None:
    timer(talk)
    timer(talk)
    talk.on(consent.Forget())
    wish = first(say(talk, "make it ten"), intent.Understand)
    assert wish.before is None and wish.earlier == ()
