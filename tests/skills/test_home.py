"""The home skill with a real broker: devices come, go, are switched and asked for; the broker is away for a while."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assistant.config.paths import TREE
from assistant.testing.skills import Answer, SkillTester
from tests.skills.broker import MISSING, SECONDS, Mosquitto

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} is not installed")

LAMP = {
    "name": None, "uniq_id": "k1", "schema": "json", "~": "z/kitchen", "stat_t": "~", "cmd_t": "~/set",
    "brightness": True, "bri_scl": 254, "sup_clrm": ["color_temp", "xy"],
    "avty": [{"t": "z/bridge", "val_tpl": "{{ value_json.state }}"}],
    "dev": {"name": "Kitchen Light", "ids": ["k"], "sa": "Kitchen"},
}  # fmt: skip
STRIP = {
    "name": "Strip", "cmd_t": "bed/strip/set", "stat_t": "bed/strip", "bri_cmd_t": "bed/strip/dim",
    "bri_stat_t": "bed/strip/dimmed", "rgb_cmd_t": "bed/strip/rgb", "clr_temp_cmd_t": "bed/strip/white",
    "dev": {"name": "Bed", "sa": "Bedroom"},
}  # fmt: skip
KETTLE = {
    "name": "Kettle",
    "command_topic": "kettle/set",
    "state_topic": "kettle",
    "device": {"suggested_area": "Kitchen"},
}
BLIND = {
    "name": "Kitchen Blind", "cmd_t": "blind/set", "pos_t": "blind/at", "set_pos_t": "blind/to", "dev_cla": "blind",
    "dev": {"sa": "Kitchen"},
}  # fmt: skip
GARAGE = {"name": "Garage Door", "cmd_t": "garage/set", "stat_t": "garage", "dev_cla": "garage"}
LOCK = {"name": "Front Door", "cmd_t": "lock/set", "stat_t": "lock"}
WARM = {
    "name": "Temperature", "stat_t": "z/sensor", "val_tpl": "{{ value_json.temperature | round(1) }}",
    "unit_of_meas": "°C", "dev_cla": "temperature", "dev": {"name": "Weather station", "sa": "Bedroom"},
}  # fmt: skip
FAN = {"name": "Ceiling Fan", "cmd_t": "fan/set", "stat_t": "fan", "pct_cmd_t": "fan/pct", "pct_stat_t": "fan/at"}
TV = {"name": "TV", "cmd_t": "tv/set"}
SCENE = {"name": "Movie Night", "cmd_t": "scenes", "pl_on": "movie"}
LOUNGE = {"name": "Lamp", "cmd_t": "z/lounge/set", "dev": {"sa": "Living Room"}}
HEATING = {
    "name": "Heating", "temp_cmd_t": "heat/set", "temp_stat_t": "heat", "temp_stat_tpl": "{{ value_json.target }}",
    "curr_temp_t": "heat", "curr_temp_tpl": "{{ value_json.now }}", "mode_cmd_t": "heat/mode", "mode_stat_t": "heat/at",
    "modes": ["off", "heat", "auto"], "max_temp": 30, "dev": {"sa": "Living Room"},
}  # fmt: skip
DEVICES = {
    "light/k": LAMP, "light/b/strip": STRIP, "switch/kettle": KETTLE, "cover/blind": BLIND, "cover/garage": GARAGE,
    "switch/tv": TV, "scene/movie": SCENE, "light/lounge": LOUNGE, "lock/front": LOCK, "sensor/t": WARM, "fan/f": FAN,
    "climate/h": HEATING,
}  # fmt: skip
STATES = {
    "z/kitchen": '{"state": "ON", "brightness": 127}', "z/bridge": '{"state": "online"}', "bed/strip": "OFF",
    "kettle": "ON", "blind/at": "0", "garage": "closed", "lock": "LOCKED", "z/sensor": '{"temperature": 21.54}',
    "fan": "OFF", "heat": '{"target": 20, "now": 18.5}', "heat/at": "heat",
}  # fmt: skip


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    await broker.start()
    await asyncio.gather(*(broker.publish(f"homeassistant/{key}/config", one) for key, one in DEVICES.items()))
    await asyncio.gather(*(broker.publish(topic, state) for topic, state in STATES.items()))
    yield broker
    await broker.stop()


@pytest.fixture
async def home(broker: Mosquitto) -> AsyncIterator[SkillTester]:
    settings = {"home.broker": broker.address}
    async with SkillTester(TREE / "skills" / "home", settings=settings, allow=["home"]) as home:
        await until(home, "is the kitchen light on", "yes")
        await until(home, "is the kettle on", "yes")
        await until(home, "what's the temperature in the bedroom", "twenty one")
        yield home


async def until(home: SkillTester, said: str, pattern: str) -> Answer:
    """Ask until the answer fits: news takes its way through a broker and a process."""
    for _ in range(round(SECONDS / 0.05)):
        answer = await home.ask(said)
        if re.search(pattern, answer.text, re.IGNORECASE):
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"{said!r} was last answered {answer.text!r}")


DONE: list[tuple[str, dict[str, object]]] = [
    ("turn off the kitchen light", {"z/kitchen/set": {"state": "OFF"}}),
    ("turn on the bed strip", {"bed/strip/set": "ON"}),
    ("switch off the kettle", {"kettle/set": "OFF"}),
    ("set the kitchen light to fifty percent", {"z/kitchen/set": {"state": "ON", "brightness": 127}}),
    ("set the bedroom to fifty percent", {"bed/strip/dim": "128", "bed/strip/set": "ON"}),
    ("make the strip blue", {"bed/strip/rgb": "0,0,255", "bed/strip/set": "ON"}),
    ("make the kitchen light red", {"z/kitchen/set": {"state": "ON", "color": {"x": 0.6401, "y": 0.33}}}),
    ("set the bedroom lights to warm white", {"bed/strip/white": "370", "bed/strip/set": "ON"}),
    ("open the blinds", {"blind/set": "OPEN"}),
    ("stop the kitchen blind", {"blind/set": "STOP"}),
    ("open the kitchen blind to thirty percent", {"blind/to": "30"}),
    ("set the ceiling fan to forty percent", {"fan/pct": "40", "fan/set": "ON"}),
    ("close the garage door", {"garage/set": "CLOSE"}),
    ("lock the front door", {"lock/set": "LOCK"}),
    ("turn off the kitchen", {"z/kitchen/set": {"state": "OFF"}, "kettle/set": "OFF"}),
    ("make the kitchen light brighter", {"z/kitchen/set": {"state": "ON", "brightness": 178}}),
    ("it's too dim in the kitchen", {"z/kitchen/set": {"state": "ON", "brightness": 178}}),
    ("pop the kitchen light on", {"z/kitchen/set": {"state": "ON"}}),
    ("I'd like the bedroom in warm white", {"bed/strip/white": "370", "bed/strip/set": "ON"}),
    ("roll the blinds up in the kitchen", {"blind/set": "OPEN"}),
    ("shut the garage", {"garage/set": "CLOSE"}),
    ("set the heating to twenty one degrees", {"heat/set": "21"}),
    ("set the temperature in the living room to nineteen and a half", {"heat/set": "19.5"}),
    ("make it twenty two degrees in the living room", {"heat/set": "22"}),
    ("turn the heating up", {"heat/set": "23"}),
    ("turn the heating down by two degrees", {"heat/set": "21"}),
    ("make it warmer", {"heat/set": "22"}),
    ("make it a bit cooler in here", {"heat/set": "21"}),
    ("set the heating to auto", {"heat/mode": "auto"}),
    ("turn off the heating", {"heat/mode": "off"}),
    ("turn the living room heating on", {"heat/mode": "heat"}),
    ("lock up", {"lock/set": "LOCK"}),
    ("activate the movie night scene", {"scenes": "movie"}),
    ("start movie night", {"scenes": "movie"}),
    ("did I leave the kettle on turn it off", {"kettle/set": "OFF"}),
    ("turn the telly off", {"tv/set": "OFF"}),
    ("switch the lounge lamp on", {"z/lounge/set": "ON"}),
    ("lights out in the sitting room", {"z/lounge/set": "OFF"}),
]


async def test_what_is_said_is_done(home: SkillTester, broker: Mosquitto) -> None:
    async with broker.hear("+/#") as commands:
        for said, sent in DONE:
            answer = await home.ask(said)
            heard = await commands.take(len(sent), said)
            found = {topic: json.loads(payload) if payload[0] == "{" else payload for topic, payload in heard.items()}
            assert found == sent, said
            assert answer.text


async def test_everything_goes_off_but_what_moves_or_locks(home: SkillTester, broker: Mosquitto) -> None:
    async with broker.hear("+/#") as commands:
        await home.ask("turn off everything")
        lights = {"z/kitchen/set", "bed/strip/set", "z/lounge/set"}
        assert set(await commands.take(6)) == lights | {"kettle/set", "fan/set", "tv/set"}


KNOWN = [
    ("is the kitchen light on", "yes"),
    ("are the lights in the bedroom on", "no|none|nothing"),
    ("which lights are on", "kitchen light is on"),
    ("is the garage door open", "no, .*closed"),
    ("is the front door locked", "yes"),
    ("is anything open", "none|nothing"),
    ("what's the temperature in the bedroom", "twenty one point five degrees"),
    ("set the kettle to ten percent", "can't"),
    ("what's the heating set to", "twenty degrees.*eighteen point five"),
    ("what's the temperature in the living room", "eighteen point five degrees"),
    ("is the heating on", "yes"),
    ("set the heating to ninety degrees", "from seven to thirty"),
]


async def test_it_knows_how_things_are(home: SkillTester) -> None:
    for said, answer in KNOWN:
        assert re.search(answer, text := (await home.ask(said)).text, re.IGNORECASE), (said, text)


@pytest.mark.parametrize(
    ("said", "topic", "payload"),
    [
        ("unlock the front door", "lock/set", "UNLOCK"),
        ("open the garage door", "garage/set", "OPEN"),
        ("open the garage", "garage/set", "OPEN"),
    ],
)
async def test_nobody_is_let_in_without_a_yes(
    home: SkillTester, broker: Mosquitto, said: str, topic: str, payload: str
) -> None:
    async with broker.hear("+/set") as commands:
        assert (await home.ask(said)).ask
        assert "stays" in (await home.ask("no")).text
        assert (await home.ask(said)).ask
        await home.ask("yes")
        assert await commands.take(1) == {topic: payload}


async def test_it_is_what_was_last_spoken_of(home: SkillTester, broker: Mosquitto) -> None:
    async with broker.hear("bed/#") as commands:
        await home.ask("turn on the strip")
        await commands.take(1)
        await home.ask("make it green")
        assert await commands.take(2) == {"bed/strip/rgb": "0,255,0", "bed/strip/set": "ON"}


async def test_devices_that_come_are_heard_and_those_that_go_are_not(home: SkillTester, broker: Mosquitto) -> None:
    assert (await home.ask("turn on the aquarium")).intent is None
    await broker.publish("homeassistant/switch/aqua/config", {"name": "Aquarium", "cmd_t": "aqua/set"})
    await until(home, "turn on the aquarium", "aquarium")
    await broker.publish("homeassistant/switch/aqua/config", None)
    await until(home, "turn on the aquarium", "^$|sorry|can't|don't|not")
    assert (await home.ask("turn on the aquarium")).intent is None


async def test_a_device_that_is_not_there_is_told(home: SkillTester, broker: Mosquitto) -> None:
    await broker.publish("z/bridge", '{"state": "offline"}')
    await until(home, "turn off the kitchen light", "does not answer")


async def test_a_broker_that_goes_is_told_and_found_again(home: SkillTester, broker: Mosquitto) -> None:
    await broker.stop()
    await until(home, "turn off the kettle", "can't reach")
    await broker.start()
    await until(home, "turn off the kettle", "kettle.* off")
    await broker.publish("kettle", "OFF")
    await until(home, "is the kettle on", "no")


async def test_one_device_may_be_many_things(home: SkillTester, broker: Mosquitto) -> None:
    """The newer way to announce: all parts of a device in one message."""
    parts = {
        "a": {"p": "switch", "name": "Pump", "cmd_t": "pump/set"},
        "b": {"p": "sensor", "name": "Depth", "stat_t": "d"},
    }
    await broker.publish(
        "homeassistant/device/well/config", {"dev": {"name": "Well"}, "o": {"name": "x"}, "cmps": parts}
    )
    await until(home, "turn on the pump", "pump")


async def test_nothing_is_reached_without_a_yes(broker: Mosquitto) -> None:
    async with SkillTester(TREE / "skills" / "home", settings={"home.broker": broker.address}) as home:
        assert "assistant skills allow home" in (await until(home, "turn on the kitchen light", "not allowed")).text
        home.allow("home")
        await home.rescan()
        await until(home, "is the kitchen light on", "yes")
        home.forbid("home")
        await home.rescan()
        await until(home, "turn on the kitchen light", "not allowed")


async def test_without_a_broker_it_says_so() -> None:
    async with SkillTester(TREE / "skills" / "home") as home:
        assert "not connected to your home" in (await home.ask("turn on the kitchen light")).text


async def test_nonsense_from_the_broker_harms_nobody(home: SkillTester, broker: Mosquitto) -> None:
    for payload in ("{", "[]", '{"name": 5, "cmd_t": {}, "dev": []}', '{"cmps": 7}', "\\x00", '"~"'):
        for kind in ("switch/x", "device/x", "light/x/y"):
            await broker.publish(f"homeassistant/{kind}/config", payload)
    await broker.publish("z/kitchen", "not json")
    await broker.publish("blind/at", "far")
    assert "yes" in (await home.ask("is the kitchen light on")).text.lower()
    assert not home.failures
