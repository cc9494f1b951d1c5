"""`assistant skills allow|forbid`: the household's yes to what one skill may reach, and its end."""

from __future__ import annotations

import argparse
import sys
import time

from assistant.cli.consent import actor, opened
from assistant.cli.context import Context
from assistant.cli.rescan import looked
from assistant.config.allowed import allow, forbid, read_allowed
from assistant.errors import SkillError
from assistant.skills.find import Found, find_skills, places
from assistant.skills.permissions import granted, wanted
from assistant.skills.settings import read_settings


def register(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    allowing = actions.add_parser("allow", help="let a skill reach the hosts that it asks for; shows them first")
    allowing.add_argument("id", help="as `assistant skills list` calls it")
    allowing.add_argument("--yes", action="store_true", help="do not ask")
    allowing.set_defaults(handler=allow_skill)
    forbidding = actions.add_parser("forbid", help="let a skill reach nothing any more, at once")
    forbidding.add_argument("id", help="as `assistant skills list` calls it")
    forbidding.set_defaults(handler=forbid_skill)


def allow_skill(context: Context, arguments: argparse.Namespace) -> int:
    found = _skill(context, arguments.id)
    manifest = found.manifest
    if manifest is None or not manifest.permissions:
        raise SkillError("it asks for nothing, so there is nothing to allow", where=arguments.id)
    hosts = wanted(manifest, read_settings(manifest.id, manifest.settings, context.config.skills.settings))
    if not hosts:
        named = ", ".join(each.partition(":")[2].strip("{}") for each in manifest.permissions)
        hint = f"Set skills.settings {manifest.id}.{named} in the configuration"
        raise SkillError("it does not know yet what to reach", where=arguments.id, hint=hint)
    print(f"{manifest.id} would reach, and nothing else:")
    for host in hosts:
        print(f"  {host}")
    print(f"It sends there: {manifest.sends}.")
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise SkillError("nobody can be asked", where="terminal", hint="Add --yes if you mean it")
        if not input("Allow this? [y/N] ").strip().lower().startswith("y"):
            print("Nothing was allowed.")
            return 1
    opened(context).gate.network(manifest.id, [*map(str, hosts)], manifest.sends, actor=actor())
    allow(context.paths.allowed, manifest.id, hosts, manifest.sends, int(time.time()))
    print(f"Allowed. {looked(context, manifest.id)} Taken back by: assistant skills forbid {manifest.id}")
    return 0


def forbid_skill(context: Context, arguments: argparse.Namespace) -> int:
    if withdrawn(context, arguments.id):
        print(f"{arguments.id} may reach nothing any more. {looked(context, arguments.id)}")
    else:
        print(f"{arguments.id} was not allowed to reach anything.")
    return 0


def withdrawn(context: Context, name: str) -> bool:
    """Let a skill reach nothing any more; whether it might before. Raises SkillError, StoreError."""
    if not forbid(context.paths.allowed, name):
        return False
    opened(context).gate.network(name, (), "", actor=actor())
    return True


def state(context: Context, found: Found) -> str:
    """How a skill is, for a list: "ok", with what it may reach, or asks to."""
    manifest = found.manifest
    if manifest is None or not manifest.permissions:
        return "ok"
    try:
        hosts = wanted(manifest, read_settings(manifest.id, manifest.settings, context.config.skills.settings))
    except SkillError as error:
        return f"does not work: {error.problem}"
    may = granted(hosts, read_allowed(context.paths.allowed).get(manifest.id))
    if hosts and may == hosts:
        return f"ok, reaches {', '.join(map(str, may))}"
    return f"not allowed: asks to reach {', '.join(map(str, hosts))}" if hosts else "not set up"


def _skill(context: Context, name: str) -> Found:
    known = find_skills(places(context.paths, context.config.skills.folders))
    for found in known:
        if found.id == name and not found.hidden_by:
            if found.problem is not None:
                raise found.problem
            return found
    hint = f"Known: {', '.join(sorted(each.id for each in known))}"
    raise SkillError("there is no such skill", where=name, hint=hint)
