"""The commands about notifications, as the command line has them."""

from __future__ import annotations

import argparse

_DELIVERY_STATES = ("pending", "delivered", "skipped", "dead", "in_digest", "discarded")


def add_notification_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    tenant: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    """Add them to the parser of `flowmesh`."""
    about = "read one's inbox, follow it, and look after webhooks and deliveries"
    made = commands.add_parser("notifications", help=about, description=f"{about[0].upper()}{about[1:]}.")
    actions = made.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, about: str, run: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
        added.set_defaults(run=run)
        return added

    inbox = action("inbox", "list one's notifications, the newest first", "inbox:list_inbox", common, listing)
    inbox.add_argument("--unread", action="store_true", help="only those that are not read")
    watch = action("watch", "print one's notifications as they come, until Ctrl-C", "inbox:watch", common)
    watch.add_argument("--cursor", default="", metavar="CURSOR", help="go on behind this one; else with what comes now")
    watch.add_argument("--count", type=int, default=0, metavar="N", help="end after so many")
    read = action("read", "mark a notification as read, or all of them", "inbox:mark_read", common)
    which = read.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", default="", metavar="ID")
    which.add_argument("--all", action="store_true")
    action("delete", "delete a notification", "inbox:delete", common).add_argument("id", metavar="ID")

    clock = action("clock", "show or turn the clock of reminders, for tests", "notification_clock:clock", common)
    turned = clock.add_mutually_exclusive_group()
    turned.add_argument("--set", default="", metavar="TIME", help="2030-01-31T09:00:00Z; it stops there")
    turned.add_argument("--reset", action="store_true", help="let it run as the machine's again")

    action("webhooks", "list webhooks", "webhooks:list_webhooks", tenant, listing)
    added = action("add-webhook", "make a webhook and show its secret, once", "webhooks:create", tenant)
    added.add_argument("target", metavar="URL", help="https://…")
    added.add_argument("--event", action="append", default=[], metavar="EVENT", help="task_assigned; may be repeated")
    added.add_argument("--key", action="append", default=[], metavar="KEY", help="of this process; may be repeated")
    added.add_argument("--description", default="", metavar="TEXT")
    for name, about, function in (
        ("rotate-webhook", "give a webhook a new secret and show it, once", "rotate"),
        ("enable-webhook", "let a webhook be used again", "enable"),
        ("disable-webhook", "send nothing to a webhook", "disable"),
        ("delete-webhook", "delete a webhook", "delete"),
    ):
        action(name, about, f"webhooks:{function}", common).add_argument("id", metavar="ID")

    found = action("deliveries", "list what was sent, the newest first", "deliveries:list_deliveries", tenant, listing)
    found.add_argument("--state", choices=_DELIVERY_STATES, help="dead: the dead letters")
    found.add_argument("--user", default="", metavar="ID", help="to this user")
    found.add_argument("--webhook", default="", metavar="ID", help="to this webhook")
    found.add_argument("--instance", default="", metavar="ID", help="of this process instance")
    for name, about, function in (
        ("delivery", "show a delivery with its attempts", "show"),
        ("resend", "send a delivery again", "resend"),
        ("discard", "give up a delivery", "discard"),
    ):
        action(name, about, f"deliveries:{function}", common).add_argument("id", metavar="ID")
