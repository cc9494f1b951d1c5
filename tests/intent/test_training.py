"""Several assistants of one person train in the same folder: none takes another's, and what nobody uses goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import EngineError
from assistant.intent.training import Workshop


class Bench(Workshop):
    """Trains in no time. `others` happens meanwhile."""

    def __init__(self, folder: Path) -> None:
        super().__init__("test", "none", folder, 1.0)
        self.trained = 0
        self.open()

    def others(self) -> None: ...

    def _run(self, work: Path) -> None:
        self.trained += 1
        self.others()
        (work / "net").write_text(str(self.trained), encoding="utf-8")


def folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_another_one_uses_stays_until_it_has_ended(tmp_path: Path) -> None:
    running, hearing = Bench(tmp_path), Bench(tmp_path)
    running.made("one", "{}")
    running.keep({"one"})
    hearing.made("two", "{}")
    hearing.keep({"two"})
    assert folders(tmp_path) == ["one", "two"]
    hearing.close()
    running.keep({"one"})
    assert folders(tmp_path) == ["one"]


def test_of_its_own_the_old_goes_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.made("one", "{}")
    bench.made("two", "{}")
    bench.keep({"two"})
    assert folders(tmp_path) == ["two"]


def test_what_was_trained_is_used_by_all_and_is_there_at_the_next_start(tmp_path: Path) -> None:
    first, second = Bench(tmp_path), Bench(tmp_path)
    assert first.made("one", "{}") == second.made("one", "{}")
    first.close()
    third = Bench(tmp_path)
    third.keep(())
    assert folders(tmp_path) == ["one"], "the second uses it"
    second.close()
    third.made("one", "{}")
    assert [each.trained for each in (first, second, third)] == [1, 0, 0]


def test_a_training_is_not_taken_away_by_another_one_and_what_it_left_when_it_died_is(tmp_path: Path) -> None:
    class Watched(Bench):
        def others(self) -> None:
            Bench(tmp_path).keep(())
            assert len(folders(tmp_path)) == 1

    Watched(tmp_path).made("one", "{}")
    (tmp_path / "training-of-the-dead").mkdir()
    Bench(tmp_path).keep({"one"})
    assert folders(tmp_path) == ["one"]


def test_two_that_train_the_same_at_once_use_the_same(tmp_path: Path) -> None:
    class Late(Bench):
        def others(self) -> None:
            self.quicker = Bench(tmp_path)
            self.quicker.made("one", "{}")

    late = Late(tmp_path)
    made = late.made("one", "{}")
    late.quicker.keep({"one"})
    late.quicker.close()
    Bench(tmp_path).keep(())
    assert (made / "net").read_text(encoding="utf-8") == "1"
    assert folders(tmp_path) == ["one"], "the late one holds it"


def test_a_folder_that_went_away_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(EngineError, match="gone"):
        bench.keep(())
