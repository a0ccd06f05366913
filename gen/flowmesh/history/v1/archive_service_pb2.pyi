import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.history.v1 import history_pb2 as _history_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Archive(_message.Message):
    __slots__ = ("id", "tenant_id", "process_definition_key", "state", "restoring", "create_time", "instance_count", "row_count", "size_bytes", "first_end_time", "last_end_time", "schema_version", "manifest_sha256", "error")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Archive.State]
        STATE_WRITING: _ClassVar[Archive.State]
        STATE_COMPLETE: _ClassVar[Archive.State]
        STATE_DELETING: _ClassVar[Archive.State]
    STATE_UNSPECIFIED: Archive.State
    STATE_WRITING: Archive.State
    STATE_COMPLETE: Archive.State
    STATE_DELETING: Archive.State
    class Restoring(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        RESTORING_UNSPECIFIED: _ClassVar[Archive.Restoring]
        RESTORING_RUNNING: _ClassVar[Archive.Restoring]
        RESTORING_DONE: _ClassVar[Archive.Restoring]
        RESTORING_REMOVING: _ClassVar[Archive.Restoring]
    RESTORING_UNSPECIFIED: Archive.Restoring
    RESTORING_RUNNING: Archive.Restoring
    RESTORING_DONE: Archive.Restoring
    RESTORING_REMOVING: Archive.Restoring
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RESTORING_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    FIRST_END_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_END_TIME_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_SHA256_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    process_definition_key: str
    state: Archive.State
    restoring: Archive.Restoring
    create_time: _timestamp_pb2.Timestamp
    instance_count: int
    row_count: int
    size_bytes: int
    first_end_time: _timestamp_pb2.Timestamp
    last_end_time: _timestamp_pb2.Timestamp
    schema_version: str
    manifest_sha256: str
    error: str
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., state: _Optional[_Union[Archive.State, str]] = ..., restoring: _Optional[_Union[Archive.Restoring, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., instance_count: _Optional[int] = ..., row_count: _Optional[int] = ..., size_bytes: _Optional[int] = ..., first_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., schema_version: _Optional[str] = ..., manifest_sha256: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class ArchiveFault(_message.Message):
    __slots__ = ("file", "description")
    FILE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    file: str
    description: str
    def __init__(self, file: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class ListArchivesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "process_definition_key", "state")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    process_definition_key: str
    state: Archive.State
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., state: _Optional[_Union[Archive.State, str]] = ...) -> None: ...

class ListArchivesResponse(_message.Message):
    __slots__ = ("archives", "next_page_token")
    ARCHIVES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archives: _containers.RepeatedCompositeFieldContainer[Archive]
    next_page_token: str
    def __init__(self, archives: _Optional[_Iterable[_Union[Archive, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetArchiveRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetArchiveResponse(_message.Message):
    __slots__ = ("archive",)
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    archive: Archive
    def __init__(self, archive: _Optional[_Union[Archive, _Mapping]] = ...) -> None: ...

class VerifyArchiveRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class VerifyArchiveResponse(_message.Message):
    __slots__ = ("intact", "faults", "row_count", "file_count")
    INTACT_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    FILE_COUNT_FIELD_NUMBER: _ClassVar[int]
    intact: bool
    faults: _containers.RepeatedCompositeFieldContainer[ArchiveFault]
    row_count: int
    file_count: int
    def __init__(self, intact: _Optional[bool] = ..., faults: _Optional[_Iterable[_Union[ArchiveFault, _Mapping]]] = ..., row_count: _Optional[int] = ..., file_count: _Optional[int] = ...) -> None: ...

class RestoreArchiveRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class RestoreArchiveResponse(_message.Message):
    __slots__ = ("archive",)
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    archive: Archive
    def __init__(self, archive: _Optional[_Union[Archive, _Mapping]] = ...) -> None: ...

class RemoveRestoredArchiveRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class RemoveRestoredArchiveResponse(_message.Message):
    __slots__ = ("archive",)
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    archive: Archive
    def __init__(self, archive: _Optional[_Union[Archive, _Mapping]] = ...) -> None: ...

class DeleteArchiveRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class DeleteArchiveResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListArchivedProcessInstancesRequest(_message.Message):
    __slots__ = ("archive_id", "page_size", "page_token", "business_key", "process_instance_id")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    page_size: int
    page_token: str
    business_key: str
    process_instance_id: str
    def __init__(self, archive_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., business_key: _Optional[str] = ..., process_instance_id: _Optional[str] = ...) -> None: ...

class ListArchivedProcessInstancesResponse(_message.Message):
    __slots__ = ("historic_process_instances", "next_page_token")
    HISTORIC_PROCESS_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_process_instances: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricProcessInstance]
    next_page_token: str
    def __init__(self, historic_process_instances: _Optional[_Iterable[_Union[_history_pb2.HistoricProcessInstance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedActivitiesRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedActivitiesResponse(_message.Message):
    __slots__ = ("historic_activities", "next_page_token")
    HISTORIC_ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_activities: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricActivity]
    next_page_token: str
    def __init__(self, historic_activities: _Optional[_Iterable[_Union[_history_pb2.HistoricActivity, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedTasksRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedTasksResponse(_message.Message):
    __slots__ = ("historic_tasks", "next_page_token")
    HISTORIC_TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_tasks: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricTask]
    next_page_token: str
    def __init__(self, historic_tasks: _Optional[_Iterable[_Union[_history_pb2.HistoricTask, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedVariablesRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedVariablesResponse(_message.Message):
    __slots__ = ("historic_variables", "next_page_token")
    HISTORIC_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_variables: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricVariable]
    next_page_token: str
    def __init__(self, historic_variables: _Optional[_Iterable[_Union[_history_pb2.HistoricVariable, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedVariableChangesRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedVariableChangesResponse(_message.Message):
    __slots__ = ("historic_variable_changes", "next_page_token")
    HISTORIC_VARIABLE_CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_variable_changes: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricVariableChange]
    next_page_token: str
    def __init__(self, historic_variable_changes: _Optional[_Iterable[_Union[_history_pb2.HistoricVariableChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetArchivedVariableChangeRequest(_message.Message):
    __slots__ = ("archive_id", "id")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    id: str
    def __init__(self, archive_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class GetArchivedVariableChangeResponse(_message.Message):
    __slots__ = ("historic_variable_change",)
    HISTORIC_VARIABLE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    historic_variable_change: _history_pb2.HistoricVariableChange
    def __init__(self, historic_variable_change: _Optional[_Union[_history_pb2.HistoricVariableChange, _Mapping]] = ...) -> None: ...

class ListArchivedIncidentsRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedIncidentsResponse(_message.Message):
    __slots__ = ("historic_incidents", "next_page_token")
    HISTORIC_INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_incidents: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricIncident]
    next_page_token: str
    def __init__(self, historic_incidents: _Optional[_Iterable[_Union[_history_pb2.HistoricIncident, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedJobEventsRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedJobEventsResponse(_message.Message):
    __slots__ = ("historic_job_events", "next_page_token")
    HISTORIC_JOB_EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_job_events: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricJobEvent]
    next_page_token: str
    def __init__(self, historic_job_events: _Optional[_Iterable[_Union[_history_pb2.HistoricJobEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedCommentsRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedCommentsResponse(_message.Message):
    __slots__ = ("historic_comments", "next_page_token")
    HISTORIC_COMMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_comments: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricComment]
    next_page_token: str
    def __init__(self, historic_comments: _Optional[_Iterable[_Union[_history_pb2.HistoricComment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListArchivedAttachmentsRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListArchivedAttachmentsResponse(_message.Message):
    __slots__ = ("historic_attachments", "next_page_token")
    HISTORIC_ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_attachments: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricAttachment]
    next_page_token: str
    def __init__(self, historic_attachments: _Optional[_Iterable[_Union[_history_pb2.HistoricAttachment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetArchivedProcessInstanceTimelineRequest(_message.Message):
    __slots__ = ("archive_id", "process_instance_id", "page_size", "page_token")
    ARCHIVE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    archive_id: str
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, archive_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetArchivedProcessInstanceTimelineResponse(_message.Message):
    __slots__ = ("timeline_entries", "next_page_token")
    TIMELINE_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    timeline_entries: _containers.RepeatedCompositeFieldContainer[_history_pb2.TimelineEntry]
    next_page_token: str
    def __init__(self, timeline_entries: _Optional[_Iterable[_Union[_history_pb2.TimelineEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
