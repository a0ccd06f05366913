"""The commands about signing in and about who may do what, as the command line has them."""

from __future__ import annotations

import argparse


def add_identity_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    """Add them to the parser of `flowmesh`."""

    def command(name: str, about: str, run: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
        made.set_defaults(run=run)
        return made

    login = command("login", "sign in with a password and stay signed in", "sessions:login", common)
    login.add_argument("--user", default="", metavar="USER", help="id or e-mail address; asked for where it is missing")
    command("logout", "end the session of flowmesh login", "sessions:logout", common)
    command("whoami", "show who is signed in and what is granted", "sessions:whoami", common)
    command("token", "print an access token for curl and grpcurl", "", common)
    command("password", "change the password of who is signed in", "sessions:password", common)
    first = command("bootstrap", "make the first administrator and sign in as that", "sessions:bootstrap", common)
    first.add_argument("token", metavar="TOKEN", help="as the start of the mesh printed it")
    first.add_argument("--user", required=True, metavar="USER", help="id of the administrator")

    about = "list and end sessions"
    sessions = commands.add_parser("sessions", help=about, description=f"{about.capitalize()}.")
    actions = sessions.add_subparsers(dest="action", required=True, metavar="ACTION")
    found = actions.add_parser("list", help="list sessions, the latest first", parents=[common, listing])
    found.set_defaults(run="sessions:list_sessions")
    found.add_argument("--subject", default="", metavar="ID", help="of this user or service account, not one's own")
    ended = actions.add_parser("revoke", help="end a session", parents=[common])
    ended.set_defaults(run="sessions:revoke")
    ended.add_argument("id", nargs="?", default="", metavar="ID")
    ended.add_argument("--subject", default="", metavar="ID", help="all of this user or service account")
