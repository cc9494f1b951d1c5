"""`assistant consent`: say yes, take it back, see what holds, read and check the ledger."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
from collections.abc import Iterable
from datetime import datetime

from assistant.build import Builder
from assistant.bus.socket import connect
from assistant.cli import debug
from assistant.cli.context import Context
from assistant.cli.output import table
from assistant.consent.debug import debug_files
from assistant.consent.gate import Grant
from assistant.consent.purge import Receipt
from assistant.consent.purposes import find_purpose, load_purposes
from assistant.consent.record import Record
from assistant.consent.room import Room
from assistant.errors import BusError, Refused
from assistant.messages import consent
from assistant.skills.find import find_skills, places

RUNNING_SECONDS = 15.0
"""How long the running assistant may take to forget everything."""
NO_RECEIPT = "No receipt: nobody has ever agreed to anything, so there is no ledger."
EXAMPLES = """examples:
  assistant consent grant wake_word --days 7
  assistant consent withdraw wake_word
  assistant consent withdraw --everything
  assistant consent status
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "consent",
        help="say what may be kept, and take it back",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(owners=True)
    verbs = command.add_subparsers(title="commands", metavar="COMMAND", required=True)
    yes = verbs.add_parser("grant", help="allow one purpose")
    yes.add_argument("purpose", help="one of: " + ", ".join(load_purposes()) + ":<dataset>")
    yes.add_argument("--days", type=int, default=7, help="how long the consent holds (default 7)")
    yes.add_argument("--retention-days", type=int, default=0, help="how long each clip is kept (default: as long)")
    yes.add_argument("--yes", action="store_true", help="do not ask again")
    yes.set_defaults(handler=grant)
    no = verbs.add_parser("withdraw", help="take it back and destroy what was kept under it")
    no.add_argument("purpose", nargs="*", help="purposes; none: all of them")
    no.add_argument("--everything", action="store_true", help="also what skills remember")
    no.set_defaults(handler=withdraw)
    verbs.add_parser("status", help="what holds now").set_defaults(handler=status)
    verbs.add_parser("log", help="the signed ledger").set_defaults(handler=log)
    verbs.add_parser("verify", help="check ledger, keys and clips").set_defaults(handler=verify)
    debug.register(verbs)
    guest = verbs.add_parser("guest", help="keep nothing for some hours; 0 ends it")
    guest.add_argument("hours", type=float, help="as in 3 or 0.5")
    guest.set_defaults(handler=guest_mode)


def opened(context: Context) -> Room:
    """The room as it was left."""
    return Builder(context.config, context.paths, context.clock).consent


def room(context: Context) -> Room:
    """The room, with whatever a crash left half done finished first."""
    found = opened(context)
    found.purge.recover()
    return found


def actor() -> str:
    return f"uid:{os.getuid()}"


def grant(context: Context, arguments: argparse.Namespace) -> int:
    try:
        purpose = opened(context).gate.offered(arguments.purpose)
    except Refused as refused:
        skills = {each.id for each in find_skills(places(context.paths, context.config.skills.folders))}
        if arguments.purpose not in skills:
            raise
        hint = f"It may reach its hosts by: assistant skills allow {arguments.purpose}"
        raise Refused(f"{arguments.purpose!r} is a skill, and no purpose to keep something for", hint=hint) from refused
    print(f"{purpose.what}\nWho can hear it: {', '.join(purpose.recipients)}.\nFor how long: {arguments.days} days.")
    print("Unless you listen to a clip and keep it, it is deleted after 48 hours.")
    if not arguments.yes and input("Do you agree? Type yes: ").strip().lower() != "yes":
        room(context).gate.deny(purpose.name, method="cli", actor=actor())
        print("Nothing was granted.")
        return 1
    consent = room(context).gate.grant(
        Grant(
            purpose=purpose.name,
            days=arguments.days,
            retention_days=arguments.retention_days,
            method="cli",
            actor=actor(),
        )
    )
    print(f"Granted until {when(consent.until)}. Take it back: assistant consent withdraw {purpose.name}")
    return 0


def withdraw(context: Context, arguments: argparse.Namespace) -> int:
    """Never asks: taking back must be as easy as can be."""
    found = opened(context)
    if arguments.everything:
        receipt = asyncio.run(_by_the_running_one(context)) or found.purge.everything(method="cli", actor=actor())
        return report(found.purge.trim(receipt))
    for name in arguments.purpose:
        find_purpose(name)
    found.purge.recover()
    return report(found.purge.trim(found.purge.withdraw(arguments.purpose or None, method="cli", actor=actor())))


async def _by_the_running_one(context: Context) -> Receipt | None:
    """Let the running assistant forget everything: its skills stand still meanwhile and start anew. None if none is
    running here, or it could not."""
    kinds = (consent.Destroyed, consent.Refused)
    wish = consent.Scrub(request=secrets.token_hex(8), actor=actor(), state=str(context.paths.state))
    try:
        async with connect(context.own_socket, hears=kinds) as bus, asyncio.timeout(RUNNING_SECONDS):
            inbox = bus.subscribe(kinds, "consent")
            bus.publish(wish, "client")
            async for envelope in inbox:
                match envelope.message:
                    case consent.Refused(purpose="everything", why="elsewhere"):
                        return None
                    case consent.Destroyed(request=wish.request) as done:
                        if "store" in done.failed:
                            return None
                        counts = {one.surface: one.count for one in done.gone}
                        return Receipt(code=done.code, counts=counts, copies=done.copies)
    except (BusError, TimeoutError):
        pass
    return None


def status(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    live = found.gate.live()
    with found.store.session() as session:
        if session.guest:
            print(f"Guest mode until {when(session.anchor.guest_until)}: nothing is kept.")
    for file in debug_files(context.paths):
        print(
            f"A debug grant is live, the words it hears are in {file.path}. End it: assistant consent debug --minutes 0"
        )
    if not live:
        print("Nothing is kept. Nobody has agreed to anything.")
        return 0
    rows = [[one.purpose, when(one.time), when(one.until), one.method, one.record[:8]] for one in live]
    print(table(["PURPOSE", "GRANTED", "UNTIL", "BY", "ID"], rows))
    return 0


def log(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    with found.store.session(verify=True) as session:
        if session.blank:
            print("There is no ledger: nobody has ever agreed to anything.")
            return 0
        rows = [
            [
                str(one.seq),
                when(one.time),
                one.event,
                one.purpose,
                one.actor,
                _detail(one),
            ]
            for one in session.records
        ]
    print(table(["SEQ", "WHEN", "EVENT", "PURPOSE", "WHO", "DETAIL"], rows))
    print(f"public key {found.store.public_key}")
    return 0


def verify(context: Context, arguments: argparse.Namespace) -> int:
    """Reads everything once; Tampered names the first bad record."""
    found = room(context)
    with found.store.session(verify=True) as session:
        if session.blank:
            print("Nobody has ever agreed to anything: there is no ledger, no key and no clip.")
            return 0
        clips, damaged = session.vault.scan()
        slots = {slot.clip: slot for slot in session.slots.used()}
        for info in clips:
            session.vault.samples(slots[info.clip])
        session.usage.read()
        print(f"ledger: {len(session.records)} records, chained, signed, anchored")
        print(f"witness: has seen all of them ({found.store.home}-witness)")
        print(f"clips:  {len(clips)} whole, {len(damaged)} damaged")
    if damaged:
        raise Refused(
            f"{len(damaged)} clips were changed from outside", hint="Delete them: assistant data delete --damaged"
        )
    return 0


def guest_mode(context: Context, arguments: argparse.Namespace) -> int:
    found = room(context)
    if not found.store.exists:
        print(
            "Nobody has agreed to anything, so nothing is kept. The running assistant can be told by voice: guest mode."
        )
        return 0
    until = found.gate.guest(arguments.hours, method="cli", actor=actor())
    print(f"Guest mode until {when(until)}: nothing is kept." if until else "Guest mode is off.")
    return 0


def report(receipt: Receipt) -> int:
    """Print a receipt; 1 if something could not be destroyed."""
    things = [f"{count} {surface}" for surface, count in receipt.counts.items() if count >= 0]
    print(f"Destroyed: {', '.join(things)}. " + (f"Receipt {receipt.code}." if receipt.code else NO_RECEIPT))
    if receipt.copies:
        print(f"{receipt.copies} of them are in copies you took: see 'assistant data recall'.")
    for surface in receipt.failed:
        print(f"FAILED: {surface} could not be destroyed.")
    if receipt.clips and not receipt.trimmed:
        print("Erased as far as the card allows; 'fstrim' was not possible here.")
    return 1 if receipt.failed else 0


def when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M") if seconds else "-"


def _detail(record: Record) -> str:
    shown = json.dumps(dict(record.counts)) if record.counts else ""
    if record.event == "allowed":
        shown = ", ".join(record.recipients)
    told = record.event in ("scrubbed", "exported", "debug", "debug-ended")
    return f"{record.detail if told else ''} {shown}".strip()


def ids(found: Room, short: Iterable[str]) -> list[str]:
    """Whole ids from their first digits. Raises Refused."""
    return [found.rights.resolve(one) for one in short]
