"""The privacy sentences can be read, and every intent has an answer."""

from assistant.consent.purposes import load_purposes
from assistant.consent.service import LOCALE
from assistant.consent.words import Words
from assistant.grammar.folder import read_sentences


def test_every_sentence_file_can_be_read() -> None:
    sentences = read_sentences("privacy", LOCALE, "en")
    assert set(sentences.intents) == {
        "grant", "withdraw", "forget_everything", "forget_today", "forget_last", "know", "recording",
        "stop_listening", "guest", "guest_end",
    }  # fmt: skip


def test_every_way_to_name_a_purpose_is_known() -> None:
    words = Words("en")
    for spoken, purpose in [
        ("my wake words", "wake_word"), ("false alarms", "false_wake"), ("what I say", "utterance_audio"),
        ("my voice", "utterance_audio"), ("the words of my requests", "transcript"), ("usage counts", "usage"),
    ]:  # fmt: skip
        assert words.purpose(spoken) == purpose
        assert purpose in load_purposes()
    assert words.purpose("bananas") == ""
