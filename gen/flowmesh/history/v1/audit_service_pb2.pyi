import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AuditRecord(_message.Message):
    __slots__ = ("sequence", "event_id", "time", "kind", "service", "method", "action", "resource_type", "resource_id", "tenant_ids", "mesh_wide", "process_definition_key", "user_id", "session_id", "acting_for", "client_address", "correlation_id", "traceparent", "outcome", "reason", "count", "before", "after", "previous_hash", "hash")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[AuditRecord.Kind]
        KIND_OPERATION: _ClassVar[AuditRecord.Kind]
        KIND_REFUSAL: _ClassVar[AuditRecord.Kind]
        KIND_TAMPERING: _ClassVar[AuditRecord.Kind]
    KIND_UNSPECIFIED: AuditRecord.Kind
    KIND_OPERATION: AuditRecord.Kind
    KIND_REFUSAL: AuditRecord.Kind
    KIND_TAMPERING: AuditRecord.Kind
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[AuditRecord.Outcome]
        OUTCOME_SUCCEEDED: _ClassVar[AuditRecord.Outcome]
        OUTCOME_ATTEMPTED: _ClassVar[AuditRecord.Outcome]
        OUTCOME_FAILED: _ClassVar[AuditRecord.Outcome]
        OUTCOME_REFUSED: _ClassVar[AuditRecord.Outcome]
    OUTCOME_UNSPECIFIED: AuditRecord.Outcome
    OUTCOME_SUCCEEDED: AuditRecord.Outcome
    OUTCOME_ATTEMPTED: AuditRecord.Outcome
    OUTCOME_FAILED: AuditRecord.Outcome
    OUTCOME_REFUSED: AuditRecord.Outcome
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    MESH_WIDE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ACTING_FOR_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_HASH_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    event_id: str
    time: _timestamp_pb2.Timestamp
    kind: AuditRecord.Kind
    service: str
    method: str
    action: str
    resource_type: str
    resource_id: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    mesh_wide: bool
    process_definition_key: str
    user_id: str
    session_id: str
    acting_for: str
    client_address: str
    correlation_id: str
    traceparent: str
    outcome: AuditRecord.Outcome
    reason: str
    count: int
    before: _struct_pb2.Struct
    after: _struct_pb2.Struct
    previous_hash: str
    hash: str
    def __init__(self, sequence: _Optional[int] = ..., event_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[AuditRecord.Kind, str]] = ..., service: _Optional[str] = ..., method: _Optional[str] = ..., action: _Optional[str] = ..., resource_type: _Optional[str] = ..., resource_id: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., mesh_wide: _Optional[bool] = ..., process_definition_key: _Optional[str] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., acting_for: _Optional[str] = ..., client_address: _Optional[str] = ..., correlation_id: _Optional[str] = ..., traceparent: _Optional[str] = ..., outcome: _Optional[_Union[AuditRecord.Outcome, str]] = ..., reason: _Optional[str] = ..., count: _Optional[int] = ..., before: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., after: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., previous_hash: _Optional[str] = ..., hash: _Optional[str] = ...) -> None: ...

class AuditCheckpoint(_message.Message):
    __slots__ = ("sequence", "hash", "time", "previous_sequence", "key_id", "signature")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    hash: str
    time: _timestamp_pb2.Timestamp
    previous_sequence: int
    key_id: str
    signature: str
    def __init__(self, sequence: _Optional[int] = ..., hash: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., previous_sequence: _Optional[int] = ..., key_id: _Optional[str] = ..., signature: _Optional[str] = ...) -> None: ...

class AuditProblem(_message.Message):
    __slots__ = ("kind", "first_sequence", "last_sequence", "detail")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[AuditProblem.Kind]
        KIND_CHANGED: _ClassVar[AuditProblem.Kind]
        KIND_REMOVED: _ClassVar[AuditProblem.Kind]
        KIND_INSERTED: _ClassVar[AuditProblem.Kind]
        KIND_MOVED: _ClassVar[AuditProblem.Kind]
        KIND_UNLINKED: _ClassVar[AuditProblem.Kind]
        KIND_TRUNCATED: _ClassVar[AuditProblem.Kind]
        KIND_REWRITTEN: _ClassVar[AuditProblem.Kind]
        KIND_CHECKPOINT: _ClassVar[AuditProblem.Kind]
        KIND_NOTED: _ClassVar[AuditProblem.Kind]
    KIND_UNSPECIFIED: AuditProblem.Kind
    KIND_CHANGED: AuditProblem.Kind
    KIND_REMOVED: AuditProblem.Kind
    KIND_INSERTED: AuditProblem.Kind
    KIND_MOVED: AuditProblem.Kind
    KIND_UNLINKED: AuditProblem.Kind
    KIND_TRUNCATED: AuditProblem.Kind
    KIND_REWRITTEN: AuditProblem.Kind
    KIND_CHECKPOINT: AuditProblem.Kind
    KIND_NOTED: AuditProblem.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    kind: AuditProblem.Kind
    first_sequence: int
    last_sequence: int
    detail: str
    def __init__(self, kind: _Optional[_Union[AuditProblem.Kind, str]] = ..., first_sequence: _Optional[int] = ..., last_sequence: _Optional[int] = ..., detail: _Optional[str] = ...) -> None: ...

class GetAuditRecordRequest(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class GetAuditRecordResponse(_message.Message):
    __slots__ = ("audit_record",)
    AUDIT_RECORD_FIELD_NUMBER: _ClassVar[int]
    audit_record: AuditRecord
    def __init__(self, audit_record: _Optional[_Union[AuditRecord, _Mapping]] = ...) -> None: ...

class ListAuditRecordsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "service", "method", "action", "resource_type", "resource_id", "user_id", "session_id", "tenant_id", "process_definition_key", "correlation_id", "kind", "outcome", "begin_time", "end_time", "order_by")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    BEGIN_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    service: str
    method: str
    action: str
    resource_type: str
    resource_id: str
    user_id: str
    session_id: str
    tenant_id: str
    process_definition_key: str
    correlation_id: str
    kind: AuditRecord.Kind
    outcome: AuditRecord.Outcome
    begin_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    order_by: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., service: _Optional[str] = ..., method: _Optional[str] = ..., action: _Optional[str] = ..., resource_type: _Optional[str] = ..., resource_id: _Optional[str] = ..., user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., correlation_id: _Optional[str] = ..., kind: _Optional[_Union[AuditRecord.Kind, str]] = ..., outcome: _Optional[_Union[AuditRecord.Outcome, str]] = ..., begin_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., order_by: _Optional[str] = ...) -> None: ...

class ListAuditRecordsResponse(_message.Message):
    __slots__ = ("audit_records", "next_page_token")
    AUDIT_RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    audit_records: _containers.RepeatedCompositeFieldContainer[AuditRecord]
    next_page_token: str
    def __init__(self, audit_records: _Optional[_Iterable[_Union[AuditRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class VerifyAuditRecordsRequest(_message.Message):
    __slots__ = ("begin_sequence", "max_entries", "anchor_sequence", "anchor_hash")
    BEGIN_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    MAX_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_HASH_FIELD_NUMBER: _ClassVar[int]
    begin_sequence: int
    max_entries: int
    anchor_sequence: int
    anchor_hash: str
    def __init__(self, begin_sequence: _Optional[int] = ..., max_entries: _Optional[int] = ..., anchor_sequence: _Optional[int] = ..., anchor_hash: _Optional[str] = ...) -> None: ...

class VerifyAuditRecordsResponse(_message.Message):
    __slots__ = ("checked_entries", "last_sequence", "problems", "problems_left_out", "next_sequence", "complete", "head", "signed", "first_sequence")
    CHECKED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    checked_entries: int
    last_sequence: int
    problems: _containers.RepeatedCompositeFieldContainer[AuditProblem]
    problems_left_out: int
    next_sequence: int
    complete: bool
    head: AuditCheckpoint
    signed: bool
    first_sequence: int
    def __init__(self, checked_entries: _Optional[int] = ..., last_sequence: _Optional[int] = ..., problems: _Optional[_Iterable[_Union[AuditProblem, _Mapping]]] = ..., problems_left_out: _Optional[int] = ..., next_sequence: _Optional[int] = ..., complete: _Optional[bool] = ..., head: _Optional[_Union[AuditCheckpoint, _Mapping]] = ..., signed: _Optional[bool] = ..., first_sequence: _Optional[int] = ...) -> None: ...

class ListAuditCheckpointsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAuditCheckpointsResponse(_message.Message):
    __slots__ = ("audit_checkpoints", "next_page_token", "public_key")
    AUDIT_CHECKPOINTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    audit_checkpoints: _containers.RepeatedCompositeFieldContainer[AuditCheckpoint]
    next_page_token: str
    public_key: str
    def __init__(self, audit_checkpoints: _Optional[_Iterable[_Union[AuditCheckpoint, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., public_key: _Optional[str] = ...) -> None: ...
