import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Job(_message.Message):
    __slots__ = ("id", "type", "state", "element_id", "process_instance_id", "process_definition_id", "process_definition_key", "business_key", "tenant_id", "priority", "retries", "create_time", "headers", "variables", "worker", "lease_expire_time", "lease_token", "error_message", "retry_time", "kind", "due_time", "error_details", "failed_attempts")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Job.State]
        STATE_READY: _ClassVar[Job.State]
        STATE_LEASED: _ClassVar[Job.State]
        STATE_BACKOFF: _ClassVar[Job.State]
        STATE_FAILED: _ClassVar[Job.State]
        STATE_SUSPENDED: _ClassVar[Job.State]
        STATE_SCHEDULED: _ClassVar[Job.State]
    STATE_UNSPECIFIED: Job.State
    STATE_READY: Job.State
    STATE_LEASED: Job.State
    STATE_BACKOFF: Job.State
    STATE_FAILED: Job.State
    STATE_SUSPENDED: Job.State
    STATE_SCHEDULED: Job.State
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Job.Kind]
        KIND_EXTERNAL: _ClassVar[Job.Kind]
        KIND_TIMER: _ClassVar[Job.Kind]
        KIND_ASYNC: _ClassVar[Job.Kind]
    KIND_UNSPECIFIED: Job.Kind
    KIND_EXTERNAL: Job.Kind
    KIND_TIMER: Job.Kind
    KIND_ASYNC: Job.Kind
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRY_TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_DETAILS_FIELD_NUMBER: _ClassVar[int]
    FAILED_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: str
    state: Job.State
    element_id: str
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    business_key: str
    tenant_id: str
    priority: int
    retries: int
    create_time: _timestamp_pb2.Timestamp
    headers: _containers.ScalarMap[str, str]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    worker: str
    lease_expire_time: _timestamp_pb2.Timestamp
    lease_token: str
    error_message: str
    retry_time: _timestamp_pb2.Timestamp
    kind: Job.Kind
    due_time: _timestamp_pb2.Timestamp
    error_details: str
    failed_attempts: int
    def __init__(self, id: _Optional[str] = ..., type: _Optional[str] = ..., state: _Optional[_Union[Job.State, str]] = ..., element_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., business_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., priority: _Optional[int] = ..., retries: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., headers: _Optional[_Mapping[str, str]] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., worker: _Optional[str] = ..., lease_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lease_token: _Optional[str] = ..., error_message: _Optional[str] = ..., retry_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[Job.Kind, str]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error_details: _Optional[str] = ..., failed_attempts: _Optional[int] = ...) -> None: ...

class FinishedJob(_message.Message):
    __slots__ = ("id", "job_id", "kind", "outcome", "element_id", "process_instance_id", "process_definition_id", "process_definition_key", "tenant_id", "create_time", "due_time", "end_time", "error_message", "error_details")
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[FinishedJob.Outcome]
        OUTCOME_COMPLETED: _ClassVar[FinishedJob.Outcome]
        OUTCOME_FAILED: _ClassVar[FinishedJob.Outcome]
    OUTCOME_UNSPECIFIED: FinishedJob.Outcome
    OUTCOME_COMPLETED: FinishedJob.Outcome
    OUTCOME_FAILED: FinishedJob.Outcome
    ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_DETAILS_FIELD_NUMBER: _ClassVar[int]
    id: str
    job_id: str
    kind: Job.Kind
    outcome: FinishedJob.Outcome
    element_id: str
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    tenant_id: str
    create_time: _timestamp_pb2.Timestamp
    due_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    error_message: str
    error_details: str
    def __init__(self, id: _Optional[str] = ..., job_id: _Optional[str] = ..., kind: _Optional[_Union[Job.Kind, str]] = ..., outcome: _Optional[_Union[FinishedJob.Outcome, str]] = ..., element_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., error_message: _Optional[str] = ..., error_details: _Optional[str] = ...) -> None: ...
