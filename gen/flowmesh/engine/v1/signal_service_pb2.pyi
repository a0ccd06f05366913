from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import message_service_pb2 as _message_service_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BroadcastSignalRequest(_message.Message):
    __slots__ = ("request_id", "name", "variables", "tenant_id", "process_instance_id", "activity_id")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    tenant_id: str
    process_instance_id: str
    activity_id: str
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., tenant_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., activity_id: _Optional[str] = ...) -> None: ...

class BroadcastSignalResponse(_message.Message):
    __slots__ = ("matched", "delivered", "started", "failed", "failures", "started_process_instance_ids", "commit_token")
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    STARTED_PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    matched: int
    delivered: int
    started: int
    failed: int
    failures: _containers.RepeatedCompositeFieldContainer[_message_service_pb2.DeliveryFailure]
    started_process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    commit_token: str
    def __init__(self, matched: _Optional[int] = ..., delivered: _Optional[int] = ..., started: _Optional[int] = ..., failed: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[_message_service_pb2.DeliveryFailure, _Mapping]]] = ..., started_process_instance_ids: _Optional[_Iterable[str]] = ..., commit_token: _Optional[str] = ...) -> None: ...
