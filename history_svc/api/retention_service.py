"""`flowmesh.history.v1.RetentionService`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flowmesh.history.v1 import retention_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.commands.changing import Changer
from history_svc.storage.retention import (
    EVERY_KEY,
    Policy,
    clear_kept,
    delete_policy,
    find_policy,
    instance_is_open,
    keep_instance,
    list_policies,
    place_of,
    put_policy,
)
from mesh.access.rows import Rows
from mesh.audit.operation import Operation
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import NotFound, WrongState
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_MICROS = 1_000_000


class RetentionServicer:
    """Serves RetentionService. `database` is one that calls are served from."""

    def __init__(self, database: Database, changer: Changer, *, archives: bool) -> None:
        """`archives`: whether there is a folder for them."""
        self._database = database
        self._changer = changer
        self._archives = archives

    async def SetRetentionPolicy(self, request: pb.SetRetentionPolicyRequest) -> bytes:
        """See the contract."""
        opened = open_rows()
        _require_open(opened, request.tenant_id, request.process_definition_key)
        self._require_folder(wanted=request.archive)

        # A part of a second counts as one: nothing goes before its time.
        seconds = request.keep.seconds + (request.keep.nanos > 0)
        after = {"keepSeconds": seconds, "archive": request.archive}
        operation = partial(_policy_operation, request.tenant_id, request.process_definition_key, after)

        def work(now: int) -> Program[pb.SetRetentionPolicyResponse]:
            policy = Policy(request.tenant_id, request.process_definition_key, seconds, request.archive, now)
            yield from put_policy(policy)
            return pb.SetRetentionPolicyResponse(retention_policy=_message(policy))

        return await self._changer.change(request, work, operation)

    async def ListRetentionPolicies(self, request: pb.ListRetentionPoliciesRequest) -> pb.ListRetentionPoliciesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str, str)
        found = await self._database.read(
            list_policies(
                open_rows(),
                request.tenant_id,
                request.process_definition_key,
                None if after is None else (str(after[0]), str(after[1])),
                size + 1,
            )
        )
        answer = pb.ListRetentionPoliciesResponse(retention_policies=map(_message, found[:size]))
        if len(found) > size:
            last = found[size - 1]
            answer.next_page_token = encode_page_token(request, (last.tenant_id, last.key))
        return answer

    async def DeleteRetentionPolicy(self, request: pb.DeleteRetentionPolicyRequest) -> bytes:
        """See the contract."""
        opened = open_rows()
        tenant_id, key = request.tenant_id, request.process_definition_key

        def work(_: int) -> Program[pb.DeleteRetentionPolicyResponse]:
            if not (yield from delete_policy(tenant_id, key)):
                raise _no_policy(tenant_id, key)
            return pb.DeleteRetentionPolicyResponse()

        if not opened.allow(tenant_id, key):
            raise _no_policy(tenant_id, key)
        return await self._changer.change(request, work, partial(_policy_operation, tenant_id, key, {}))

    async def SetInstanceRetention(self, request: pb.SetInstanceRetentionRequest) -> bytes:
        """See the contract."""
        opened = open_rows()
        keep = _micros(request.keep_until) if request.HasField("keep_until") else None

        def work(_: int) -> Program[pb.SetInstanceRetentionResponse]:
            yield from _require_instance(opened, request.id)
            self._require_folder(wanted=request.archive)
            yield from keep_instance(request.id, keep, archive=request.archive)
            return pb.SetInstanceRetentionResponse()

        until = request.keep_until.ToJsonString() if keep is not None else "for ever"
        after = {"keepUntil": until, "archive": request.archive}
        return await self._changer.change(request, work, partial(_instance_operation, request.id, after))

    async def ClearInstanceRetention(self, request: pb.ClearInstanceRetentionRequest) -> bytes:
        """See the contract."""
        opened = open_rows()

        def work(_: int) -> Program[pb.ClearInstanceRetentionResponse]:
            yield from _require_instance(opened, request.id)
            yield from clear_kept(request.id)
            return pb.ClearInstanceRetentionResponse()

        after = {"keepUntil": "as the policy says"}
        return await self._changer.change(request, work, partial(_instance_operation, request.id, after))

    def _require_folder(self, *, wanted: bool) -> None:
        if wanted and not self._archives:
            raise WrongState(
                "ARCHIVE_FOLDER_MISSING",
                "No folder for archives is set: give history one that stays (FLOWMESH_HISTORY_ARCHIVE_DIR).",
            )


def _policy_operation(tenant_id: str, key: str, after: Mapping[str, object]) -> Program[Operation]:
    policy = yield from find_policy(tenant_id, key)
    before = {} if policy is None else {"keepSeconds": policy.keep_seconds, "archive": policy.archive}
    return Operation("retentionPolicy", key, (tenant_id,), definition_key=key, before=before, after=after)


def _instance_operation(instance_id: str, after: Mapping[str, object]) -> Program[Operation]:
    place = yield from place_of(instance_id)
    if place is None:
        return Operation("processInstance", instance_id, after=after)
    return Operation("processInstance", instance_id, (place[0],), definition_key=place[1], after=after)


def _require_open(opened: Rows, tenant_id: str, key: str) -> None:
    if opened.allow(tenant_id, key):
        return
    if key != EVERY_KEY and opened.allow_tenant(tenant_id):
        raise NotFound(
            "PROCESS_DEFINITION_NOT_FOUND",
            f"There is no process {key}.",
            metadata={"process_definition_key": key},
        )
    raise NotFound("TENANT_NOT_FOUND", f"There is no tenant {tenant_id}.", metadata={"id": tenant_id})


def _no_policy(tenant_id: str, key: str) -> NotFound:
    return NotFound(
        "RETENTION_POLICY_NOT_FOUND",
        "There is no such policy.",
        metadata={"tenant_id": tenant_id, "process_definition_key": key},
    )


def _require_instance(opened: Rows, instance_id: str) -> Program[None]:
    if not (yield from instance_is_open(opened, instance_id)):
        raise NotFound(
            "HISTORY_RECORD_NOT_FOUND",
            f"History has no record with the id {instance_id} (yet).",
            metadata={"id": instance_id},
        )


def _message(policy: Policy) -> pb.RetentionPolicy:
    seconds, rest = divmod(policy.update_micros, _MICROS)
    return pb.RetentionPolicy(
        tenant_id=policy.tenant_id,
        process_definition_key=policy.key,
        keep=Duration(seconds=policy.keep_seconds),
        archive=policy.archive,
        update_time=Timestamp(seconds=seconds, nanos=rest * 1_000),
    )


def _micros(time: Timestamp) -> int:
    return time.seconds * _MICROS + time.nanos // 1_000
