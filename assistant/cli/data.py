"""`assistant data`: hear, mark, delete and take along what is kept."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from assistant.cli.consent import actor, ids, report, room, when
from assistant.cli.context import Context
from assistant.cli.output import table
from assistant.consent.clip import ClipInfo
from assistant.consent.export import export, recall_list
from assistant.consent.prove import prove_deleted
from assistant.errors import DeviceError, Refused

EXAMPLES = """examples:
  assistant data show
  assistant data play 3fa2c1
  assistant data tag 3fa2c1 --good --transcript "what time is it"
  assistant data delete --today
  assistant data export my-clips --layout common-voice
  assistant data prove-deleted 402716
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "data",
        help="hear, mark, delete and export what is kept",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(owners=True)
    verbs = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    one = verbs.add_parser("show", help="everything that is kept anywhere")
    one.add_argument("--json", action="store_true", help="for machines")
    one.set_defaults(handler=show)
    one = verbs.add_parser("play", help="hear a clip")
    one.add_argument("clip", help="the first digits of its id")
    one.add_argument("--wav", action="store_true", help="write WAV to standard output instead")
    one.set_defaults(handler=play)
    one = verbs.add_parser("tag", help="keep a clip, mark it, correct its words")
    one.add_argument("clip", help="the first digits of its id")
    mark = one.add_mutually_exclusive_group()
    mark.add_argument("--good", action="store_true", help="it is what it should be")
    mark.add_argument("--wrong-wake", action="store_true", help="nobody said the wake word")
    mark.add_argument("--delete", action="store_true", help="destroy it")
    one.add_argument("--transcript", help="what was really said")
    one.set_defaults(handler=tag)
    one = verbs.add_parser("delete", help="destroy clips")
    one.add_argument("clip", nargs="*", help="the first digits of its id")
    which = one.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every clip")
    which.add_argument("--today", action="store_true", help="those of today")
    which.add_argument("--damaged", action="store_true", help="clips that cannot be read any more")
    one.set_defaults(handler=delete)
    one = verbs.add_parser("export", help="write the clips you kept into a new folder")
    one.add_argument("folder", type=Path, help="a new folder, made by this")
    layouts = ("common-voice", "precise")
    one.add_argument("--layout", choices=layouts, default=layouts[0], help="as these projects lay clips out")
    one.add_argument("--dataset", default="", help="for this collection (needs the consent share:<dataset>)")
    one.set_defaults(handler=export_clips)
    verbs.add_parser("recall", help="exported clips that must go").set_defaults(handler=recall)
    one = verbs.add_parser("prove-deleted", help="check on the disk that a receipt is true")
    one.add_argument("code", help="the six digits of the receipt")
    one.set_defaults(handler=prove)


def show(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    clips, damaged = found.rights.clips()
    usage = found.rights.usage()
    places = found.data.inventory()
    stray = found.data.strays()
    if arguments.json:
        data = {
            "clips": [
                {"id": one.clip, "purpose": one.purpose, "created": one.wall, "seconds": round(one.seconds, 2),
                 "kept": one.kept, "label": one.label, "transcript": one.transcript, "ends": one.ends}
                for one in clips
            ],
            "damaged": damaged,
            "usage": usage,
            "surfaces": {
                one.row.id: {"files": one.files, "bytes": one.bytes, "holds": one.row.holds, "kept": one.row.retention}
                for one in places
            },
            "strays": [str(path) for path in stray],
        }  # fmt: skip
        print(json.dumps(data, ensure_ascii=False))
        return 0
    if clips:
        rows = [
            [
                one.clip[:8],
                when(one.wall),
                one.purpose,
                f"{one.seconds:.1f} s",
                _mark(one),
                when(one.ends),
                one.transcript,
            ]
            for one in clips
        ]
        print(table(["ID", "WHEN", "PURPOSE", "LENGTH", "MARK", "UNTIL", "WORDS"], rows))
    else:
        print("No clip is kept.")
    for clip in damaged:
        print(f"{clip[:8]}  damaged: it cannot be read any more")
    for skill, number in sorted(usage.items()):
        print(f"{skill} answered {number} time{'' if number == 1 else 's'}")
    rows = [
        [one.row.id, str(one.files), str(one.bytes), when(one.newest), one.row.holds, one.row.retention]
        for one in places
        if one.files
    ]
    print("\n" + table(["PLACE", "FILES", "BYTES", "LAST CHANGE", "HOLDS", "HOW LONG"], rows))
    for path in stray:
        print(f"NOT ON THE DATA MAP: {path}")
    return 1 if stray else 0


def _mark(info: ClipInfo) -> str:
    return info.label or ("kept" if info.kept else "new")


def play(context: Context, arguments: argparse.Namespace) -> int:
    """By `aplay` or `paplay`, whichever is there, over a pipe: no plain file is written."""
    sound = room(context).rights.wav(arguments.clip)
    if arguments.wav:
        sys.stdout.buffer.write(sound)
        return 0
    player = shutil.which("paplay") or shutil.which("aplay")
    if player is None:
        raise DeviceError("there is no player", hint="Install alsa-utils, or use --wav")
    done = subprocess.run([player, "/dev/stdin"], input=sound, check=False)
    return done.returncode


def tag(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    if arguments.delete:
        return report(
            found.purge.trim(found.purge.delete_ids(ids(found, [arguments.clip]), method="cli", actor=actor()))
        )
    label = "good" if arguments.good else "wrong-wake" if arguments.wrong_wake else None
    info = found.rights.tag(arguments.clip, label=label, transcript=arguments.transcript)  # type: ignore[arg-type]
    print(f"{info.clip[:8]} is kept until {when(info.ends)}.")
    return 0


def delete(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    if arguments.all:
        return report(found.purge.trim(found.purge.delete(lambda info: True, method="cli", actor=actor())))
    if arguments.today:
        start = int(datetime.now().astimezone().replace(hour=0, minute=0, second=0).timestamp())
        return report(
            found.purge.trim(found.purge.delete(lambda info: info.wall >= start, method="cli", actor=actor()))
        )
    wanted = found.rights.clips()[1] if arguments.damaged else ids(found, arguments.clip)
    if not wanted:
        raise Refused("no clip was named", hint="Give ids, --today, --damaged or --all")
    return report(found.purge.trim(found.purge.delete_ids(wanted, method="cli", actor=actor())))


def export_clips(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    done = export(found.store, arguments.folder, arguments.layout, dataset=arguments.dataset, actor=actor())
    print(f"{done.clips} clips in {done.folder}. They are not encrypted there, and deleting them is now up to you.")
    return 0


def recall(context: Context, arguments: argparse.Namespace) -> int:
    for dataset, number in recall_list(room(context).store):
        print(f"{number}\t{dataset or '-'}")
    return 0


def prove(context: Context, arguments: argparse.Namespace) -> int:
    checks = prove_deleted(room(context).store, arguments.code)
    for check in checks:
        print(f"{'ok  ' if check.ok else 'FAIL'} {check.what}")
    print("Erased as far as the card allows: a card's controller may keep old blocks that only it can read.")
    return 0 if all(check.ok for check in checks) else 1
