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
    __slots__ = ("id", "process_instance_id", "name", "value", "scope_activity_id", "update_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    name: str
    value: _struct_pb2.Value
    scope_activity_id: str
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., name: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., scope_activity_id: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
