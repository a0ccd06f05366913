"""`flowmesh retention`: how long history keeps ended instances."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.history.v1 import retention_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment
from launcher.client.times import timestamp

_DAY_SECONDS = 86_400
_MAX_DAYS = 36_524


def list_policies(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List the policies."""
    columns = {
        "tenant": lambda policy: policy.tenant_id or "(without a name)",
        "process": lambda policy: policy.process_definition_key or "(all others)",
        "kept": lambda policy: f"{policy.keep.seconds / _DAY_SECONDS:g} days",
        "archived": lambda policy: "yes" if policy.archive else "no",
        "changed": lambda policy: moment(policy.update_time),
    }
    found = connection.pages(
        connection.retention.ListRetentionPolicies,
        pb.ListRetentionPoliciesRequest(tenant_id=arguments.tenant),
        lambda page: page.retention_policies,
        arguments.limit,
    )
    output.messages(found, columns, "History keeps everything.")


def set_policy(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Set a policy."""
    if not 0 <= arguments.days <= _MAX_DAYS:
        raise CommandFailed(f"--days must be from 0 to {_MAX_DAYS}.")
    request = pb.SetRetentionPolicyRequest(
        request_id=new_request_id(),
        tenant_id=arguments.tenant,
        process_definition_key=arguments.key,
        keep=Duration(seconds=round(arguments.days * _DAY_SECONDS)),
        archive=arguments.archive,
    )
    policy = connection.call(connection.retention.SetRetentionPolicy, request).retention_policy
    then = "archived and deleted" if policy.archive else "deleted"
    of = policy.process_definition_key or "processes without a policy of their own"
    output.message(policy, f"Instances of {of} are {then} {arguments.days:g} days after their end.")


def delete_policy(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a policy."""
    request = pb.DeleteRetentionPolicyRequest(
        request_id=new_request_id(), tenant_id=arguments.tenant, process_definition_key=arguments.key
    )
    answer = connection.call(connection.retention.DeleteRetentionPolicy, request)
    output.message(answer, "The policy is deleted.")


def keep(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Keep one instance for ever, or until a time."""
    request = pb.SetInstanceRetentionRequest(request_id=new_request_id(), id=arguments.id, archive=arguments.archive)
    if arguments.until:
        request.keep_until.CopyFrom(timestamp(arguments.until))
    answer = connection.call(connection.retention.SetInstanceRetention, request)
    output.message(answer, f"{arguments.id} is kept {f'until {arguments.until}' if arguments.until else 'for ever'}.")


def release(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let the policy hold for an instance again."""
    request = pb.ClearInstanceRetentionRequest(request_id=new_request_id(), id=arguments.id)
    answer = connection.call(connection.retention.ClearInstanceRetention, request)
    output.message(answer, f"{arguments.id} goes as the policy says.")
