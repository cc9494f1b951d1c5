"""`assistant config show|check|get|set`."""

from __future__ import annotations

import argparse
import sys

from assistant.cli.context import Context
from assistant.config import edit, keys, load, show
from assistant.config.load import DEFAULT
from assistant.errors import ConfigError

EXAMPLES = """examples:
  assistant config set wake.sensitivity 0.7
  assistant config set wake.words '[hey_mycroft, alexa]'
  assistant config set wake.thresholds.alexa 0.9
  assistant config set audio.microphone "USB Audio"
  assistant config get wake.words
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser(
        "config",
        help="show, change or check the settings",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = top.add_subparsers(metavar="ACTION", required=True)
    showing = actions.add_parser("show", help="the settings in force, and where each comes from")
    showing.add_argument("--commented", action="store_true", help="all settings with their explanations and defaults")
    showing.set_defaults(handler=show_settings)
    checking = actions.add_parser("check", help="look for mistakes in all configuration files")
    checking.set_defaults(handler=check_settings, mends=True)
    getting = actions.add_parser("get", help="one setting in force")
    getting.add_argument("key", help="as in wake.sensitivity; `assistant config show` lists all")
    getting.set_defaults(handler=get_setting)
    setting = actions.add_parser(
        "set",
        help="change one setting in your file; comments stay",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    setting.add_argument("key", help="as in wake.sensitivity; `assistant config show` lists all")
    setting.add_argument("value", help="a text, a number, true or false, [a list], or {entry: value}")
    setting.set_defaults(handler=set_setting, mends=True, owners=True)


def show_settings(context: Context, arguments: argparse.Namespace) -> int:
    print(show.commented() if arguments.commented else show.effective(context.loaded), end="")
    return 0


def check_settings(context: Context, arguments: argparse.Namespace) -> int:
    mistakes = load.check(context.paths, context.sets, file=context.file)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if not mistakes:
        print("Checked, no mistakes:", *[str(file) for file in context.loaded.files], sep="\n  ")
    return 1 if mistakes else 0


def get_setting(context: Context, arguments: argparse.Namespace) -> int:
    key, entry = edit.find(arguments.key)
    value = show.value_of(context.config, key.name)
    if entry:
        if entry not in value:
            hint = f"There are {', '.join(value)}" if value else f"'{key.name}' has no entries"
            raise ConfigError(f"'{arguments.key}' is not set", where="config get", hint=hint)
        value = value[entry]
    print(value if isinstance(value, str) else show.to_yaml(value))
    return 0


def set_setting(context: Context, arguments: argparse.Namespace) -> int:
    key, entry, value = edit.parse(arguments.key, arguments.value)
    file = context.file or context.paths.own_config
    edit.change(file, key, entry, value)
    loaded, mistakes = load.load_what_can_be(context.paths, context.sets, file=context.file)
    names = [arguments.key] if entry or not keys.is_mapping(key) else [f"{key.name}.{each}" for each in value]
    origins = {loaded.origin(name) for name in names} - {DEFAULT}
    for origin in sorted(origins):
        if not origin.startswith(f"{file}:"):
            print(f"note: {origin} sets {key.name}, too, and counts more", file=sys.stderr)
    for mistake in mistakes:
        print(f"note: there is another mistake: {mistake}", file=sys.stderr)
    print(f"{arguments.key}: {show.to_yaml(value)} stands in {file} now. It counts from the next start.")
    return 0
