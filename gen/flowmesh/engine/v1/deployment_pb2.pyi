import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.engine.v1 import process_definition_pb2 as _process_definition_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Deployment(_message.Message):
    __slots__ = ("id", "name", "tenant_id", "create_time", "resource_names", "process_definitions", "deleting")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAMES_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    DELETING_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant_id: str
    create_time: _timestamp_pb2.Timestamp
    resource_names: _containers.RepeatedScalarFieldContainer[str]
    process_definitions: _containers.RepeatedCompositeFieldContainer[_process_definition_pb2.ProcessDefinition]
    deleting: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resource_names: _Optional[_Iterable[str]] = ..., process_definitions: _Optional[_Iterable[_Union[_process_definition_pb2.ProcessDefinition, _Mapping]]] = ..., deleting: _Optional[bool] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ("name", "content")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    content: bytes
    def __init__(self, name: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("severity", "rule", "resource_name", "element_id", "line", "column", "message")
    class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SEVERITY_UNSPECIFIED: _ClassVar[Problem.Severity]
        SEVERITY_WARNING: _ClassVar[Problem.Severity]
        SEVERITY_ERROR: _ClassVar[Problem.Severity]
    SEVERITY_UNSPECIFIED: Problem.Severity
    SEVERITY_WARNING: Problem.Severity
    SEVERITY_ERROR: Problem.Severity
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    severity: Problem.Severity
    rule: str
    resource_name: str
    element_id: str
    line: int
    column: int
    message: str
    def __init__(self, severity: _Optional[_Union[Problem.Severity, str]] = ..., rule: _Optional[str] = ..., resource_name: _Optional[str] = ..., element_id: _Optional[str] = ..., line: _Optional[int] = ..., column: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...
