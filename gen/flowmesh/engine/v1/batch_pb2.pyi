import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.engine.v1 import migration_pb2 as _migration_pb2
from flowmesh.engine.v1 import modification_pb2 as _modification_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BatchOperation(_message.Message):
    __slots__ = ("modify", "migrate", "cancel", "delete", "suspend", "resume", "restart", "set_variables", "set_job_retries")
    MODIFY_FIELD_NUMBER: _ClassVar[int]
    MIGRATE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    SUSPEND_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    SET_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    SET_JOB_RETRIES_FIELD_NUMBER: _ClassVar[int]
    modify: BatchModify
    migrate: _migration_pb2.MigrationPlan
    cancel: BatchCancel
    delete: BatchDelete
    suspend: BatchSuspend
    resume: BatchResume
    restart: BatchRestart
    set_variables: BatchSetVariables
    set_job_retries: BatchSetJobRetries
    def __init__(self, modify: _Optional[_Union[BatchModify, _Mapping]] = ..., migrate: _Optional[_Union[_migration_pb2.MigrationPlan, _Mapping]] = ..., cancel: _Optional[_Union[BatchCancel, _Mapping]] = ..., delete: _Optional[_Union[BatchDelete, _Mapping]] = ..., suspend: _Optional[_Union[BatchSuspend, _Mapping]] = ..., resume: _Optional[_Union[BatchResume, _Mapping]] = ..., restart: _Optional[_Union[BatchRestart, _Mapping]] = ..., set_variables: _Optional[_Union[BatchSetVariables, _Mapping]] = ..., set_job_retries: _Optional[_Union[BatchSetJobRetries, _Mapping]] = ...) -> None: ...

class BatchModify(_message.Message):
    __slots__ = ("instructions", "reason", "skip_listeners", "skip_mappings")
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SKIP_LISTENERS_FIELD_NUMBER: _ClassVar[int]
    SKIP_MAPPINGS_FIELD_NUMBER: _ClassVar[int]
    instructions: _containers.RepeatedCompositeFieldContainer[_modification_pb2.ModificationInstruction]
    reason: str
    skip_listeners: bool
    skip_mappings: bool
    def __init__(self, instructions: _Optional[_Iterable[_Union[_modification_pb2.ModificationInstruction, _Mapping]]] = ..., reason: _Optional[str] = ..., skip_listeners: _Optional[bool] = ..., skip_mappings: _Optional[bool] = ...) -> None: ...

class BatchCancel(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class BatchDelete(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class BatchSuspend(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BatchResume(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BatchRestart(_message.Message):
    __slots__ = ("start_element_ids", "variables", "without_last_variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    START_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_LAST_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    start_element_ids: _containers.RepeatedScalarFieldContainer[str]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    without_last_variables: bool
    def __init__(self, start_element_ids: _Optional[_Iterable[str]] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., without_last_variables: _Optional[bool] = ...) -> None: ...

class BatchSetVariables(_message.Message):
    __slots__ = ("variables",)
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class BatchSetJobRetries(_message.Message):
    __slots__ = ("retries",)
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    retries: int
    def __init__(self, retries: _Optional[int] = ...) -> None: ...

class BatchFilter(_message.Message):
    __slots__ = ("process_definition_key", "process_definition_id", "business_key", "status", "tenant_id")
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    process_definition_key: str
    process_definition_id: str
    business_key: str
    status: _process_instance_pb2.ProcessInstance.Status
    tenant_id: str
    def __init__(self, process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., business_key: _Optional[str] = ..., status: _Optional[_Union[_process_instance_pb2.ProcessInstance.Status, str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("id", "name", "kind", "state", "operation", "total", "done", "failed", "create_time", "end_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Batch.State]
        STATE_RUNNING: _ClassVar[Batch.State]
        STATE_SUSPENDED: _ClassVar[Batch.State]
        STATE_COMPLETED: _ClassVar[Batch.State]
        STATE_CANCELLED: _ClassVar[Batch.State]
    STATE_UNSPECIFIED: Batch.State
    STATE_RUNNING: Batch.State
    STATE_SUSPENDED: Batch.State
    STATE_COMPLETED: Batch.State
    STATE_CANCELLED: Batch.State
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    kind: str
    state: Batch.State
    operation: BatchOperation
    total: int
    done: int
    failed: int
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[str] = ..., state: _Optional[_Union[Batch.State, str]] = ..., operation: _Optional[_Union[BatchOperation, _Mapping]] = ..., total: _Optional[int] = ..., done: _Optional[int] = ..., failed: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BatchItem(_message.Message):
    __slots__ = ("number", "target_id", "state", "error_reason", "error_message", "end_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[BatchItem.State]
        STATE_PENDING: _ClassVar[BatchItem.State]
        STATE_DONE: _ClassVar[BatchItem.State]
        STATE_FAILED: _ClassVar[BatchItem.State]
    STATE_UNSPECIFIED: BatchItem.State
    STATE_PENDING: BatchItem.State
    STATE_DONE: BatchItem.State
    STATE_FAILED: BatchItem.State
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TARGET_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    number: int
    target_id: str
    state: BatchItem.State
    error_reason: str
    error_message: str
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, number: _Optional[int] = ..., target_id: _Optional[str] = ..., state: _Optional[_Union[BatchItem.State, str]] = ..., error_reason: _Optional[str] = ..., error_message: _Optional[str] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
