"""The templates of discovery messages: what they compute is computed, and nothing else happens."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.paths import TREE

_spec = importlib.util.spec_from_file_location("home_template", TREE / "skills" / "home" / "template.py")
assert _spec is not None and _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
render = _module.render

PAYLOAD = '{"temperature": 21.54, "text": "12.5", "list": [3, {"x y": 4}], "on": true, "state": "heat", "raw": 512}'
SAID = [
    ("{{ value_json.temperature }}", "21.54"),
    ("{{ value_json['temperature'] | round(1) }}", "21.5"),
    ("{{ value_json.temperature | round }}", "22"),
    ("{{ value_json.text | float * 100 }}", "1250.0"),
    ("{{ (value_json.text | float * 1.8 + 32) | round(1) }}", "54.5"),
    ("{{ value_json.raw / 1024 * 100 }}", "50.0"),
    ("{{ value_json.raw // 100 }} %", "5 %"),
    ("{{ value_json.list[0] }}{{ value_json.list[1]['x y'] }}", "34"),
    ("{{ value_json.missing | default(7) }}", "7"),
    ("{{ value_json.missing | float(0) }}", "0"),
    ("{{ 'ON' if value_json.on else 'OFF' }}", "ON"),
    ("{{ 'warm' if value_json.temperature > 20 and not value_json.raw == 3 else 'cold' }}", "warm"),
    ("{% if value_json.state == 'heat' %}ON{% elif value_json.on %}MAYBE{% else %}OFF{% endif %}", "ON"),
    ("{%- if value_json.state == 'off' -%}ON{%- elif value_json.on -%}MAYBE{%- else -%}OFF{%- endif -%}", "MAYBE"),
    ("{{ value_json.state | upper ~ '!' }}", "HEAT!"),
    ("{{ -value_json.raw | abs }}", "-512.0"),
    ("{{ value_json.missing }}", ""),
    ("{{ value_json.temperature | float", "{{ value_json.temperature | float"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "text"), SAID)
def test_what_devices_compute(template: str, text: str) -> None:
    assert render(template, PAYLOAD) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{ value.__class__ }}", "{{ value_json.__class__.__mro__ }}", "{{ open('/etc/passwd') }}", "{{ value() }}",
        "{{ 'x' * 1000000000 }}", "{{ 2 ** 99999 }}", "{% for x in value %}{{ x }}{% endfor %}", "{{ " + "(" * 500,
        "{{ value_json | map('x') }}", "{{ value_json.a.b.c }}", "{{ 1 / 0 }}", "{% endif %}", "{{ value_json }}",
    ],
)  # fmt: skip
def test_nothing_else_is_done(template: str) -> None:
    assert render(template, PAYLOAD) in ("", template)


def test_the_payload_itself_is_a_value_and_need_not_be_json() -> None:
    assert render("{{ value | float / 10 }}", "215") == "21.5"
    assert render("{{ value_json.x }}", "no json") == ""


@given(st.text(alphabet="{}%value_json.|()[]'\"+-*/~ 019ifelsndround,<=>", max_size=80), st.text(max_size=20))
def test_any_template_ends_with_some_text(template: str, payload: str) -> None:
    assert isinstance(render("{{" + template + "}}", payload), str)
