"""The commands about forms: what `flowmesh forms` understands."""

from __future__ import annotations

import argparse
from pathlib import Path

SUBMISSION_STATES = ("pending", "settled", "refused", "unclear")


def add_form_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    """Add them to the parser of `flowmesh`."""
    about = "deploy forms, show those of tasks, submit them"
    actions = commands.add_parser("forms", help=about, description=f"{about.capitalize()}.").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )

    def action(name: str, about: str, run: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
        made.set_defaults(run=f"forms:{run}")
        return made

    found = action("list", "list the newest version of each form", "list_forms", tenant, listing)
    found.add_argument("--key", default="", metavar="KEY", help="of this form only")
    found.add_argument("--all", action="store_true", help="all versions")
    made = action("create", "make a version of a form out of a file", "create", tenant)
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--force", action="store_true", help="make a new version even where nothing changed")
    checked = action("validate", "tell every problem of a file", "validate", common)
    checked.add_argument("file", type=Path, metavar="FILE")
    action("schema", "print the schema of a version", "schema", common).add_argument("id", metavar="ID")
    action("delete", "delete a version that was created by itself", "delete", common).add_argument("id", metavar="ID")

    shown = action("show", "show the form of a task with its data", "show", tenant)
    shown.add_argument("definition", metavar="TASK")
    about = "show the start form of a process: KEY for its newest version, KEY:VERSION, or an id, instead of TASK"
    shown.add_argument("--start", action="store_true", help=about)
    submitted = action("submit", "submit the form of a task, which completes it", "submit", common)
    submitted.add_argument("id", metavar="TASK")
    submitted.add_argument("--outcome", default="", metavar="TEXT", help="what the user chose")
    started = action("start", "submit a start form, which starts an instance", "start", tenant)
    about = "KEY for the newest version, KEY:VERSION, or an id"
    started.add_argument("definition", metavar="DEFINITION", help=about)
    started.add_argument("--business-key", default="", metavar="TEXT")
    for each in (submitted, started):
        about = "a field's value; JSON, or text where it is none; may be repeated"
        each.add_argument("--var", default=[], action="append", metavar="NAME=VALUE", help=about)
        about = "a file for a field for files: it is uploaded and submitted; may be repeated"
        each.add_argument("--file", default=[], action="append", metavar="FIELD=PATH", help=about)
        each.add_argument("--request-id", default="", metavar="ID", help="the same id twice submits once")
        each.add_argument("--language", choices=("en", "zh"), default="en", help="of what is said about faults")

    listed = action("submissions", "list what was submitted", "submissions", tenant, listing)
    listed.add_argument("--form", default="", metavar="KEY")
    listed.add_argument("--instance", default="", metavar="ID")
    listed.add_argument("--task", default="", metavar="ID")
    listed.add_argument("--state", choices=SUBMISSION_STATES, default="")
    action("submission", "show a submission with its data", "submission", common).add_argument("id", metavar="ID")

    uploaded = action("upload", "upload a file for the form of a task", "upload", common)
    uploaded.add_argument("task", metavar="TASK")
    uploaded.add_argument("file", type=Path, metavar="FILE")
    uploaded.add_argument("--field", default="", metavar="KEY", help="of the field that it is for")
    uploaded.add_argument("--type", default="", metavar="TYPE", help="such as application/pdf; else by the name's end")
