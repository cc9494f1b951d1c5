"""The conversation, as pure rules: a message and the time go in, messages come out. No I/O, no clock, no waiting.

A session is one question with its answer. At most one session is spoken; typed ones run beside it.

    wake word / button / a skill's question ──> listening ──> thinking ──> speaking ──> closed
    typed ─────────────────────────────────────────────────> thinking ──> (speaking) ──> closed

The wake word interrupts whatever the spoken session is doing. What may be gone on from, repeated or taken back is in
`context`; the dialogue's own intents are in `own`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistant.dialog.choosing import choose
from assistant.dialog.own import ANSWERS, OWN, Own
from assistant.dialog.phrases import Phrases
from assistant.dialog.session import Limits, Offered, Question, Session, Stage, Why
from assistant.dialog.sessions import RINGING_SECONDS, SPOKEN, Sessions
from assistant.messages import Message, Spoken, audio, consent, dialog, intent, skill, stt, system, tts, wake

PRIVACY = "privacy"
"""What is said about privacy is nothing to go on from."""
CERTAIN = 0.95
"""While a skill waits for an answer, only a request understood this surely is taken as a new request."""
LIKELY = 0.85
UNSURE_WORDS, UNSURE = 3, 0.75
"""So few words, heard less surely than this and as no sentence of a skill, may have been any others: "athena" is "let's
see now". They must be LIKELY a sentence, not just something like one."""
SPEAKING_SECONDS = 180.0
QUESTION_SECONDS = 60.0
"""How long a typed question of a skill stays open."""
MORE_SECONDS = 4.0
"""How long a skill that expects more listens on."""


class Machine(Sessions):
    """The rules. Feed it with `on` and `tick`; both yield the messages to publish, in order."""

    def __init__(
        self, phrases: Phrases, limits: Limits, new_id: Callable[[], str], *, language: str = "en", chimes: bool = True
    ) -> None:
        self._phrase = phrases
        super().__init__(new_id)
        self._limits = limits
        self._language = language
        self._chimes = chimes
        self._questions: dict[str, Question] = {}
        """Typed questions, by asker."""
        self._own = Own(phrases, self._memory)

    def on(self, message: Message, now: float) -> Iterator[Message]:
        """React to a message at monotonic time `now`."""
        match message:
            case wake.Detected(word=word, sample=sample):
                yield from self._listen("wake", now, from_sample=sample, wake_word=word)
            case dialog.Listen(from_sample=sample, whole=whole):
                yield from self._listen("button", now, from_sample=sample, whole=whole)
            case dialog.Ask():
                yield from self._typed(message, now)
            case dialog.Cancel():
                yield from self._cancel(now)
            case skill.Alerted():
                yield from self._alert(message, now)
            case consent.Forget() | consent.Destroyed():
                self._memory.forget()
            case audio.Muted():
                if self._voice is not None and self._voice.stage == "listening":
                    yield from self._close(self._voice, "cancelled", now)
            case system.Failed(service=service):
                yield from self._lost(service, now)
            case system.Ready(service="intent" | "skills"):
                # What was asked while that service was away never reached it.
                for waiting in [each for each in self._sessions.values() if each.stage == "thinking"]:
                    yield from self._understand(waiting, now)
            case (
                stt.Transcript(session=name)
                | stt.Nothing(session=name)
                | intent.Matched(session=name)
                | intent.Ambiguous(session=name)
                | intent.Unmatched(session=name)
                | skill.Replied(session=name)
                | consent.Replied(session=name)
                | skill.Hushed(session=name)
                | tts.Ended(session=name)
            ):
                # A message for a session that is over (interrupted, timed out) has nobody waiting for it.
                if (session := self._sessions.get(name)) is not None:
                    yield from self._step(session, message, now)

    def tick(self, now: float) -> Iterator[Message]:
        """Give up on what takes too long, forget what is over."""
        self._memory.expire(now, {each.asker for each in self._sessions.values()})
        for session in [each for each in self._sessions.values() if now >= each.deadline]:
            if session.stage == "speaking":
                yield tts.Stop()
                yield from self._close(session, session.outcome, now)
            elif session.stage == "thinking":
                yield from self._reply(session, self._phrase("too.long"), "failed", now)
            else:
                yield from self._reply(session, self._phrase("cannot.hear"), "failed", now)

    def _step(self, session: Session, message: Message, now: float) -> Iterator[Message]:
        """A message for a session that is under way."""
        match session.stage, message:
            case "listening", stt.Transcript():
                session.transcript, session.meaning = message.text, message.meaning
                few = len(message.text.text.split()) <= UNSURE_WORDS
                session.unsure = few and message.confidence < UNSURE and message.meaning is None
                session.seconds.extend(message.seconds)
                if self._chimes:
                    yield audio.Chime(name="done")
                yield from self._understand(session, now)
            case "listening", stt.Nothing() if session.quiet:
                yield from self._close(session, "nothing", now)
            case "listening", stt.Nothing(cause=cause):
                name = {"failed": "cannot.hear"}.get(cause, "no.answer" if session.answers else "nothing.heard")
                yield from self._reply(session, self._phrase(name), "nothing", now)
            case "thinking", intent.Matched():
                yield from self._matched(session, message, now)
            case "thinking", intent.Unmatched() | intent.Ambiguous() if session.answers:
                self._mark(session, "intent", now)
                yield from self._answer(session, now)
            case "thinking", intent.Unmatched() | intent.Ambiguous() if session.quiet:
                yield from self._close(session, "nothing", now)
            case "thinking", intent.Unmatched():
                self._mark(session, "intent", now)
                yield from self._reply(session, self._phrase("not.understood"), "unmatched", now)
            case "thinking", intent.Ambiguous(meanings=meanings, titles=titles):
                self._mark(session, "intent", now)
                session.offered = Offered(meanings, tuple(title.text for title in titles))
                session.ask, session.skill = bool(meanings), OWN
                session.expects, session.options = ("choice",), titles
                named = f", {self._phrase('or')} ".join(session.offered.titles)
                yield from self._reply(session, self._phrase("ambiguous", choices=named), "ambiguous", now)
            case "thinking", skill.Replied() | consent.Replied():
                self._mark(session, "skill", now)
                session.ask, session.skill = message.ask, message.skill
                if isinstance(message, skill.Replied):
                    session.more = message.more
                    session.expects, session.options = message.expects, message.options
                    self._memory.answered(session.asker, message.skill, now, question=message.question)
                    if message.undo:
                        self._memory.acted(session.asker, session.id, now)
                yield from self._done(session, message.text.text, now)
            case "thinking", skill.Hushed():
                yield from self._done(session, "", now)
            case "speaking", tts.Ended(cause=cause):
                heard = cause == "said" and session.skill is not None
                yield from self._close(session, session.outcome, now)
                if heard and session.ask:
                    yield from self._listen("question", now, asked=session)
                elif heard and session.more:
                    yield from self._listen("question", now, quiet=True)

    def _listen(
        self,
        why: Why,
        now: float,
        *,
        from_sample: int = -1,
        wake_word: str = "",
        asked: Session | None = None,
        quiet: bool = False,
        whole: bool = False,
    ) -> Iterator[Message]:
        """Begin a spoken session; it interrupts the one before."""
        if self._voice is not None:
            yield from self._close(self._voice, "cancelled", now)
        if why != "question":
            yield tts.Stop()
            yield audio.Quiet()
        patience = min(self._limits.patience, MORE_SECONDS) if quiet else self._limits.patience
        session = self._open(why, "listening", now, now + patience + self._limits.listening + 5.0)
        session.asker, session.quiet = SPOKEN, quiet
        expects: tuple[str, ...] = ()
        options: tuple[Spoken, ...] = ()
        if asked is not None:
            session.answers, session.offered = asked.skill or "", asked.offered
            expects, options = asked.expects, asked.options
        elif why != "question" and now - self._rang < RINGING_SECONDS:
            expects = ("stop",)
        self._voice = session
        yield dialog.Opened(session=session.id, why=why)
        yield dialog.Listening(
            session=session.id,
            from_sample=from_sample,
            wake_word=wake_word,
            patience=patience,
            expects=expects,
            options=options,
            skill=session.answers,
            whole=whole,
        )
        if self._chimes and not quiet:
            yield audio.Chime(name="listen")

    def _typed(self, message: dialog.Ask, now: float) -> Iterator[Message]:
        session = self._open("typed", "thinking", now, now + self._limits.thinking)
        session.request = message.request
        session.aloud = message.aloud
        session.transcript = message.text
        session.asker = f"typed:{message.asker}"
        question = self._questions.pop(session.asker, None)
        if question is not None and now < question.until:
            session.answers, session.offered = question.skill, question.offered
        yield dialog.Opened(session=session.id, why="typed")
        yield from self._understand(session, now)

    def _understand(self, session: Session, now: float) -> Iterator[Message]:
        self._enter(session, "thinking", now, self._limits.thinking)
        if session.offered is not None:
            chosen = choose(session.transcript.text, session.offered.titles, self._phrase.choices)
            if chosen == "none":
                yield from self._reply(session, self._phrase("left"), "answered", now)
                return
            if chosen is not None:
                meant = session.offered.meanings[chosen]
                session.answers, session.offered = "", None
                yield intent.Settle(
                    session=session.id, intent=meant.intent, skill=meant.skill, slots=meant.slots, text=Spoken()
                )
                return
        goes_on = not session.answers
        yield intent.Understand(
            session=session.id,
            text=session.part or session.transcript,
            language=self._language,
            floor=CERTAIN if session.answers or session.quiet else LIKELY if session.unsure else 0.0,
            meaning=None if session.part else session.meaning,
            before=self._memory.before(session.asker, now) if goes_on else None,
            earlier=self._memory.earlier(session.asker, now) if goes_on else (),
        )

    def _matched(self, session: Session, message: intent.Matched, now: float) -> Iterator[Message]:
        """The skill hears the same message and works already; the dialogue's own intents are done here."""
        self._mark(session, "intent", now)
        if session.answers and message.intent in ANSWERS:
            yield from self._answer(session, now)
            return
        session.intent, session.skill, session.slots = message.intent, message.skill, message.slots
        if message.rest:
            session.part, session.rest = message.text, (*message.rest, *session.rest)
        if message.skill == OWN:
            done = self._own.do(session, message.intent, now)
            yield from done.wishes
            if done.reply is not None:
                yield from self._reply(session, done.reply, "asked" if session.ask else "answered", now)
        elif message.skill != PRIVACY:
            self._memory.asked(session.asker, message, now)

    def _answer(self, session: Session, now: float) -> Iterator[Message]:
        """What was said is the answer to a question."""
        if session.answers == OWN:  # neither this nor that
            yield from self._reply(session, self._phrase("left"), "answered", now)
            return
        session.skill = session.answers
        yield skill.Answer(session=session.id, skill=session.answers, text=session.transcript, language=self._language)

    def _done(self, session: Session, text: str, now: float) -> Iterator[Message]:
        """A request is answered: go on with the next of the same sentence, unless this one needs an answer first."""
        if session.ask or not session.rest:
            yield from self._reply(session, text, "asked" if session.ask else "answered", now)
            return
        session.said = (*session.said, text)
        session.part, *rest = session.rest
        session.rest = tuple(rest)
        yield from self._understand(session, now)

    def _reply(self, session: Session, text: str, outcome: dialog.Outcome, now: float) -> Iterator[Message]:
        """The answer is known: tell whoever asked, and speak it if it is to be heard."""
        text = " ".join(filter(None, (*session.said, text)))
        session.outcome = outcome
        yield dialog.Answered(
            session=session.id,
            request=session.request,
            transcript=session.transcript,
            intent=session.intent,
            skill=session.skill,
            slots=session.slots,
            reply=Spoken(text),
            outcome=outcome,
            seconds=tuple(session.seconds),
        )
        session.forget()
        session.reply = Spoken(text)
        if session.aloud and text:
            self._enter(session, "speaking", now, SPEAKING_SECONDS)
            yield tts.Say(session=session.id, text=Spoken(text), language=self._language)
            return
        if session.ask and not session.aloud and session.skill:
            self._questions[session.asker] = Question(session.skill, now + QUESTION_SECONDS, session.offered)
        yield from self._close(session, outcome, now)

    def _cancel(self, now: float) -> Iterator[Message]:
        yield tts.Stop()
        yield audio.Quiet()
        session = self._voice
        name = session.id if session is not None else ""
        yield skill.Hush(session=name)
        self._questions.clear()
        self._alerts.clear()
        if session is not None:
            yield from self._close(session, "cancelled", now)

    def _lost(self, service: str, now: float) -> Iterator[Message]:
        """A service broke: what waits for it is answered now instead of at the time-out."""
        waits: dict[str, Stage] = dict.fromkeys(("intent", "skills", "consent"), "thinking")
        waits["stt"] = "listening"
        if service == "tts":
            for session in [each for each in self._sessions.values() if each.stage == "speaking"]:
                yield from self._close(session, session.outcome, now)
        elif (stage := waits.get(service)) is not None:
            for session in [each for each in self._sessions.values() if each.stage == stage]:
                yield from self._reply(session, self._phrase("too.long"), "failed", now)
