"""The bench counts as processor time after the end of a command what was spent after its last sound, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.testing.stt import FakeSttEngine

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.mark.parametrize(
    ("calls", "spent", "late"),
    [
        ([], 0.0, 0.0),
        # A look at a pause that was not the end, then one that was: half a second of waiting hides the second one.
        ([("outlook", 9.0, 8000), ("outlook", 0.2, 16000), ("settled", 0.1, 24000)], 0.3, 0.1),
        # The end was decided at once.
        ([("outlook", 0.2, 16000), ("settled", 0.1, 16000)], 0.3, 0.3),
        # Nobody paused before the limit.
        ([("outlook", 9.0, 8000), ("finish", 0.4, 16000)], 0.4, 0.4),
        # Not understood, then looked at without what came before.
        (
            [("outlook", 0.2, 8), ("settled", 0.1, 8), ("begin", 0.0, 8), ("accept", 0.0, 16), ("finish", 0.4, 16)],
            0.7,
            0.7,
        ),
    ],
)
def test_time_after_the_end(
    monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, float, int]], spent: float, late: float
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from hearing_door import Call, Metered

    metered = Metered(FakeSttEngine("stop"))
    metered.calls = [Call(*call) for call in calls]
    assert metered.at_the_end() == pytest.approx((spent, late), abs=1e-3)


def test_the_calibration_keeps_noise_out_and_prefers_refusing_to_acting_wrongly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import hearing_whole
    from hearing_whole import NOISE, OTHERS, Trial, calibrate

    from assistant.stt.acceptance import Fit

    def trial(group: str, right: bool | None, mean: float, text: float = 0.0) -> Trial:
        fit = Fit(10, 10 * mean, 0.0, 10 * mean - 40, 0.0)
        return Trial(group, "A", right, fit, False, text)

    said = [trial("clean", True, mean) for mean in (-0.2, -0.4, -0.6, -0.8, -1.05)]
    rest = [trial(OTHERS, None, -1.25), trial(NOISE, None, -1.45, 0.62), trial("6 dB", False, -1.25)]
    monkeypatch.setattr(hearing_whole, "WEIGHTS", (0, 20))
    fitted = calibrate([*said, *rest])
    assert [each.accepted(fitted) for each in (*said, *rest)] == [True] * 5 + [False] * 3
    assert fitted.sure == 0.65
