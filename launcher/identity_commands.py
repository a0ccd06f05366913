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
    about = "as the start of the mesh printed it; found by itself on the machine of the mesh"
    first.add_argument("token", nargs="?", default="", metavar="TOKEN", help=about)
    first.add_argument("--user", required=True, metavar="USER", help="id of the administrator")

    sessions = _group(commands, "sessions", "list and end sessions")
    found = _action(sessions, "list", "list sessions, the latest first", "sessions:list_sessions", common, listing)
    found.add_argument("--subject", default="", metavar="ID", help="of this user or service account, not one's own")
    ended = _action(sessions, "revoke", "end a session", "sessions:revoke", common)
    ended.add_argument("id", nargs="?", default="", metavar="ID")
    ended.add_argument("--subject", default="", metavar="ID", help="all of this user or service account")

    _add_people(commands, common, listing)
    _add_roles(commands, common, listing)
    _add_accounts(commands, common, listing)


def _add_people(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    users = _group(commands, "users", "make, list, disable and delete users")
    found = _action(users, "list", "list users", "users:list_users", common, listing)
    found.add_argument("--group", default="", metavar="ID", help="only those in this group")
    made = _action(users, "create", "make a user", "users:create", common)
    made.add_argument("id", metavar="ID")
    made.add_argument("--name", default="", metavar="TEXT", help="how others see the user")
    made.add_argument("--email", default="", metavar="ADDRESS", help="the user may sign in with it")
    made.add_argument("--locale", default="", metavar="TAG", help="language of e-mails and notifications: zh-CN")
    about = "what else is known, such as manager=ID, phone=NUMBER, timeZone=Asia/Shanghai; may be repeated"
    made.add_argument("--attribute", default=[], action="append", metavar="NAME=VALUE", help=about)
    made.add_argument("--tenant", default=[], action="append", metavar="ID", help="belongs to it; may be repeated")
    made.add_argument("--all-tenants", action="store_true", help="belongs to every tenant")
    made.add_argument("--password", action="store_true", help="ask for a password, or read it from standard input")
    for verb, about, function in (
        ("set-password", "give a user another password", "set_password"),
        ("disable", "let a user in no more", "disable"),
        ("enable", "let a user in again", "enable"),
        ("delete", "delete a user; the id stays taken", "delete"),
    ):
        _action(users, verb, about, f"users:{function}", common).add_argument("id", metavar="ID")

    groups = _group(commands, "groups", "make groups of users and service accounts, and fill them")
    found = _action(groups, "list", "list groups", "groups:list_groups", common, listing)
    found.add_argument("--member", default="", metavar="ID", help="only those of this user or service account")
    made = _action(groups, "create", "make a group", "groups:create", common)
    made.add_argument("id", metavar="ID", help="as tasks name it")
    made.add_argument("--name", default="", metavar="TEXT")
    made.add_argument("--tenant", default="", metavar="ID", help="belongs to this tenant")
    made.add_argument("--all-tenants", action="store_true", help="belongs to all tenants instead")
    _action(groups, "delete", "delete a group", "groups:delete", common).add_argument("id", metavar="ID")
    _action(groups, "members", "list who is in a group", "groups:members", common, listing).add_argument(
        "id", metavar="ID"
    )
    for verb, about in (("add", "take somebody into a group"), ("remove", "take somebody out of a group")):
        change = _action(groups, verb, about, f"groups:{verb}", common)
        change.add_argument("id", metavar="GROUP")
        change.add_argument("members", nargs="+", metavar="ID", help="user or service account")

    tenants = _group(commands, "tenants", "make, list and delete tenants")
    _action(tenants, "list", "list tenants", "tenants:list_tenants", common, listing)
    made = _action(tenants, "create", "make a tenant", "tenants:create", common)
    made.add_argument("id", metavar="ID")
    made.add_argument("--name", default="", metavar="TEXT")
    _action(tenants, "delete", "delete a tenant that nobody belongs to", "tenants:delete", common).add_argument(
        "id", metavar="ID"
    )


def _add_roles(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    about = "list roles: administrator, operator, developer, worker, user, auditor and one's own"
    listed = commands.add_parser("roles", help=about, description=f"{about.capitalize()}.", parents=[common, listing])
    listed.set_defaults(run="roles:list_roles")

    role = _group(commands, "role", "show a role, make one, give it to somebody or take it away")
    _action(role, "show", "show what a role allows", "roles:show", common).add_argument("role", metavar="ROLE")
    made = _action(role, "create", "make a role", "roles:create", common)
    made.add_argument("role", metavar="ROLE")
    made.add_argument("--name", default="", metavar="TEXT")
    about = "what it allows, such as userTasks.* or deployments.create; may be repeated"
    made.add_argument("--permission", required=True, action="append", metavar="NAME", help=about)
    _add_narrowing(made)
    _action(role, "delete", "delete a role that nobody has", "roles:delete", common).add_argument(
        "role", metavar="ROLE"
    )
    given = _action(role, "assign", "give a role to somebody", "roles:assign", common)
    given.add_argument("role", metavar="ROLE")
    _add_assignee(given, required=True)
    _add_narrowing(given)
    taken = _action(role, "unassign", "take a role away from somebody", "roles:unassign", common)
    taken.add_argument("role", metavar="ROLE")
    _add_assignee(taken, required=True)
    found = _action(role, "assignments", "list who has which role", "roles:assignments", common, listing)
    found.add_argument("--role", default="", metavar="ROLE")
    _add_assignee(found, required=False)


def _add_accounts(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    listing: argparse.ArgumentParser,
) -> None:
    accounts = _group(commands, "service-accounts", "make, list, disable and delete service accounts")
    found = _action(
        accounts, "list", "list service accounts", "service_accounts:list_service_accounts", common, listing
    )
    found.add_argument("--group", default="", metavar="ID", help="only those in this group")
    made = _action(accounts, "create", "make a service account", "service_accounts:create", common)
    made.add_argument("id", metavar="ID")
    made.add_argument("--name", default="", metavar="TEXT", help="how others see it")
    made.add_argument("--tenant", default=[], action="append", metavar="ID", help="belongs to it; may be repeated")
    made.add_argument("--all-tenants", action="store_true", help="belongs to every tenant")
    for verb, about in (
        ("disable", "let a service account in no more"),
        ("enable", "let a service account in again"),
        ("delete", "delete a service account; the id stays taken"),
    ):
        _action(accounts, verb, about, f"service_accounts:{verb}", common).add_argument("id", metavar="ID")

    keys = _group(commands, "api-keys", "make, list and end the API keys of service accounts")
    _action(keys, "list", "list the keys of a service account", "api_keys:list_api_keys", common, listing).add_argument(
        "account", metavar="ACCOUNT"
    )
    made = _action(keys, "create", "make a key and print it, this once", "api_keys:create", common)
    made.add_argument("account", metavar="ACCOUNT")
    made.add_argument("--name", default="", metavar="TEXT", help="what it is for")
    made.add_argument("--days", type=int, metavar="N", help="ends after so many days; never without it")
    ended = _action(keys, "revoke", "end a key and its sessions", "api_keys:revoke", common)
    ended.add_argument("account", metavar="ACCOUNT")
    ended.add_argument("id", metavar="ID")


def _add_assignee(command: argparse.ArgumentParser, *, required: bool) -> None:
    who = command.add_mutually_exclusive_group(required=required)
    who.add_argument("--user", dest="subject", metavar="ID")
    who.add_argument("--service-account", dest="subject", metavar="ID")
    who.add_argument("--group", metavar="ID")


def _add_narrowing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", default=[], action="append", metavar="ID", help="only there; may be repeated")
    about = "only for these processes, such as order or hr-*; may be repeated"
    command.add_argument("--definition", default=[], action="append", metavar="KEY", help=about)
    command.add_argument("--involved", action="store_true", help="only what one takes part in")


def _group(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    made = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    return made.add_subparsers(dest="action", required=True, metavar="ACTION")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    about: str,
    run: str,
    *parents: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    made = actions.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", parents=parents)
    made.set_defaults(run=run)
    return made
