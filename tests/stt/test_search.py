"""The search hears only what the skills understand, and says how sure it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grammar.network import START, build
from assistant.grammar.sentences import SkillSentences
from assistant.stt.moonshine_model import Cache, Floats, Heard, Tokens, find_model
from assistant.stt.paths import Found, Result, Settings, slot_words, steps
from assistant.stt.search import Prior, Search
from assistant.stt.surface import Surface
from assistant.stt.tokenizer import EOS, load

TOKENIZER = load(find_model() / "tokenizer.bin")
SKILL = SkillSentences(
    skill="oven",
    language="en",
    intents={
        "heat": ("heat the oven to {degrees} degrees", "heat it"),
        "bake": ("bake for {duration}", "bake {dish} for {duration}"),
        "note": ("note {text} in the book",),
        "late": ("at {time} on {date}", "{number} of {percentage}", "in {datetime}"),
    },
    entities={"dish": ("bread", "red cabbage", "(gray|grey) bread"), "degrees": ("fifty", "fifteen", "two hundred")},
)
SURFACE = Surface(build([SKILL], "en"), TOKENIZER)
Says = Callable[[tuple[int, ...]], Mapping[int, float]]
"""Tokens so far -> how likely (log) some next tokens are; all others are hopeless."""


class FakeDecoder:
    """Its cache holds the tokens themselves, so that rows can be taken and repeated like real ones."""

    def __init__(self, says: Says, expects: Floats | None = None) -> None:
        self.says = says
        self.expects = expects
        self.rows = 0

    def first(self) -> Floats:
        return log_softmax(self._logits(()))

    def step(self, heard: Heard, tokens: Tokens, cache: Cache) -> tuple[Floats, Cache]:
        grown = np.concatenate((cache.own[0], tokens[:, None].astype(np.float32)), axis=1)
        self.rows += len(tokens)
        rows = [log_softmax(self._logits(tuple(int(token) for token in row))) for row in grown]
        return np.stack(rows), Cache((grown,))

    def score(self, heard: Heard, sentences: Sequence[Sequence[int]]) -> list[float]:
        return [0.0 if self.expects is None else float(self.expects[tokens[0]]) for tokens in sentences]

    def _logits(self, tokens: tuple[int, ...]) -> Floats:
        logits = np.full(len(TOKENIZER), -12.0, np.float32)
        for token, logp in self.says(tokens).items():
            logits[token] = logp
        return logits


def log_softmax(logits: Floats) -> Floats:
    result: Floats = logits - np.log(np.exp(logits).sum())
    return result


NO_SOUND = Heard(np.zeros((1, 1, 1), np.float32), ())
EMPTY = Cache((np.zeros((1, 0), np.float32),))
FLAT = Prior(NO_SOUND, np.zeros(len(TOKENIZER), np.float32), EMPTY)
PLAIN = Settings(prior_share=0.0, prior_tokens=0, judge_share=0.0)


def encode(text: str) -> tuple[int, ...]:
    found: tuple[int, ...] = ()
    for word in text.split():
        stop = word[-1] in ".?"
        found += TOKENIZER.encode(word.rstrip(".?")) + (TOKENIZER.encode_glued(word[-1]) if stop else ())
    return (*found, EOS)


def says(*texts: tuple[str, float]) -> Says:
    """A decoder that hears each of these texts with the given likelihood of its differing tokens."""
    rows = [(encode(text), logp) for text, logp in texts]

    def following(tokens: tuple[int, ...]) -> Mapping[int, float]:
        found: dict[int, float] = {}
        for row, logp in rows:
            if row[: len(tokens)] == tokens and len(row) > len(tokens):
                found[row[len(tokens)]] = max(logp, found.get(row[len(tokens)], -math.inf))
        return found

    return following


def hear(following: Says, settings: Settings = PLAIN) -> Result:
    decoder = FakeDecoder(following)
    return Search(decoder, SURFACE, FLAT, settings).run(NO_SOUND, decoder.first(), EMPTY)


def said(found: Found) -> str:
    free = [step.token for step in steps(found.path) if not step.words]
    return " ".join(word for step in steps(found.path) for word in step.words) + TOKENIZER.decode(free)


def test_the_sentence_that_was_said() -> None:
    best = hear(says(("Heat the oven to two hundred degrees.", 0.0))).found[0]
    assert said(best) == "heat the oven to two hundred degrees"
    assert [words for _, words in slot_words(best.path)] == [("two", "hundred")]
    assert SURFACE.network.nexts(best.place).intents == ("oven.heat",)


def test_what_no_skill_understands_is_bent_to_the_nearest_sentence_at_a_low_likelihood() -> None:
    best = hear(says(("Heat the often to fifty degrees.", 0.0))).found[0]
    assert said(best).startswith("heat the oven to")
    assert best.logp < -10


def test_a_swallowed_first_word_is_found_behind_likelier_ones() -> None:
    texts = [(f"{word} the moment", -1.0) for word in ("Note", "Bread", "Red", "Two", "Fifty")]
    best = hear(says(("Bake for ten minutes.", -6.0), *texts)).found[0]
    assert said(best) == "bake for ten minutes"


def test_two_ways_to_write_a_number_are_one_meaning() -> None:
    found = hear(says(("Bake for 10 minutes.", -0.7), ("Bake for ten minutes.", -0.8))).found
    assert [said(one) for one in found] == ["bake for ten minutes"]
    assert found[0].rival is None or found[0].rival.gap > 5


def test_the_nearest_other_meaning_is_told_with_its_distance() -> None:
    best = hear(says(("Heat the oven to fifty degrees.", -0.5), ("Heat the oven to fifteen degrees.", -1.5))).found[0]
    assert said(best) == "heat the oven to fifty degrees"
    assert best.rival is not None
    assert best.rival.gap < 5


def test_two_spellings_of_a_word_are_no_rivals() -> None:
    found = hear(says(("Bake gray bread for ten minutes.", -0.5), ("Bake grey bread for ten minutes.", -0.6))).found
    assert len(found) == 1
    assert found[0].rival is None or found[0].rival.gap > 5


def test_it_tells_how_much_a_sentence_sounds_as_if_it_were_over() -> None:
    over = hear(says(("Heat it.", 0.0))).found[0]
    going_on = hear(says(("Heat it.", -3.0), ("Heat it and", 0.0))).found[0]
    assert over.ending > 0.8
    assert going_on.ending < 0.2


def test_the_beginning_of_a_sentence_is_seen_as_one() -> None:
    result = hear(says(("Heat the oven to", 0.0)))
    assert result.broken_off is not None
    assert " ".join(word for step in steps(result.broken_off.path) for word in step.words) == "heat the oven to"


def test_free_text_is_taken_as_it_was_said() -> None:
    best = hear(says(("Note milk and honey in the book.", 0.0))).found[0]
    free = [step.token for step in steps(best.path) if not step.words]
    assert TOKENIZER.decode(free) == "milk and honey"


def test_a_decoder_that_never_stops_is_stopped() -> None:
    endless = says(("Bake for" + " one hour and" * 50, 0.0))
    decoder = FakeDecoder(endless)
    Search(decoder, SURFACE, FLAT, replace(PLAIN, max_tokens=20)).run(NO_SOUND, decoder.first(), EMPTY)
    assert decoder.rows <= 20 * max(PLAIN.beam, *PLAIN.opening)


def test_what_the_decoder_expects_anyway_counts_less() -> None:
    """Without sound it would say "heat it" anyway; so a little more evidence for the other wins."""
    heard = says(("Heat it.", -0.5), ("Bake for ten minutes.", -1.0))
    expected = log_softmax(FakeDecoder(says(("Heat it.", 0.0), ("Bake", -11.0)))._logits(()))
    prior = Prior(NO_SOUND, expected, EMPTY)
    decoder = FakeDecoder(heard, expected)
    chosen = replace(PLAIN, bonus=0.0)
    plain = Search(decoder, SURFACE, prior, chosen).run(NO_SOUND, decoder.first(), EMPTY)
    weighed = Search(decoder, SURFACE, prior, replace(chosen, prior_share=0.3, prior_tokens=1, judge_share=0.3)).run(
        NO_SOUND, decoder.first(), EMPTY
    )
    assert said(plain.found[0]) == "heat it"
    assert said(weighed.found[0]) == "bake for ten minutes"


def test_free_text_that_is_a_sentence_needs_no_search() -> None:
    tokens = encode("Heat the oven to 15 degrees.")
    search = Search(FakeDecoder(lambda _: {}), SURFACE, FLAT, PLAIN)
    result = search.retrace(tokens[:-1], [-0.1] * len(tokens))
    assert result is not None
    assert said(result.found[0]) == "heat the oven to fifteen degrees"
    assert result.found[0].logp < -0.5
    assert result.found[0].rival is not None and 2 < result.found[0].rival.gap < 3


def test_free_text_that_is_no_sentence_is_not_taken_for_one() -> None:
    for text in ("Heat the oven to 16 degrees.", "Heat the oven", "Heat it. now", ""):
        tokens = encode(text)
        search = Search(FakeDecoder(lambda _: {}), SURFACE, FLAT, PLAIN)
        assert search.retrace(tokens[:-1], [-0.1] * len(tokens)) is None


def test_branches_that_lead_nowhere_are_passed_over() -> None:
    surface = Surface(build([SKILL], "en"), TOKENIZER)
    for word in ("hour", "minutes"):
        surface.tree(START).branch(TOKENIZER.encode(word), lambda node: None)
    following = says(("Heat it.", -2.0), ("hour", 0.0), ("minutes", 0.0))
    decoder = FakeDecoder(following)
    found = Search(decoder, surface, FLAT, PLAIN).run(NO_SOUND, decoder.first(), EMPTY).found
    assert said(found[0]) == "heat it"


def test_pieces_of_words_do_not_crowd_out_whole_ones() -> None:
    """ "Fif" is likelier than "fifty" until what follows it is looked at."""
    following = says(("Heat the oven to fifty degrees.", -3.0), ("Heat the oven to Fif", -0.5))
    best = hear(following, replace(PLAIN, beam=1, opening=(12, 2, 1))).found[0]
    assert said(best) == "heat the oven to fifty degrees"
    assert best.logp > -12


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_the_decoder_says_only_sentences_come_out(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def noise(tokens: tuple[int, ...]) -> Mapping[int, float]:
        return {int(token): float(rng.normal(-3, 2)) for token in rng.integers(0, len(TOKENIZER), 2000)}

    for found in hear(noise, replace(PLAIN, max_tokens=12)).found:
        assert SURFACE.network.nexts(found.place).intents
        assert found.tokens[-1] == EOS
        assert found.logp <= 0


def test_free_text_that_only_goes_on_from_an_answer_costs_more() -> None:
    cafe = SkillSentences(
        skill="cafe",
        language="en",
        intents={"order": ("order {text}",)},
        entities={},
        follows={"spell": ("and {text}",)},
    )
    surface = Surface(build([cafe], "en"), TOKENIZER)
    decoder = FakeDecoder(says(("And two red bread.", 0.0), ("Order two red bread.", -0.5)))
    found = Search(decoder, surface, FLAT, PLAIN).run(NO_SOUND, decoder.first(), EMPTY).found
    assert surface.network.nexts(found[0].place).intents == ("cafe.order",)
