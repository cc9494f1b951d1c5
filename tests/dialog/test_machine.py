"""The conversation's rules: what follows what, and that every session ends."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.dialog import phrases
from assistant.dialog.machine import Machine
from assistant.dialog.session import Limits
from assistant.messages import Meaning, Message, Slot, Spoken, audio, dialog, intent, skill, stt, system, tts, wake

LIMITS = Limits(patience=5, listening=12, thinking=8)


class Talk:
    """A machine with a clock, and the messages that came out last."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.machine = Machine(phrases.load("en", lambda lines: lines[0]), LIMITS, lambda: str(next(numbers)))
        self.now = 100.0

    def on(self, message: Message) -> list[Message]:
        return list(self.machine.on(message, self.now))

    def after(self, seconds: float) -> list[Message]:
        self.now += seconds
        return list(self.machine.tick(self.now))

    def wake(self, sample: int = 0) -> list[Message]:
        return self.on(wake.Detected(word="hey_mycroft", score=1.0, sample=sample))

    def heard(self, session: str, words: str) -> list[Message]:
        return self.on(stt.Transcript(session=session, text=Spoken(words), confidence=1.0, language="en"))

    def matched(self, session: str, name: str, *slots: Slot) -> list[Message]:
        return self.on(
            intent.Matched(
                session=session, intent=name, skill=name.partition(".")[0], slots=slots, text=Spoken("x"),
                confidence=1.0, engine="test",
            )
        )  # fmt: skip

    def replied(self, session: str, text: str, *, ask: bool = False) -> list[Message]:
        return self.on(skill.Replied(session=session, skill="clock", text=Spoken(text), ask=ask))


def kinds(messages: Iterable[Message]) -> list[str]:
    return [message.topic for message in messages]


def only(messages: Iterable[Message], kind: type[Message]) -> Message:
    (found,) = [message for message in messages if isinstance(message, kind)]
    return found


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_whole_conversation(talk: Talk) -> None:
    opened = talk.wake(sample=16_000)
    assert kinds(opened) == ["tts.stop", "audio.quiet", "dialog.opened", "dialog.listening", "audio.chime"]
    assert only(opened, dialog.Listening) == dialog.Listening(session="1", from_sample=16_000, wake_word="hey_mycroft")
    assert kinds(talk.heard("1", "what time is it")) == ["audio.chime", "intent.understand"]
    assert talk.matched("1", "clock.time") == []
    said = talk.replied("1", "It is ten.")
    assert kinds(said) == ["dialog.answered", "tts.say"]
    answered = only(said, dialog.Answered)
    assert isinstance(answered, dialog.Answered)
    assert (answered.intent, answered.reply.text, answered.outcome) == ("clock.time", "It is ten.", "answered")
    assert {each.stage for each in answered.seconds} == {"intent", "skill"}
    assert kinds(talk.on(tts.Ended(session="1", cause="said"))) == ["dialog.closed"]
    assert talk.machine.open == 0


def test_the_wake_word_interrupts_the_reply(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "what time is it")
    talk.matched("1", "clock.time")
    talk.replied("1", "It is ten.")
    again = talk.wake()
    assert kinds(again)[:4] == ["dialog.closed", "tts.stop", "audio.quiet", "dialog.opened"]
    assert talk.on(tts.Ended(session="1", cause="stopped")) == [], "the old reply's end belongs to nobody"


def test_a_late_answer_to_an_interrupted_question_is_not_spoken(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "what time is it")
    talk.wake()
    assert talk.replied("1", "It is ten.") == []


def test_a_question_of_a_skill_is_answered_without_the_wake_word(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "set a timer")
    talk.matched("1", "clock.time")
    talk.replied("1", "For how long?", ask=True)
    follow_up = talk.on(tts.Ended(session="1", cause="said"))
    assert kinds(follow_up) == ["dialog.closed", "dialog.opened", "dialog.listening", "audio.chime"]
    understand = only(talk.heard("2", "five minutes"), intent.Understand)
    assert isinstance(understand, intent.Understand)
    assert understand.floor > 0.9, "only a sure match is a new request"
    (answer,) = talk.on(intent.Unmatched(session="2", text=Spoken("five minutes")))
    assert answer == skill.Answer(session="2", skill="clock", text=Spoken("five minutes"), language="en")


def test_a_question_can_be_cut_short_by_another_request(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "set a timer")
    talk.matched("1", "timer.set")
    talk.replied("1", "For how long?", ask=True)
    talk.on(tts.Ended(session="1", cause="said"))
    talk.heard("2", "never mind")
    said = talk.matched("2", "dialog.cancel")
    assert kinds(said) == ["dialog.answered", "tts.say"]


def test_an_interrupted_question_is_not_waited_for(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "set a timer")
    talk.matched("1", "timer.set")
    talk.replied("1", "For how long?", ask=True)
    assert kinds(talk.on(tts.Ended(session="1", cause="stopped"))) == ["dialog.closed"]


def test_stop_silences_what_rings(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "stop")
    assert talk.matched("1", "dialog.stop") == [skill.Hush(session="1")]
    assert kinds(talk.on(skill.Hushed(session="1", count=1))) == ["dialog.answered", "dialog.closed"]


@pytest.mark.parametrize(
    ("cause", "words"), [("silence", "I didn't hear anything."), ("failed", "I can't hear right now.")]
)
def test_nothing_heard_is_said_kindly(talk: Talk, cause: str, words: str) -> None:
    talk.wake()
    say = only(talk.on(stt.Nothing(session="1", cause=cause)), tts.Say)  # type: ignore[arg-type]
    assert isinstance(say, tts.Say)
    assert say.text.text.startswith(words)


def test_not_understood_is_said_kindly(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "colourless green ideas")
    said = talk.on(intent.Unmatched(session="1", text=Spoken("colourless green ideas")))
    assert kinds(said) == ["dialog.answered", "tts.say"]


def test_typed_questions_run_beside_a_spoken_one_and_stay_silent(talk: Talk) -> None:
    talk.wake()
    asked = talk.on(dialog.Ask(request="r1", text=Spoken("what time is it")))
    assert kinds(asked) == ["dialog.opened", "intent.understand"]
    talk.matched("2", "clock.time")
    assert kinds(talk.replied("2", "It is ten.")) == ["dialog.answered", "dialog.closed"]
    assert talk.machine.open == 1, "the spoken one still listens"


def test_a_typed_question_of_a_skill_is_answered_by_the_next_typed_words(talk: Talk) -> None:
    talk.on(dialog.Ask(request="r1", text=Spoken("set a timer")))
    talk.matched("1", "timer.set")
    talk.replied("1", "For how long?", ask=True)
    talk.on(dialog.Ask(request="r2", text=Spoken("five minutes")))
    assert isinstance(talk.on(intent.Unmatched(session="2", text=Spoken("x")))[0], skill.Answer)


@pytest.mark.parametrize(
    ("words", "confidence", "doubted"),
    [("let's see now", 0.6, True), ("let's see now", 0.9, False), ("x " * 5, 0.6, False)],
)
def test_a_word_or_two_that_may_have_been_others_must_be_a_sentence(
    talk: Talk, words: str, confidence: float, doubted: bool
) -> None:
    talk.wake()
    said = stt.Transcript(session="1", text=Spoken(words), confidence=confidence, language="en")
    asked = only(talk.on(said), intent.Understand)
    assert isinstance(asked, intent.Understand) and (asked.floor > 0) == doubted


@pytest.mark.parametrize(("later", "expects"), [(3.0, ("stop",)), (30.0, ())])
def test_while_something_rings_a_stop_is_expected(talk: Talk, later: float, expects: tuple[str, ...]) -> None:
    talk.on(skill.Alerted(skill="timer", text=Spoken("The pasta timer is done."), ring=True))
    talk.after(later)
    listening = only(talk.wake(), dialog.Listening)
    assert isinstance(listening, dialog.Listening) and listening.expects == expects


def test_a_timer_rings_while_someone_speaks_and_is_announced_after(talk: Talk) -> None:
    talk.wake()
    ring = talk.on(skill.Alerted(skill="timer", text=Spoken("The pasta timer is done."), ring=True))
    assert kinds(ring) == ["audio.chime"]
    assert "tts.say" in kinds(talk.on(dialog.Cancel())) or talk.machine.open == 0
    talk.wake()
    talk.on(skill.Alerted(skill="timer", text=Spoken("The pasta timer is done."), ring=True))
    talk.on(stt.Nothing(session="2", cause="silence"))
    assert kinds(talk.on(tts.Ended(session="2", cause="said"))) == ["dialog.closed", "tts.say"]


@pytest.mark.parametrize(("service", "stage"), [("stt", "listening"), ("intent", "thinking"), ("tts", "speaking")])
def test_a_broken_service_ends_the_session_that_waits_for_it(talk: Talk, service: str, stage: str) -> None:
    talk.wake()
    if stage != "listening":
        talk.heard("1", "what time is it")
    if stage == "speaking":
        talk.matched("1", "clock.time")
        talk.replied("1", "It is ten.")
    ended = talk.on(system.Failed(service=service, error="killed"))
    assert kinds(ended)[0] in ("dialog.answered", "dialog.closed")


def test_what_was_asked_while_a_service_was_away_is_asked_again(talk: Talk) -> None:
    talk.on(system.Failed(service="intent", error="killed"))
    talk.on(dialog.Ask(request="r1", text=Spoken("what time is it")))
    assert kinds(talk.on(system.Ready(service="intent", version="1"))) == ["intent.understand"]


def test_a_skill_that_never_answers_is_apologised_for(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "what time is it")
    assert talk.after(7.9) == []
    assert kinds(talk.after(0.2)) == ["dialog.answered", "tts.say"]


def test_muting_ends_the_listening(talk: Talk) -> None:
    talk.wake()
    assert kinds(talk.on(audio.Muted(by="button"))) == ["dialog.closed"]


def test_the_machine_forgets_the_words_when_the_answer_is_out(talk: Talk) -> None:
    talk.wake()
    talk.heard("1", "my secret")
    talk.matched("1", "clock.time", Slot(name="place", spoken=Spoken("my secret")))
    assert "my secret" in _words(talk.machine), "the planted leak: it is there while it is needed"
    talk.replied("1", "It is ten.")
    assert "my secret" not in _words(talk.machine)


def _words(machine: Machine) -> str:
    sessions = machine._sessions.values()
    return " ".join([each.transcript.text + "".join(slot.spoken.text for slot in each.slots) for each in sessions])


INTENTS = ["a.b", "dialog.stop", "dialog.cancel", "dialog.undo", "dialog.again", "dialog.repeat"]
session_ids = st.sampled_from(["1", "2", "3", "4", "alert:timer"])
events = st.one_of(
    st.builds(wake.Detected, word=st.just("alexa"), score=st.just(1.0), sample=st.integers(0, 9)),
    st.builds(dialog.Ask, request=st.just("r"), text=st.just(Spoken("x"))),
    st.builds(dialog.Cancel),
    st.builds(dialog.Listen),
    st.builds(audio.Muted),
    st.builds(skill.Alerted, skill=st.just("timer"), text=st.just(Spoken("ding")), ring=st.booleans()),
    st.builds(system.Failed, service=st.sampled_from(["stt", "tts", "intent", "skills"]), error=st.just("x")),
    st.builds(system.Ready, service=st.sampled_from(["intent", "skills"]), version=st.just("1")),
    st.builds(
        stt.Transcript, session=session_ids, text=st.just(Spoken("hi")), confidence=st.just(1.0),
        language=st.just("en"), seconds=st.just(()),
    ),
    st.builds(stt.Nothing, session=session_ids, cause=st.sampled_from(["silence", "failed"])),
    st.builds(intent.Unmatched, session=session_ids, text=st.just(Spoken("x"))),
    st.builds(
        intent.Matched, session=session_ids, intent=st.sampled_from(INTENTS),
        skill=st.sampled_from(["a", "dialog"]), slots=st.just(()), text=st.just(Spoken("x")),
        confidence=st.just(1.0), engine=st.just("t"),
    ),
    st.builds(skill.Replied, session=session_ids, skill=st.just("a"), text=st.sampled_from([Spoken(), Spoken("hm")]),
              ask=st.booleans(), undo=st.booleans(), question=st.booleans(), more=st.booleans()),
    st.builds(
        intent.Ambiguous, session=session_ids, choices=st.just(("a.b", "c.d")), text=st.just(Spoken("x")),
        meanings=st.just((Meaning(intent="a.b", skill="a", slots=(), score=1, gap=0),) * 2),
        titles=st.just((Spoken("hi"), Spoken("ho"))),
    ),
    st.builds(skill.Hushed, session=session_ids, count=st.integers(0, 2)),
    st.builds(tts.Ended, session=session_ids, cause=st.sampled_from(["said", "stopped", "failed"])),
    st.floats(0, 30),
)  # fmt: skip


@given(st.lists(events, max_size=30))
def test_every_session_that_opens_closes_once_and_only_one_listens(steps: list[Message | float]) -> None:
    talk = Talk()
    out: list[Message] = []
    for step in steps:
        out += talk.after(step) if isinstance(step, float) else talk.on(step)
        assert sum(each.stage == "listening" for each in talk.machine._sessions.values()) <= 1
    for _ in range(5):
        out += talk.after(1000)
    opened = [message.session for message in out if isinstance(message, dialog.Opened)]
    closed = [message.session for message in out if isinstance(message, dialog.Closed)]
    assert sorted(opened) == sorted(closed)
    assert talk.machine.open == 0


def matched_with_rest(talk: Talk, *rest: str) -> list[Message]:
    return talk.on(
        intent.Matched(
            session="1", intent="clock.time", skill="clock", slots=(), text=Spoken("first"), confidence=1.0,
            engine="test", rest=tuple(map(Spoken, rest)),
        )
    )  # fmt: skip


def test_the_requests_of_one_sentence_are_done_in_turn_and_answered_together() -> None:
    talk = Talk()
    talk.wake()
    talk.heard("1", "first and second and third")
    matched_with_rest(talk, "second", "third")
    for number, part in enumerate(["second", "third"]):
        (wish,) = talk.replied("1", f"Done {number}.")
        assert isinstance(wish, intent.Understand) and wish.text.text == part
        talk.matched("1", "clock.date")
    answered = only(talk.replied("1", "Done 2."), dialog.Answered)
    assert isinstance(answered, dialog.Answered)
    assert answered.reply.text == "Done 0. Done 1. Done 2."
    assert answered.transcript.text == "first and second and third"


def test_a_question_in_the_middle_is_asked_and_what_was_done_before_is_said() -> None:
    talk = Talk()
    talk.wake()
    talk.heard("1", "first and second and third")
    matched_with_rest(talk, "second", "third")
    talk.replied("1", "Done.")
    talk.matched("1", "clock.date")
    answered = only(talk.replied("1", "Which one?", ask=True), dialog.Answered)
    assert isinstance(answered, dialog.Answered)
    assert (answered.reply.text, answered.outcome) == ("Done. Which one?", "asked")


def test_when_the_understanding_comes_back_only_the_request_under_way_is_asked_again() -> None:
    talk = Talk()
    talk.wake()
    talk.heard("1", "first and second")
    matched_with_rest(talk, "second")
    talk.replied("1", "Done.")
    (wish,) = talk.on(system.Ready(service="intent", version="1"))
    assert isinstance(wish, intent.Understand) and wish.text.text == "second"
