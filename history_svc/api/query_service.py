"""`flowmesh.history.v1.HistoryQueryService`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from flowmesh.history.v1.history_query_service_pb2 import (
    CountHistoricActivitiesRequest,
    CountHistoricActivitiesResponse,
    CountHistoricIncidentsRequest,
    CountHistoricIncidentsResponse,
    CountHistoricJobEventsRequest,
    CountHistoricJobEventsResponse,
    CountHistoricProcessInstancesRequest,
    CountHistoricProcessInstancesResponse,
    CountHistoricTasksRequest,
    CountHistoricTasksResponse,
    CountHistoricVariableChangesRequest,
    CountHistoricVariableChangesResponse,
    CountHistoricVariablesRequest,
    CountHistoricVariablesResponse,
    GetHistoricVariableChangeRequest,
    GetHistoricVariableChangeResponse,
    GetProcessInstanceTimelineRequest,
    GetProcessInstanceTimelineResponse,
    ListHistoricAttachmentsRequest,
    ListHistoricAttachmentsResponse,
    ListHistoricCommentsRequest,
    ListHistoricCommentsResponse,
    QueryHistoricActivitiesRequest,
    QueryHistoricActivitiesResponse,
    QueryHistoricIncidentsRequest,
    QueryHistoricIncidentsResponse,
    QueryHistoricJobEventsRequest,
    QueryHistoricJobEventsResponse,
    QueryHistoricProcessInstancesRequest,
    QueryHistoricProcessInstancesResponse,
    QueryHistoricTasksRequest,
    QueryHistoricTasksResponse,
    QueryHistoricVariableChangesRequest,
    QueryHistoricVariableChangesResponse,
    QueryHistoricVariablesRequest,
    QueryHistoricVariablesResponse,
    SearchHistoryRequest,
    SearchHistoryResponse,
)
from google.protobuf.message import Message

from history_svc.api import filters, orders
from history_svc.api.mapping import (
    activity_of,
    attachment_of,
    comment_of,
    entry_of,
    hit_of,
    incident_of,
    instance_of,
    job_event_of,
    task_of,
    variable_change_of,
    variable_of,
)
from history_svc.api.reading import Reading, missing
from history_svc.queries.activity_details import read_details
from history_svc.queries.commit_waits import CommitWaits
from history_svc.queries.dialect import dialect_of
from history_svc.queries.listings import ATTACHMENTS, COMMENTS, INSTANCES, VARIABLE_CHANGES
from history_svc.queries.long_values import read_change
from history_svc.queries.narrowing import Narrowing
from history_svc.queries.pages import Count, Filters, Listing, Page, count_rows, read_page, read_row
from history_svc.queries.search import Narrowed, Places, WordTable, parse_query, search
from history_svc.queries.timeline import Asked, read_called_timeline, read_timeline
from history_svc.storage.event_id import instance_of_event_id
from mesh.access.row_conditions import Condition
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.errors import InvalidField, Violation
from mesh.ids import split_member_id
from mesh.paging import ListRequest, decode_page_token, encode_page_token, page_size_of

DEFAULT_MAX_COUNT: Final = 1_000


Ask = Callable[[Any, Narrowing], None]


class _Query(ListRequest, Protocol):
    order_by: str
    after_commit_token: str


class HistoryQueryServicer:
    """Answers every method from the service's own database; `waits` where reads wait for commits.

    `places`: where records are found by words, unless in a table of the database.
    """

    def __init__(self, database: Database, waits: CommitWaits | None = None, places: Places | None = None) -> None:
        self._reading = Reading(database, waits)
        self._dialect = dialect_of(database)
        self._words = WordTable(self._reading.read)
        self._places = places or self._words

    async def QueryHistoricProcessInstances(
        self, request: QueryHistoricProcessInstancesRequest
    ) -> QueryHistoricProcessInstancesResponse:
        """Ask for process instances. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_instances, orders.INSTANCE_ORDERS)
        return QueryHistoricProcessInstancesResponse(
            historic_process_instances=map(instance_of, page.rows), next_page_token=token
        )

    async def CountHistoricProcessInstances(
        self, request: CountHistoricProcessInstancesRequest
    ) -> CountHistoricProcessInstancesResponse:
        """Count process instances. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_instances, orders.INSTANCE_ORDERS)
        return CountHistoricProcessInstancesResponse(count=count.rows, at_least=not count.complete)

    async def QueryHistoricActivities(self, request: QueryHistoricActivitiesRequest) -> QueryHistoricActivitiesResponse:
        """Ask for activities. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_activities, orders.ACTIVITY_ORDERS)
        details = await self._reading.read(read_details(page.rows))
        return QueryHistoricActivitiesResponse(
            historic_activities=[activity_of(row, details) for row in page.rows], next_page_token=token
        )

    async def CountHistoricActivities(self, request: CountHistoricActivitiesRequest) -> CountHistoricActivitiesResponse:
        """Count activities. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_activities, orders.ACTIVITY_ORDERS)
        return CountHistoricActivitiesResponse(count=count.rows, at_least=not count.complete)

    async def QueryHistoricTasks(self, request: QueryHistoricTasksRequest) -> QueryHistoricTasksResponse:
        """Ask for tasks. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_tasks, orders.TASK_ORDERS)
        return QueryHistoricTasksResponse(historic_tasks=map(task_of, page.rows), next_page_token=token)

    async def CountHistoricTasks(self, request: CountHistoricTasksRequest) -> CountHistoricTasksResponse:
        """Count tasks. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_tasks, orders.TASK_ORDERS)
        return CountHistoricTasksResponse(count=count.rows, at_least=not count.complete)

    async def QueryHistoricVariables(self, request: QueryHistoricVariablesRequest) -> QueryHistoricVariablesResponse:
        """Ask for variables. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_variables, orders.VARIABLE_ORDERS, _living(request))
        return QueryHistoricVariablesResponse(historic_variables=map(variable_of, page.rows), next_page_token=token)

    async def CountHistoricVariables(self, request: CountHistoricVariablesRequest) -> CountHistoricVariablesResponse:
        """Count variables. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_variables, orders.VARIABLE_ORDERS, _living(request))
        return CountHistoricVariablesResponse(count=count.rows, at_least=not count.complete)

    async def QueryHistoricVariableChanges(
        self, request: QueryHistoricVariableChangesRequest
    ) -> QueryHistoricVariableChangesResponse:
        """Ask for changes of variables. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_variable_changes, orders.VARIABLE_CHANGE_ORDERS)
        return QueryHistoricVariableChangesResponse(
            historic_variable_changes=map(variable_change_of, page.rows), next_page_token=token
        )

    async def CountHistoricVariableChanges(
        self, request: CountHistoricVariableChangesRequest
    ) -> CountHistoricVariableChangesResponse:
        """Count changes of variables. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_variable_changes, orders.VARIABLE_CHANGE_ORDERS)
        return CountHistoricVariableChangesResponse(count=count.rows, at_least=not count.complete)

    async def QueryHistoricIncidents(self, request: QueryHistoricIncidentsRequest) -> QueryHistoricIncidentsResponse:
        """Ask for incidents. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_incidents, orders.INCIDENT_ORDERS)
        return QueryHistoricIncidentsResponse(historic_incidents=map(incident_of, page.rows), next_page_token=token)

    async def CountHistoricIncidents(self, request: CountHistoricIncidentsRequest) -> CountHistoricIncidentsResponse:
        """Count incidents. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_incidents, orders.INCIDENT_ORDERS)
        return CountHistoricIncidentsResponse(count=count.rows, at_least=not count.complete)

    async def QueryHistoricJobEvents(self, request: QueryHistoricJobEventsRequest) -> QueryHistoricJobEventsResponse:
        """Ask for the log of jobs. Raises what `_page` does."""
        page, token = await self._page(request, filters.ask_of_job_events, orders.JOB_EVENT_ORDERS)
        return QueryHistoricJobEventsResponse(historic_job_events=map(job_event_of, page.rows), next_page_token=token)

    async def CountHistoricJobEvents(self, request: CountHistoricJobEventsRequest) -> CountHistoricJobEventsResponse:
        """Count the log of jobs. Raises what `_count` does."""
        count = await self._count(request, filters.ask_of_job_events, orders.JOB_EVENT_ORDERS)
        return CountHistoricJobEventsResponse(count=count.rows, at_least=not count.complete)

    async def GetHistoricVariableChange(
        self, request: GetHistoricVariableChangeRequest
    ) -> GetHistoricVariableChangeResponse:
        """Read a change of a variable. Raises `NotFound`, and what `CommitWaits.wait` does."""
        await self._reading.wait(request.after_commit_token)
        instance_id = instance_of_event_id(request.id)
        row = await self._reading.read(read_change(VARIABLE_CHANGES, instance_id, request.id, open_rows()))
        if row is None:
            raise missing(request.id)
        return GetHistoricVariableChangeResponse(historic_variable_change=variable_change_of(row))

    async def ListHistoricComments(self, request: ListHistoricCommentsRequest) -> ListHistoricCommentsResponse:
        """List comments. Raises `InvalidField`, and what `CommitWaits.wait` does."""
        page, token = await self._remarks(COMMENTS, request)
        return ListHistoricCommentsResponse(historic_comments=map(comment_of, page.rows), next_page_token=token)

    async def ListHistoricAttachments(self, request: ListHistoricAttachmentsRequest) -> ListHistoricAttachmentsResponse:
        """List attachments. Raises `InvalidField`, and what `CommitWaits.wait` does."""
        page, token = await self._remarks(ATTACHMENTS, request)
        return ListHistoricAttachmentsResponse(
            historic_attachments=map(attachment_of, page.rows), next_page_token=token
        )

    async def GetProcessInstanceTimeline(
        self, request: GetProcessInstanceTimelineRequest
    ) -> GetProcessInstanceTimelineResponse:
        """Tell what happened in an instance. Raises `NotFound`, `WrongState`, and what `CommitWaits.wait` does."""
        after: Any = decode_page_token(request, int, str, int, str)
        await self._reading.wait(request.after_commit_token)
        opened = open_rows()
        if await self._reading.read(read_row(INSTANCES, request.id, opened)) is None:
            raise missing(request.id)
        asked = Asked(frozenset(request.kinds), descending=request.descending)
        size = page_size_of(request)
        entries, next_key = await self._reading.read(
            read_called_timeline(request.id, opened, asked, after, size)
            if request.include_called
            else read_timeline(request.id, asked, after, size)
        )
        return GetProcessInstanceTimelineResponse(
            timeline_entries=map(entry_of, entries),
            next_page_token="" if next_key is None else encode_page_token(request, next_key),
        )

    async def SearchHistory(self, request: SearchHistoryRequest) -> SearchHistoryResponse:
        """Find records by words. Raises `InvalidField`, and what `CommitWaits.wait` does."""
        wanted = parse_query(request.query)
        if wanted is None:
            raise InvalidField(
                "FIELD_INVALID",
                "query: there is no word to look for.",
                violations=[Violation("query", "Must have a letter or a digit.")],
            )
        after: Any = decode_page_token(request, str, int)
        await self._reading.wait(request.after_commit_token)
        narrowed = Narrowed(
            tuple(dict.fromkeys(request.kinds)), tuple(request.tenant_ids), tuple(request.process_definition_keys)
        )
        # What was just written is in the database's own words from the same transaction on.
        places = self._words if request.after_commit_token else self._places
        hits, next_key = await search(
            places, self._reading.read, wanted, narrowed, open_rows(), after, page_size_of(request)
        )
        return SearchHistoryResponse(
            search_hits=map(hit_of, hits),
            next_page_token="" if next_key is None else encode_page_token(request, next_key),
        )

    async def _page(
        self, request: _Query, ask: Ask, ordered: orders.Orders, further: Sequence[Condition] = ()
    ) -> tuple[Page, str]:
        """Read a page. Raises `InvalidField`, `WrongState`, and what `CommitWaits.wait` does."""
        reverse, order = orders.parse_order(request.order_by, ordered)
        narrowing, groups = self._asked(request, ask, ordered.listing)
        wanted = narrowing.all_of(further=(*groups, *further), reverse=reverse, order=order)
        return await self._read_page(ordered.listing, request, wanted)

    async def _read_page(self, listing: Listing, request: Any, wanted: Filters) -> tuple[Page, str]:
        after = decode_page_token(request, *(sort.kind for sort in wanted.sorts(listing)))
        await self._reading.wait(request.after_commit_token)
        page = await self._reading.read(read_page(listing, wanted, open_rows(), after, page_size_of(request)))
        return page, "" if page.next_key is None else encode_page_token(request, page.next_key)

    async def _count(self, request: Any, ask: Ask, ordered: orders.Orders, further: Sequence[Condition] = ()) -> Count:
        """Count. Raises `InvalidField`, and what `CommitWaits.wait` does."""
        narrowing, groups = self._asked(request, ask, ordered.listing)
        wanted = narrowing.all_of(further=(*groups, *further), order=())
        await self._reading.wait(request.after_commit_token)
        most = request.max_count or DEFAULT_MAX_COUNT
        return await self._reading.read(count_rows(ordered.listing, wanted, open_rows(), most))

    def _asked(self, request: Any, ask: Ask, listing: Listing) -> tuple[Narrowing, list[Condition]]:
        """Return what the filter asks for, and a condition for each or-group."""
        narrowing = Narrowing(listing, self._dialect)
        ask(request.filter, narrowing)
        groups = []
        for group in request.or_groups:
            alternatives = Narrowing(listing, self._dialect)
            ask(group, alternatives)
            condition = alternatives.any_of()
            if condition is not None:
                groups.append(condition)
        return narrowing, groups

    async def _remarks(self, listing: Listing, request: Any) -> tuple[Page, str]:
        owner = split_member_id(request.task_id)
        instance_id = request.process_instance_id or (owner[0] if owner else request.task_id)
        if not instance_id:
            raise InvalidField(
                "FIELD_INVALID",
                "Name the process instance or the task.",
                violations=[Violation("process_instance_id", "Must be set where `task_id` is not.")],
            )
        checked: dict[str, Any] = {}
        if request.task_id:
            checked["task_id"] = request.task_id
        if request.user_id:
            checked["user_id"] = request.user_id
        living: tuple[Condition, ...] = (("delete_micros IS NULL", ()),) if request.exclude_deleted else ()
        wanted = Filters({"process_instance_id": instance_id}, checked=checked, further=living)
        return await self._read_page(listing, request, wanted)


def _living(request: Message) -> tuple[Condition, ...]:
    """Return the condition for variables that are there, empty where others are asked for as well."""
    asked: Any = request
    return () if asked.filter.include_deleted else (("deleted=0", ()),)
