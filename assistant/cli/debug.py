"""`assistant consent debug`: for some minutes, write what is heard into a file; announced aloud, never by a setting."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime
from typing import Any

from assistant.bus.socket import connect
from assistant.cli.context import Context
from assistant.consent.debug import MAX_MINUTES, PURPOSE
from assistant.errors import Refused
from assistant.messages import consent

WAIT_SECONDS = 60.0
"""The announcement is spoken before it begins, and may have to wait for another one."""
EXAMPLES = f"""examples:
  assistant consent debug --minutes 10    at most {MAX_MINUTES}
  assistant consent debug --minutes 0     end it now
It ends by itself, with a restart, with "stop keeping ..." and "forget everything"; its file is destroyed then.
"""


def register(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = verbs.add_parser(
        "debug",
        help="for some minutes, write the words it hears into a file",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--minutes", type=_minutes, required=True, help=f"1 to {MAX_MINUTES}; 0 ends it")
    command.set_defaults(handler=lambda context, arguments: asyncio.run(debug(context, arguments)))


def _minutes(text: str) -> int:
    if not text.isdigit() or int(text) > MAX_MINUTES:
        raise argparse.ArgumentTypeError(f"a whole number up to {MAX_MINUTES} is needed")
    return int(text)


async def debug(context: Context, arguments: argparse.Namespace) -> int:
    async with connect(context.socket, hears=[consent.Debugging, consent.Refused]) as bus:
        if not bus.words:
            raise Refused("only the assistant's own user may do this", hint="Try: sudo assistant consent debug ...")
        inbox = bus.subscribe([consent.Debugging, consent.Refused], "debug")
        bus.publish(consent.Debug(minutes=arguments.minutes), "client")
        if not arguments.minutes:
            print("The debug grant is over, if there was one.")
            return 0
        answer: Any = None
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                async for envelope in inbox:
                    answer = envelope.message
                    if isinstance(answer, consent.Debugging) and answer.live:
                        break
                    if isinstance(answer, consent.Refused) and answer.purpose == PURPOSE:
                        break
        except TimeoutError:
            answer = None
    if not isinstance(answer, consent.Debugging) or not answer.live:
        unheard = answer is None or (isinstance(answer, consent.Refused) and answer.why == "unheard")
        problem = "it could not be announced aloud" if unheard else "it is not possible now"
        hint = "See: assistant status" if unheard else "The settings forbid it, or guest mode is on"
        raise Refused(f"{problem}, so nothing is written down", hint=hint)
    print(f"Until {datetime.fromtimestamp(answer.until).astimezone():%H:%M} the words it hears are in {answer.file}")
    return 0
