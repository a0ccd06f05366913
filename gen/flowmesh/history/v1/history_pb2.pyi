import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VariableType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VARIABLE_TYPE_UNSPECIFIED: _ClassVar[VariableType]
    VARIABLE_TYPE_NULL: _ClassVar[VariableType]
    VARIABLE_TYPE_BOOLEAN: _ClassVar[VariableType]
    VARIABLE_TYPE_NUMBER: _ClassVar[VariableType]
    VARIABLE_TYPE_STRING: _ClassVar[VariableType]
    VARIABLE_TYPE_OBJECT: _ClassVar[VariableType]
    VARIABLE_TYPE_LIST: _ClassVar[VariableType]
VARIABLE_TYPE_UNSPECIFIED: VariableType
VARIABLE_TYPE_NULL: VariableType
VARIABLE_TYPE_BOOLEAN: VariableType
VARIABLE_TYPE_NUMBER: VariableType
VARIABLE_TYPE_STRING: VariableType
VARIABLE_TYPE_OBJECT: VariableType
VARIABLE_TYPE_LIST: VariableType

class HistoricProcessInstance(_message.Message):
    __slots__ = ("id", "status", "process_definition_id", "process_definition_key", "process_definition_version", "business_key", "tenant_id", "initiator", "start_time", "end_time", "duration", "end_reason", "parent_process_instance_id", "parent_activity_id", "root_process_instance_id")
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATUS_UNSPECIFIED: _ClassVar[HistoricProcessInstance.Status]
        STATUS_RUNNING: _ClassVar[HistoricProcessInstance.Status]
        STATUS_PAUSED: _ClassVar[HistoricProcessInstance.Status]
        STATUS_COMPLETED: _ClassVar[HistoricProcessInstance.Status]
        STATUS_FAILED: _ClassVar[HistoricProcessInstance.Status]
        STATUS_TERMINATED: _ClassVar[HistoricProcessInstance.Status]
    STATUS_UNSPECIFIED: HistoricProcessInstance.Status
    STATUS_RUNNING: HistoricProcessInstance.Status
    STATUS_PAUSED: HistoricProcessInstance.Status
    STATUS_COMPLETED: HistoricProcessInstance.Status
    STATUS_FAILED: HistoricProcessInstance.Status
    STATUS_TERMINATED: HistoricProcessInstance.Status
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    PARENT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    status: HistoricProcessInstance.Status
    process_definition_id: str
    process_definition_key: str
    process_definition_version: int
    business_key: str
    tenant_id: str
    initiator: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    end_reason: str
    parent_process_instance_id: str
    parent_activity_id: str
    root_process_instance_id: str
    def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[HistoricProcessInstance.Status, str]] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., business_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., initiator: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_reason: _Optional[str] = ..., parent_process_instance_id: _Optional[str] = ..., parent_activity_id: _Optional[str] = ..., root_process_instance_id: _Optional[str] = ...) -> None: ...

class HistoricActivity(_message.Message):
    __slots__ = ("id", "process_instance_id", "process_definition_key", "element_id", "element_name", "element_type", "parent_activity_id", "state", "start_time", "end_time", "duration", "end_reason", "sequence", "process_definition_id", "tenant_id", "called_process_instance_id", "task_id", "assignee")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[HistoricActivity.State]
        STATE_ACTIVE: _ClassVar[HistoricActivity.State]
        STATE_COMPLETED: _ClassVar[HistoricActivity.State]
        STATE_TERMINATED: _ClassVar[HistoricActivity.State]
    STATE_UNSPECIFIED: HistoricActivity.State
    STATE_ACTIVE: HistoricActivity.State
    STATE_COMPLETED: HistoricActivity.State
    STATE_TERMINATED: HistoricActivity.State
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CALLED_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    process_definition_key: str
    element_id: str
    element_name: str
    element_type: str
    parent_activity_id: str
    state: HistoricActivity.State
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    end_reason: str
    sequence: int
    process_definition_id: str
    tenant_id: str
    called_process_instance_id: str
    task_id: str
    assignee: str
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., element_id: _Optional[str] = ..., element_name: _Optional[str] = ..., element_type: _Optional[str] = ..., parent_activity_id: _Optional[str] = ..., state: _Optional[_Union[HistoricActivity.State, str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_reason: _Optional[str] = ..., sequence: _Optional[int] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., called_process_instance_id: _Optional[str] = ..., task_id: _Optional[str] = ..., assignee: _Optional[str] = ...) -> None: ...

class HistoricTask(_message.Message):
    __slots__ = ("id", "process_instance_id", "process_definition_key", "element_id", "name", "description", "assignee", "priority", "state", "create_time", "due_time", "end_time", "duration", "end_reason", "tenant_id", "owner", "follow_up_time", "category", "form_key", "parent_task_id", "outcome", "completed_by")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[HistoricTask.State]
        STATE_OPEN: _ClassVar[HistoricTask.State]
        STATE_COMPLETED: _ClassVar[HistoricTask.State]
        STATE_TERMINATED: _ClassVar[HistoricTask.State]
    STATE_UNSPECIFIED: HistoricTask.State
    STATE_OPEN: HistoricTask.State
    STATE_COMPLETED: HistoricTask.State
    STATE_TERMINATED: HistoricTask.State
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_BY_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    process_definition_key: str
    element_id: str
    name: str
    description: str
    assignee: str
    priority: int
    state: HistoricTask.State
    create_time: _timestamp_pb2.Timestamp
    due_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    end_reason: str
    tenant_id: str
    owner: str
    follow_up_time: _timestamp_pb2.Timestamp
    category: str
    form_key: str
    parent_task_id: str
    outcome: str
    completed_by: str
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., element_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., assignee: _Optional[str] = ..., priority: _Optional[int] = ..., state: _Optional[_Union[HistoricTask.State, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_reason: _Optional[str] = ..., tenant_id: _Optional[str] = ..., owner: _Optional[str] = ..., follow_up_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., category: _Optional[str] = ..., form_key: _Optional[str] = ..., parent_task_id: _Optional[str] = ..., outcome: _Optional[str] = ..., completed_by: _Optional[str] = ...) -> None: ...

class HistoricVariable(_message.Message):
    __slots__ = ("id", "process_instance_id", "name", "value", "scope_activity_id", "update_time", "process_definition_key", "tenant_id", "deleted")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    name: str
    value: _struct_pb2.Value
    scope_activity_id: str
    update_time: _timestamp_pb2.Timestamp
    process_definition_key: str
    tenant_id: str
    deleted: bool
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., name: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., scope_activity_id: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., deleted: _Optional[bool] = ...) -> None: ...

class HistoricVariableChange(_message.Message):
    __slots__ = ("id", "process_instance_id", "process_definition_key", "tenant_id", "variable_id", "name", "scope_activity_id", "change_time", "user_id", "deleted", "type", "value", "value_size")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    VALUE_SIZE_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    process_definition_key: str
    tenant_id: str
    variable_id: str
    name: str
    scope_activity_id: str
    change_time: _timestamp_pb2.Timestamp
    user_id: str
    deleted: bool
    type: VariableType
    value: _struct_pb2.Value
    value_size: int
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., variable_id: _Optional[str] = ..., name: _Optional[str] = ..., scope_activity_id: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., user_id: _Optional[str] = ..., deleted: _Optional[bool] = ..., type: _Optional[_Union[VariableType, str]] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., value_size: _Optional[int] = ...) -> None: ...

class HistoricIncident(_message.Message):
    __slots__ = ("id", "process_instance_id", "process_definition_id", "process_definition_key", "tenant_id", "type", "element_id", "job_id", "message", "state", "create_time", "end_time", "duration")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[HistoricIncident.State]
        STATE_OPEN: _ClassVar[HistoricIncident.State]
        STATE_RESOLVED: _ClassVar[HistoricIncident.State]
    STATE_UNSPECIFIED: HistoricIncident.State
    STATE_OPEN: HistoricIncident.State
    STATE_RESOLVED: HistoricIncident.State
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    tenant_id: str
    type: str
    element_id: str
    job_id: str
    message: str
    state: HistoricIncident.State
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., type: _Optional[str] = ..., element_id: _Optional[str] = ..., job_id: _Optional[str] = ..., message: _Optional[str] = ..., state: _Optional[_Union[HistoricIncident.State, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class HistoricJobEvent(_message.Message):
    __slots__ = ("id", "process_instance_id", "process_definition_id", "process_definition_key", "tenant_id", "job_id", "job_type", "element_id", "event", "event_time", "retries", "error_message", "error_code", "user_id")
    class Event(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        EVENT_UNSPECIFIED: _ClassVar[HistoricJobEvent.Event]
        EVENT_SCHEDULED: _ClassVar[HistoricJobEvent.Event]
        EVENT_COMPLETED: _ClassVar[HistoricJobEvent.Event]
        EVENT_FAILED: _ClassVar[HistoricJobEvent.Event]
    EVENT_UNSPECIFIED: HistoricJobEvent.Event
    EVENT_SCHEDULED: HistoricJobEvent.Event
    EVENT_COMPLETED: HistoricJobEvent.Event
    EVENT_FAILED: HistoricJobEvent.Event
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    tenant_id: str
    job_id: str
    job_type: str
    element_id: str
    event: HistoricJobEvent.Event
    event_time: _timestamp_pb2.Timestamp
    retries: int
    error_message: str
    error_code: str
    user_id: str
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., job_id: _Optional[str] = ..., job_type: _Optional[str] = ..., element_id: _Optional[str] = ..., event: _Optional[_Union[HistoricJobEvent.Event, str]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retries: _Optional[int] = ..., error_message: _Optional[str] = ..., error_code: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class HistoricComment(_message.Message):
    __slots__ = ("id", "process_instance_id", "task_id", "user_id", "text", "create_time", "delete_time", "tenant_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    task_id: str
    user_id: str
    text: str
    create_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    tenant_id: str
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., text: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class HistoricAttachment(_message.Message):
    __slots__ = ("id", "process_instance_id", "task_id", "user_id", "name", "content_type", "url", "size_bytes", "create_time", "delete_time", "tenant_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DELETE_TIME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    task_id: str
    user_id: str
    name: str
    content_type: str
    url: str
    size_bytes: int
    create_time: _timestamp_pb2.Timestamp
    delete_time: _timestamp_pb2.Timestamp
    tenant_id: str
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., name: _Optional[str] = ..., content_type: _Optional[str] = ..., url: _Optional[str] = ..., size_bytes: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delete_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class TimelineEntry(_message.Message):
    __slots__ = ("process_instance_id", "kind", "time", "user_id", "record_id", "element_id", "name", "subject", "detail", "value")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_STARTED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_COMPLETED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_TERMINATED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_FAILED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_SUSPENDED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_RESUMED: _ClassVar[TimelineEntry.Kind]
        KIND_INSTANCE_MIGRATED: _ClassVar[TimelineEntry.Kind]
        KIND_ACTIVITY_STARTED: _ClassVar[TimelineEntry.Kind]
        KIND_ACTIVITY_COMPLETED: _ClassVar[TimelineEntry.Kind]
        KIND_ACTIVITY_TERMINATED: _ClassVar[TimelineEntry.Kind]
        KIND_TASK_CREATED: _ClassVar[TimelineEntry.Kind]
        KIND_TASK_ASSIGNED: _ClassVar[TimelineEntry.Kind]
        KIND_TASK_UPDATED: _ClassVar[TimelineEntry.Kind]
        KIND_TASK_COMPLETED: _ClassVar[TimelineEntry.Kind]
        KIND_TASK_TERMINATED: _ClassVar[TimelineEntry.Kind]
        KIND_VARIABLE_SET: _ClassVar[TimelineEntry.Kind]
        KIND_VARIABLE_DELETED: _ClassVar[TimelineEntry.Kind]
        KIND_JOB_SCHEDULED: _ClassVar[TimelineEntry.Kind]
        KIND_JOB_COMPLETED: _ClassVar[TimelineEntry.Kind]
        KIND_JOB_FAILED: _ClassVar[TimelineEntry.Kind]
        KIND_INCIDENT_RAISED: _ClassVar[TimelineEntry.Kind]
        KIND_INCIDENT_RESOLVED: _ClassVar[TimelineEntry.Kind]
        KIND_COMMENT_CREATED: _ClassVar[TimelineEntry.Kind]
        KIND_COMMENT_DELETED: _ClassVar[TimelineEntry.Kind]
        KIND_ATTACHMENT_CREATED: _ClassVar[TimelineEntry.Kind]
        KIND_ATTACHMENT_DELETED: _ClassVar[TimelineEntry.Kind]
    KIND_UNSPECIFIED: TimelineEntry.Kind
    KIND_INSTANCE_STARTED: TimelineEntry.Kind
    KIND_INSTANCE_COMPLETED: TimelineEntry.Kind
    KIND_INSTANCE_TERMINATED: TimelineEntry.Kind
    KIND_INSTANCE_FAILED: TimelineEntry.Kind
    KIND_INSTANCE_SUSPENDED: TimelineEntry.Kind
    KIND_INSTANCE_RESUMED: TimelineEntry.Kind
    KIND_INSTANCE_MIGRATED: TimelineEntry.Kind
    KIND_ACTIVITY_STARTED: TimelineEntry.Kind
    KIND_ACTIVITY_COMPLETED: TimelineEntry.Kind
    KIND_ACTIVITY_TERMINATED: TimelineEntry.Kind
    KIND_TASK_CREATED: TimelineEntry.Kind
    KIND_TASK_ASSIGNED: TimelineEntry.Kind
    KIND_TASK_UPDATED: TimelineEntry.Kind
    KIND_TASK_COMPLETED: TimelineEntry.Kind
    KIND_TASK_TERMINATED: TimelineEntry.Kind
    KIND_VARIABLE_SET: TimelineEntry.Kind
    KIND_VARIABLE_DELETED: TimelineEntry.Kind
    KIND_JOB_SCHEDULED: TimelineEntry.Kind
    KIND_JOB_COMPLETED: TimelineEntry.Kind
    KIND_JOB_FAILED: TimelineEntry.Kind
    KIND_INCIDENT_RAISED: TimelineEntry.Kind
    KIND_INCIDENT_RESOLVED: TimelineEntry.Kind
    KIND_COMMENT_CREATED: TimelineEntry.Kind
    KIND_COMMENT_DELETED: TimelineEntry.Kind
    KIND_ATTACHMENT_CREATED: TimelineEntry.Kind
    KIND_ATTACHMENT_DELETED: TimelineEntry.Kind
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    kind: TimelineEntry.Kind
    time: _timestamp_pb2.Timestamp
    user_id: str
    record_id: str
    element_id: str
    name: str
    subject: str
    detail: str
    value: _struct_pb2.Value
    def __init__(self, process_instance_id: _Optional[str] = ..., kind: _Optional[_Union[TimelineEntry.Kind, str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., user_id: _Optional[str] = ..., record_id: _Optional[str] = ..., element_id: _Optional[str] = ..., name: _Optional[str] = ..., subject: _Optional[str] = ..., detail: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class SearchHit(_message.Message):
    __slots__ = ("kind", "record_id", "process_instance_id", "process_definition_key", "tenant_id", "title", "field", "snippet")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[SearchHit.Kind]
        KIND_PROCESS_INSTANCE: _ClassVar[SearchHit.Kind]
        KIND_TASK: _ClassVar[SearchHit.Kind]
        KIND_VARIABLE: _ClassVar[SearchHit.Kind]
        KIND_COMMENT: _ClassVar[SearchHit.Kind]
        KIND_ATTACHMENT: _ClassVar[SearchHit.Kind]
        KIND_INCIDENT: _ClassVar[SearchHit.Kind]
    KIND_UNSPECIFIED: SearchHit.Kind
    KIND_PROCESS_INSTANCE: SearchHit.Kind
    KIND_TASK: SearchHit.Kind
    KIND_VARIABLE: SearchHit.Kind
    KIND_COMMENT: SearchHit.Kind
    KIND_ATTACHMENT: SearchHit.Kind
    KIND_INCIDENT: SearchHit.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    RECORD_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    SNIPPET_FIELD_NUMBER: _ClassVar[int]
    kind: SearchHit.Kind
    record_id: str
    process_instance_id: str
    process_definition_key: str
    tenant_id: str
    title: str
    field: str
    snippet: str
    def __init__(self, kind: _Optional[_Union[SearchHit.Kind, str]] = ..., record_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., title: _Optional[str] = ..., field: _Optional[str] = ..., snippet: _Optional[str] = ...) -> None: ...
