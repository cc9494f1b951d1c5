"""`assistant hear FILE…`: recordings instead of a microphone."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from assistant.audio.file_device import read_speech
from assistant.audio.replay import Replay
from assistant.build import Builder
from assistant.cli import output
from assistant.cli.context import Context, scratch
from assistant.cli.session import running
from assistant.errors import AssistantError, SkillError
from assistant.grammar.folder import read_sentences
from assistant.pipeline import Heard, Pipeline, Relay
from assistant.skills.find import Place, find_skills

EXAMPLES = """examples:
  assistant hear question.wav                        wake word, words, intent and reply
  assistant hear --no-wake --json commands/*.flac    the whole recording is the request
  assistant hear --no-wake --skills coffee order.wav  with the sentences of one more skill folder
"""


MOST_PATIENCE = 30.0
"""Seconds of silence or noise before the first word of a recording."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "hear",
        help="recognise recordings (WAV or FLAC, any rate)",
        description="Feeds recordings through the real pipeline. Nothing of them is kept.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("files", nargs="+", metavar="FILE", help="recordings")
    command.add_argument("--no-wake", action="store_true", help="do not wait for a wake word")
    command.add_argument(
        "--skills", metavar="DIR", action="append", default=[], help="a skill, or a folder of skills, to load as well"
    )
    command.add_argument("--json", action="store_true", help="one JSON object a file")
    command.set_defaults(handler=lambda context, arguments: asyncio.run(hear(context, arguments)))


async def hear(context: Context, arguments: argparse.Namespace) -> int:
    for folder in arguments.skills:
        _check(Path(folder), context.config.language)
    failures = 0
    async with ears(context, arguments.skills, wake_word=not arguments.no_wake) as pipeline:
        for file in arguments.files:
            try:
                samples = await asyncio.to_thread(read_speech, Path(file))
                heard = await pipeline.hear(samples, wake_word=not arguments.no_wake)
                samples[:] = 0
            except AssistantError as error:
                failures += 1
                _show({"file": file, "error": str(error)}, as_json=arguments.json)
                continue
            _show(_result(file, heard), as_json=arguments.json)
    return 1 if failures else 0


def _check(folder: Path, language: str) -> None:
    """Raises SkillError for a folder that would add no sentence, or a skill in it that cannot be read: what is heard
    would be measured without it."""
    if not folder.is_dir():
        hint = "--skills takes a skill's folder or one of skills"
        raise SkillError("no such folder", where=str(folder), hint=hint)
    sentences = 0
    for each in find_skills([Place(folder, "folder")]):
        if each.problem is not None:
            raise each.problem
        sentences += len(read_sentences(each.id, each.folder, language).intents)
    if not sentences:
        hint = f"They are looked for in {folder.name}/locale/{language}/NAME.intent"
        raise SkillError(f"no sentences in '{language}' in this folder", where=str(folder), hint=hint)


@asynccontextmanager
async def ears(
    context: Context, more_skills: Sequence[str], *, wake_word: bool, build: Callable[..., Builder] = Builder
) -> AsyncIterator[Pipeline]:
    """Ears here; understanding by the running assistant, or here too when there is none or with --skills.

    Recordings must not set real timers, so a pipeline made here keeps its skills' data in a folder that goes away.
    """
    replay = Replay()
    names = ["wake", "stt", "dialog"] if wake_word else ["stt", "dialog"]
    async with running(context) as hub:
        with scratch(context.paths) as folder_of_skills:
            paths = dataclasses.replace(context.paths, state=folder_of_skills)
            installed = context.paths.installed_skills
            own = (str(installed),) if installed.is_dir() else ()
            folders = (*context.config.skills.folders, *own, *more_skills)
            skills = dataclasses.replace(context.config.skills, folders=folders)
            # Where the recording is the request, nobody knows how long its silence before the first word is.
            patience = context.config.dialog.patience_seconds if wake_word else MOST_PATIENCE
            dialog = dataclasses.replace(context.config.dialog, patience_seconds=patience)
            config = dataclasses.replace(context.config, skills=skills, dialog=dialog)
            builder = build(config, paths, context.clock, microphone=replay)
            if hub is not None and not more_skills:
                factories = {**builder.factories(names), Relay.name: lambda: Relay(hub)}
                async with Pipeline(factories, replay=replay, learns=False) as pipeline:
                    yield pipeline
            else:
                factories = builder.factories([*names, "intent", "skills", "consent"])
                async with Pipeline(factories, replay=replay) as pipeline:
                    yield pipeline


def _result(file: str, heard: Heard) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "transcript": None, "intent": None, "slots": {}, "values": {}, "skill": None, "reply": None, "seconds": {},
    }  # fmt: skip
    return {
        "file": file,
        "wake": [{"word": word, "time": time, "score": score} for word, time, score in heard.wake],
        **(empty if heard.answer is None else output.answer(heard.answer)),
    }


def _show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(output.line(result), flush=True)
        return
    print(result["file"])
    if "error" in result:
        print(f"  {result['error']}", flush=True)
        return
    for each in result["wake"]:
        print(f"  wake    {each['word']} at {each['time']:.2f} s, score {each['score']:.2f}")
    slots = ", ".join(f"{name}={words!r}" for name, words in result["slots"].items())
    print(f"  heard   {result['transcript'] or '(nothing)'}")
    print(f"  intent  {result['intent'] or '(none)'} {slots}".rstrip())
    print(f"  reply   {result['reply'] or '(none)'}")
    times = "  ".join(f"{stage} {seconds:.3f} s" for stage, seconds in result["seconds"].items())
    print(f"  took    {times}", flush=True)
