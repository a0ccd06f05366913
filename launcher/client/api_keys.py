"""`flowmesh api-keys`: what service accounts sign in with."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta

from flowmesh.identity.v1 import credential_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment


def list_api_keys(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List the keys of a service account."""
    request = credential_service_pb2.ListApiKeysRequest(service_account_id=arguments.account)
    columns = {
        "id": lambda key: key.id,
        "name": lambda key: key.display_name,
        "made": lambda key: moment(key.create_time),
        "by": lambda key: key.created_by,
        "ends": lambda key: moment(key.expire_time) or "never",
        "used": lambda key: moment(key.last_use_time) or "never",
    }
    found = connection.pages(connection.credentials.ListApiKeys, request, lambda page: page.api_keys, arguments.limit)
    output.messages(found, columns, f"{arguments.account} has no API keys.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a key and print it, this once."""
    request = credential_service_pb2.CreateApiKeyRequest(
        request_id=new_request_id(), service_account_id=arguments.account, display_name=arguments.name
    )
    if arguments.days is not None:
        request.expire_time.FromDatetime(datetime.now(UTC) + timedelta(days=arguments.days))
    made = connection.call(connection.credentials.CreateApiKey, request)
    if not output.as_json:
        # On its own on standard output, so that a script can take it.
        sys.stderr.write(f"API key {made.api_key.id} of {arguments.account}; it is shown this once:\n")
    output.message(made, made.secret)


def revoke(connection: Connection, output: Output, arguments: Namespace) -> None:
    """End a key and the sessions that were begun with it."""
    request = credential_service_pb2.RevokeApiKeyRequest(service_account_id=arguments.account, id=arguments.id)
    answer = connection.call(connection.credentials.RevokeApiKey, request)
    output.message(answer, f"API key {arguments.id} is ended, and {answer.revoked_sessions} sessions with it.")
