"""MQTT 3.1.1 as far as a home needs it: packets to bytes and back. No I/O here.

Source: OASIS MQTT Version 3.1.1, chapters 2 and 3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

LARGEST = 256 * 1024
"""Bytes of a packet that is accepted."""

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14
REFUSALS = ("", "protocol", "client", "unavailable", "password", "password")
"""Why a broker may refuse to connect, by its number."""


class Malformed(ValueError):
    """These bytes are no MQTT."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its kind, flags, and what follows the header."""

    kind: int
    flags: int = 0
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was published. `number` is 0 unless it has to be acknowledged."""

    topic: str
    payload: bytes
    retained: bool = False
    number: int = 0


class Reader:
    """Takes bytes as they come, gives whole packets. Raises Malformed."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        self._data += data
        found = []
        while (size := self._size()) is not None:
            header, length = size
            body = bytes(self._data[header : header + length])
            found.append(Packet(self._data[0] >> 4, self._data[0] & 15, body))
            del self._data[: header + length]
        return found

    def _size(self) -> tuple[int, int] | None:
        """Bytes of the header and of the body, once all of it is there."""
        length = 0
        for index, byte in enumerate(self._data[1:5]):
            length |= (byte & 127) << 7 * index
            if length > LARGEST:
                raise Malformed("too large")
            if byte < 128:
                return (index + 2, length) if len(self._data) >= index + 2 + length else None
        if len(self._data) >= 5:
            raise Malformed("no length")
        return None


def connect(client: str, keep_alive: int, user: str = "", password: str = "") -> bytes:
    """A clean session: nothing of this client is kept by the broker."""
    flags = 0x02 | (0x80 if user else 0) | (0x40 if user and password else 0)
    body = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", keep_alive) + _text(client)
    if user:
        body += _text(user) + (_text(password) if password else b"")
    return _packet(CONNECT, 0, body)


def subscribe(number: int, topics: list[str]) -> bytes:
    """To hear these topics, each message at most once."""
    return _packet(SUBSCRIBE, 2, struct.pack(">H", number) + b"".join(_text(each) + b"\0" for each in topics))


def publish(topic: str, payload: bytes, number: int = 0, *, retain: bool = False) -> bytes:
    """With a number the broker has to acknowledge it (quality of service 1)."""
    head = _text(topic) + (struct.pack(">H", number) if number else b"")
    return _packet(PUBLISH, (2 if number else 0) | retain, head + payload)


def acknowledge(number: int) -> bytes:
    return _packet(PUBACK, 0, struct.pack(">H", number))


def ping() -> bytes:
    return _packet(PINGREQ, 0, b"")


def disconnect() -> bytes:
    return _packet(DISCONNECT, 0, b"")


def message(packet: Packet) -> Message:
    """What a PUBLISH says. Raises Malformed."""
    try:
        (length,) = struct.unpack_from(">H", packet.body)
        topic = packet.body[2 : 2 + length].decode()
        start, number = 2 + length, 0
        if packet.flags & 6:
            (number,) = struct.unpack_from(">H", packet.body, start)
            start += 2
    except (struct.error, UnicodeDecodeError) as error:
        raise Malformed("no message") from error
    if len(packet.body) < start:
        raise Malformed("no message")
    return Message(topic, packet.body[start:], bool(packet.flags & 1), number)


def number_of(packet: Packet) -> int:
    """Of a PUBACK or SUBACK: what it acknowledges. Raises Malformed."""
    if len(packet.body) < 2:
        raise Malformed("no number")
    return int.from_bytes(packet.body[:2], "big")


def refusal(packet: Packet) -> str:
    """Of a CONNACK: empty, or why not. Raises Malformed."""
    if packet.kind != CONNACK or len(packet.body) != 2:
        raise Malformed("no answer to connect")
    code = packet.body[1]
    return REFUSALS[code] if code < len(REFUSALS) else "refused"


def _packet(kind: int, flags: int, body: bytes) -> bytes:
    length, size = len(body), bytearray()
    while True:
        length, byte = length >> 7, length & 127
        size.append(byte | (128 if length else 0))
        if not length:
            return bytes([kind << 4 | flags]) + bytes(size) + body


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) > 65535:
        raise ValueError("too long a text")
    return struct.pack(">H", len(data)) + data
