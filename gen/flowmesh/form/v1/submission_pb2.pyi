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

class Submission(_message.Message):
    __slots__ = ("id", "kind", "state", "tenant_id", "process_definition_id", "process_definition_key", "process_instance_id", "user_task_id", "element_id", "form_definition_id", "form_key", "form_version", "submitted_by", "data", "create_time", "settle_time", "attempts", "refusal_reason", "refusal_message", "outcome")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Submission.Kind]
        KIND_TASK: _ClassVar[Submission.Kind]
        KIND_START: _ClassVar[Submission.Kind]
    KIND_UNSPECIFIED: Submission.Kind
    KIND_TASK: Submission.Kind
    KIND_START: Submission.Kind
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Submission.State]
        STATE_PENDING: _ClassVar[Submission.State]
        STATE_SETTLED: _ClassVar[Submission.State]
        STATE_REFUSED: _ClassVar[Submission.State]
        STATE_UNCLEAR: _ClassVar[Submission.State]
    STATE_UNSPECIFIED: Submission.State
    STATE_PENDING: Submission.State
    STATE_SETTLED: Submission.State
    STATE_REFUSED: Submission.State
    STATE_UNCLEAR: Submission.State
    class DataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FORM_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    FORM_VERSION_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_BY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SETTLE_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_REASON_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: Submission.Kind
    state: Submission.State
    tenant_id: str
    process_definition_id: str
    process_definition_key: str
    process_instance_id: str
    user_task_id: str
    element_id: str
    form_definition_id: str
    form_key: str
    form_version: int
    submitted_by: str
    data: _containers.MessageMap[str, _struct_pb2.Value]
    create_time: _timestamp_pb2.Timestamp
    settle_time: _timestamp_pb2.Timestamp
    attempts: int
    refusal_reason: str
    refusal_message: str
    outcome: str
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[_Union[Submission.Kind, str]] = ..., state: _Optional[_Union[Submission.State, str]] = ..., tenant_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., user_task_id: _Optional[str] = ..., element_id: _Optional[str] = ..., form_definition_id: _Optional[str] = ..., form_key: _Optional[str] = ..., form_version: _Optional[int] = ..., submitted_by: _Optional[str] = ..., data: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., settle_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempts: _Optional[int] = ..., refusal_reason: _Optional[str] = ..., refusal_message: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...
