"""What stands in the kitchen and around it: music on a shelf, devices at a broker, and a server that knows the weather.

The broker is a real Mosquitto. The devices announce themselves there as Home Assistant wants it, do what they are told,
and say how they are afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import wave
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.skills.broker import Mosquitto
from tests.skills.test_weather import Server, forecast

SONGS = ("Ann Lee/First Light/01 - Rain.wav", "Ann Lee/First Light/02 - Sun.wav", "The Hats/Blue Bus.wav")
RATE = 8000
SOON = 3.0
"""Seconds until a device counts as not told."""


def _light(name: str, room: str) -> dict[str, Any]:
    topic = f"house/{name.lower().replace(' ', '-')}"
    return {
        "name": name, "uniq_id": topic, "schema": "json", "cmd_t": f"{topic}/set", "stat_t": topic, "brightness": True,
        "sup_clrm": ["rgb"], "dev": {"name": name, "sa": room},
    }  # fmt: skip


DEVICES: Mapping[str, dict[str, Any]] = {
    "light/kitchen": _light("Kitchen Light", "Kitchen"),
    "light/ceiling": _light("Ceiling Light", "Living Room"),
    "light/reading": _light("Reading Lamp", "Living Room"),
    "light/bed": _light("Bedside Lamp", "Bedroom"),
    "switch/kettle": {
        "name": "Kettle", "cmd_t": "house/kettle/set", "stat_t": "house/kettle", "dev": {"sa": "Kitchen"},
    },
    "cover/blind": {
        "name": "Kitchen Blind", "cmd_t": "house/blind/set", "pos_t": "house/blind", "set_pos_t": "house/blind/to",
        "dev_cla": "blind", "dev": {"sa": "Kitchen"},
    },
    "climate/heating": {
        "name": "Heating", "temp_cmd_t": "house/heating/set", "temp_stat_t": "house/heating", "dev": {"sa": "Kitchen"},
    },
    "sensor/warm": {
        "name": "Temperature", "stat_t": "house/warm", "val_tpl": "{{ value_json.celsius | float | round(1) }}",
        "unit_of_meas": "°C", "dev_cla": "temperature", "dev": {"name": "Thermometer", "sa": "Bedroom"},
    },
}  # fmt: skip
STATES: Mapping[str, str] = {
    "house/kettle": "ON",
    "house/blind": "100",
    "house/heating": "19",
    "house/warm": '{"celsius": "19.52"}',
}


class House:
    """Everything in it is made in `folder`, and gone at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: dict[str, str] = {}
        """Topic -> the last thing that a device was told since the last `fresh`."""
        self._news = asyncio.Event()
        self._open = AsyncExitStack()
        self._broker = Mosquitto(folder)
        self._server = Server()

    async def __aenter__(self) -> House:
        for name in SONGS:
            path = self.folder / "music" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(bytes(2 * RATE * 300))
        self._server.answers["/v1/forecast"] = forecast(date.today())
        listening = await asyncio.start_server(self._server.serve, "127.0.0.1", 0)
        await self._open.enter_async_context(listening)
        self._server.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        await self._broker.start()
        self._open.push_async_callback(self._broker.stop)
        states = dict(STATES) | {each["stat_t"]: '{"state": "OFF"}' for key, each in DEVICES.items() if "light" in key}
        for topic, state in states.items():
            await self._broker.publish(topic, state)
        for key, each in DEVICES.items():
            await self._broker.publish(f"homeassistant/{key}/config", each)
        commands = await self._open.enter_async_context(self._broker.hear("house/+/+"))
        working = asyncio.create_task(self._work(commands))
        self._open.callback(working.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def fresh(self) -> None:
        """What was told until now is over."""
        self.commands = {}

    async def told(self, wanted: Mapping[str, str]) -> bool:
        """Whether these devices are told this (topic -> pattern), now or soon."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOON):
                while not all(re.search(said, self.commands.get(topic, "")) for topic, said in wanted.items()):
                    self._news.clear()
                    await self._news.wait()
                return True
        return False

    def settings(self) -> str:
        """The household's assistant.yaml."""
        return f"""
time_zone: Europe/Berlin
skills:
  settings:
    media.folder: {self.folder / "music"}
    home.broker: {self._broker.address}
    weather.forecast: {self._server.address}
    weather.places: {self._server.address}
    weather.latitude: 52.5
    weather.longitude: 13.4
"""

    async def _work(self, commands: Any) -> None:
        """Do what the devices are told, and say how they are then."""
        while True:
            try:
                topic, payload = await commands.next()
            except TimeoutError:
                continue
            if topic == "ready":
                continue
            self.commands[topic] = payload
            self._news.set()
            for where, state in _after(topic, payload):
                await self._broker.publish(where, state)


def _after(topic: str, payload: str) -> Iterator[tuple[str, str]]:
    """How a device is after a command."""
    where = topic.rpartition("/")[0]
    if where == "house/blind":
        yield where, {"OPEN": "100", "CLOSE": "0"}.get(payload, payload if payload.isdigit() else "50")
    else:
        yield where, payload if payload.startswith("{") else json.dumps(payload).strip('"')
