"""`flowmesh.history.v1.HistoryService`."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar

from flowmesh.history.v1.history_service_pb2 import (
    GetHistoricActivityRequest,
    GetHistoricActivityResponse,
    GetHistoricProcessInstanceRequest,
    GetHistoricProcessInstanceResponse,
    GetHistoricTaskRequest,
    GetHistoricTaskResponse,
    GetHistoricVariableRequest,
    GetHistoricVariableResponse,
    ListHistoricActivitiesRequest,
    ListHistoricActivitiesResponse,
    ListHistoricProcessInstancesRequest,
    ListHistoricProcessInstancesResponse,
    ListHistoricTasksRequest,
    ListHistoricTasksResponse,
    ListHistoricVariablesRequest,
    ListHistoricVariablesResponse,
)
from google.protobuf.message import Message

from history_svc.api.filters import ENDED_INSTANCES, LIVE_INSTANCES
from history_svc.api.mapping import activity_of, flow_of, instance_of, task_of, variable_of
from history_svc.api.reading import Reading, missing
from history_svc.api.times import micros_in
from history_svc.queries.activity_details import NO_DETAILS, read_details
from history_svc.queries.commit_waits import CommitWaits
from history_svc.queries.listings import ACTIVITIES, INSTANCES, TASKS, VARIABLES
from history_svc.queries.pages import Filters, Listing, Page, read_page, read_row
from history_svc.queries.sequence_flows import SEQUENCE_FLOW, activity_of_flow_record
from history_svc.storage.layout import (
    OPEN,
    STATES,
    VARIABLE_COLUMNS,
)
from history_svc.storage.variable_id import scope_prefix
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.ids import split_member_id
from mesh.paging import ListRequest, decode_page_token, encode_page_token, page_size_of

T = TypeVar("T")

_DELETED: Final = VARIABLE_COLUMNS.index("deleted")


class HistoryServicer:
    """Answers every method from the service's own database; `waits` where reads wait for commits."""

    def __init__(self, database: Database, waits: CommitWaits | None = None) -> None:
        self._reading = Reading(database, waits)

    async def GetHistoricProcessInstance(
        self, request: GetHistoricProcessInstanceRequest
    ) -> GetHistoricProcessInstanceResponse:
        """Read an instance. Raises `NotFound`, and what `CommitWaits.wait` does."""
        row = await self._row(INSTANCES, request.id, request.after_commit_token)
        return GetHistoricProcessInstanceResponse(historic_process_instance=instance_of(row))

    async def ListHistoricProcessInstances(
        self, request: ListHistoricProcessInstancesRequest
    ) -> ListHistoricProcessInstancesResponse:
        """List instances, newest first. Raises `InvalidField` for a foreign page token."""
        filters = Filters(
            _given(
                process_definition_key=request.process_definition_key,
                process_definition_id=request.process_definition_id,
                process_definition_version=request.process_definition_version,
                business_key=request.business_key,
                tenant_id=request.tenant_id,
                parent_process_instance_id=request.parent_process_instance_id,
                root_process_instance_id=request.root_process_instance_id,
                initiator=request.initiator,
            ),
            states=_states(request, request.status, LIVE_INSTANCES, ENDED_INSTANCES),
            at_least=_bounds(request, "_from", start_micros="start_time", end_micros="end_time"),
            below=_bounds(request, "_to", start_micros="start_time", end_micros="end_time"),
            checked={"parent_process_instance_id": ""} if request.exclude_called else {},
            reverse=request.order_by == "start_time",
        )
        page, token = await self._page(INSTANCES, request, filters)
        return ListHistoricProcessInstancesResponse(
            historic_process_instances=[instance_of(row) for row in page.rows], next_page_token=token
        )

    async def GetHistoricActivity(self, request: GetHistoricActivityRequest) -> GetHistoricActivityResponse:
        """Read an activity or a sequence flow that was taken. Raises `NotFound`, and what `CommitWaits.wait` does."""
        led_to = activity_of_flow_record(request.id)
        row = await self._row(ACTIVITIES, led_to or request.id, request.after_commit_token, request.id)
        if led_to:
            flow = flow_of(row)
            if flow is None:
                raise missing(request.id)
            return GetHistoricActivityResponse(historic_activity=flow)
        details = await self._reading.read(read_details([row]))
        return GetHistoricActivityResponse(historic_activity=activity_of(row, details))

    async def ListHistoricActivities(self, request: ListHistoricActivitiesRequest) -> ListHistoricActivitiesResponse:
        """List activities in the order of their start. Raises `InvalidField` for a foreign page token."""
        only_flows = request.element_type == SEQUENCE_FLOW
        instance_id = request.process_instance_id
        if not instance_id and (parent := split_member_id(request.parent_activity_id)) is not None:
            # An index leads to the instance, none to the parent.
            instance_id = parent[0]
        equal = _given(
            process_instance_id=instance_id,
            process_definition_key=request.process_definition_key,
            process_definition_id=request.process_definition_id,
            tenant_id=request.tenant_id,
            parent_activity_id=request.parent_activity_id,
        )
        if not only_flows:
            equal |= _given(element_id=request.element_id, element_type=request.element_type)
        filters = Filters(
            equal,
            states=_states(request, request.state, (OPEN,), STATES[1:]),
            at_least=_bounds(request, "_from", start_micros="start_time", end_micros="end_time"),
            below=_bounds(request, "_to", start_micros="start_time", end_micros="end_time"),
            checked=_given(flow_id=request.element_id) if only_flows else {},
            unlike={"flow_id": ""} if only_flows else {},
            reverse=request.order_by == "start_time desc",
        )
        page, token = await self._page(ACTIVITIES, request, filters)
        answer = ListHistoricActivitiesResponse(next_page_token=token)
        with_flows = only_flows or request.include_sequence_flows
        details = NO_DETAILS if only_flows else await self._reading.read(read_details(page.rows))
        for row in page.rows:
            flow = flow_of(row) if with_flows else None
            found = [] if flow is None else [flow]
            if not only_flows:
                found.append(activity_of(row, details))
            answer.historic_activities.extend(reversed(found) if filters.reverse else found)
        return answer

    async def GetHistoricTask(self, request: GetHistoricTaskRequest) -> GetHistoricTaskResponse:
        """Read a task. Raises `NotFound`, and what `CommitWaits.wait` does."""
        row = await self._row(TASKS, request.id, request.after_commit_token)
        return GetHistoricTaskResponse(historic_task=task_of(row))

    async def ListHistoricTasks(self, request: ListHistoricTasksRequest) -> ListHistoricTasksResponse:
        """List tasks, newest first. Raises `InvalidField` for a foreign page token."""
        times = {"create_micros": "create_time", "end_micros": "end_time", "due_micros": "due_time"}
        filters = Filters(
            _given(
                process_instance_id=request.process_instance_id,
                assignee=request.assignee,
                element_id=request.element_id,
                process_definition_key=request.process_definition_key,
                process_definition_id=request.process_definition_id,
                tenant_id=request.tenant_id,
                name=request.name,
                owner=request.owner,
                end_reason=request.end_reason,
                parent_task_id=request.parent_task_id,
                completed_by=request.completed_by,
            ),
            states=_states(request, request.state, (OPEN,), STATES[1:]),
            at_least=_bounds(request, "_from", **times),
            below=_bounds(request, "_to", **times),
            reverse=request.order_by == "create_time",
        )
        page, token = await self._page(TASKS, request, filters)
        return ListHistoricTasksResponse(historic_tasks=[task_of(row) for row in page.rows], next_page_token=token)

    async def GetHistoricVariable(self, request: GetHistoricVariableRequest) -> GetHistoricVariableResponse:
        """Read a variable. Raises `NotFound`, and what `CommitWaits.wait` does."""
        row = await self._row(VARIABLES, request.id, request.after_commit_token)
        if row[_DELETED]:
            raise missing(request.id)
        return GetHistoricVariableResponse(historic_variable=variable_of(row))

    async def ListHistoricVariables(self, request: ListHistoricVariablesRequest) -> ListHistoricVariablesResponse:
        """List variables in the order of their ids. Raises `InvalidField` for a foreign page token."""
        scope = request.scope_activity_id
        instance_id = request.process_instance_id
        owner = split_member_id(scope)
        if scope and (instance_id or owner is not None):
            prefix = scope_prefix(instance_id or (owner[0] if owner else ""), scope)
        elif instance_id and request.HasField("local") and not request.local:
            prefix = scope_prefix(instance_id, "")
        else:
            prefix = f"{instance_id}." if instance_id else ""
        filters = Filters(
            _given(
                process_instance_id=instance_id,
                name=request.name,
                scope_activity_id=scope,
                tenant_id=request.tenant_id,
            ),
            # The ids of an instance's or a scope's variables: `/` comes right after `.`.
            at_least={"id": prefix} if prefix else {},
            below={"id": f"{prefix[:-1]}/"} if prefix else {},
            checked={"deleted": 0, **({"scope_activity_id": ""} if _is(request, "local", False) else {})},
            unlike={"scope_activity_id": ""} if _is(request, "local", True) else {},
        )
        page, token = await self._page(VARIABLES, request, filters)
        return ListHistoricVariablesResponse(
            historic_variables=[variable_of(row) for row in page.rows], next_page_token=token
        )

    async def _row(self, listing: Listing, key: str, commit_token: str, asked: str = "") -> Row:
        await self._reading.wait(commit_token)
        row = await self._reading.read(read_row(listing, key, open_rows()))
        if row is None:
            raise missing(asked or key)
        return row

    async def _page(self, listing: Listing, request: _List, filters: Filters) -> tuple[Page, str]:
        after = decode_page_token(request, *(sort.kind for sort in filters.sorts(listing)))
        await self._reading.wait(request.after_commit_token)
        page = await self._reading.read(read_page(listing, filters, open_rows(), after, page_size_of(request)))
        return page, "" if page.next_key is None else encode_page_token(request, page.next_key)


class _List(ListRequest, Protocol):
    after_commit_token: str


def _given(**filters: str | int) -> dict[str, Any]:
    return {column: value for column, value in filters.items() if value}


def _is(request: Message, field: str, value: bool) -> bool:
    return request.HasField(field) and getattr(request, field) is value


def _states(request: Message, state: int, live: tuple[int, ...], ended: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the states that a request asks for by its state and `finished`, None for all."""
    if not request.HasField("finished"):
        return (state,) if state else None
    wanted = live if _is(request, "finished", False) else ended
    return tuple(each for each in wanted if each == state) if state else wanted


def _bounds(request: Message, suffix: str, **fields: str) -> dict[str, int]:
    """Return the bounds of columns that a request has in fields with this suffix, in microseconds."""
    bounds = {}
    for column, field in fields.items():
        micros = micros_in(request, field + suffix)
        if micros is not None:
            bounds[column] = micros
    return bounds
