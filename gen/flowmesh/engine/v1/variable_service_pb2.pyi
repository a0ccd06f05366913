from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetVariablesRequest(_message.Message):
    __slots__ = ("scope_id", "local", "names")
    SCOPE_ID_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    scope_id: str
    local: bool
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, scope_id: _Optional[str] = ..., local: _Optional[bool] = ..., names: _Optional[_Iterable[str]] = ...) -> None: ...

class GetVariablesResponse(_message.Message):
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

class UpdateVariablesRequest(_message.Message):
    __slots__ = ("request_id", "scope_id", "variables", "local")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    scope_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    local: bool
    def __init__(self, request_id: _Optional[str] = ..., scope_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., local: _Optional[bool] = ...) -> None: ...

class UpdateVariablesResponse(_message.Message):
    __slots__ = ("process_instance",)
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ...) -> None: ...

class DeleteVariablesRequest(_message.Message):
    __slots__ = ("request_id", "scope_id", "names", "local")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    scope_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    local: bool
    def __init__(self, request_id: _Optional[str] = ..., scope_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., local: _Optional[bool] = ...) -> None: ...

class DeleteVariablesResponse(_message.Message):
    __slots__ = ("process_instance",)
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ...) -> None: ...
