import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperationRecorded(_message.Message):
    __slots__ = ("method", "action", "resource_type", "resource_id", "tenant_ids", "mesh_wide", "process_definition_key", "acting_for", "client_address", "traceparent", "before_json", "after_json", "outcome")
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[OperationRecorded.Outcome]
        OUTCOME_SUCCEEDED: _ClassVar[OperationRecorded.Outcome]
        OUTCOME_ATTEMPTED: _ClassVar[OperationRecorded.Outcome]
        OUTCOME_FAILED: _ClassVar[OperationRecorded.Outcome]
    OUTCOME_UNSPECIFIED: OperationRecorded.Outcome
    OUTCOME_SUCCEEDED: OperationRecorded.Outcome
    OUTCOME_ATTEMPTED: OperationRecorded.Outcome
    OUTCOME_FAILED: OperationRecorded.Outcome
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    MESH_WIDE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    ACTING_FOR_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_JSON_FIELD_NUMBER: _ClassVar[int]
    AFTER_JSON_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    method: str
    action: str
    resource_type: str
    resource_id: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    mesh_wide: bool
    process_definition_key: str
    acting_for: str
    client_address: str
    traceparent: str
    before_json: bytes
    after_json: bytes
    outcome: OperationRecorded.Outcome
    def __init__(self, method: _Optional[str] = ..., action: _Optional[str] = ..., resource_type: _Optional[str] = ..., resource_id: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., mesh_wide: _Optional[bool] = ..., process_definition_key: _Optional[str] = ..., acting_for: _Optional[str] = ..., client_address: _Optional[str] = ..., traceparent: _Optional[str] = ..., before_json: _Optional[bytes] = ..., after_json: _Optional[bytes] = ..., outcome: _Optional[_Union[OperationRecorded.Outcome, str]] = ...) -> None: ...

class OperationRefused(_message.Message):
    __slots__ = ("method", "reason", "client_address", "count", "first_time", "last_time")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_TIME_FIELD_NUMBER: _ClassVar[int]
    method: str
    reason: str
    client_address: str
    count: int
    first_time: _timestamp_pb2.Timestamp
    last_time: _timestamp_pb2.Timestamp
    def __init__(self, method: _Optional[str] = ..., reason: _Optional[str] = ..., client_address: _Optional[str] = ..., count: _Optional[int] = ..., first_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
