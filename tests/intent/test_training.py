"""Two assistants of one person may train in the same folder; what nobody uses any more goes."""

from __future__ import annotations

import os
import time
from pathlib import Path

from assistant.intent.training import Workshop


def test_what_another_assistant_uses_stays_and_what_nobody_used_for_a_day_goes(tmp_path: Path) -> None:
    for name, age in (("mine", 99.0), ("of-another", 1.0), ("training-now", 0.0), ("forgotten", 25.0)):
        (tmp_path / name).mkdir()
        then = time.time() - age * 3600
        os.utime(tmp_path / name, (then, then))
    Workshop("classifier", "none", tmp_path, 1.0).keep({"mine"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "of-another", "training-now"]
