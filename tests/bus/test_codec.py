"""Every message of the catalogue survives the wire, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.bus import codec
from assistant.errors import CodecError
from assistant.messages import CATALOG, Message, Spoken, stt, wake

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(str, text)
st.register_type_strategy(float, finite)
st.register_type_strategy(Spoken, st.builds(Spoken, text))

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", CATALOG.values(), ids=CATALOG.keys())
@given(data=st.data())
def test_every_message_survives_the_wire(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(st.from_type(kind))
    assert codec.decode(codec.loads(codec.dumps(codec.encode(message)))) == message


@given(topic=st.sampled_from(sorted(CATALOG)), body=anything)
def test_a_strange_body_is_refused_in_words_and_nothing_else_happens(topic: str, body: Any) -> None:
    try:
        codec.decode({"topic": topic, "body": body})
    except CodecError as error:
        assert "\n" not in str(error)


@given(st.binary(max_size=60) | text)
def test_garbage_is_never_a_message(garbage: bytes | str) -> None:
    with pytest.raises(CodecError):
        codec.decode(codec.loads(garbage))


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_refused_at_the_sender(score: float) -> None:
    with pytest.raises(CodecError, match=r"wake\.detected\.score"):
        codec.encode(wake.Detected(word="alexa", score=score, sample=1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sample": "7"}, r"wake\.detected\.sample: not int"),
        ({"sample": True}, "not int"),
        ({"extra": 1}, r"wake\.detected\.extra: no such field"),
        ({"word": None}, "not str"),
        ({"word": "\ud800"}, "not valid Unicode"),
        ({"score": 10**400}, "not a finite number"),
    ],
)
def test_a_wrong_field_is_named_by_its_path(change: dict[str, Any], expected: str) -> None:
    body = {"word": "alexa", "score": 0.9, "sample": 7} | change
    with pytest.raises(CodecError, match=expected):
        codec.decode({"topic": "wake.detected", "body": body})


def test_an_error_never_repeats_what_was_said() -> None:
    frame = {"topic": "stt.transcript", "body": {"session": 3, "text": "my secret", "confidence": "my secret"}}
    with pytest.raises(CodecError) as caught:
        codec.decode(frame)
    assert "secret" not in str(caught.value)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(CodecError):
        codec.loads("[" * 100_000)


def test_spoken_words_do_not_print() -> None:
    message = stt.Transcript(session="1", text=Spoken("the red door"), confidence=1.0, language="en")
    assert "red" not in f"{message} {message!r} {message.text}"
    assert "red" in json.dumps(codec.encode(message)), "the planted leak: the words are really in there"
    assert dataclasses.asdict(message)["text"]["text"] == "the red door"
