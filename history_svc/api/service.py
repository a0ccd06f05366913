"""`flowmesh.history.v1.HistoryService`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

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
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.api.mapping import activity_of, instance_of, task_of, variable_of
from history_svc.queries.listings import ACTIVITIES, INSTANCES, TASKS, VARIABLES
from history_svc.queries.pages import Filters, Listing, Page, read_page, read_row
from mesh.db.database import Database, DatabaseUnavailable, TransientFailure
from mesh.db.statements import Program, Row
from mesh.errors import DependencyDown, NotFound
from mesh.paging import ListRequest, decode_page_token, encode_page_token, page_size_of

T = TypeVar("T")

_MAX_MICROS: Final = 2**62

_KINDS: Final[Mapping[str, type[str] | type[int]]] = {
    "id": str,
    "start_micros": int,
    "create_micros": int,
    "sequence": int,
}
"""Types of the columns that lists are ordered by."""


class HistoryServicer:
    """Answers every method from the service's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def GetHistoricProcessInstance(
        self, request: GetHistoricProcessInstanceRequest
    ) -> GetHistoricProcessInstanceResponse:
        """Read an instance. Raises `NotFound`."""
        row = await self._row(INSTANCES, request.id)
        return GetHistoricProcessInstanceResponse(historic_process_instance=instance_of(row))

    async def ListHistoricProcessInstances(
        self, request: ListHistoricProcessInstancesRequest
    ) -> ListHistoricProcessInstancesResponse:
        """List instances, newest first. Raises `InvalidField` for a foreign page token."""
        filters = Filters(
            _given(
                process_definition_key=request.process_definition_key,
                process_definition_id=request.process_definition_id,
                business_key=request.business_key,
                tenant_id=request.tenant_id,
            ),
            state=request.status,
            at_least=_bound(request.start_time_from, request.HasField("start_time_from")),
            below=_bound(request.start_time_to, request.HasField("start_time_to")),
        )
        page, token = await self._page(INSTANCES, request, filters)
        return ListHistoricProcessInstancesResponse(
            historic_process_instances=[instance_of(row) for row in page.rows], next_page_token=token
        )

    async def GetHistoricActivity(self, request: GetHistoricActivityRequest) -> GetHistoricActivityResponse:
        """Read an activity. Raises `NotFound`."""
        return GetHistoricActivityResponse(historic_activity=activity_of(await self._row(ACTIVITIES, request.id)))

    async def ListHistoricActivities(self, request: ListHistoricActivitiesRequest) -> ListHistoricActivitiesResponse:
        """List activities in the order of their start. Raises `InvalidField` for a foreign page token."""
        filters = Filters(
            _given(
                process_instance_id=request.process_instance_id,
                element_id=request.element_id,
                element_type=request.element_type,
                process_definition_key=request.process_definition_key,
            ),
            state=request.state,
        )
        page, token = await self._page(ACTIVITIES, request, filters)
        return ListHistoricActivitiesResponse(
            historic_activities=[activity_of(row) for row in page.rows], next_page_token=token
        )

    async def GetHistoricTask(self, request: GetHistoricTaskRequest) -> GetHistoricTaskResponse:
        """Read a task. Raises `NotFound`."""
        return GetHistoricTaskResponse(historic_task=task_of(await self._row(TASKS, request.id)))

    async def ListHistoricTasks(self, request: ListHistoricTasksRequest) -> ListHistoricTasksResponse:
        """List tasks, newest first. Raises `InvalidField` for a foreign page token."""
        filters = Filters(
            _given(
                process_instance_id=request.process_instance_id,
                assignee=request.assignee,
                element_id=request.element_id,
                process_definition_key=request.process_definition_key,
                tenant_id=request.tenant_id,
            ),
            state=request.state,
        )
        page, token = await self._page(TASKS, request, filters)
        return ListHistoricTasksResponse(historic_tasks=[task_of(row) for row in page.rows], next_page_token=token)

    async def GetHistoricVariable(self, request: GetHistoricVariableRequest) -> GetHistoricVariableResponse:
        """Read a variable. Raises `NotFound`."""
        return GetHistoricVariableResponse(historic_variable=variable_of(await self._row(VARIABLES, request.id)))

    async def ListHistoricVariables(self, request: ListHistoricVariablesRequest) -> ListHistoricVariablesResponse:
        """List variables in the order of their ids. Raises `InvalidField` for a foreign page token."""
        instance_id = request.process_instance_id
        filters = Filters(
            _given(process_instance_id=instance_id, name=request.name),
            # The ids of an instance's variables: `/` comes right after `.`.
            at_least={"id": f"{instance_id}."} if instance_id else {},
            below={"id": f"{instance_id}/"} if instance_id else {},
        )
        page, token = await self._page(VARIABLES, request, filters)
        return ListHistoricVariablesResponse(
            historic_variables=[variable_of(row) for row in page.rows], next_page_token=token
        )

    async def _row(self, listing: Listing, key: str) -> Row:
        row = await self._read(read_row(listing, key))
        if row is None:
            raise NotFound(
                "HISTORY_RECORD_NOT_FOUND", f"History has no record with the id {key} (yet).", metadata={"id": key}
            )
        return row

    async def _page(self, listing: Listing, request: ListRequest, filters: Filters) -> tuple[Page, str]:
        after = decode_page_token(request, *(_KINDS[column] for column in listing.order))
        page = await self._read(read_page(listing, filters, after, page_size_of(request)))
        return page, "" if page.next_key is None else encode_page_token(request, page.next_key)

    async def _read(self, program: Program[T]) -> T:
        try:
            return await self._database.read(program)
        except (DatabaseUnavailable, TransientFailure) as error:
            raise DependencyDown(
                "DEPENDENCY_UNAVAILABLE",
                "The history database does not answer; try again.",
                metadata={"dependency": "database"},
            ) from error


def _given(**filters: str) -> dict[str, str]:
    return {column: value for column, value in filters.items() if value}


def _bound(time: Timestamp, given: bool) -> dict[str, Any]:
    if not given:
        return {}
    # Rows have whole microseconds: what a part of one would cut off begins with the next.
    micros = time.seconds * 1_000_000 - -time.nanos // 1_000
    return {"start_micros": max(-_MAX_MICROS, min(_MAX_MICROS, micros))}
