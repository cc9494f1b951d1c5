"""The packets of MQTT: what is written is read again, in pieces too, and nothing that comes breaks the reader."""

import importlib.util
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.paths import TREE


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("home_mqtt", TREE / "skills" / "home" / "mqtt.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


mqtt = _load()
topics = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(
    st.lists(st.tuples(topics, st.binary(max_size=400), st.integers(0, 65535), st.booleans()), max_size=5),
    st.integers(1, 50),
)
def test_what_is_published_is_read_in_any_pieces(sent: list[tuple[str, bytes, int, bool]], size: int) -> None:
    data = b"".join(mqtt.publish(topic, payload, number, retain=retain) for topic, payload, number, retain in sent)
    reader = mqtt.Reader()
    packets = [packet for at in range(0, len(data), size) for packet in reader.feed(data[at : at + size])]
    found = [mqtt.message(packet) for packet in packets]
    assert [(each.topic, each.payload, each.number, each.retained) for each in found] == sent


@given(st.binary(max_size=300))
def test_nonsense_is_malformed_and_no_more(data: bytes) -> None:
    try:
        for packet in mqtt.Reader().feed(data):
            mqtt.message(packet)
            mqtt.number_of(packet)
            mqtt.refusal(packet)
    except mqtt.Malformed:
        pass


def test_connecting_and_subscribing_are_as_the_standard_has_them() -> None:
    assert mqtt.connect("a", 30) == b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x1e\x00\x01a"
    assert mqtt.connect("a", 30, "u", "p")[9:10] == b"\xc2"
    assert mqtt.subscribe(1, ["t/+"]) == b"\x82\x08\x00\x01\x00\x03t/+\x00"
    assert mqtt.refusal(mqtt.Packet(mqtt.CONNACK, 0, b"\x00\x05")) == "password"


def test_what_is_too_large_is_not_waited_for() -> None:
    with pytest.raises(mqtt.Malformed):
        mqtt.Reader().feed(b"\x30\xff\xff\xff\x7f")
