"""Charts are whole XML files, hold every line, and put points where their axes say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

SVG: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "svg.py"))


def test_a_chart_is_xml_with_each_line_and_its_name() -> None:
    axis = SVG["Axis"]("a < b", 0.0, 10.0, [(0.0, "0"), (10.0, "10")])
    lines = [SVG["Series"](name, [(0.0, 1.0), (5.0, 2.0)]) for name in ("one & two", "three")]
    root = ElementTree.fromstring(SVG["chart"]("misses", axis, axis, lines, goals=[(5.0, 5.0)]))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"misses", "a < b", "one & two", "three"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 2 * len(lines)


@pytest.mark.parametrize(("value", "place"), [(0.1, 0.0), (1.0, 0.5), (10.0, 1.0), (0.0, 0.0), (99.0, 1.0)])
def test_a_logarithmic_axis_keeps_zero_at_its_edge(value: float, place: float) -> None:
    axis = SVG["Axis"]("per hour", 0.1, 10.0, [], log=True)
    assert axis.place(value) == pytest.approx(place)
