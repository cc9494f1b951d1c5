"""`assistant skills list|check|install|remove|allow|forbid|new`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assistant.cli import allow, output
from assistant.cli.consent import opened
from assistant.cli.context import Context
from assistant.cli.rescan import understood
from assistant.skills import install as installer
from assistant.skills import template
from assistant.skills.check import check
from assistant.skills.find import find_skills, places

EXAMPLES = """examples:
  assistant skills install ./my-skill                      a folder
  assistant skills install my-skill.tar.gz                 an archive
  assistant skills install https://example.org/skill.git   a git repository
"""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("skills", help="list, check, install and remove skills")
    top.set_defaults(owners=True)
    actions = top.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all skills, and why one does not work")
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.set_defaults(handler=list_skills)
    checking = actions.add_parser("check", help="look for mistakes in a skill, or in all")
    checking.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="of a skill; none: all skills")
    checking.set_defaults(handler=check_skills, owners=False)
    install = actions.add_parser(
        "install",
        help="install a skill from a folder, an archive or a git URL; no restart",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    install.add_argument("source", help="a folder, an archive (.zip, .tar.gz) or a git URL")
    install.set_defaults(handler=install_skill)
    remove = actions.add_parser("remove", help="remove an installed skill and what it kept; no restart")
    remove.add_argument("id", help="as `assistant skills list` calls it")
    remove.set_defaults(handler=remove_skill)
    allow.register(actions)
    new = actions.add_parser("new", help="begin a skill of your own in this folder")
    new.add_argument("name", help="a-z, 0-9 and -; also the name of its folder")
    new.set_defaults(handler=new_skill, owners=False)


def list_skills(context: Context, arguments: argparse.Namespace) -> int:
    disabled = set(context.config.skills.disabled)
    rows = []
    for each in find_skills(places(context.paths, context.config.skills.folders)):
        if each.problem is not None:
            state = f"does not work: {output.one_line(each.problem.problem)}"
        elif each.hidden_by is not None:
            state = f"hidden by {each.hidden_by}"
        else:
            state = "disabled" if each.id in disabled else allow.state(context, each)
        about = each.manifest.description if each.manifest else ""
        version = each.manifest.version if each.manifest else ""
        rows.append({"id": each.id, "version": version, "from": each.origin, "state": state, "about": about})
    if arguments.json:
        for row in rows:
            print(output.line(row))
    else:
        print(output.table(["id", "version", "from", "state", "about"], [[*row.values()] for row in rows]))
    return 0


def check_skills(context: Context, arguments: argparse.Namespace) -> int:
    found = find_skills(places(context.paths, context.config.skills.folders))
    folders = arguments.folders or [each.folder for each in found]
    errors = 0
    for folder in folders:
        findings = check(folder)
        for finding in findings:
            print(f"{finding.level}: {finding}")
        errors += sum(finding.level == "error" for finding in findings)
        if not findings:
            print(f"ok: {folder}")
    return 1 if errors else 0


def install_skill(context: Context, arguments: argparse.Namespace) -> int:
    bundled = _bundled(context)
    done = installer.install(
        arguments.source,
        context.paths.installed_skills,
        taken=bundled,
        progress=lambda step: print(f"  {step}", file=sys.stderr, flush=True),
    )
    for warning in done.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    change = f"replaces {done.replaced}" if done.replaced else "new"
    print(f"{done.id} {done.version} is installed ({change}). {understood(context, done.id, there=True)}")
    return 0


def remove_skill(context: Context, arguments: argparse.Namespace) -> int:
    allow.withdrawn(context, arguments.id)
    gone = installer.remove(
        arguments.id,
        context.paths.installed_skills,
        lambda skill: bool(opened(context).data.store(skill).scrub()),
        bundled=_bundled(context),
    )
    kept = " and what it kept" if gone.data else ""
    print(f"{gone.id}{kept} is gone. {understood(context, gone.id, there=False)}")
    return 0


def new_skill(context: Context, arguments: argparse.Namespace) -> int:
    folder = template.new(arguments.name, Path.cwd())
    print(f"Your skill is in {folder}. Change it, then: assistant skills check {folder.name}")
    print(f"Install it: assistant skills install ./{folder.name}")
    return 0


def _bundled(context: Context) -> list[str]:
    bundled = context.paths.bundled_skills
    return [each.id for each in find_skills(places(context.paths)) if each.folder.parent == bundled]
