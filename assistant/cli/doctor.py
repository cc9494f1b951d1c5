"""`assistant doctor`: what works, what does not, and the next step."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from assistant import __version__
from assistant.audio.chimes import chime
from assistant.audio.frame import RATE, Samples
from assistant.audio.pyaudio_device import list_devices
from assistant.audio.resample import resample
from assistant.build import Builder
from assistant.bus.socket import connect
from assistant.cli import allow, output
from assistant.cli.context import Context
from assistant.cli.models import store
from assistant.cli.say import sound
from assistant.config import load
from assistant.config.allowed import read_allowed
from assistant.errors import AssistantError, BusError, EngineError, HubUnreachable, ModelError
from assistant.grammar.sentences import primary
from assistant.skills import cell
from assistant.skills.find import find_skills
from assistant.skills.walls import bubblewrap

State = Literal["ok", "note", "wrong"]
RECORD_SECONDS = 2.0
SILENT_LEVEL = 3.0
"""A working microphone's own noise is louder than this (root mean square of 16-bit samples)."""
SENTENCE = "What time is it?"
MEMORY_MB = 300
DISK_MB = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: State
    thing: str
    note: str
    step: str = ""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "doctor",
        help="find out what is wrong, and what to do",
        description="Checks settings, folders, devices, models and engines. Records two seconds, measures their "
        "loudness, and forgets them.",
    )
    command.add_argument("--no-sound", action="store_true", help="neither record nor play")
    command.set_defaults(handler=doctor)


def doctor(context: Context, arguments: argparse.Namespace) -> int:
    print(f"assistant {__version__}, Python {sys.version.split()[0]}\n")
    worst: State = "ok"
    examinations: list[Callable[[], Iterator[Finding]]] = [
        lambda: _settings(context),
        lambda: _machine(context),
        lambda: _running(context),
        lambda: _devices(context, arguments.no_sound),
        lambda: _models(context),
        lambda: _engines(context),
        lambda: _skills(context),
        lambda: _kept(context),
    ]
    for examine in examinations:
        for finding in _safely(examine):
            mark = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}[finding.state]
            print(f"{mark}  {finding.thing:<12} {finding.note}", flush=True)
            if finding.step:
                print(f"       {'':<12} -> {finding.step}", flush=True)
            worst = "wrong" if finding.state == "wrong" else worst
    print("\nAll is well." if worst == "ok" else "\nSomething is wrong: see the arrows above.")
    return 0 if worst == "ok" else 1


def _safely(examine: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from examine()
    except AssistantError as error:
        yield Finding("wrong", error.where or "assistant", error.problem, error.hint)


def _settings(context: Context) -> Iterator[Finding]:
    mistakes = load.check(context.paths, context.sets, file=context.file)
    for mistake in mistakes:
        yield Finding("wrong", "settings", str(mistake))
    if not mistakes:
        files = ", ".join(str(file) for file in context.loaded.files) or "defaults only"
        yield Finding("ok", "settings", files)


def _machine(context: Context) -> Iterator[Finding]:
    with suppress(OSError):
        words = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(words["MemAvailable"].split()[0]) // 1024
        state: State = "ok" if free > MEMORY_MB else "note"
        yield Finding(
            state, "memory", f"{free} MB available", "" if state == "ok" else f"It needs about {MEMORY_MB} MB"
        )
    for name, folder in (("state", context.paths.state), ("runtime", context.own_socket.parent)):
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if not os.access(there, os.W_OK):
            yield Finding("wrong", name, f"{folder} cannot be written", f"Check the owner of {there}")
            continue
        free = shutil.disk_usage(there).free // 1_000_000
        yield Finding("ok" if free > DISK_MB else "wrong", name, f"{folder} ({free} MB free)")


def _running(context: Context) -> Iterator[Finding]:
    async def join() -> bool:
        async with connect(context.socket) as bus:
            return bus.words

    try:
        owner = asyncio.run(join())
        yield Finding("ok", "running", f"yes, at {context.socket}, you are {'its owner' if owner else 'a guest'}")
    except HubUnreachable as error:
        step = error.hint if context.socket.exists() else ""
        yield Finding("note", "running", f"no: {error.problem} ({error.where})", step)
    except BusError as error:
        yield Finding("wrong", "running", str(error))


def _devices(context: Context, silent: bool) -> Iterator[Finding]:
    devices = list_devices()
    rows = [f"{each.name} (in {each.inputs}, out {each.outputs}, {each.rate} Hz)" for each in devices]
    if not devices:
        step = "Plug in a microphone and a speaker; as another user: add yourself to the group audio"
        yield Finding("note", "devices", "no sound devices", step)
        return
    yield Finding("ok", "devices", "; ".join(rows))
    if not silent:
        builder = Builder(context.config, context.paths, context.clock)
        if context.paths.mute_file.exists():
            yield Finding("note", "microphone", "muted, so it was not opened", "To open it: assistant unmute")
        else:
            yield from _safely(lambda: _microphone(builder))
        yield from _safely(lambda: _speaker(builder))


def _microphone(builder: Builder) -> Iterator[Finding]:
    source = builder.source()
    source.open()
    try:
        pieces: list[Samples] = []
        while sum(len(piece) for piece in pieces) < RECORD_SECONDS * RATE and (piece := source.read()) is not None:
            pieces.append(piece)
    finally:
        source.close()
    samples = np.concatenate(pieces).astype(np.float64) if pieces else np.zeros(1)
    level, peak = float(np.sqrt(np.mean(samples**2))), float(np.max(np.abs(samples)))
    for piece in pieces:
        piece.fill(0)
    note = f"{source.name}: loudness {level:.0f}, peak {peak:.0f} of 32767"
    if level < SILENT_LEVEL:
        yield Finding("wrong", "microphone", note, "It hears nothing: is it muted, or is it the right one?")
    elif peak >= 32767:
        yield Finding("note", "microphone", note, "It is overdriven: turn its gain down (alsamixer)")
    else:
        yield Finding("ok", "microphone", note)


def _speaker(builder: Builder) -> Iterator[Finding]:
    async def pieces() -> AsyncIterator[Samples]:
        yield chime("listen", RATE)

    async def play() -> bool:
        async with builder.own_speaker() as speaker:
            return await speaker.play(pieces(), RATE)

    played = asyncio.run(play())
    yield Finding("ok" if played else "wrong", "speaker", "played a chime: did you hear it?")


def _models(context: Context) -> Iterator[Finding]:
    models = store(context)
    here = [row.model.name for row in models.rows() if row.state in ("bundled", "installed")]
    yield Finding("ok", "models", ", ".join(here))
    for check in models.verify():
        if check.problems:
            step = f"assistant models remove {check.name}; assistant models install {check.name}"
            yield Finding("wrong", "model", f"{check.name}: {'; '.join(check.problems)}", step)


def _engines(context: Context) -> Iterator[Finding]:
    """Speak a sentence to the recogniser, in memory: voice and ears work, and how fast."""
    builder = Builder(context.config, context.paths, context.clock)
    with closing(builder.detector()) as detector:
        detector.start()
        yield Finding("ok", "wake word", ", ".join(detector.words))
    with closing(builder.voice()) as voice:
        voice.start()
        began = time.process_time()
        spoken = np.concatenate([resample(piece, voice.rate, RATE) for piece in sound(voice, SENTENCE)])
        took = time.process_time() - began
        yield Finding("ok", "voice", f"{voice.name}: {len(spoken) / RATE:.1f} s of speech in {took:.2f} s of computing")
    yield from _meaning(context)
    with closing(builder.recogniser()) as recogniser:
        recogniser.start()
        recogniser.begin()
        began = time.process_time()
        recogniser.accept(spoken)
        heard = recogniser.finish().text
        took = time.process_time() - began
        same = _letters(heard) == _letters(SENTENCE)
        foreign = not recogniser.language.startswith("en")
        note = f"{recogniser.name} heard {heard!r} in {took:.2f} s of computing"
        step = "" if same or foreign else f"The voice said {SENTENCE!r}: run assistant models verify"
        yield Finding("ok" if same or foreign else "wrong", "recogniser", note, step)


def _meaning(context: Context) -> Iterator[Finding]:
    from assistant.intent.meaning import Meaning

    intent, meaning = context.config.intent, Meaning(context.paths.meaning)
    if not intent.meaning or "classifier" not in intent.engines or primary(context.config.language) != meaning.language:
        return
    try:
        meaning.load()
    except ModelError as error:
        yield Finding("note", "meaning", f"{error.problem}: understands by words alone", error.hint)
    else:
        began = time.process_time()
        meaning.vectors([SENTENCE.split()])
        yield Finding("ok", "meaning", f"sentence encoder, {1000 * (time.process_time() - began):.0f} ms a sentence")


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _skills(context: Context) -> Iterator[Finding]:
    found = find_skills(Builder(context.config, context.paths, context.clock).skill_places())
    good = [each.id for each in found if each.problem is None and each.hidden_by is None]
    yield Finding("ok", "skills", ", ".join(good) or "none")
    for each in found:
        if each.problem is not None:
            yield Finding("wrong", "skill", f"{each.folder}: {output.one_line(each.problem)}", "assistant skills check")
        elif not context.paths.are_of_a_visitor and each.id in read_allowed(context.paths.allowed):
            yield Finding(
                "note", "network", f"{each.id}: {allow.state(context, each)}", f"assistant skills forbid {each.id}"
            )
    try:
        cell.probe()
    except EngineError as error:
        yield Finding("wrong", "cell", f"installed skills cannot be shut in: {error.problem}", error.hint)
    else:
        second = "bubblewrap" if bubblewrap() else "no bubblewrap; inside the system service its unit"
        yield Finding("ok", "cell", f"skills are shut in by seccomp; second wall: {second}")


def _kept(context: Context) -> Iterator[Finding]:
    """Ledger, keys and witness agree, and no file lies where none belongs."""
    if context.paths.are_of_a_visitor:
        note = "by the assistant of this machine, whose guest you are, and so are its skills and what they may reach"
        yield Finding("note", "kept", note, "sudo assistant doctor")
        return
    room = Builder(context.config, context.paths, context.clock).consent
    with room.store.session(verify=True) as session:
        clips, damaged = session.vault.scan()
        note = f"{len(session.records)} records, signed, and seen by the witness; {len(clips)} clips"
        if session.blank:
            note = "nothing: nobody has ever agreed to anything"
        yield Finding("ok", "kept", note)
    if damaged:
        yield Finding("wrong", "kept", f"{len(damaged)} clips cannot be read", "assistant data delete --damaged")
    for path in room.data.strays():
        yield Finding("wrong", "kept", f"{path} is not on the data map", "Look what it is, then delete it")
