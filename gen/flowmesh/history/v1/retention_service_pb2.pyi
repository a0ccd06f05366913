import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RetentionPolicy(_message.Message):
    __slots__ = ("tenant_id", "process_definition_key", "keep", "archive", "update_time")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    process_definition_key: str
    keep: _duration_pb2.Duration
    archive: bool
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., keep: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., archive: _Optional[bool] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SetRetentionPolicyRequest(_message.Message):
    __slots__ = ("request_id", "tenant_id", "process_definition_key", "keep", "archive")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    tenant_id: str
    process_definition_key: str
    keep: _duration_pb2.Duration
    archive: bool
    def __init__(self, request_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., keep: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., archive: _Optional[bool] = ...) -> None: ...

class SetRetentionPolicyResponse(_message.Message):
    __slots__ = ("retention_policy",)
    RETENTION_POLICY_FIELD_NUMBER: _ClassVar[int]
    retention_policy: RetentionPolicy
    def __init__(self, retention_policy: _Optional[_Union[RetentionPolicy, _Mapping]] = ...) -> None: ...

class ListRetentionPoliciesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "process_definition_key")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    process_definition_key: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ...) -> None: ...

class ListRetentionPoliciesResponse(_message.Message):
    __slots__ = ("retention_policies", "next_page_token")
    RETENTION_POLICIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    retention_policies: _containers.RepeatedCompositeFieldContainer[RetentionPolicy]
    next_page_token: str
    def __init__(self, retention_policies: _Optional[_Iterable[_Union[RetentionPolicy, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteRetentionPolicyRequest(_message.Message):
    __slots__ = ("request_id", "tenant_id", "process_definition_key")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    tenant_id: str
    process_definition_key: str
    def __init__(self, request_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ...) -> None: ...

class DeleteRetentionPolicyResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetInstanceRetentionRequest(_message.Message):
    __slots__ = ("request_id", "id", "keep_until", "archive")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KEEP_UNTIL_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    keep_until: _timestamp_pb2.Timestamp
    archive: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., keep_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., archive: _Optional[bool] = ...) -> None: ...

class SetInstanceRetentionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ClearInstanceRetentionRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class ClearInstanceRetentionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
