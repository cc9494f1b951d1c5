"""`assistant models list|install|verify|remove`."""

from __future__ import annotations

import argparse

from assistant.cli import output
from assistant.cli.context import Context
from assistant.cli.progress import Bar, megabytes
from assistant.models_store.catalog import load_catalog
from assistant.models_store.store import ModelStore


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = commands.add_parser("models", help="list, fetch and check models")
    top.set_defaults(owners=True)
    actions = top.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all models of the catalogue")
    listing.add_argument("--json", action="store_true", help="for machines")
    listing.set_defaults(handler=list_models)
    install = actions.add_parser(
        "install",
        help="fetch a model (the only command that uses the network)",
        epilog="example: assistant models install vosk-model-small-en-us-0.15",
    )
    install.add_argument("name", help="as `assistant models list` calls it")
    install.add_argument(
        "--trust-first-download", action="store_true", help="accept a model without a known checksum, and pin what came"
    )
    install.set_defaults(handler=install_model)
    verify = actions.add_parser("verify", help="compare installed models with their checksums")
    verify.add_argument("name", nargs="?", default="", help="of a model; none: all")
    verify.set_defaults(handler=verify_models)
    remove = actions.add_parser("remove", help="delete an installed model")
    remove.add_argument("name", help="as `assistant models list` calls it")
    remove.set_defaults(handler=remove_model)


def store(context: Context) -> ModelStore:
    return ModelStore(load_catalog(context.paths.catalog), context.paths.models)


def list_models(context: Context, arguments: argparse.Namespace) -> int:
    rows = store(context).rows()
    if arguments.json:
        for row in rows:
            model = row.model
            print(
                output.line(
                    {"name": model.name, "kind": model.kind, "engine": model.engine, "language": model.language,
                     "size": model.size, "licence": model.licence, "state": row.state, "note": row.note}
                )
            )  # fmt: skip
        return 0
    cells = [
        [row.model.name, row.model.kind, row.model.language, megabytes(row.model.size) if row.model.size else "",
         row.model.licence, row.state, row.note]
        for row in rows
    ]  # fmt: skip
    print(output.table(["name", "kind", "language", "size", "licence", "state", "note"], cells))
    return 0


def install_model(context: Context, arguments: argparse.Namespace) -> int:
    folder = store(context).install(arguments.name, progress=Bar(), trust_first=arguments.trust_first_download)
    print(f"{arguments.name} is in {folder}")
    return 0


def verify_models(context: Context, arguments: argparse.Namespace) -> int:
    checks = store(context).verify(arguments.name)
    for check in checks:
        print(f"{check.name}: {'; '.join(check.problems) or 'ok'}")
    if not checks:
        print("No downloaded models to check. Those inside Python packages were checked when pip installed them.")
    return 1 if any(check.problems for check in checks) else 0


def remove_model(context: Context, arguments: argparse.Namespace) -> int:
    store(context).remove(arguments.name)
    print(f"{arguments.name} is gone")
    return 0
