#!/usr/bin/env python3
"""How well commands are understood by noise level, and how rarely anything else is taken for one.

    scripts/bench_hearing.py --commands DIR [--other DIR ...] [--noise FILE ...] [--skills DIR ...] [--calibrate]

DIR of commands holds recordings (16 kHz mono FLAC or WAV), labels.json ({file: {intent, slots}}) and locale/<language>
with the sentences, which are loaded together with the bundled skills. A command counts when the intent and every slot
are right. Noise is mixed in at the signal-to-noise ratio of the loudest 2048 samples, at a random place (fixed seed),
and the sum scaled to half of full scale. --calibrate fits the thresholds of assistant/stt/acceptance.yaml.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

TREE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE))

from assistant.grammar.folder import read_sentences  # noqa: E402
from assistant.grammar.sentences import SkillSentences  # noqa: E402
from assistant.stt import guard  # noqa: E402
from assistant.stt.acceptance import FILE, Acceptance, Fit, read_acceptance  # noqa: E402
from assistant.stt.guided import Guide, start  # noqa: E402
from assistant.stt.memory import release_memory  # noqa: E402
from assistant.stt.moonshine_engine import greedy  # noqa: E402
from assistant.stt.moonshine_model import MoonshineModel, find_model  # noqa: E402

Sound = npt.NDArray[np.float32]
LEVELS: tuple[float | None, ...] = (None, 24, 15, 9, 6)
FALSE_ACCEPTS = 0.005
"""Share of other sound that a calibration lets through at most."""


@dataclass(frozen=True)
class Trial:
    """One recording. `right` is None for sound that is no command."""

    group: str
    file: str
    right: bool | None
    fit: Fit | None
    seconds: float
    length: float
    cut: bool = False
    """The beginning of a sentence fitted better than every whole one."""


def main() -> None:
    options = arguments()
    model = MoonshineModel(find_model())
    skills = load_skills(options.commands, options.skills)
    began = time.perf_counter()
    guide = Guide(model, skills, "en")
    compiled = time.perf_counter() - began
    bench = Bench(model, guide)
    noise = [read(path) for path in options.noise]
    trials: list[Trial] = []
    for level in options.levels:
        trials += bench.commands(options.commands, level, noise[0] if noise else None, options.every)
    for folder in options.other:
        trials += bench.other(folder, options.every)
    for path, sound in zip(options.noise, noise, strict=True):
        trials += bench.noise_only(path.name, sound)
    if options.trials:
        Path(options.trials).write_text(json.dumps([as_row(trial) for trial in trials]))
    acceptance = calibrate(trials) if options.calibrate else read_acceptance()
    if options.calibrate:
        FILE.write_text(
            "# Fitted by scripts/bench_hearing.py --calibrate; see assistant/stt/acceptance.py.\n"
            f"mean: {acceptance.mean:.2f}\nlag: {acceptance.lag:.2f}\ngain: {acceptance.gain:.2f}\n"
        )
    report = summary(trials, acceptance) | {
        "compile_seconds": round(compiled, 3),
        "size": vars_of(guide),
        "pss_mb": pss(),
    }
    print(json.dumps(report, indent=1) if options.json else table(report))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=Path, required=True)
    parser.add_argument("--other", type=Path, nargs="*", default=[], help="folders of sound that is no command")
    parser.add_argument("--noise", type=Path, nargs="*", default=[], help="the first is mixed in; all are tried alone")
    parser.add_argument("--skills", type=Path, nargs="*", default=None, help="skill folders; default: the bundled ones")
    parser.add_argument("--levels", type=level, nargs="*", default=LEVELS, help="dB, or clean")
    parser.add_argument("--every", type=int, default=1, help="only every n-th recording")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", help="file for one row per recording (no words in it)")
    return parser.parse_args()


def level(text: str) -> float | None:
    return None if text == "clean" else float(text)


def load_skills(commands: Path, folders: Sequence[Path] | None) -> list[SkillSentences]:
    """The bundled skills and the sentences of the recordings."""
    if folders is None:
        folders = [path.parent for path in sorted((TREE / "skills").glob("*/locale"))]
    return [read_sentences(path.name, path, "en") for path in (*folders, commands)]


def read(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float32")
    if rate != 16_000 or sound.ndim != 1:
        sys.exit(f"{path}: 16 kHz mono is needed")
    return np.asarray(sound, np.float32)


def loudest(sound: Sound) -> float:
    """Energy of the loudest 2048 samples."""
    whole = sound[: len(sound) // 2048 * 2048].reshape(-1, 2048)
    return float(np.square(whole).sum(axis=1).max())


def mix(sound: Sound, noise: Sound | None, decibels: float | None, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Speech in noise, at half of full scale."""
    if decibels is not None and noise is not None:
        start = int(rng.integers(0, max(1, len(noise) - len(sound))))
        part = np.resize(noise[start:], len(sound))
        sound = sound + part * np.sqrt(loudest(sound) / (loudest(part) * 10 ** (decibels / 10)))
    scaled: npt.NDArray[np.int16] = (sound / max(1e-9, float(np.abs(sound).max())) * 16_383).astype(np.int16)
    return scaled


class Bench:
    """Runs recordings through the recogniser."""

    def __init__(self, model: MoonshineModel, guide: Guide) -> None:
        self.model = model
        self.guide = guide

    def commands(self, folder: Path, decibels: float | None, noise: Sound | None, every: int) -> Iterator[Trial]:
        labels = json.loads((folder / "labels.json").read_text())
        rng = np.random.default_rng(7)
        group = "clean" if decibels is None else f"{decibels:g} dB"
        for name in list(labels)[::every]:
            label = labels[name]
            slots = {key: words.strip() for key, words in label["slots"].items()}
            yield self.trial(group, name, mix(read(folder / name), noise, decibels, rng), (label["intent"], slots))

    def other(self, folder: Path, every: int) -> Iterator[Trial]:
        for path in sorted(folder.glob("*.flac"))[::every]:
            yield self.trial(
                f"other: {folder.name}", path.name, mix(read(path), None, None, np.random.default_rng(0)), None
            )

    def noise_only(self, name: str, noise: Sound) -> Iterator[Trial]:
        for at in range(0, max(1, len(noise) - 32_000), 48_000):
            part = mix(noise[at : at + 48_000], None, None, np.random.default_rng(0))
            yield self.trial("noise alone", f"{name}@{at}", part, None)

    def trial(
        self, group: str, name: str, sound: npt.NDArray[np.int16], label: tuple[str, dict[str, str]] | None
    ) -> Trial:
        began = time.process_time()
        begun = start(self.model, self.model.encode(sound))
        free = greedy(self.model, begun, guard.token_limit(len(sound)))
        result, fit = self.guide.follow(begun, free, len(sound))
        spent = time.process_time() - began
        right: bool | None = None
        if label is not None:
            right = False
            if result.found:
                intents = self.guide.network.nexts(result.found[0].place).intents
                slots = {slot.name: slot.words for slot in self.guide.slots(result.found[0].path)}
                right = [intent.split(".", 1)[1] for intent in intents] == [label[0]] and slots == label[1]
        if guard.loudness_range(sound) < guard.STEADY_DB:
            fit = None
        release_memory()
        return Trial(group, name, right, fit, spent, len(sound) / 16_000, self.guide.is_cut(result))


def calibrate(trials: Sequence[Trial]) -> Acceptance:
    """The thresholds that keep most commands while other sound stays out; of all that do equally well, the middle."""
    fits = [(trial.right, trial.fit) for trial in trials if trial.fit and not trial.cut]
    commands = np.array([(fit.mean, fit.lag, fit.gain) for right, fit in fits if right])
    other = np.array([(fit.mean, fit.lag, fit.gain) for right, fit in fits if right is None])
    allowed = FALSE_ACCEPTS * sum(trial.right is None for trial in trials)
    best, equal = -1, []
    for mean in np.arange(-3, -0.6, 0.1):
        for lag in np.arange(-2, -0.5, 0.1):
            for gain in np.arange(0, 2.5, 0.1):
                least = (mean, lag, gain)
                kept = int((commands > least).all(axis=1).sum())
                if kept < best or (len(other) and (other > least).all(axis=1).sum() > allowed):
                    continue
                if kept > best:
                    best, equal = kept, []
                equal.append(least)
    if not equal:
        sys.exit("no thresholds keep the other sound out")
    middle = np.median(np.array(equal), axis=0)
    return Acceptance(*(float(value) for value in middle))


def summary(trials: Sequence[Trial], acceptance: Acceptance) -> dict[str, object]:
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.group, []).append(trial)
    rows: dict[str, object] = {}
    for name, group in groups.items():
        accepted = [
            trial for trial in group if trial.fit is not None and acceptance.accepts(trial.fit) and not trial.cut
        ]
        row = {"count": len(group), "cpu": round(sum(trial.seconds for trial in group) / len(group), 3)}
        if group[0].right is None:
            row["false accepts"] = len(accepted)
        else:
            row["right"] = percent(sum(bool(trial.right) for trial in group), len(group))
            row["accepted and right"] = percent(sum(bool(trial.right) for trial in accepted), len(group))
            row["accepted and wrong"] = percent(sum(not trial.right for trial in accepted), len(group))
        rows[name] = row
    return {
        "thresholds": {
            "mean": round(acceptance.mean, 2),
            "lag": round(acceptance.lag, 2),
            "gain": round(acceptance.gain, 2),
        },
        "groups": rows,
    }


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def table(report: dict[str, object]) -> str:
    lines = [f"{key}: {value}" for key, value in report.items() if key != "groups"]
    groups = report["groups"]
    assert isinstance(groups, dict)
    for name, row in groups.items():
        lines.append(f"{name:18} " + "  ".join(f"{key} {value}" for key, value in row.items()))
    return "\n".join(lines)


def as_row(trial: Trial) -> dict[str, object]:
    row: dict[str, object] = {"group": trial.group, "file": trial.file, "right": trial.right}
    if trial.fit is not None:
        row |= {
            "mean": trial.fit.mean,
            "lag": trial.fit.lag,
            "gain": trial.fit.gain,
            "tokens": trial.fit.tokens,
            "cut": trial.cut,
        }
    return row


def vars_of(guide: Guide) -> dict[str, int]:
    size = guide.network.size()
    return {"skills": size.skills, "intents": size.intents, "states": size.states, "arcs": size.arcs}


def pss() -> float:
    """Proportional memory of this process in MB."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


if __name__ == "__main__":
    main()
