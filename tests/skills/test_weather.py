"""The weather skill against a server on 127.0.0.1 that answers in the shape that Open-Meteo documents."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from assistant.config.paths import TREE
from assistant.testing.skills import MONDAY, SkillTester

HOUSE = {"weather.latitude": "52.5234", "weather.longitude": "13.4114"}
BERLIN = {"results": [{"id": 1, "name": "Berlin", "latitude": 52.52437, "longitude": 13.41053, "country": "Germany"}]}


def forecast(first: date = MONDAY.date()) -> dict[str, Any]:
    """Dry and mild, but on Tuesday it rains in the afternoon, and on Saturday it snows."""
    days = [first + timedelta(days=ahead) for ahead in range(8)]
    hours = [datetime.combine(day, datetime.min.time()) + timedelta(hours=hour) for day in days for hour in range(24)]
    wet = [hour.date() == days[1] and 12 <= hour.hour < 18 for hour in hours]
    return {
        "latitude": 52.5, "longitude": 13.4, "timezone": "Europe/Berlin", "utc_offset_seconds": 3600,
        "current": {"time": "2026-03-02T10:30", "interval": 900, "weather_code": 2, "temperature_2m": 8.6,
                    "wind_speed_10m": 12.0},
        "hourly": {
            "time": [hour.isoformat(timespec="minutes") for hour in hours],
            "weather_code": [61 if each else 1 for each in wet],
            "temperature_2m": [4 + hour.hour / 2 for hour in hours],
            "wind_speed_10m": [10.0] * len(hours),
            "precipitation_probability": [80 if each else 5 for each in wet],
        },
        "daily": {
            "time": [day.isoformat() for day in days],
            "weather_code": [2, 61, 3, 0, 0, 73, 3, None],
            "temperature_2m_min": [3, 4, 5, 5, 4, -2.4, 1, None],
            "temperature_2m_max": [11, 12, 13, 12, 11, 1.4, 6, None],
            "precipitation_probability_max": [5, 80, 30, 0, 0, 70, 10, None],
            "wind_speed_10m_max": [15, 20, 45, 10, 10, 10, 10, None],
        },
    }  # fmt: skip


class Server:
    """Answers each path from `answers`: JSON, raw bytes, or None for no answer at all. Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.answers: dict[str, Any] = {"/v1/forecast": forecast(), "/v1/search": BERLIN}
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        url = urlsplit(head.split()[1])
        self.asked.append((url.path, parse_qs(url.query)))
        answer = self.answers[url.path]
        if answer is None:
            await reader.read()
        elif isinstance(answer, bytes):
            writer.write(answer)
        else:
            body = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        writer.close()


@asynccontextmanager
async def weather(**settings: str) -> AsyncIterator[tuple[SkillTester, Server]]:
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        chosen = {"weather.forecast": server.address, "weather.places": server.address, **HOUSE, **settings}
        async with SkillTester(TREE / "skills" / "weather", settings=chosen, allow=["weather"]) as tester:
            yield tester, server


SAID = [
    ("what's the weather", "partly cloudy.* nine degrees|nine degrees.*partly cloudy"),
    ("how warm is it", "nine degrees"),
    ("what's the weather tomorrow", "tomorrow: light rain, four to twelve degrees"),
    ("what's the forecast for saturday", "on saturday: snow, minus two to one degrees"),
    ("what will the weather be like tomorrow morning", "tomorrow morning: mostly clear, seven to ten degrees"),
    ("will it rain tomorrow", "yes.* tomorrow: eighty percent"),
    ("will it rain tomorrow morning", "no.* dry tomorrow morning"),
    ("will it rain tomorrow afternoon", "yes.* tomorrow afternoon"),
    ("will it rain on wednesday", "maybe.* thirty percent"),
    ("will it rain today", "no.* dry today"),
    ("will it snow on saturday", "yes.* snow on saturday"),
    ("will it snow tomorrow", "no snow tomorrow"),
    ("do i need an umbrella", "no, you won't need one today"),
    ("should i take an umbrella tomorrow", "yes, take one"),
    ("is it windy on wednesday", "windy on wednesday: forty five kilometres an hour"),
    ("how warm is it in berlin on saturday", "on saturday in berlin: snow"),
    ("what's the weather like in berlin", "in berlin"),
    ("what will the weather be like next monday", "next seven days only"),
]


async def test_what_people_ask_is_answered() -> None:
    async with weather() as (tester, _):
        for said, wanted in SAID:
            text = (await tester.ask(said)).text
            assert re.search(wanted, text, re.IGNORECASE), (said, text)


async def test_a_question_goes_on() -> None:
    async with weather() as (tester, _):
        await tester.ask("will it rain in berlin")
        assert "tomorrow in Berlin" in (await tester.ask("and tomorrow")).text
        await tester.ask("what's the weather")
        assert "Berlin" in (await tester.ask("and in berlin")).text


async def test_no_more_leaves_the_house_than_it_must() -> None:
    async with weather() as (tester, server):
        await tester.ask("how warm is it in berlin")
        await tester.ask("what's the weather")
        await tester.ask("will it rain tomorrow")
        assert [path for path, _ in server.asked] == ["/v1/search", "/v1/forecast", "/v1/forecast"]
        assert server.asked[0][1]["name"] == ["berlin"]
        for _, query in server.asked[1:]:
            assert (query["latitude"], query["longitude"]) == (["52.5"], ["13.4"])


async def test_an_unknown_place_is_told_and_none_is_asked_for() -> None:
    async with weather(**dict.fromkeys(HOUSE, "0")) as (tester, server):
        assert (await tester.ask("will it rain tomorrow")).ask
        assert "tomorrow in Berlin" in (await tester.ask("in berlin")).text
        server.answers["/v1/search"] = {"generationtime_ms": 0.3}
        assert "no place called atlantis" in (await tester.ask("how warm is it in atlantis")).text


async def test_units_are_the_households() -> None:
    async with weather(**{"weather.units": "imperial"}) as (tester, server):
        assert "miles an hour" in (await tester.ask("how windy is it")).text
        assert server.asked[0][1]["temperature_unit"] == ["fahrenheit"]


BROKEN: list[tuple[str, Callable[[], Any]]] = [
    ("no JSON", lambda: b"HTTP/1.1 200 OK\r\n\r\n<html>"),
    ("another JSON", lambda: {"error": True, "reason": "x"}),
    ("a list", lambda: [1]),
    ("a number for a list", lambda: {**forecast(), "daily": 5}),
    ("columns of two lengths", lambda: {**forecast(), "daily": {**forecast()["daily"], "time": []}}),
    ("an error", lambda: b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
    ("a redirection", lambda: b"HTTP/1.1 302 Found\r\nLocation: http://example.org\r\nContent-Length: 0\r\n\r\n"),
    ("no HTTP", lambda: b"hello\r\n\r\n"),
    ("half an answer", lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"),
    ("nothing", lambda: b""),
    ("far too much", lambda: b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (2 << 20)),
    ("silence", lambda: None),
]


async def test_a_server_that_does_not_answer_as_it_should_is_told_kindly() -> None:
    async with weather() as (tester, server):
        for name, make in BROKEN:
            server.answers["/v1/forecast"] = make()
            assert "can't reach the weather service" in (await tester.ask("what's the weather")).text, name
        assert not tester.failures


async def test_without_a_yes_it_says_how_to_give_one() -> None:
    async with weather() as (tester, server):
        tester.forbid("weather")
        await tester.rescan()
        assert "assistant skills allow weather" in (await tester.ask("what's the weather")).text
        assert not server.asked
        tester.allow("weather")
        await tester.rescan()
        assert "degrees" in (await tester.ask("what's the weather")).text


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://nowhere.invalid"])
async def test_without_a_network_it_says_so(address: str) -> None:
    async with weather(**{"weather.forecast": address}) as (tester, _):
        assert "can't reach the weather service" in (await tester.ask("what's the weather")).text
