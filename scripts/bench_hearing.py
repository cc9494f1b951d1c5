#!/usr/bin/env python3
"""How well commands are understood by noise level, how soon, and how rarely anything else is taken for one.

    scripts/bench hearing --commands DIR [--other DIR ...] [--noise FILE ...] [--whole] [--calibrate] [--plots DIR]

DIR of commands holds recordings (16 kHz mono FLAC or WAV), labels.json ({file: {intent, slots}}) and locale/<language>
with the sentences, which are loaded together with the bundled skills. Every recording goes through the pipeline of
`assistant hear --no-wake`, which finds the end of speech itself. A command counts when the intent and every slot are
right. Noise is mixed in at the signal-to-noise ratio of the loudest 2048 samples, at a random place (fixed seed), and
the sum scaled to half of full scale. --whole decodes whole recordings besides, without the endpointer; --calibrate fits
the thresholds of assistant/stt/acceptance.yaml to that, and to a word or two in synthetic voices. --plots writes the
charts of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import svg

TREE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE))

from hearing_cases import Case, Sound, commands, group_of, others, plain, read  # noqa: E402
from hearing_door import Heard, door  # noqa: E402
from hearing_short import short_cases  # noqa: E402
from hearing_whole import Trial, by_group, calibrate, halves, listen, percent  # noqa: E402

from assistant.grammar.folder import read_sentences  # noqa: E402
from assistant.stt.acceptance import FILE, read_acceptance  # noqa: E402
from assistant.stt.guided import Guide  # noqa: E402
from assistant.stt.moonshine_model import MoonshineModel, find_model  # noqa: E402

SHORT = 150
"""Short sentences, and as many other words."""
LEVELS: tuple[float | None, ...] = (None, 24, 15, 9, 6)
PUBLISHED = {
    "Rhino": (99, 99, 97, 96),
    "LUIS": (93, 91, 89, 86),
    "Watson": (96, 91, 84, 72),
    "Dialogflow": (83, 80, 78, 70),
}
"""Commands accepted in percent at 24, 15, 9 and 6 dB, as published with the same recordings."""


def main() -> None:
    options = arguments()
    noise = read(options.noise[0]) if options.noise else None
    spoken = [case for each in options.levels for case in commands(options.commands, each, noise, options.every)]
    rest = list(others(options.other, options.noise, options.every))
    report: dict[str, object] = {}
    if options.whole or options.calibrate:
        trials = whole(options.commands, [*spoken, *rest], noise)
        if options.calibrate:
            write(trials)
            report["halves"] = halves(trials)
        report["whole recordings"] = by_group(trials, read_acceptance.__wrapped__())
    heard = asyncio.run(through(options.commands, [*spoken, *rest]))
    report["door"] = {name: row(each) for name, each in grouped(heard).items()}
    report["pss_mb"] = pss()
    if options.trials:
        rows = [{"group": case.group, "file": case.file, "right": is_right(case, found)} for case, found in heard]
        each = [one | asdict(found) for one, (_, found) in zip(rows, heard, strict=True)]
        Path(options.trials).write_text(json.dumps([{k: v for k, v in one.items() if k != "slots"} for one in each]))
    if options.plots:
        plot(options.plots, heard)
    print(json.dumps(report, indent=1) if options.json else text(report))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=Path, required=True)
    parser.add_argument("--other", type=Path, nargs="*", default=[], help="folders of sound that is no command")
    parser.add_argument("--noise", type=Path, nargs="*", default=[], help="the first is mixed in; all are tried alone")
    parser.add_argument("--levels", type=level, nargs="*", default=LEVELS, help="dB, or clean")
    parser.add_argument("--every", type=int, default=1, help="only every n-th recording")
    parser.add_argument("--whole", action="store_true", help="whole recordings, too")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--plots", type=Path, help="folder for the charts")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", help="file for one row per recording (no words in it)")
    return parser.parse_args()


def level(given: str) -> float | None:
    return None if given == "clean" else float(given)


async def through(folder: Path, cases: Iterable[Case]) -> list[tuple[Case, Heard]]:
    """Every recording through the door."""
    async with door([folder]) as opened:
        return [(case, await opened.hear(case.sound)) for case in cases]


def whole(folder: Path, cases: Iterable[Case], noise: Sound | None) -> list[Trial]:
    """Every recording through the recogniser alone; and short sentences, which no recordings hold."""
    model = MoonshineModel(find_model())
    folders = [path.parent for path in sorted((*TREE.glob("skills/*/locale"), *TREE.glob("assistant/*/locale")))]
    guide = Guide(model, [read_sentences(path.name, path, "en") for path in (*folders, folder)], "en")
    return [listen(model, guide, case) for case in (*cases, *short_cases(guide.network, noise, SHORT))]


def write(trials: Sequence[Trial]) -> None:
    found = calibrate(trials)
    FILE.write_text(
        "# Fitted by scripts/bench_hearing.py --calibrate; see assistant/stt/acceptance.py.\n"
        f"mean: {found.mean:.2f}\nlag: {found.lag:.2f}\ngain: {found.gain:.2f}\nweight: {found.weight:.0f}\n"
        f"sure: {found.sure:.2f}\n"
    )


def is_right(case: Case, heard: Heard) -> bool | None:
    """None for sound that is no command."""
    if case.wanted is None:
        return None
    intent, slots = case.wanted
    return heard.intent.partition(".")[2] == intent and {key: plain(said) for key, said in heard.slots.items()} == slots


def grouped(heard: Sequence[tuple[Case, Heard]]) -> dict[str, list[tuple[Case, Heard]]]:
    groups: dict[str, list[tuple[Case, Heard]]] = {}
    for case, found in heard:
        groups.setdefault(case.group, []).append((case, found))
    return groups


def row(group: Sequence[tuple[Case, Heard]]) -> dict[str, float]:
    """One line of the table. Delays and processor times are medians over what was right, in seconds; `closed` are the
    commands that could not go on."""
    count = len(group)
    if group[0][0].wanted is None:
        return {"count": count, "false accepts": sum(bool(found.intent) for _, found in group)}
    good = [found for case, found in group if is_right(case, found)]
    waits = sorted(found.wait for found in good)
    return {
        "count": count,
        "right": percent(len(good), count),
        "wrong": percent(sum(bool(found.intent) for _, found in group) - len(good), count),
        "delay p50": round(at(waits, 0.5), 2),
        "delay p90": round(at(waits, 0.9), 2),
        "closed": sum(found.closed for found in good),
        "delay p50 closed": round(at(sorted(found.wait for found in good if found.closed), 0.5), 2),
        "cpu after": round(at(sorted(found.after for found in good), 0.5), 3),
        "cpu after p95": round(at(sorted(found.after for found in good), 0.95), 3),
        "cpu whole": round(sum(found.whole for _, found in group) / count, 3),
        "decodes": round(sum(found.decodes for _, found in group) / count, 2),
    }


def at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def plot(folder: Path, heard: Sequence[tuple[Case, Heard]]) -> None:
    """Acceptance by level beside what is published, and how long an answer takes."""
    folder.mkdir(parents=True, exist_ok=True)
    groups = grouped(heard)
    places = {24.0: 0.0, 15.0: 1.0, 9.0: 2.0, 6.0: 3.0}
    ours = [(place, row(groups[group_of(db)])["right"]) for db, place in places.items() if group_of(db) in groups]
    lines = [svg.Series("this assistant", ours)]
    lines += [svg.Series(name, list(enumerate(map(float, each))), dashed=True) for name, each in PUBLISHED.items()]
    across = svg.Axis("kitchen noise, signal-to-noise ratio", 0, 3, [(at, f"{db:g} dB") for db, at in places.items()])
    down = svg.Axis("commands understood, %", 65, 100, [(step, str(step)) for step in range(65, 101, 5)])
    (folder / "commands.svg").write_text(svg.chart("Spoken commands, intent and every slot right", across, down, lines))
    series = []
    for name in ("clean", "15 dB", "9 dB", "6 dB"):
        waits = sorted(found.wait for case, found in groups.get(name, ()) if is_right(case, found))
        points = [(at(waits, step / 20), 5.0 * step) for step in range(21)] if waits else []
        series += [svg.Series(name, points)] if points else []
    across = svg.Axis("seconds from the last voiced sample", 0, 1.5, [(s / 4, f"{s / 4:g}") for s in range(7)])
    down = svg.Axis("commands answered by then, %", 0, 100, [(step, str(step)) for step in range(0, 101, 20)])
    (folder / "delay.svg").write_text(svg.chart("From the last sound to the transcript", across, down, series))


def text(report: dict[str, object]) -> str:
    """Tables."""
    lines: list[str] = []
    for key, value in report.items():
        if not isinstance(value, dict):
            lines.append(f"{key}: {value}")
            continue
        lines.append(f"## {key}")
        for name, each in value.items():
            shown = "  ".join(f"{what} {figure}" for what, figure in each.items()) if isinstance(each, dict) else each
            lines.append(f"{name:22} {shown}")
    return "\n".join(lines)


def pss() -> float:
    """Proportional memory of this process in MB, skills and understanding included."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


if __name__ == "__main__":
    main()
