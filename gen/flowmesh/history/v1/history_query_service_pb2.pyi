from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.history.v1 import history_pb2 as _history_pb2
from flowmesh.history.v1 import history_filters_pb2 as _history_filters_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueryHistoricProcessInstancesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricProcessInstanceFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricProcessInstanceFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricProcessInstanceFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricProcessInstanceFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricProcessInstancesResponse(_message.Message):
    __slots__ = ("historic_process_instances", "next_page_token")
    HISTORIC_PROCESS_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_process_instances: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricProcessInstance]
    next_page_token: str
    def __init__(self, historic_process_instances: _Optional[_Iterable[_Union[_history_pb2.HistoricProcessInstance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricProcessInstancesRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricProcessInstanceFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricProcessInstanceFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricProcessInstanceFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricProcessInstanceFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricProcessInstancesResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class QueryHistoricActivitiesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricActivityFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricActivityFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricActivityFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricActivityFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricActivitiesResponse(_message.Message):
    __slots__ = ("historic_activities", "next_page_token")
    HISTORIC_ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_activities: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricActivity]
    next_page_token: str
    def __init__(self, historic_activities: _Optional[_Iterable[_Union[_history_pb2.HistoricActivity, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricActivitiesRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricActivityFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricActivityFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricActivityFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricActivityFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricActivitiesResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class QueryHistoricTasksRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricTaskFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricTaskFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricTaskFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricTaskFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricTasksResponse(_message.Message):
    __slots__ = ("historic_tasks", "next_page_token")
    HISTORIC_TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_tasks: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricTask]
    next_page_token: str
    def __init__(self, historic_tasks: _Optional[_Iterable[_Union[_history_pb2.HistoricTask, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricTasksRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricTaskFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricTaskFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricTaskFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricTaskFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricTasksResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class QueryHistoricVariablesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricVariableFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricVariableFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricVariableFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricVariableFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricVariablesResponse(_message.Message):
    __slots__ = ("historic_variables", "next_page_token")
    HISTORIC_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_variables: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricVariable]
    next_page_token: str
    def __init__(self, historic_variables: _Optional[_Iterable[_Union[_history_pb2.HistoricVariable, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricVariablesRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricVariableFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricVariableFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricVariableFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricVariableFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricVariablesResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class QueryHistoricVariableChangesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricVariableChangeFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricVariableChangeFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricVariableChangeFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricVariableChangeFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricVariableChangesResponse(_message.Message):
    __slots__ = ("historic_variable_changes", "next_page_token")
    HISTORIC_VARIABLE_CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_variable_changes: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricVariableChange]
    next_page_token: str
    def __init__(self, historic_variable_changes: _Optional[_Iterable[_Union[_history_pb2.HistoricVariableChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricVariableChangesRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricVariableChangeFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricVariableChangeFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricVariableChangeFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricVariableChangeFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricVariableChangesResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class QueryHistoricIncidentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricIncidentFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricIncidentFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricIncidentFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricIncidentFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricIncidentsResponse(_message.Message):
    __slots__ = ("historic_incidents", "next_page_token")
    HISTORIC_INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_incidents: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricIncident]
    next_page_token: str
    def __init__(self, historic_incidents: _Optional[_Iterable[_Union[_history_pb2.HistoricIncident, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricIncidentsRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricIncidentFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricIncidentFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricIncidentFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricIncidentFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricIncidentsResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class QueryHistoricJobEventsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "filter", "or_groups", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    filter: _history_filters_pb2.HistoricJobEventFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricJobEventFilter]
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[_Union[_history_filters_pb2.HistoricJobEventFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricJobEventFilter, _Mapping]]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class QueryHistoricJobEventsResponse(_message.Message):
    __slots__ = ("historic_job_events", "next_page_token")
    HISTORIC_JOB_EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_job_events: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricJobEvent]
    next_page_token: str
    def __init__(self, historic_job_events: _Optional[_Iterable[_Union[_history_pb2.HistoricJobEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CountHistoricJobEventsRequest(_message.Message):
    __slots__ = ("filter", "or_groups", "max_count", "after_commit_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    OR_GROUPS_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: _history_filters_pb2.HistoricJobEventFilter
    or_groups: _containers.RepeatedCompositeFieldContainer[_history_filters_pb2.HistoricJobEventFilter]
    max_count: int
    after_commit_token: str
    def __init__(self, filter: _Optional[_Union[_history_filters_pb2.HistoricJobEventFilter, _Mapping]] = ..., or_groups: _Optional[_Iterable[_Union[_history_filters_pb2.HistoricJobEventFilter, _Mapping]]] = ..., max_count: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CountHistoricJobEventsResponse(_message.Message):
    __slots__ = ("count", "at_least")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    count: int
    at_least: bool
    def __init__(self, count: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class GetHistoricVariableChangeRequest(_message.Message):
    __slots__ = ("id", "after_commit_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    after_commit_token: str
    def __init__(self, id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetHistoricVariableChangeResponse(_message.Message):
    __slots__ = ("historic_variable_change",)
    HISTORIC_VARIABLE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    historic_variable_change: _history_pb2.HistoricVariableChange
    def __init__(self, historic_variable_change: _Optional[_Union[_history_pb2.HistoricVariableChange, _Mapping]] = ...) -> None: ...

class ListHistoricCommentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "task_id", "user_id", "exclude_deleted", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    task_id: str
    user_id: str
    exclude_deleted: bool
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., exclude_deleted: _Optional[bool] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListHistoricCommentsResponse(_message.Message):
    __slots__ = ("historic_comments", "next_page_token")
    HISTORIC_COMMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_comments: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricComment]
    next_page_token: str
    def __init__(self, historic_comments: _Optional[_Iterable[_Union[_history_pb2.HistoricComment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListHistoricAttachmentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "task_id", "user_id", "exclude_deleted", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    task_id: str
    user_id: str
    exclude_deleted: bool
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., exclude_deleted: _Optional[bool] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListHistoricAttachmentsResponse(_message.Message):
    __slots__ = ("historic_attachments", "next_page_token")
    HISTORIC_ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_attachments: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricAttachment]
    next_page_token: str
    def __init__(self, historic_attachments: _Optional[_Iterable[_Union[_history_pb2.HistoricAttachment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetProcessInstanceTimelineRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "id", "include_called", "kinds", "descending", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_CALLED_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    DESCENDING_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    id: str
    include_called: bool
    kinds: _containers.RepeatedScalarFieldContainer[_history_pb2.TimelineEntry.Kind]
    descending: bool
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., id: _Optional[str] = ..., include_called: _Optional[bool] = ..., kinds: _Optional[_Iterable[_Union[_history_pb2.TimelineEntry.Kind, str]]] = ..., descending: _Optional[bool] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetProcessInstanceTimelineResponse(_message.Message):
    __slots__ = ("timeline_entries", "next_page_token")
    TIMELINE_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    timeline_entries: _containers.RepeatedCompositeFieldContainer[_history_pb2.TimelineEntry]
    next_page_token: str
    def __init__(self, timeline_entries: _Optional[_Iterable[_Union[_history_pb2.TimelineEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class SearchHistoryRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "query", "kinds", "tenant_ids", "process_definition_keys", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    query: str
    kinds: _containers.RepeatedScalarFieldContainer[_history_pb2.SearchHit.Kind]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., query: _Optional[str] = ..., kinds: _Optional[_Iterable[_Union[_history_pb2.SearchHit.Kind, str]]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class SearchHistoryResponse(_message.Message):
    __slots__ = ("search_hits", "next_page_token")
    SEARCH_HITS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    search_hits: _containers.RepeatedCompositeFieldContainer[_history_pb2.SearchHit]
    next_page_token: str
    def __init__(self, search_hits: _Optional[_Iterable[_Union[_history_pb2.SearchHit, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
