"""`assistant wake train|list|remove|test`: wake words of one's own. Experimental."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.audio.file_device import read_speech
from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, RATE, Samples
from assistant.build import Builder
from assistant.cli import wake_train
from assistant.cli.context import Context
from assistant.cli.output import table
from assistant.consent.erase import erase_file
from assistant.errors import AssistantError
from assistant.wake.custom.score import grade, share
from assistant.wake.engine import Detection, WakeEngine

EXAMPLES = """examples:
  assistant wake train "hey pebble"               from every voice of this machine; some minutes
  assistant wake train "hey pebble" --takes 4     and from four takes of yours
  assistant wake list
  assistant wake test hey_pebble                  say it; Ctrl-C ends
  assistant wake test hey_pebble *.wav            or try recordings
  assistant wake remove hey_pebble
  assistant --set 'wake.words=[hey_mycroft, hey_pebble]' run
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser(
        "wake",
        help="train a wake word of your own (experimental)",
        description="Wake words beside the built-in ones, learnt from synthetic voices on this machine, offline.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = top.add_subparsers(metavar="ACTION", required=True)
    wake_train.register(actions)
    actions.add_parser("list", help="all wake words, and how good the trained ones are").set_defaults(handler=show)
    remove = actions.add_parser("remove", help="delete a trained word")
    remove.add_argument("name", help="as `assistant wake list` calls it")
    remove.add_argument("--voice-only", action="store_true", help="only what it learnt from your own takes")
    remove.set_defaults(handler=forget)
    test = actions.add_parser(
        "test",
        help="try a trained word with the microphone, or on recordings",
        description="Says when the word is heard. Nothing of the sound is kept.",
    )
    test.add_argument("name", help="as `assistant wake list` calls it")
    test.add_argument("files", nargs="*", metavar="FILE", help="recordings (WAV or FLAC); none: the microphone")
    test.add_argument("--alone", action="store_true", help="without the second opinion of the recogniser")
    test.set_defaults(handler=try_out)


def show(context: Context, arguments: argparse.Namespace) -> int:
    store = Builder(context.config, context.paths, context.clock).trained_words
    used = context.config.wake.words
    rows = [[name, "built in", "", "", "in use" if name in used else ""] for name in wake_train.BUILT_IN]
    for name in store.names():
        word = store.load(name)
        missed = word.score.missed if word.score.missed_confirmed is None else word.score.missed_confirmed
        how = f"{word.takes} takes of yours" if word.takes else "synthetic voices"
        rows.append([name, how, share(missed), grade(word.score), "in use" if name in used else ""])
    print(table(["word", "learnt from", "missed", "quality", ""], rows))
    return 0


def forget(context: Context, arguments: argparse.Namespace) -> int:
    store = Builder(context.config, context.paths, context.clock).trained_words
    if arguments.name not in store.names():
        raise store.unknown(arguments.name)
    erase_file(context.paths.own_wake_words / f"{arguments.name}.json")
    if arguments.voice_only:
        print(f"What {arguments.name} learnt from your voice is gone")
        return 0
    store.remove(arguments.name)
    print(f"{arguments.name} is gone")
    if arguments.name in context.config.wake.words:
        print("It is still named in wake.words: take it out there, or the assistant will not start")
    return 0


def try_out(context: Context, arguments: argparse.Namespace) -> int:
    config = replace(context.config, wake=replace(context.config.wake, confirm=not arguments.alone))
    builder = Builder(config, context.paths, context.clock)
    engine = builder.detector([builder.trained_words.load(arguments.name)])
    engine.start()
    try:
        if not arguments.files:
            return _live(builder, engine, arguments.name)
        return max([_file(engine, Path(file)) for file in arguments.files])
    finally:
        engine.close()


def _file(engine: WakeEngine, path: Path) -> int:
    """Print when the word is heard in a recording; 1 if it cannot be read."""
    try:
        sound = read_speech(path)
    except AssistantError as error:
        print(error)
        return 1
    found = list(detections(engine, sound))
    sound[:] = 0
    times = ", ".join(f"{at:.2f} s (score {each.score:.2f})" for at, each in found)
    print(f"{path}: {times or 'not heard'}", flush=True)
    return 0


def detections(engine: WakeEngine, sound: Samples) -> Iterator[tuple[float, Detection]]:
    """Every detection with the second at which the word ended; a second of silence follows the sound."""
    engine.reset()
    sound = np.pad(sound, (0, RATE + -len(sound) % FRAME_SAMPLES))
    for start in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        for each in engine.process(sound[start : start + FRAME_SAMPLES]):
            yield (start + FRAME_SAMPLES - each.ago) / RATE, each


def _live(builder: Builder, engine: WakeEngine, name: str) -> int:
    print(f"Say it: {name.replace('_', ' ')}. Ctrl-C ends.", flush=True)
    count, at = 0, 0.0
    with own_frames(builder) as frames:
        for samples in frames:
            at += FRAME_SECONDS
            for each in engine.process(samples):
                count += 1
                print(f"{count}: heard at {at:.1f} s, score {each.score:.2f}", flush=True)
            samples[:] = 0
    return 0


@contextmanager
def own_frames(builder: Builder) -> Iterator[Iterator[Samples]]:
    """The microphone for a command alone, frame by frame until it ends. Raises DeviceError."""
    source = builder.source()
    source.open()
    try:
        yield iter(source.read, None)
    finally:
        source.close()
