"""Commands about signing in: `login`, `logout`, `bootstrap`, `password`, `whoami`, `sessions`."""

from __future__ import annotations

import sys
from argparse import Namespace

from flowmesh.identity.v1 import access_service_pb2, session_service_pb2

from launcher.client.connection import Connection, GatewaySignIns, credentials_of
from launcher.client.credentials import CredentialStore
from launcher.client.failure import CommandFailed, NotSignedIn, Unreachable
from launcher.client.local_mesh import local_bootstrap_token
from launcher.client.output import Output, moment, to_json
from launcher.client.passwords import ask, new_password, warn_of_plain_text
from launcher.client.passwords import password as typed_password
from launcher.client.roles import print_grants
from launcher.client.signing import SIGNING_VARIABLES, Session
from launcher.client.tenants import shown_tenants

_ORIGINS = {
    session_service_pb2.Session.ORIGIN_PASSWORD: "password",
    session_service_pb2.Session.ORIGIN_API_KEY: "API key",
    session_service_pb2.Session.ORIGIN_BOOTSTRAP: "bootstrap",
}


def login(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Sign in with a password and keep the session."""
    warn_of_plain_text(connection.gateway)
    user = arguments.user or ask("User: ", "--user")
    request = session_service_pb2.LoginRequest(user=user, password=typed_password("Password: "))
    _keep(connection, output, connection.call_openly(connection.sessions.Login, request).tokens)


def bootstrap(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make the first administrator and sign in as that."""
    warn_of_plain_text(connection.gateway)
    token = arguments.token or local_bootstrap_token(connection.url)
    if not token:
        raise CommandFailed("Name the bootstrap token, as the start of the mesh printed it.")
    request = session_service_pb2.BootstrapRequest(
        bootstrap_token=token, user_id=arguments.user, password=new_password()
    )
    _keep(connection, output, connection.call_openly(connection.sessions.Bootstrap, request).tokens)


def logout(connection: Connection, output: Output, arguments: Namespace) -> None:
    """End the session and forget it, also where the mesh cannot be told."""
    store = CredentialStore()
    if store.find(connection.url) is None:
        raise CommandFailed(f"Nobody has signed in at {connection.url} by flowmesh login.")
    signing = Session(connection.url, store, lambda: GatewaySignIns(connection.gateway))
    told = ""
    try:
        connection.call_as(signing, connection.sessions.Revoke, session_service_pb2.RevokeRequest())
    except NotSignedIn:
        told = " It had ended already."
    except Unreachable as error:
        told = f" The mesh could not be told, so it ends by itself: {error}"
    with store.locked():
        store.keep(connection.url, None)
    output.say(f"The session at {connection.url} is over.{told}")


def whoami(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show who is signed in and what is granted."""
    request = access_service_pb2.GetOwnAccessRequest()
    access = connection.call(connection.access.GetOwnAccess, request).access
    if output.as_json:
        output.json({**to_json(access), "source": connection.signing.source})
        return
    output.say(f"{access.subject_id} at {connection.url}, by {connection.signing.source}")
    if access.group_ids:
        output.say(f"groups: {', '.join(access.group_ids)}")
    output.say(f"tenants: {shown_tenants(access.tenant_ids, every=access.all_tenants) or 'none'}")
    print_grants(output, access.grants, "Nothing is granted.")


def list_sessions(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List sessions that have not ended."""
    request = session_service_pb2.ListSessionsRequest(subject_id=arguments.subject)
    columns = {
        "id": lambda session: session.id,
        "subject": lambda session: session.subject_id,
        "begun by": lambda session: _ORIGINS.get(session.origin, ""),
        "begun": lambda session: moment(session.create_time),
        "last refreshed": lambda session: moment(session.last_refresh_time),
        "ends": lambda session: moment(session.expire_time),
    }
    found = connection.pages(connection.sessions.ListSessions, request, lambda page: page.sessions, arguments.limit)
    output.messages(found, columns, "There are no sessions.")


def revoke(connection: Connection, output: Output, arguments: Namespace) -> None:
    """End a session, or all of a user or service account."""
    if bool(arguments.id) == bool(arguments.subject):
        raise CommandFailed("Name one session, or all of somebody by --subject.")
    request = session_service_pb2.RevokeRequest(session_id=arguments.id, subject_id=arguments.subject)
    answer = connection.call(connection.sessions.Revoke, request)
    output.message(answer, f"{answer.revoked_sessions} sessions are ended.")


def password(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Change the password of who is signed in."""
    warn_of_plain_text(connection.gateway)
    request = session_service_pb2.ChangePasswordRequest(
        old_password=typed_password("Old password: "), new_password=new_password()
    )
    connection.call(connection.sessions.ChangePassword, request)
    output.say("The password is changed; other sessions are ended.")


def _keep(connection: Connection, output: Output, tokens: session_service_pb2.Tokens) -> None:
    store = CredentialStore()
    with store.locked():
        store.keep(connection.url, credentials_of(tokens))
    output.message(
        session_service_pb2.Tokens(
            subject_id=tokens.subject_id,
            session_id=tokens.session_id,
            access_expire_time=tokens.access_expire_time,
            refresh_expire_time=tokens.refresh_expire_time,
        ),
        f"Signed in at {connection.url} as {tokens.subject_id}; unused, it ends {moment(tokens.refresh_expire_time)}.",
    )
    if connection.signing.source in SIGNING_VARIABLES:
        sys.stderr.write(f"{connection.signing.source} is set and goes before it.\n")
