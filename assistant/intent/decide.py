"""What a text asks for: by the request before, by the engines in their order, and as several requests in one sentence.

Speech and text come to the same: the words decide. What the recogniser understood on its way is asked only where the
words leave something open, and where other words sounded almost as likely.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.clock import Clock
from assistant.errors import AssistantError
from assistant.grammar.sentences import SkillSentences, is_follow
from assistant.grammar.templates import parse_lines
from assistant.grammar.title import title
from assistant.intent.engine import IntentEngine, Match
from assistant.intent.fill import slot_forms
from assistant.intent.heard import heard
from assistant.intent.joints import without_lead
from assistant.intent.parts import requests
from assistant.intent.template_engine import TemplateEngine
from assistant.messages import intent
from assistant.messages.base import Before, Meaning, Slot, Spoken

ALIKE = 0.05
"""Intents of which one is this little ahead of the other are about equally good: people are asked."""
ALIKE_INSIDE = 0.015
"""The same for intents of one skill: there the better one is mostly right, and the other one not far from it."""
UNSURE_GAP = 0.5
"""Log-probability by which the recogniser has to prefer an intent to the next; below it people are asked."""
GOES_ON = 0.9
"""The confidence that a sentence needs to go on from an answer: such sentences are short."""
Answer = intent.Matched | intent.Ambiguous | intent.Unmatched
"""What comes of a request to understand."""
ALERT = "alert"
"""What a sentence goes on from when the skill had spoken up by itself."""
_TIMES = ("duration", "time", "date", "datetime")
"""Kinds of which a new value replaces an old one of any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`matches` that are about equally good, the best first; none: nobody knows what to do. `text` is what was meant
    of the first request, `rest` are the others. `follows` is the intent it goes on from."""

    matches: tuple[Match, ...]
    engine: str
    text: str
    rest: tuple[str, ...] = ()
    follows: str = ""


class Decider:
    """Asks the engines. Plain and synchronous: it runs in the service's one thread."""

    def __init__(
        self,
        engines: Sequence[IntentEngine],
        clock: Clock,
        failed: Callable[[IntentEngine, AssistantError], None],
        yielding: Collection[str] = (),
    ) -> None:
        """`failed` is told of an engine that could not answer; the next one is asked. Intents of `yielding` count only
        where no other fits as well."""
        self._yielding = yielding
        self.shipped: Collection[str] = ()
        """Skills that came with the program. What was added was added on purpose: its sentences count before theirs."""
        self._engines = engines
        self._clock = clock
        self._failed = failed
        self._sentences: Mapping[str, SkillSentences] = {}
        self._follows: dict[str, TemplateEngine] = {}

    def learn(self, sentences: Sequence[SkillSentences]) -> None:
        """The sentences of all skills, for what goes on from their answers. Raises SkillError."""
        before, self._sentences = self._sentences, {each.skill: each for each in sentences}
        engines = {each.skill: self._follows.get(each.skill) or TemplateEngine() for each in sentences if each.follows}
        for skill, engine in engines.items():
            if before.get(skill) != self._sentences[skill] or skill not in self._follows:
                engine.learn([self._sentences[skill].follow_ups])
        self._follows = engines

    def answer(self, asked: intent.Understand, skills: Collection[str]) -> Answer:
        """What is asked for, of what these skills do, as the message to publish."""
        found = self.decide(asked, skills)
        if not found.matches:
            return intent.Unmatched(session=asked.session, text=asked.text)
        if len(found.matches) > 1:
            return intent.Ambiguous(
                session=asked.session,
                choices=tuple(each.intent for each in found.matches),
                text=asked.text,
                meanings=tuple(_meaning(each) for each in found.matches),
                titles=tuple(Spoken(self.title(each)) for each in found.matches),
            )
        (best,) = found.matches
        return intent.Matched(
            session=asked.session,
            intent=best.intent,
            skill=best.skill,
            slots=best.slots,
            text=Spoken(found.text),
            confidence=best.confidence,
            engine=found.engine,
            rest=tuple(map(Spoken, found.rest)),
            follows=found.follows,
        )

    def decide(self, asked: intent.Understand, skills: Collection[str]) -> Found:
        """What is asked for, of what these skills do."""
        text = asked.text.text
        further = self._going_on(asked, asked.before)
        unbeaten = further is not None and further.confidence == 1.0 and not _is_free(further)
        if further is not None and not unbeaten:
            # "And what time is it" goes on from nothing: what seems to be free text is a request of its own.
            for slot in (each for each in further.slots if each.kind == "text" and each.spoken):
                _, inside = self._match(slot.spoken.text, asked.language, skills)
                if inside and inside[0].confidence >= GOES_ON:
                    return self.decide(replace(asked, text=slot.spoken, before=None, earlier=(), meaning=None), skills)
        engine, found = ("", []) if unbeaten else self._match(text, asked.language, skills)
        if further is not None and asked.before is not None and not _beats(found, further):
            follows = asked.before.intent or f"{asked.before.skill}.{ALERT}"
            return Found(matches=(further,), engine="context", text=text, follows=follows)
        if not found or found[0].confidence <= GOES_ON:
            for before in asked.earlier:
                value = self._going_on(asked, before)
                if value is not None and any(slot.spoken and slot.kind != "text" for slot in value.slots):
                    follows = before.intent or f"{before.skill}.{ALERT}"
                    return Found(matches=(value,), engine="context", text=text, follows=follows)
        said: tuple[str, ...] = (text,)
        if not asked.floor and not _is_whole(found):
            said = self._requests(asked, skills)
            if said != (text,):
                engine, found = self._match(said[0], asked.language, skills)
        meaning = asked.meaning
        if meaning is not None and len(said) == 1 and meaning.skill in skills and not is_follow(meaning.intent):
            own = ("", meaning.skill)
            other = not is_follow(meaning.rival) and meaning.rival.partition(".")[0] not in own
            if other and 0 < meaning.gap < UNSURE_GAP:
                return Found(matches=self._either(meaning, found, asked.language), engine="speech", text=text)
            if not found or found[0].confidence < 1.0:
                engine, found = "speech", [heard(meaning, found, asked.language, self._clock.now())]
        near = _near([match for match in found if match.confidence >= asked.floor])
        if len(near) > 1:
            near = [match for match in near if match.intent not in self._yielding] or near
        if len(near) > 1 and asked.before is not None:
            near = [match for match in near if match.skill == asked.before.skill] or near
        if len(near) > 1:
            near = [match for match in near if match.skill not in self.shipped] or near
        return Found(matches=tuple(near), engine=engine, text=said[0], rest=said[1:])

    def title(self, match: Match) -> str:
        """How to name what a match would do, to ask about it."""
        words = {slot.name: slot.spoken.text for slot in match.slots}
        known = self._sentences.get(match.skill)
        named = title(known, match.intent.partition(".")[2], words) if known is not None else ""
        return named or match.intent.replace(".", " ").replace("_", " ")

    def _match(
        self, text: str, language: str, skills: Collection[str], engines: Sequence[IntentEngine] | None = None
    ) -> tuple[str, list[Match]]:
        """The first engine that finds something, and what it found. A failing engine is passed over."""
        now = self._clock.now()
        for engine in self._engines if engines is None else engines:
            try:
                found = [match for match in engine.match(text, language, now) if match.skill in skills]
            except AssistantError as error:
                self._failed(engine, error)
                continue
            if found:
                return engine.name, found
        return "", []

    def _requests(self, asked: intent.Understand, skills: Collection[str]) -> tuple[str, ...]:
        """What is asked for in one sentence, by the engines that know the sentences word for word."""
        engines = [engine for engine in self._engines if not engine.trains]

        def understand(part: str) -> Match | None:
            _, found = self._match(part, asked.language, skills, engines)
            return found[0] if found else None

        def leans(first: Match, part: str) -> bool:
            found = self._further(part, first.skill, asked.language)
            return bool(found) and found[0].confidence == 1.0 and not _is_free(found[0])

        return requests(asked.text.text, understand, asked.language, leans)

    def _further(self, text: str, skill: str, language: str) -> list[Match]:
        """The follow-up sentences of a skill that fit, also behind a word that takes back: "no, make it ten"."""
        if skill not in self._follows:
            return []
        found = self._follows[skill].match(text, language, self._clock.now())
        if found and found[0].confidence >= GOES_ON:
            return found
        rest = without_lead(text, language)
        return (rest and self._follows[skill].match(rest, language, self._clock.now())) or found

    def _going_on(self, asked: intent.Understand, before: Before | None) -> Match | None:
        """The follow-up sentence of the skill that answered `before`, with the values of that request."""
        if before is None or before.skill not in self._follows:
            return None
        found = self._further(asked.text.text, before.skill, asked.language)
        sure = [match for match in found if match.confidence >= max(GOES_ON, asked.floor)]
        same = [match for match in sure if match.intent == before.intent]
        if not sure:
            return None
        best = same[0] if same and same[0].confidence == sure[0].confidence else sure[0]
        if best not in same and any(each.confidence == best.confidence and each.intent != best.intent for each in sure):
            return None  # "and the bedroom" goes on from whatever was asked for; here from nothing that is known
        return replace(best, slots=(*best.slots, *self._kept(best, before)))

    def _kept(self, found: Match, before: Before) -> list[Slot]:
        """What of the old values still counts: what the new ones do not replace, and of names what a sentence can have
        beside new names. Who says a room after a lamp does not mean that lamp, and who takes the eggs off means no more
        of what he put on before."""
        new, timed = {slot.name for slot in found.slots}, any(slot.kind in _TIMES for slot in found.slots)
        rest = [slot for slot in before.slots if slot.name not in new and not (timed and slot.kind in _TIMES)]
        known = self._sentences.get(found.skill)
        lines = known.intents.get(found.intent.partition(".")[2], ()) if known is not None else ()
        forms = [form for node in parse_lines(lines) for form in slot_forms(node)]
        names = {slot.name for slot in found.slots if slot.kind == "list"}
        beside = {ref for form in forms if names <= {each.name for each in form} for ref in form}
        lists = {ref.type or ref.name for ref in beside if ref.name in names}
        if found.intent == before.intent:
            lists = set()  # "how many grams in a pound", "and in ounces": the pound stays
        kept = {ref.name for ref in beside if (ref.type or ref.name) not in lists}
        return [slot for slot in rest if slot.kind != "list" or not names or slot.name in kept]

    def _either(self, meaning: Meaning, found: Sequence[Match], language: str) -> tuple[Match, ...]:
        """Both intents between which the recogniser could not decide."""
        rival = Match(intent=meaning.rival, skill=meaning.rival.partition(".")[0], slots=(), confidence=1.0)
        return (
            heard(meaning, found, language, self._clock.now()),
            next((match for match in found if match.intent == meaning.rival), rival),
        )


def settle(wish: intent.Settle, skills: Collection[str]) -> Answer:
    """A person has decided, or asks for the same again."""
    if wish.skill not in skills:
        return intent.Unmatched(session=wish.session, text=wish.text)
    return intent.Matched(
        session=wish.session,
        intent=wish.intent,
        skill=wish.skill,
        slots=wish.slots,
        text=wish.text,
        confidence=1.0,
        engine="asked",
    )


def _meaning(match: Match) -> Meaning:
    return Meaning(intent=match.intent, skill=match.skill, slots=match.slots, score=match.confidence, gap=0.0)


def _beats(found: Sequence[Match], further: Match) -> bool:
    """Whether a sentence of its own fits better than one that goes on."""
    if not found:
        return False
    if _is_free(further):
        return found[0].confidence >= GOES_ON  # free text would take anything
    return found[0].confidence > further.confidence


def _is_free(match: Match) -> bool:
    return any(slot.kind == "text" for slot in match.slots)


def _is_whole(found: Sequence[Match]) -> bool:
    """Whether the words fit so well that they can be one request only. Free text could hold another."""
    return bool(found) and found[0].confidence == 1.0 and not _is_free(found[0])


def _near(found: Sequence[Match]) -> list[Match]:
    """Those about as good as the best, each intent once. Exact sentences of one skill do not compete: its first
    counts."""
    if not found:
        return []
    best = found[0]
    near = [
        match
        for match in found
        if match.confidence >= best.confidence - (ALIKE_INSIDE if match.skill == best.skill else ALIKE)
    ]
    if best.confidence == 1.0:
        near = [match for match in near if match.confidence == 1.0]
        near = [best, *(match for match in near if match.skill != best.skill)]
    return list({match.intent: match for match in reversed(near)}.values())[::-1]
